"""A trained model as a folder that stands by itself: a bundle. No pickle.

``component.json`` says which component made it, ``fitted/`` holds what that component saved. A
model of places also has ``bundle.json``: the label and its unit, the descriptor and the loading
that its features need, the potential of its glasses, what those glasses were like, its scores on
glasses never seen, and the SHA-256 of every file and of itself. ``potential/`` holds copies of the
files that the potential reads, one folder per field that names one: where they once lay says
nothing elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vitreous import __version__
from vitreous.analysis.conformal import Intervals, intervals
from vitreous.core.build import construct
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Fitted, Model, Potential
from vitreous.core.pipeline import Pipeline
from vitreous.core.registry import Registry, discover, load_class
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.store import identity
from vitreous.direct.likeness import Likeness, likeness
from vitreous.direct.trust import Trust, trust

COMPONENT, FITTED, ABOUT, POTENTIAL, FORMAT = (
    "component.json",
    "fitted",
    "bundle.json",
    "potential",
    3,
)
READABLE = (2, FORMAT)  #: of format 2 nothing says how far its maps are to be trusted


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A trained model with everything that a prediction on a new glass needs.

    Fields:
        label: name, unit and weak_is of what it predicts. spacing: between its places in training,
        length.
        glasses: of the training: names and share of the species, units, dimension, bonds per atom
            of each species, atoms per glass, keys, loadings (and how many glasses were taken along
            each).
        scores: on glasses never seen, as the run reported them.
        intervals, trust: how wide intervals are and which maps are to be trusted, from the
            validation glasses; None where the model knows no deviation, or there were none.
            likeness: what the training glasses are like; None of format 2.
    """

    fitted: Fitted
    descriptor: Descriptor
    potential: Potential
    loading: Loading
    label: Mapping[str, str]
    spacing: float
    glasses: Mapping[str, Any]
    scores: Mapping[str, Any]
    likeness: Likeness | None = None
    intervals: Intervals | None = None
    trust: Trust | None = None


