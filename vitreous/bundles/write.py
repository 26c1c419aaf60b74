"""A fitted model written as a self-contained folder: a bundle. No pickle."""

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
from vitreous.analysis.conformal import intervals, table_of
from vitreous.bundles.bonding import BondFinder
from vitreous.bundles.bundle import VALUED
from vitreous.bundles.folder import COMPONENT, FITTED, FORMAT, PLACES, POTENTIAL, digests, sign
from vitreous.bundles.levels import LEVELS
from vitreous.bundles.likeness import likeness
from vitreous.bundles.sites import narrowest
from vitreous.bundles.trust import trust
from vitreous.core.data import Configuration
from vitreous.core.interfaces import Fitted, Model
from vitreous.core.pipeline import Pipeline
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.store import identity

RULE = 0.95  #: share of the atoms of a species that have the same number of bonds, if there is one
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
    """Add ``bundle.json`` to what ``write_model`` wrote; False for labels of level "event", which a
    new glass has no sites for.
    """
    train = result.role("train")
    labels, descriptor = train[0].labels, pipeline.descriptor
    if labels.level not in LEVELS or descriptor is None:
        return False
    glass, grid = train[0].configuration, labels.grid
    spacing = float(np.linalg.norm(glass.cell, axis=1).mean() / np.mean(grid)) if grid else 0.0
    if LEVELS[labels.level].as_in_training:
        np.save(folder / PLACES, labels.positions @ np.linalg.inv(glass.cell))
    potential = pipeline.potential if descriptor.needs_potential else None
    glasses = [sample.configuration for sample in result.glasses("train")]
    bonds = BondFinder.of(glasses, pipeline.generator.bond_limit)
    about = {
        "format": FORMAT,
        "vitreous": __version__,
        "label": {
            "name": labels.name,
            "unit": labels.unit,
            "level": labels.level,
            "weak_is": labels.weak_is,
            "task": labels.task,
            "components": list(labels.components),
            "classes": list(labels.classes),
            "grid": list(grid),
        },
        "descriptor": identity(descriptor),
        "reach": descriptor.reach if np.isfinite(descriptor.reach) else None,
        "projection": None if pipeline.projection is None else pipeline.projection.recipe(),
        "bonds": None if bonds is None else asdict(bonds),
        "potential": None
        if potential is None
        else {**identity(potential), "files": _kept_files(folder, potential)},
        "loading": next(case.loading for case in pipeline.load_cases if case.scored).recipe(),
        "spacing": spacing,
        "glasses": {
            **trained_on(glasses, pipeline),
            **watched(train),
            "keys": [sample.keys["relax"] for sample in result.glasses("train")],
            "loadings": [
                {**loading.recipe(), "glasses": sum(s.loading == loading for s in train)}
                for loading in result.loadings
            ],
        },
        "likeness": asdict(
            likeness(
                glasses, potential, np.isinf(descriptor.reach), any_size=labels.task == "survival"
            )
        ),
        **judged_by(result.role("validation"), result.model),
        "scores": dict(scores),
        "files": digests(folder),
    }
    sign(folder, about)
    return True


def trained_on(glasses: Sequence[Configuration], pipeline: Pipeline) -> dict[str, Any]:
    """What the training glasses are, as far as a new glass must be like them."""
    glass = glasses[0]
    shares = np.array([np.bincount(g.species, minlength=len(g.names)) / len(g) for g in glasses])
    return {
        "names": list(glass.names),
        "shares": np.transpose([shares.min(axis=0), shares.max(axis=0)]).tolist(),
        "coordination": coordination(glass.species, glass.bonds, len(glass.names)),
        "units": glass.units,
        "dimension": glass.dimension,
        "periodic": list(glass.periodic),
        "narrowest": min(narrowest(pipeline.seen(g)) for g in glasses),
        "atoms": len(glass),
        "generator": identity(pipeline.generator),
        "at_rest_under": pipeline.identities["potential"],
    }


def watched(train: Sequence[Sample]) -> dict[str, float]:
    """``watched``: the largest strain up to which labels of failures say what happened; nothing of
    other labels.
    """
    if train[0].labels.task != "survival":
        return {}
    return {"watched": max(float(np.nanmax(np.abs(s.labels.values))) for s in train)}


def judged_by(validation: Sequence[Sample], fitted: Fitted | None) -> dict[str, Any]:
    """The entries ``intervals`` and ``trust`` of ``bundle.json``: intervals of values alone, trust
    of single ones. Classes have probabilities, and errors of positions are no differences.

    Of a model that knows no deviation, all intervals are equally wide. Where validation glasses are
    too few, those that the model left out in turn set them.
    """
    valued = [s for s in validation if s.labels.task in VALUED and s.prediction is not None]
    single = [s for s in valued if not s.labels.components]
    if all(s.uncertainty is None for s in valued):
        valued = [s.with_(uncertainty=np.ones_like(s.prediction)) for s in valued]
    set_by, ratios = intervals(valued), None if fitted is None else fitted.left_out()
    if set_by is None and ratios is not None:
        set_by = table_of(ratios)
    made = {"intervals": set_by, "trust": trust(single)}
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


def coordination(species: Any, bonds: Any, kinds: int) -> list[int | None]:
    """Bonds of most atoms of each species; 0 without bonds, None where so many have another number
    that there is no rule.
    """
    count = np.bincount(np.asarray(bonds, dtype=np.int64).ravel(), minlength=len(species))
    return [_rule(count[species == k]) for k in range(kinds)]


def _rule(counts: Any) -> int | None:
    if not len(counts):
        return 0
    most = int(np.bincount(counts).argmax())
    return most if np.mean(counts == most) >= RULE else None
