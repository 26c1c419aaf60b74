"""The free boundary of a glass: where it ends along directions in which it does not repeat.

Seen along its periodic lattice vectors, a glass is a cloud of points in the space across them; its
boundary is the convex hull of that cloud: two faces of a slab, the polygon around a cut-out disc. A
notch in the boundary, or a hole, counts as glass.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from vitreous.core.configuration import Configuration

Array = NDArray[Any]


def across(cell: Array, periodic: tuple[bool, ...]) -> Array:
    """(D, F) orthonormal columns that span the directions across all periodic lattice vectors: F of
    the D are free.
    """
    held = cell[list(periodic)]
    return np.eye(len(cell)) if not len(held) else np.linalg.svd(held)[2][len(held) :].T


def free_directions(periodic: tuple[bool, ...]) -> str:
    """The lattice directions without periodicity, in words."""
    return " and ".join(name for name, repeats in zip("xyz", periodic, strict=False) if not repeats)


def clearance(positions: Array, cell: Array, periodic: tuple[bool, ...], sites: Array) -> Array:
    """(M,) lengths from ``sites`` (M, D) to the free boundary of the atoms at ``positions`` (N, D):
    negative outside, inf without one.
    """
    free = across(cell, periodic)
    atoms, places = positions @ free, sites @ free
    if free.shape[1] == 0:
        return np.full(len(sites), np.inf)
    if free.shape[1] == 1:
        return np.minimum(places - atoms.min(), atoms.max() - places)[:, 0]
    try:
        faces = ConvexHull(atoms).equations
    except QhullError:  # too few atoms, or all in one line or plane: no inside
        return np.full(len(sites), -np.inf)
    return -(places @ faces[:, :-1].T + faces[:, -1]).max(axis=1)


def moving(configuration: Configuration, rim: float) -> Array | None:
    """(N, 1) zeros for the atoms within ``rim`` (length) of a free boundary, ones for the others;
    None without a rim.
    """
    if rim <= 0.0 or all(configuration.periodic):
        return None
    places = configuration.positions
    return (clearance(places, configuration.cell, configuration.periodic, places) > rim).astype(
        float
    )[:, None]
