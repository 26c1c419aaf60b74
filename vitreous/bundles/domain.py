"""Glasses that a bundle says nothing about, refused before anything is computed."""

from __future__ import annotations

import numpy as np

from vitreous.bundles.bundle import Bundle
from vitreous.bundles.levels import level_of
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.pairs import heights

_SHARE = 0.002  # by which the composition of a whole glass may differ; 0.1 of one that was cut out


def prepared(glass: Configuration, bundle: Bundle) -> Configuration:
    """The glass as the training glasses were: species in their order, with bonds if they had any.

    Raises:
        VitreousError: a glass of another dimension, unit, composition or boundary than those of the
        bundle, one without bonds where they are needed and cannot be found, or one that cannot be
        seen in the bundle's projection.
    """
    _refuse_foreign(glass, bundle)
    glass = _opened(_renamed(glass, bundle), bundle)
    if not len(glass.bonds) and bundle.bonds is not None:
        # atoms with an unusual number of bonds are masked later, site by site
        glass = bundle.bonds.bonded(glass)
    if bundle.descriptor.needs_bonds and not len(glass.bonds):
        raise VitreousError(
            f"{type(bundle.descriptor).__name__} needs bonds, but the glass lists none, and the "
            "bundle does not know within which length its atoms are bonded; give a glass with bonds"
        )
    if not len(bundle.seen(glass)):
        raise VitreousError("no atom of the glass is seen in the bundle's projection")
    return glass


def _refuse_foreign(glass: Configuration, bundle: Bundle) -> None:
    known = bundle.glasses
    for what, got, wanted in (
        ("dimensions", glass.dimension, known["dimension"]),
        ("units", glass.units, known["units"]),
    ):
        if got != wanted:
            raise VitreousError(
                f"the glass has {what} {got}, but the model was trained on {what} {wanted}; it "
                "says nothing about this glass"
            )
    present = {glass.names[k]: float((glass.species == k).mean()) for k in np.unique(glass.species)}
    trained = {
        name: (low, high)
        for name, (low, high) in zip(known["names"], known["shares"], strict=True)
        if high > 0.0
    }
    slack = _SHARE if all(glass.periodic) or bundle.uncut(glass) else 0.1
    absent = {name: 0.0 for name in trained if trained[name][0] == 0.0} | present
    if absent.keys() != trained.keys() or any(
        not low - slack <= absent[name] <= high + slack for name, (low, high) in trained.items()
    ):
        raise VitreousError(
            f"the glass is {_shares({name: (of, of) for name, of in present.items()})}, but the "
            f"model was trained on {_shares(trained)}; it says nothing about another composition"
        )


def _opened(glass: Configuration, bundle: Bundle) -> Configuration:
    """With the boundaries of the training glasses: an axis along which it repeats and they do not
    is open if vacuum wider than the reach of the potential separates the images.

    Raises:
        VitreousError: its boundaries are others, and the model looks at the whole glass.
    """
    known = tuple(bundle.glasses["periodic"])
    if tuple(glass.periodic) == known:
        return glass
    extra = [k for k, (has, had) in enumerate(zip(glass.periodic, known, strict=True)) if has > had]
    if len(extra) == sum(has != had for has, had in zip(glass.periodic, known, strict=True)):
        reach = 0.0 if bundle.potential is None else bundle.potential.surface(glass).force_range
        for axis in extra:
            glass = _open_along(glass, axis, reach) if reach else glass
    cut = any(had and not has for has, had in zip(glass.periodic, known, strict=True))
    whole = not level_of(bundle).windowed or (cut and np.isinf(bundle.descriptor.reach))
    if tuple(glass.periodic) != known and whole:
        raise VitreousError(
            f"the glass repeats along {_axes(glass.periodic)}, but the model, which looks at the "
            f"whole glass, was trained on glasses that repeat along {_axes(known)}, and no vacuum "
            "separates its images"
        )
    return glass


def _open_along(glass: Configuration, axis: int, reach: float) -> Configuration:
    """Not repeating along ``axis``, whole about its vacuum, if that is wider than ``reach``
    (length); else as it is.
    """
    along = (glass.positions @ np.linalg.inv(glass.cell))[:, axis]
    inside = np.sort(along % 1.0)
    gaps = np.diff(inside, append=inside[0] + 1.0)
    widest = int(np.argmax(gaps))
    if gaps[widest] * heights(glass.cell)[axis] < reach:
        return glass
    first = inside[(widest + 1) % len(inside)]  # above the vacuum
    lifted = np.rint((along - first) % 1.0 + first - along)[:, None] * glass.cell[axis]
    periodic = tuple(has and k != axis for k, has in enumerate(glass.periodic))
    return glass.with_(positions=glass.positions + lifted, periodic=periodic)


def _shares(of: dict[str, tuple[float, float]]) -> str:
    def share(low: float, high: float) -> str:
        return f"{100 * low:.3g}" if high - low < 5e-4 else f"{100 * low:.3g} to {100 * high:.3g}"

    return ", ".join(f"{share(*ends)} % {name}" for name, ends in of.items())


def _axes(periodic: tuple[bool, ...]) -> str:
    return ", ".join(axis for axis, along in zip("xyz", periodic, strict=False) if along) or "none"


def _renamed(glass: Configuration, bundle: Bundle) -> Configuration:
    """With the species in the order of the training: columns of features follow it."""
    names = tuple(bundle.glasses["names"])
    if glass.names == names:
        return glass
    place = np.array([names.index(name) if name in names else -1 for name in glass.names])
    return glass.with_(names=names, species=place[glass.species])
