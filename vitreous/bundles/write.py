"""A fitted model written as a folder that stands by itself: a bundle. No pickle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vitreous import __version__
from vitreous.analysis.conformal import intervals
from vitreous.bundles.folder import COMPONENT, FITTED, FORMAT, POTENTIAL, digests, sign
from vitreous.bundles.likeness import likeness
from vitreous.bundles.trust import trust
from vitreous.core.interfaces import Fitted, Model
from vitreous.core.pipeline import Pipeline
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.store import identity

LOADER = "vitreous.bundles.pyfunc"  #: the module that MLflow imports to load a bundle


def write_model(folder: Path, model: Model, fitted: Fitted, provider: str) -> None:
    """Save a fitted model, in a form that MLflow's pyfunc also loads, without pickle."""
    (folder / FITTED).mkdir(parents=True, exist_ok=True)
    fitted.save(folder / FITTED)
    about = {
        **identity(model),
        "provider": provider,
        "vitreous": __version__,
        "files": digests(folder / FITTED),
    }
    (folder / COMPONENT).write_text(json.dumps(about, indent=1))
    flavor = {"loader_module": LOADER, "data": ".", "env": {}}
    described = {
        "flavors": {"python_function": flavor},
        "utc_time_created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    (folder / "MLmodel").write_text(json.dumps(described, indent=1))  # JSON is YAML


def complete_bundle(
    folder: Path, pipeline: Pipeline, result: Run, scores: Mapping[str, Any]
) -> bool:
    """Add ``bundle.json`` to what ``write_model`` wrote; False for labels that are no map of
    places, which need none.
    """
    train = result.role("train")
    first = train[0]
    is_map = (
        first.labels.level in ("site", "atom")
        and first.labels.task == "value"
        and not first.labels.components
    )
    if not is_map or pipeline.descriptor is None or first.features is None:
        return False
    glass, grid = first.configuration, first.labels.grid
    spacing = float(np.linalg.norm(glass.cell, axis=1).mean() / np.mean(grid)) if grid else 0.0
    about = {
        "format": FORMAT,
        "vitreous": __version__,
        "label": {
            "name": first.labels.name,
            "unit": first.labels.unit,
            "level": first.labels.level,
            "weak_is": first.labels.weak_is,
        },
        "descriptor": identity(pipeline.descriptor),
        "potential": {
            **identity(pipeline.potential),
            "files": _kept_files(folder, pipeline.potential),
        },
        "loading": next(case.loading for case in pipeline.load_cases if case.scored).recipe(),
        "spacing": spacing,
        "glasses": {
            "names": list(glass.names),
            "shares": (
                np.bincount(glass.species, minlength=len(glass.names)) / len(glass)
            ).tolist(),
            "coordination": coordination(glass.species, glass.bonds, len(glass.names)),
            "units": glass.units,
            "dimension": glass.dimension,
            "atoms": len(glass),
            "generator": identity(pipeline.generator),
            "keys": [sample.keys["relax"] for sample in result.glasses("train")],
            "loadings": [
                {**loading.recipe(), "glasses": sum(s.loading == loading for s in train)}
                for loading in result.loadings
            ],
        },
        "likeness": asdict(
            likeness([s.configuration for s in result.glasses("train")], pipeline.potential)
        ),
        **judged_by(result.role("validation")),
        "scores": dict(scores),
        "files": digests(folder),
    }
    sign(folder, about)
    return True


def judged_by(validation: Sequence[Sample]) -> dict[str, Any]:
    """The entries ``intervals`` and ``trust`` of ``bundle.json``."""
    made = {"intervals": intervals(validation), "trust": trust(validation)}
    return {name: None if value is None else asdict(value) for name, value in made.items()}


def _kept_files(folder: Path, potential: Any) -> dict[str, str]:
    """Copies, in the bundle, of the files whose names are no part of the potential's identity; by
    field, relative to ``folder``.
    """
    kept = {}
    for field in fields(potential):
        value = getattr(potential, field.name)
        if (
            not field.metadata.get("affects_result", True)
            and isinstance(value, str | Path)
            and Path(value).is_file()
        ):
            copy = folder / POTENTIAL / field.name / Path(value).name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(value, copy)
            kept[field.name] = copy.relative_to(folder).as_posix()
    return kept


def coordination(species: Any, bonds: Any, kinds: int) -> list[int]:
    """Bonds of most atoms of each species; 0 without bonds."""
    count = np.bincount(np.asarray(bonds, dtype=np.int64).ravel(), minlength=len(species))
    return [
        int(np.bincount(count[species == k]).argmax()) if (species == k).any() else 0
        for k in range(kinds)
    ]
