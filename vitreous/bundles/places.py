"""Where in a glass a model predicts: places on a grid, and which of them have a window of whole,
fully bonded glass.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from vitreous.bundles.bundle import Bundle
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.mechanics.boundary import clearance
from vitreous.mechanics.neighbours import around, heights

Array = NDArray[np.float64]
MOST = 100_000  #: places of one map: all are described at once, by estimate some 4 GB
BROKEN, OUTSIDE, HOLE = (
    "window meets a broken bond",
    "window leaves the glass",
    "window holds a hole",
)  #: why a place has no value
JUDGED = 400  #: places by which a glass is judged, about


def places(glass: Configuration, spacing: float, grid: int | None) -> tuple[Array, tuple[int, ...]]:
    """Places (M, D) at the middle of equal parts of the cell, or of the box around a glass without
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
            "this model's places stand on no grid; say how many there are to be along each side, "
            "e.g. --grid 50"
        )
    counts = tuple(
        grid or max(1, round(float(length) / spacing)) for length in np.linalg.norm(cell, axis=1)
    )
    if np.prod(counts, dtype=float) > MOST:
        raise VitreousError(
            f"a map of {' x '.join(map(str, counts))} places is too large for one prediction; at "
            f"most {MOST} can be had: give a grid, or "
            "a smaller glass"
        )
    axes = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in counts], indexing="ij")
    return origin + np.stack(axes, axis=-1).reshape(-1, glass.dimension) @ cell, counts


def obstacles(glass: Configuration, bundle: Bundle, sites: Array) -> NDArray[np.str_]:
    """(M,) BROKEN, OUTSIDE or HOLE: why the window of a place is not whole; empty where every atom
    in it has all its bonds.
    """
    radius = window(bundle)
    low = heights(glass.cell)[list(glass.periodic)].min(initial=np.inf)
    if low < 2.0 * radius:
        raise VitreousError(
            f"the glass is {low:.4g} across, but the model's window needs {2 * radius:.4g}; "
            "repeat it or use a larger one"
        )
    wanted = np.array(
        [
            dict(zip(bundle.glasses["names"], bundle.glasses["coordination"], strict=True)).get(
                n, 0
            )
            for n in glass.names
        ]
    )
    complete = np.bincount(glass.bonds.ravel(), minlength=len(glass)) == wanted[glass.species]
    periodic = np.array(glass.periodic)
    reasons = np.full(len(sites), "", dtype=f"<U{max(map(len, (BROKEN, OUTSIDE, HOLE)))}")
    clear = clearance(glass.positions, glass.cell, glass.periodic, sites) >= radius
    for k, site in enumerate(sites):
        near, vectors = around(glass.positions, site, glass.cell, periodic, radius)
        damage = "" if complete[near].all() else BROKEN
        if not len(near) or not _all_round(vectors):
            damage = HOLE
        # Forces come from everywhere in the window, atoms or none; features of structure alone may
        # do with a window that touches the rim.
        if not clear[k] and (damage or bundle.descriptor.needs_potential):
            damage = OUTSIDE
        reasons[k] = damage
    return reasons


def places_of_judgement(glass: Configuration, bundle: Bundle) -> Array:
    """Places (M, D) with whole windows, about ``JUDGED``, that depend on the glass alone: on a
    finer grid where a boundary or damage leaves few, but no more than three times as fine.
    """
    if bundle.label["level"] == "atom":
        return glass.positions[obstacles(glass, bundle, glass.positions) == ""]
    grid = round(JUDGED ** (1.0 / glass.dimension))
    sites, _ = places(glass, bundle.spacing, grid)
    found = sites[obstacles(glass, bundle, sites) == ""]
    if len(found) >= len(sites):
        return found
    finer = (len(sites) / max(len(found), 1)) ** (1.0 / glass.dimension)
    sites, _ = places(glass, bundle.spacing, ceil(grid * min(finer, 3.0)))
    return sites[obstacles(glass, bundle, sites) == ""]


def window(bundle: Bundle) -> float:
    """How far from a place atoms matter to the descriptor, length."""
    return bundle.descriptor.reach


def _all_round(vectors: Array) -> bool:
    """Whether atoms stand on all sides of the place: a window beyond the rim sees them on one side
    only.
    """
    angles = np.sort(np.arctan2(vectors[:, 1], vectors[:, 0]))
    return bool(np.diff(np.append(angles, angles[0] + 2.0 * np.pi)).max() < np.pi)
