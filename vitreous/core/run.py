"""What a run leaves behind: its table of cases with what was computed on each, and the fitted
model.

``run.json`` in the folder of a run says all of it but the arrays, which lie in the store: a run is
opened again without computing.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from vitreous.core.archive import read_json, refuse_model_files
from vitreous.core.artifact import stage_of
from vitreous.core.build import construct
from vitreous.core.cases import ROLES, Case
from vitreous.core.data import Drawn, Features
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Fitted, Model
from vitreous.core.loading import Loading
from vitreous.core.registry import discover, load_class
from vitreous.core.sample import Sample, Shelf
from vitreous.core.stages import OF_GLASS
from vitreous.core.store import Store

FILE, FORMAT = "run.json", 1
_KEY = re.compile(r"[0-9a-f]{64}")  # of an artifact
#: entries of the file that whoever reads it relies on, and their kinds
_ENTRIES: Mapping[str, type] = {
    **dict.fromkeys(("cases", "loadings", "incomplete", "history"), list),
    **dict.fromkeys(
        ("config", "components", "packages", "excluded", "seconds", "fresh", "weak_is"), dict
    ),
    **dict.fromkeys(
        ("store", "store_from_here", "python", "vitreous", "command", "model_key"), str
    ),
}
Metric = tuple[str, float, int]  #: name, value, step


@dataclass(frozen=True, kw_only=True)
class Run:
    """A whole run.

    Fields:
        loadings: what was done to the glasses, numbered by ``Case.loading``.
        samples: views of the cases, in order of glass and loading, without those left out.
        excluded: the reason, by glass left out. incomplete: the reason, by case left out of a glass
        that has others. model_key: the artifact that holds the fitted model; empty without one.
        fitted: a model in memory, instead of that of the store.
        history: what the model logged while it was fitted. seconds: time that this run spent
        computing, by stage. fresh: artifacts that it computed, by stage.
        weak_is: "low" or "high" by column of the indicators, the side that marks weak sites; other
        columns are not scored. about: what else ``run.json`` says: configuration, command,
        components, versions.
        shelf: where artifacts are read.
    """

    loadings: tuple[Loading, ...]
    samples: tuple[Sample, ...]
    excluded: Mapping[int, str] = field(default_factory=dict)
    incomplete: Mapping[Case, str] = field(default_factory=dict)
    model_key: str = ""
    fitted: Fitted | None = field(default=None, repr=False)
    history: tuple[Metric, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    fresh: Mapping[str, int] = field(default_factory=dict)
    weak_is: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict, repr=False)
    shelf: Shelf | None = field(default=None, repr=False)

    @classmethod
    def open(cls, folder: str | Path, store: str | Path | None = None) -> Self:
        """The run that left its results in ``folder``; ``store``: where its artifacts lie now, if
        they were moved.

        Raises:
            VitreousError: no such run, one of a later version, or a store that is not there.
        """
        about = _read(Path(folder))
        found = _store_of(Path(folder), about) if store is None else Path(store)
        if not found.is_dir():
            raise VitreousError(
                f"--store is {found}, which is no folder; give the store that holds the artifacts "
                "of this run"
            )
        shelf = Shelf(lambda stage, key: _artifact(Store(found), stage, key), Store(found).has)
        try:
            loadings = tuple(
                construct(Loading, "loading", values) for values in about.pop("loadings")
            )
            cases = [
                (construct(Case, "cases", row["case"]), row["keys"]) for row in about.pop("cases")
            ]
            incomplete = {
                construct(Case, "incomplete", row["case"]): row["reason"]
                for row in about.pop("incomplete")
            }
            _refuse_cases([*(case for case, _ in cases), *incomplete], len(loadings))
            if any({*OF_GLASS, "label"} - set(keys) for _, keys in cases):
                raise ValueError("a case has no glass, or no label")
            _refuse_keys(
                [key for _, keys in cases for key in keys.values()]
                + [k for k in [about["model_key"]] if k]
            )
            return cls(
                loadings=loadings,
                samples=tuple(
                    Sample.stored(c, loadings[c.loading], keys, shelf) for c, keys in cases
                ),
                excluded={int(glass): reason for glass, reason in about.pop("excluded").items()},
                incomplete=incomplete,
                model_key=about.pop("model_key"),
                history=tuple((name, value, step) for name, value, step in about.pop("history")),
                seconds=about.pop("seconds"),
                fresh=about.pop("fresh"),
                weak_is=about.pop("weak_is"),
                about=about,
                shelf=shelf,
            )
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise VitreousError(
                f"{Path(folder) / FILE} is damaged ({type(error).__name__}: {error}); run its "
                "command again"
            ) from error

    @staticmethod
    def about_of(folder: Path) -> dict[str, Any]:
        """What ``run.json`` says, unchecked; raises VitreousError as ``open``."""
        return _read(folder)

    def write(self, folder: Path) -> Path:
        """Write ``run.json`` into ``folder``."""
        content = {
            **self.about,
            "format": FORMAT,
            "loadings": [loading.recipe() for loading in self.loadings],
            "cases": [{"case": vars(s.case), "keys": dict(s.keys)} for s in self.samples],
            "excluded": {str(glass): reason for glass, reason in self.excluded.items()},
            "incomplete": [
                {"case": asdict(case), "reason": reason} for case, reason in self.incomplete.items()
            ],
            "model_key": self.model_key,
            "history": self.history,
            "seconds": self.seconds,
            "fresh": self.fresh,
            "weak_is": self.weak_is,
        }
        temporary = folder / f".{FILE}.tmp"
        temporary.write_text(json.dumps(content, indent=1))
        return temporary.replace(folder / FILE)

    def refuse_gone(self) -> None:
        """Raise VitreousError where artifacts of this run are gone from its store; none is read."""
        keys = {(stage_of(stage), key) for s in self.samples for stage, key in s.keys.items()}
        keys |= {("fit", self.model_key)} if self.model_key else set()
        gone = sorted(k for k in keys if self.shelf is not None and not self.shelf.has(*k))
        if gone:
            stages = ", ".join(dict.fromkeys(stage for stage, _ in gone))
            raise VitreousError(
                f"the store does not hold {len(gone)} of the {len(keys)} artifacts of this run "
                f"({stages}); say where they are with --store FOLDER, or run its command again"
            )

    @property
    def model(self) -> Fitted | None:
        """The fitted model; None without one.

        Raises:
            VitreousError: its component is not installed, or only in another version.
        """
        return self._stored_model if self.fitted is None else self.fitted

    @cached_property
    def _stored_model(self) -> Fitted | None:
        if not self.model_key or self.shelf is None:
            return None
        return unpack(self._component("model"), self.shelf["fit", self.model_key]["files"])

    def shown(self, sample: Sample) -> Features | Drawn:
        """The features of a sample as the model sees them.

        Raises:
            VitreousError: the run has no features, or their descriptor is not installed, or only in
            another version.
        """
        if sample.features is None:
            raise VitreousError("this run has no features: it was made without a descriptor")
        if "descriptor" not in self.about.get("components", {}):
            return sample.features
        return self._component("descriptor").view(sample.features)

    @property
    def meanings(self) -> Mapping[str, str]:
        """What a large value of each column of the features says (``Descriptor.meanings``)."""
        known = "descriptor" in self.about.get("components", {})
        return self._component("descriptor").meanings if known else {}

    def _component(self, kind: str) -> Any:
        """The one that the run was made with."""
        try:
            made = self.about["components"][kind]
            target, version, fields = str(made["target"]), made["version"], dict(made["fields"])
            provider = str(made.get("provider", ""))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise VitreousError(
                f"{FILE} does not say which {kind} the run was made with "
                f"({type(error).__name__}: {error}); run its command again"
            ) from error
        cls = load_class(discover().used(kind, target, provider))
        if cls.version != version:
            raise VitreousError(
                f"the run was made with version {version} of {target}, but "
                f"version {cls.version} is installed; run it again"
            )
        return construct(cls, kind, fields)

    def role(self, name: str) -> tuple[Sample, ...]:
        """The samples that play one of ``vitreous.core.cases.ROLES``."""
        return tuple(sample for sample in self.samples if sample.role == name)

    def glasses(self, name: str) -> tuple[Sample, ...]:
        """One sample of each glass that plays a role: that of its first loading."""
        return tuple({sample.index: sample for sample in reversed(self.role(name))}.values())[::-1]


def _read(folder: Path) -> dict[str, Any]:
    """What ``run.json`` says; ``folder`` may be the file itself."""
    path = folder if folder.name == FILE else folder / FILE
    try:
        about = read_json(path)
        known = about["format"]
    except FileNotFoundError as error:
        raise VitreousError(
            f"{folder} holds no run: there is no {FILE} in it; give the folder that a run printed "
            "at its end"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VitreousError(
            f"{path} cannot be read ({type(error).__name__}: {error}); run its command again"
        ) from error
    if known != FORMAT:
        raise VitreousError(
            f"{path} has format {known!r}, but this version reads {FORMAT}; open it with vitreous "
            f"{about.get('vitreous')}"
        )
    about.setdefault("weak_is", {})  # not said before there were scores of indicators
    missing = [name for name, kind in _ENTRIES.items() if not isinstance(about.get(name), kind)]
    if missing:
        raise VitreousError(
            f"{path} is damaged: it lacks {', '.join(missing)}; run its command again"
        )
    return about


def _refuse_cases(cases: Sequence[Case], loadings: int) -> None:
    """Raises ValueError for a glass, loading or role that no run has."""
    for case in cases:
        if case.glass < 0 or not 0 <= case.loading < loadings or case.role not in ROLES:
            raise ValueError(
                f"a case has glass {case.glass}, loading {case.loading} and role {case.role!r}; "
                f"expected a glass from 0, a loading from 0 to {loadings - 1}, and one of "
                f"{', '.join(ROLES)}"
            )


def _refuse_keys(keys: Sequence[str]) -> None:
    """Raises ValueError for what is no key of an artifact, and might name another file."""
    for key in keys:
        if not _KEY.fullmatch(key):
            raise ValueError(f"'{key}' is no key of an artifact")


def _store_of(folder: Path, about: Mapping[str, Any]) -> Path:
    """The store, where it was or, with the folder, moved along."""
    here = folder.parent if folder.name == FILE else folder
    named = [Path(about["store"]), here / about["store_from_here"]]
    try:
        first = str(about["cases"][0]["keys"]["label"])
    except (KeyError, TypeError, IndexError):
        first = ""  # none is of any use for what comes next, which says so
    first = first if _KEY.fullmatch(first) else ""
    there = [path for path in named if os.path.isdir(path)]  # False of names too long, too
    found = next(
        (path for path in there if Store(path).has("label", first)), next(iter(there), None)
    )
    if found is None:
        raise VitreousError(
            f"the store of {folder} is neither at {named[0]} nor at {named[1]}; say where it is "
            "with --store FOLDER"
        )
    return found


def _artifact(store: Store, stage: str, key: str) -> Any:
    found = store.get(stage, key)
    if found is None:
        gone = f"{store.folder} does not hold the {stage} artifact {key[:12]} of this run"
        raise VitreousError(
            f"{gone}; say where it is with --store FOLDER, or run its command again"
        )
    return found[0]


def pack(fitted: Fitted) -> dict[str, np.ndarray]:
    """The files that a fitted model saves, as bytes by relative path."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fitted.save(folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {
            path.relative_to(folder).as_posix(): np.frombuffer(path.read_bytes(), dtype=np.uint8)
            for path in files
        }


def unpack(model: Model, files: Mapping[str, np.ndarray]) -> Fitted:
    """The fitted model that ``pack`` packed."""
    refuse_model_files({"files": files})
    with tempfile.TemporaryDirectory() as name:
        for path, content in files.items():
            target = Path(name) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.tobytes())
        return model.load(Path(name))
