"""Bundles read back: by folder, by the name of one that ships, or the model alone."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous import __version__
from vitreous.analysis.conformal import Intervals
from vitreous.bundles.bonding import BondFinder
from vitreous.bundles.bundle import Bundle
from vitreous.bundles.earlier import today
from vitreous.bundles.folder import (
    ABOUT,
    COMPONENT,
    FITTED,
    FORMAT,
    PLACES,
    READABLE,
    digest,
    digests,
    files_of,
    own_digest,
    refuse_links,
)
from vitreous.bundles.likeness import Likeness
from vitreous.bundles.trust import Trust
from vitreous.core.archive import read_json
from vitreous.core.build import construct
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Fitted, Model, Potential
from vitreous.core.projection import Projection
from vitreous.core.registry import Registry, discover, load_class, suggest

SHIPPED = Path(__file__).parent / "shipped"


def read_model(folder: Path, registry: Registry | None = None) -> tuple[Model, Fitted]:
    """The component and the fitted model of a folder that ``write_model`` wrote; only registered
    components are ever imported.

    Raises:
        VitreousError: not such a folder, changed files, or a component that is not installed, or
        only in another version.
    """
    refuse_links(folder)
    try:
        about = read_json(folder / COMPONENT)
        made = {
            "target": str(about["target"]),
            "version": about["version"],
            "fields": dict(about["fields"]),
            "provider": str(about.get("provider", "")),
        }
        written = dict(about.get("files", {}))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VitreousError(
            f"{folder} holds no trained model ({type(error).__name__}: {error}); give the model "
            "folder of a run"
        ) from error
    if written and written != digests(folder / FITTED):
        raise VitreousError(
            f"{folder / FITTED} is damaged or was tampered with: its files differ from what was "
            "written; get it again"
        )
    model = _component(registry or discover(), "model", made)
    return model, model.load(folder / FITTED)


def refuse_unsigned(folder: Path) -> None:
    """Raises VitreousError for a model folder that says no checksums of its files."""
    try:
        signed = bool(read_json(folder / COMPONENT).get("files"))
    except (OSError, ValueError):
        return  # it is no model folder, which read_model says
    if not signed:
        raise VitreousError(
            f"{folder} has no checksums (earlier versions wrote none of models that are no "
            "map); if you trust whom it comes from, load it with vitreous.bundles.read_model"
        )


def read_bundle(folder: Path) -> Bundle:
    """A bundle, once its format is known and every file has the checksum it was written with.

    Raises:
        VitreousError: no bundle, one of another format, changed or missing files, or a component
        that is not installed.
    """
    refuse_links(folder)
    try:
        about = read_json(folder / ABOUT)
        form, files = about["format"], dict(about["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VitreousError(
            f"{folder} is no bundle ({type(error).__name__}: {error}); give the model folder of a "
            "run, or the name of a bundle that ships"
        ) from error
    if form not in READABLE:
        raise VitreousError(
            f"{folder} is a bundle of format {form!r}, written by vitreous "
            f"{about.get('vitreous', '?')}; this is vitreous {__version__}, which reads formats "
            f"{READABLE[0]} to {FORMAT}: install that version, or train it again"
        )
    present = set(files_of(folder))
    changed = sorted(
        set(files) ^ present
        | {name for name in present & set(files) if digest(folder / name) != files[name]}
    )
    if about.get("sha256") != own_digest(about):
        changed.append(ABOUT)
    if changed:
        raise VitreousError(
            f"{folder} is damaged or was tampered with: {', '.join(changed)} differ from what was "
            "written; get it again"
        )
    try:
        return _described(folder, today(about))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = (
            f"lacks {error}"
            if isinstance(error, KeyError)
            else f"does not say what it should ({error})"
        )
        raise VitreousError(
            f"{folder / ABOUT} {what}; get the bundle again, or train it again"
        ) from error


def find_bundle(name: str) -> Bundle:
    """A bundle by its folder, or by the name of one that ships (``listi``). Raises VitreousError
    naming those that ship.
    """
    ships = sorted(p.name for p in SHIPPED.iterdir() if p.is_dir()) if SHIPPED.is_dir() else []
    if name in ships:
        if Path(name).is_dir():
            warnings.warn(
                f"the bundle {name} that ships is used, not the folder of this name; for that one "
                f"give ./{name}",
                stacklevel=2,
            )
        return read_bundle(SHIPPED / name)
    if Path(name).is_dir():
        return read_bundle(Path(name))
    hint = suggest(name, ships)
    raise VitreousError(
        f"there is no bundle '{name}'{f'{hint} Or' if hint else ';'} give the model folder of a "
        f"run, or one of those that ship: {', '.join(ships) or 'none'}"
    )


def _described(folder: Path, about: Mapping[str, Any]) -> Bundle:
    registry = discover()
    _, fitted = read_model(folder, registry)
    descriptor = _component(registry, "descriptor", about["descriptor"])
    _refuse_reach(descriptor, about)
    kinds = {
        "bonds": BondFinder,
        "likeness": Likeness,
        "intervals": Intervals,
        "trust": Trust,
        "projection": Projection,
    }
    return Bundle(
        fitted=fitted,
        descriptor=descriptor,
        loading=construct(Loading, "loading", about["loading"]),
        label=about["label"],
        spacing=float(about["spacing"]),
        glasses=about["glasses"],
        scores=about["scores"],
        potential=_potential(registry, folder, about),
        fractions=_fractions(folder),
        **{
            name: None if about[name] is None else kind(**about[name])
            for name, kind in kinds.items()
        },
    )


def _refuse_reach(descriptor: Descriptor, about: Mapping[str, Any]) -> None:
    """Raises VitreousError for a descriptor that sees further, or less far, than in training."""
    reach = descriptor.reach if np.isfinite(descriptor.reach) else None
    if about.get("reach", reach) != reach:
        then, now = ("the whole glass" if of is None else of for of in (about["reach"], reach))
        raise VitreousError(
            f"the bundle was made with a {type(descriptor).__name__} that sees as far as {then}, "
            f"but the installed one sees as far as {now}; train it again"
        )


def _potential(registry: Registry, folder: Path, about: Mapping[str, Any]) -> Potential | None:
    """With the files that it is read from, of which the bundle holds copies. Raises VitreousError
    for one that names other files.
    """
    made = about["potential"]
    if made is None:
        return None
    kept = made.get("files", {})
    if strange := sorted(set(kept.values()) - set(about["files"])):
        raise VitreousError(
            f"{folder / ABOUT} names {', '.join(strange)}, which is no file of the bundle; do not "
            "use it"
        )
    files = {name: str(folder / file) for name, file in kept.items()}
    return _component(registry, "potential", {**made, "fields": {**made["fields"], **files}})


def _fractions(folder: Path) -> NDArray[np.float64] | None:
    path = folder / PLACES
    if not path.is_file():
        return None
    # mapped first: no memory is taken for more values than the file has
    return np.array(np.load(path, mmap_mode="r", allow_pickle=False))


def _component(registry: Registry, kind: str, about: Mapping[str, Any]) -> Any:
    """An installed component; one of another version is refused, since it would make something else
    of the same fields.
    """
    target, provider = str(about["target"]), str(about.get("provider", ""))
    cls = load_class(registry.used(kind, target, provider, "the bundle"))
    version = about["version"]
    if version != cls.version:
        raise VitreousError(
            f"the bundle was made with version {version} of {kind} {cls.__name__}, but version "
            f"{cls.version} is installed; train it again"
        )
    return construct(cls, kind, dict(about["fields"]))
