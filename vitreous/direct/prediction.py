"""The map that a trained model gives of one glass, with what speaks against trusting it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.executor import cores
from vitreous.direct.bundle import Bundle, read_bundle
from vitreous.direct.likeness import unlike
from vitreous.direct.rest import AT_REST, RelaxReport, bonded, bring_to_rest, moving
from vitreous.mechanics.boundary import clearance
from vitreous.mechanics.neighbours import around, heights

Array = NDArray[np.float64]
BROKEN, OUTSIDE, HOLE = "window meets a broken bond", "window leaves the glass", "window holds a hole"  #: why a place has no value
SHIPPED = Path(__file__).parents[1] / "bundles"
_MOST = 100_000  # places of one map: all are described at once, by estimate some 4 GB
_SHARE = 0.002  # by which the composition of a periodic glass may differ; 0.1 of one with a boundary


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What ``predict`` found.

    Fields:
        configuration: the glass, with its bonds.
        labels: one value per place, in the label's unit; NaN and masked where the window meets a broken bond or leaves the glass.
        reasons: (M,) why: BROKEN, OUTSIDE or HOLE; empty where there is a value.
        uncertainty: (M,) standard deviation of each value; None from a model that does not know.
        unlike: what of the glass lies outside the training glasses: (quantity, value, training mean), the worst first; None where the
            places see too few atoms to tell, or the model learnt from too few glasses.
        largest_force: on an atom that the potential sees whole, energy per length; NaN where a free boundary leaves none.
        by_number: whether the model reads atoms in the order of their numbers in the file.
    """

    configuration: Configuration
    labels: Labels
    reasons: NDArray[np.str_]
    uncertainty: Array | None
    unlike: list[tuple[str, float, float]] | None
    largest_force: float
    by_number: bool

    @property
    def masked(self) -> dict[str, int]:
        """How many places have no value, by the reason."""
        found, counts = np.unique(self.reasons[self.reasons != ""], return_counts=True)
        return dict(zip(found.tolist(), counts.tolist(), strict=True))

    @property
    def at_rest(self) -> bool:
        """Whether forces are as small as in the glasses of the training; True where they are not known."""
        return not self.largest_force > AT_REST


def find_bundle(name: str) -> Bundle:
    """A bundle by its folder, or by the name of one that ships (``listi``). Raises VitreousError naming those that ship."""
    ships = sorted(p.name for p in SHIPPED.iterdir() if p.is_dir()) if SHIPPED.is_dir() else []
    if name in ships:
        if Path(name).is_dir():
            warnings.warn(f"the bundle {name} that ships is used, not the folder of this name; for that one give ./{name}", stacklevel=2)
        return read_bundle(SHIPPED / name)
    if Path(name).is_dir():
        return read_bundle(Path(name))
    raise VitreousError(
        f"there is no bundle '{name}'; give the model folder of a run, or one of those that ship: {', '.join(ships) or 'none'}"
    )


def rested(glass: Configuration, bundle: Bundle) -> RelaxReport:
    """The glass at rest under the potential of the bundle's glasses; atoms that do not see all of their neighbours, at the rim of a glass
    with a free boundary, stay where they are. A network that changes on the way is told in a warning, and its bond list dropped."""
    bundle.descriptor.refuse(glass, bundle.potential)
    report = bring_to_rest(glass, bundle.potential)
    if not report.network.any:
        return report
    return replace(report, configuration=report.configuration.with_(bonds=np.zeros((0, 2), dtype=np.int64)))


