"""Sites on a grid over a glass, and which sites have a window of whole, fully bonded glass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitreous.bundles.bundle import Bundle
from vitreous.core.data import UNITS, Configuration
from vitreous.core.errors import VitreousError
from vitreous.mechanics.boundary import clearance
from vitreous.mechanics.neighbours import around, heights

Array = NDArray[np.float64]
MOST = 100_000  #: sites of one map: all are described at once, by estimate some 4 GB
BROKEN, OUTSIDE, HOLE = (
    "window meets a broken bond",
    "window leaves the glass",
    "window holds a hole",
)  #: why a site has no value
REASON = f"<U{max(map(len, (BROKEN, OUTSIDE, HOLE)))}"  #: type of an array of reasons


def grid_sites(
    glass: Configuration, spacing: float, grid: int | None
) -> tuple[Array, tuple[int, ...]]:
    """Sites (M, D) at the middle of equal parts of the cell, or of the box around a glass without
    periodic sides; parts per side.
    """
    origin, cell = np.zeros(glass.dimension), glass.cell
    if not all(glass.periodic):
        origin = glass.positions.min(axis=0)
        cell = np.diag(np.ptp(glass.positions, axis=0))
    if grid is not None and grid < 1:
        raise VitreousError(f"grid is {grid}; expected at least 1")
    if grid is None and not spacing > 0.0:
        raise VitreousError(
            "this model learnt at sites that stand on no grid; say how many there are to be along "
            "each side, e.g. --grid 50"
        )
    counts = tuple(
        grid or max(1, round(float(length) / spacing)) for length in np.linalg.norm(cell, axis=1)
    )
    if np.prod(counts, dtype=float) > MOST:
        raise VitreousError(
            f"a map of {' x '.join(map(str, counts))} sites is too large for one prediction; at "
            f"most {MOST} can be had: give a grid, or "
            "a smaller glass"
        )
    axes = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in counts], indexing="ij")
    return origin + np.stack(axes, axis=-1).reshape(-1, glass.dimension) @ cell, counts


def obstacles(glass: Configuration, bundle: Bundle, sites: Array) -> NDArray[np.str_]:
    """(M,) BROKEN, OUTSIDE or HOLE: why the window of a site is not whole; empty where every atom
    in it has all its bonds, and everywhere for a descriptor that sees the whole glass.
    """
    radius, reasons = window(bundle), np.full(len(sites), "", dtype=REASON)
    if not np.isfinite(radius):
        return reasons
    seen, sites = bundle.seen(glass), bundle.seen_sites(sites)
    _refuse_small(seen, bundle, radius)
    complete = _complete(glass, bundle)[np.isin(glass.ids, seen.ids)]
    periodic = np.array(seen.periodic)
    clear = clearance(seen.positions, seen.cell, seen.periodic, sites) >= radius
    for k, site in enumerate(sites):
        near, vectors = around(seen.positions, site, seen.cell, periodic, radius)
        damage = "" if complete[near].all() else BROKEN
        if not _all_round(vectors):
            damage = HOLE
        # Forces come from everywhere in the window, atoms or none; features of structure alone may
        # do with a window that touches the rim.
        if not clear[k] and (damage or bundle.descriptor.needs_potential):
            damage = OUTSIDE
        reasons[k] = damage
    return reasons


def window(bundle: Bundle) -> float:
    """How far from a site atoms matter to the descriptor, length."""
    return bundle.descriptor.reach


def narrowest(glass: Configuration) -> float:
    """The least distance between periodic faces of the cell, length; infinite without any."""
    return float(heights(glass.cell)[list(glass.periodic)].min(initial=np.inf))


def _refuse_small(seen: Configuration, bundle: Bundle, radius: float) -> None:
    """Raises VitreousError for a glass in which a window would meet itself, unless those of the
    training did, too.
    """
    low, known = narrowest(seen), bundle.glasses["narrowest"]
    if low < 2.0 * radius and (known is None or low < known * (1.0 - 1e-6)):
        length = UNITS[seen.units][0]
        raise VitreousError(
            f"the glass is {low:.4g} {length} across, but the model's window needs "
            f"{2 * radius:.4g} {length}; repeat it or use a larger one"
        )


def _complete(glass: Configuration, bundle: Bundle) -> NDArray[np.bool_]:
    """(N,) whether an atom has as many bonds as those of its species in the training glasses; True
    where they had no rule.
    """
    names, rules = bundle.glasses["names"], bundle.glasses["coordination"]
    rule = dict(zip(names, rules, strict=True))
    found = np.bincount(glass.bonds.ravel(), minlength=len(glass))
    wanted = [rule.get(name, 0) for name in glass.names]
    lawful = np.array([count is not None for count in wanted])
    counts = np.array([count or 0 for count in wanted])
    return (found == counts[glass.species]) | ~lawful[glass.species]


def _all_round(vectors: Array) -> bool:
    """Whether atoms stand on all sides of the site: a window beyond the rim sees them on one side
    only. An atom at the site itself is on no side.
    """
    vectors = vectors[np.abs(vectors).max(axis=1) > 1e-9]
    if not len(vectors):
        return False
    if vectors.shape[1] == 3:
        if len(np.unique((vectors > 0.0) @ [1, 2, 4])) == 8:  # some in every octant
            return True
        from scipy.optimize import nnls  # of few atoms, and slow to import

        rows = np.vstack([vectors.T, np.ones(len(vectors))])  # a mean with positive weights
        return bool(nnls(rows, np.array([0.0, 0.0, 0.0, 1.0]))[1] < 1e-6)
    angles = np.sort(np.arctan2(vectors[:, 1], vectors[:, 0]))
    return bool(np.diff(np.append(angles, angles[0] + 2.0 * np.pi)).max() < np.pi)
