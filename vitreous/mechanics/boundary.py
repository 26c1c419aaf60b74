"""The free boundary of a glass, along the directions in which it is not periodic.

Project the atoms along the periodic lattice vectors onto the space orthogonal to them: the free
boundary is the convex hull of the projected atoms, two faces for a slab, a polygon for a cut-out
disc. Notches and holes count as glass.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from vitreous.core.configuration import Configuration

Array = NDArray[Any]


def across(cell: Array, periodic: tuple[bool, ...]) -> Array:
    """Orthonormal columns (D, F) that span the F free directions, orthogonal to every periodic
    lattice vector.
    """
    held = cell[list(periodic)]
    return np.eye(len(cell)) if not len(held) else np.linalg.svd(held)[2][len(held) :].T


def free_directions(periodic: tuple[bool, ...]) -> str:
    """Name the lattice directions without periodicity, such as "x and y"."""
    return " and ".join(name for name, repeats in zip("xyz", periodic, strict=False) if not repeats)


def clearance(positions: Array, cell: Array, periodic: tuple[bool, ...], sites: Array) -> Array:
    """Distances (M,), length, of ``sites`` (M, D) to the free boundary of atoms at ``positions``
    (N, D): negative outside it, inf in a fully periodic glass.
    """
    free = across(cell, periodic)
    atoms, points = positions @ free, sites @ free
    if free.shape[1] == 0:
        return np.full(len(sites), np.inf)
    if free.shape[1] == 1:
        return np.minimum(points - atoms.min(), atoms.max() - points)[:, 0]
    try:
        faces = ConvexHull(atoms).equations
    except QhullError:  # too few atoms, or all in one line or plane: no inside
        return np.full(len(sites), -np.inf)
    return -(points @ faces[:, :-1].T + faces[:, -1]).max(axis=1)


def moving(configuration: Configuration, rim: float) -> Array | None:
    """(N, 1) zeros for the atoms within ``rim`` (length) of a free boundary, ones for the others;
    None without a rim.
    """
    if rim <= 0.0 or all(configuration.periodic):
        return None
    atoms = configuration.positions
    return (clearance(atoms, configuration.cell, configuration.periodic, atoms) > rim).astype(
        float
    )[:, None]