def predict(glass: Configuration, bundle: Bundle, *, grid: int | None = None, angle: float | None = None) -> Prediction:
    """The map of ``glass`` at ``grid`` places along each side (None: as dense as in training), loaded along ``angle`` degrees.

    Raises:
        VitreousError: a glass of another dimension, unit or composition than the bundle's, smaller than its window, or without any place
            whose window holds whole, fully bonded glass; another direction for a model that knows its own alone.
    """
    _refuse_foreign(glass, bundle)
    if any(bundle.glasses["coordination"]) and not len(glass.bonds):
        glass = bonded(glass)  # atoms with an unusual number of bonds are masked later, place by place
    loading = bundle.loading if angle is None else _along(angle, bundle)
    sites, counts = (glass.positions, ()) if bundle.label["level"] == "atom" else _places(glass, bundle.spacing, grid)
    reasons, windows = _whole(glass, bundle, sites)
    whole = reasons == ""
    if not whole.any():
        raise VitreousError(
            f"none of the {len(sites)} places has a window (radius {_window(bundle):g}) of whole, fully bonded glass; "
            "give a larger patch, or mend its bonds"
        )
    descriptor = _on_all_cores(bundle.descriptor)
    features = descriptor.describe_with(glass, bundle.potential, loading, sites[whole], bundle.label["level"])
    values, uncertainty = np.full(len(sites), np.nan), bundle.fitted.uncertainty(features)
    values[whole] = bundle.fitted.predict(features)
    if uncertainty is not None:
        wide = np.full(len(sites), np.nan)
        wide[whole] = uncertainty
        uncertainty = wide
    labels = Labels(
        name=bundle.label["name"], level=bundle.label["level"], unit=bundle.label["unit"], values=values, mask=whole, positions=sites,
        weak_is=bundle.label["weak_is"], grid=counts,
    )  # fmt: skip
    return Prediction(
        configuration=glass,
        labels=labels,
        reasons=reasons,
        uncertainty=uncertainty,
        unlike=unlike(bundle.likeness, glass, features, windows),
        largest_force=_largest_force(glass, bundle),
        by_number=getattr(bundle.descriptor, "order", "") == "number",
    )


def _along(angle: float, bundle: Bundle) -> Loading:
    """The bundle's loading along another direction, degrees."""
    bound = bundle.descriptor.bound_to_axes
    if bound and (angle - bundle.loading.angle) % 360.0 != 0.0:
        raise VitreousError(
            f"the angle is {angle:g}, but this model learnt along {bundle.loading.angle:g} degrees and knows no other direction: {bound}"
        )
    return replace(bundle.loading, angle=angle)


def _refuse_foreign(glass: Configuration, bundle: Bundle) -> None:
    known = bundle.glasses
    for what, got, wanted in (("dimensions", glass.dimension, known["dimension"]), ("units", glass.units, known["units"])):
        if got != wanted:
            raise VitreousError(
                f"the glass has {what} {got}, but the model was trained on {what} {wanted}; it says nothing about this glass"
            )
    present = {glass.names[k]: float((glass.species == k).mean()) for k in np.unique(glass.species)}
    trained = {name: share for name, share in zip(known["names"], known["shares"], strict=True) if share > 0.0}
    slack = _SHARE if all(glass.periodic) else 0.1
    if present.keys() != trained.keys() or any(abs(present[name] - trained[name]) > slack for name in trained):
        raise VitreousError(
            f"the glass is {_shares(present)}, but the model was trained on {_shares(trained)}; it says nothing about another composition"
        )


def _shares(of: dict[str, float]) -> str:
    return ", ".join(f"{100 * share:.3g} % {name}" for name, share in of.items())


def _places(glass: Configuration, spacing: float, grid: int | None) -> tuple[Array, tuple[int, ...]]:
    """Places (M, D) at the middle of equal parts of the cell, or of the box around a glass without periodic sides; parts per side."""
    origin, cell = np.zeros(glass.dimension), glass.cell
    if not all(glass.periodic):
        origin = glass.positions.min(axis=0)
        cell = np.diag(np.ptp(glass.positions, axis=0))
    if grid is not None and grid < 1:
        raise VitreousError(f"grid is {grid}; expected at least 1")
    if grid is None and not spacing > 0.0:
        raise VitreousError("this model's places stand on no grid; say how many there are to be along each side, e.g. --grid 50")
    counts = tuple(grid or max(1, round(float(length) / spacing)) for length in np.linalg.norm(cell, axis=1))
    if np.prod(counts, dtype=float) > _MOST:
        raise VitreousError(
            f"a map of {' x '.join(map(str, counts))} places is too large for one prediction; at most {_MOST} can be had: give a grid, or "
            "a smaller glass"
        )
    axes = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in counts], indexing="ij")
    return origin + np.stack(axes, axis=-1).reshape(-1, glass.dimension) @ cell, counts