def write(folder: Path, model: Model, fitted: Fitted, provider: str) -> None:
    """Save a fitted model, in a form that MLflow's pyfunc also loads, without pickle."""
    (folder / FITTED).mkdir(parents=True, exist_ok=True)
    fitted.save(folder / FITTED)
    about = {**identity(model), "provider": provider, "vitreous": __version__}
    (folder / COMPONENT).write_text(json.dumps(about, indent=1))
    flavor = {"loader_module": __name__, "data": ".", "env": {}}
    described = {
        "flavors": {"python_function": flavor},
        "utc_time_created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    (folder / "MLmodel").write_text(json.dumps(described, indent=1))  # JSON is YAML


def complete(folder: Path, pipeline: Pipeline, result: Run, scores: Mapping[str, Any]) -> bool:
    """Add ``bundle.json`` to what ``write`` wrote; False for labels that are no map of places,
    which need none.
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


def sign(folder: Path, about: Mapping[str, Any]) -> None:
    """Write ``bundle.json`` with the checksum of what it says."""
    (folder / ABOUT).write_text(json.dumps({**about, "sha256": _own_digest(about)}, indent=1))


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


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a bundle but ``bundle.json``, by name."""
    return {name: _digest(folder / name) for name in _files(folder)}


def _files(folder: Path) -> list[str]:
    return sorted(
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and p.name not in (ABOUT, "MLmodel")
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _own_digest(about: Mapping[str, Any]) -> str:
    """SHA-256 of what ``bundle.json`` says, whatever its layout."""
    said = {key: value for key, value in about.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def read(folder: Path, registry: Registry | None = None) -> tuple[Model, Fitted]:
    """The component and the fitted model of a folder that ``write`` wrote; only registered
    components are ever imported.

    Raises:
        VitreousError: not such a folder, or its component is not installed, or only in another
        version.
    """
    try:
        about = json.loads((folder / COMPONENT).read_text())
        made = {
            "target": str(about["target"]),
            "version": about["version"],
            "fields": dict(about["fields"]),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VitreousError(
            f"{folder} holds no trained model ({type(error).__name__}: {error}); give the model "
            "folder of a run"
        ) from error
    model = _component(registry or discover(), "model", made)
    return model, model.load(folder / FITTED)


def read_bundle(folder: Path) -> Bundle:
    """A bundle, once its format is known and every file has the checksum it was written with.

    Raises:
        VitreousError: no bundle, one of another format, changed or missing files, or a component
        that is not installed.
    """
    try:
        about = json.loads((folder / ABOUT).read_text())
        form, files = about["format"], dict(about["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VitreousError(
            f"{folder} is no bundle ({type(error).__name__}: {error}); give the model folder of a "
            "run, or the name of a bundle that ships"
        ) from error
    if form not in READABLE:
        raise VitreousError(
            f"{folder} is a bundle of format {form!r}, written by vitreous "
            f"{about.get('vitreous', '?')}; this is vitreous {__version__}, "
            f"which reads formats {' and '.join(map(str, READABLE))}: train it again, or install "
            "that version"
        )
    present = set(_files(folder))
    changed = sorted(
        set(files) ^ present
        | {name for name in present & set(files) if _digest(folder / name) != files[name]}
    )
    if about.get("sha256") != _own_digest(about):
        changed.append(ABOUT)
    if changed:
        raise VitreousError(
            f"{folder} is damaged or was tampered with: {', '.join(changed)} differ from what was "
            "written; get it again"
        )
    try:
        return _described(folder, about)
    except (KeyError, TypeError) as error:
        what = (
            f"lacks {error}"
            if isinstance(error, KeyError)
            else f"does not say what it should ({error})"
        )
        raise VitreousError(
            f"{folder / ABOUT} {what}; get the bundle again, or train it again"
        ) from error


def _described(folder: Path, about: Mapping[str, Any]) -> Bundle:
    registry = discover()
    _, fitted = read(folder, registry)
    potential = about["potential"]
    files = {name: str(folder / kept) for name, kept in potential.get("files", {}).items()}
    return Bundle(
        fitted=fitted,
        descriptor=_component(registry, "descriptor", about["descriptor"]),
        potential=_component(
            registry, "potential", {**potential, "fields": {**potential["fields"], **files}}
        ),
        loading=construct(Loading, "loading", about["loading"]),
        label=about["label"],
        spacing=float(about["spacing"]),
        glasses=about["glasses"],
        scores=about["scores"],
        **({} if about["format"] == READABLE[0] else _judgement(about)),
    )


def _judgement(about: Mapping[str, Any]) -> dict[str, Any]:
    """What format 2 does not know, or knew otherwise: likeness, intervals and trust."""
    kinds = {"likeness": Likeness, "intervals": Intervals, "trust": Trust}
    return {
        name: None if about[name] is None else kind(**about[name]) for name, kind in kinds.items()
    }


def _component(registry: Registry, kind: str, about: Mapping[str, Any]) -> Any:
    """An installed component; one of another version is refused, since it would make something else
    of the same fields.
    """
    cls = load_class(registry.by_target(kind, str(about["target"])))
    version = about["version"]
    if version != cls.version:
        raise VitreousError(
            f"the bundle was made with version {version} of {kind} {cls.__name__}, but version "
            f"{cls.version} is installed; train it again"
        )
    return construct(cls, kind, dict(about["fields"]))


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """What MLflow's pyfunc wraps."""

    fitted: Fitted

    def predict(self, model_input: Any, params: Any = None) -> Any:
        """Predictions (M,) for Features."""
        return self.fitted.predict(model_input)


def _load_pyfunc(path: str) -> Predictor:
    """The entry that MLflow's pyfunc flavor asks for: a bundle is looked through first, as
    everywhere; other models have no checksums.
    """
    folder = Path(path)
    return Predictor(
        fitted=read_bundle(folder).fitted if (folder / ABOUT).is_file() else read(folder)[1]
    )