def _whole(glass: Configuration, bundle: Bundle, sites: Array) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """(M,) why the window of a place is not whole, empty where every atom in it has all its bonds: no boundary, no broken bond, no
    hole; and in how many windows that the model is told of, whole ones alone, each atom lies, (N,)."""
    radius, told = _window(bundle), _told(bundle)
    low = heights(glass.cell)[list(glass.periodic)].min(initial=np.inf)
    if low < 2.0 * radius:
        raise VitreousError(f"the glass is {low:.4g} across, but the model's window needs {2 * radius:.4g}; repeat it or use a larger one")
    wanted = np.array([dict(zip(bundle.glasses["names"], bundle.glasses["coordination"], strict=True)).get(n, 0) for n in glass.names])
    bonds = np.bincount(glass.bonds.ravel(), minlength=len(glass))
    complete = bonds == wanted[glass.species]
    periodic = np.array(glass.periodic)
    longest = max(map(len, (BROKEN, OUTSIDE, HOLE)))
    reasons, windows = np.full(len(sites), "", dtype=f"<U{longest}"), np.zeros(len(glass), dtype=np.int64)
    clear = clearance(glass.positions, glass.cell, glass.periodic, sites) >= radius
    for k, site in enumerate(sites):
        near, vectors = around(glass.positions, site, glass.cell, periodic, radius)
        damage = "" if complete[near].all() else BROKEN
        if not len(near) or not _all_round(vectors):
            damage = HOLE
        # Forces come from everywhere in the window, atoms or none; features of structure alone may do with a window that touches the rim.
        if not clear[k] and (damage or bundle.descriptor.needs_potential):
            damage = OUTSIDE
        reasons[k] = damage
        windows[near[(vectors**2).sum(axis=1) < told**2]] += damage == ""
    return reasons, windows


def _window(bundle: Bundle) -> float:
    """How far from a place atoms matter to the descriptor, length."""
    return float(getattr(bundle.descriptor, "reach", _told(bundle)))


def _told(bundle: Bundle) -> float:
    """How far from a place the descriptor's features stand, length."""
    names = [name for name in ("window", "radius", "cutoff") if hasattr(bundle.descriptor, name)]
    return float(getattr(bundle.descriptor, names[0])) if names else 0.0


def _on_all_cores(descriptor: Any) -> Any:
    """The descriptor with as many threads as this process has cores, where it has use for them."""
    return replace(descriptor, workers=cores()) if "workers" in descriptor.__dataclass_fields__ else descriptor


def _all_round(vectors: Array) -> bool:
    """Whether atoms stand on all sides of the place: a window beyond the rim sees them on one side only."""
    angles = np.sort(np.arctan2(vectors[:, 1], vectors[:, 0]))
    return bool(np.diff(np.append(angles, angles[0] + 2.0 * np.pi)).max() < np.pi)


def _largest_force(glass: Configuration, bundle: Bundle) -> float:
    """NaN where no atom of a glass with a free boundary lies so deep that its force is as it was in the glass that it was cut from."""
    surface = bundle.potential.surface(glass)
    deep = moving(glass, surface.force_range)
    if deep is not None and not deep.any():
        return float("nan")
    forces = surface.energy_forces(glass.positions, glass.cell)[1]
    return float(np.abs(forces if deep is None else forces * deep).max())
