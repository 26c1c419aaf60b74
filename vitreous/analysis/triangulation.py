"""Delaunay triangles of the plane, periodic or not, with the widths of the sides of Voronoi cells.

Both diagrams come from one triangulation (Qhull's), of the atoms and their periodic images; a side
of a Voronoi cell joins the circumcentres of two triangles. Atoms are moved by 1e-7 of their spacing
first, alike in all images: four atoms on a circle, as in a crystal, would be divided otherwise in
each image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, KDTree

from vitreous.analysis.neighborhoods import wrap
from vitreous.core.errors import VitreousError
from vitreous.core.pairs import heights

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST = 4  #: atoms that have a network
_JITTER = 1e-7  # of the spacing
_SPACINGS = 6.0  # first margin of images, mean spacings


@dataclass(frozen=True, kw_only=True)
class Triangulation:
    """Delaunay triangles of a plane, periodic or not, as half-edges: 3T of them, those of triangle
    t are 3t, 3t + 1 and 3t + 2, counter-clockwise.

    Fields:
        start, end: (3T,) atoms. step: (3T, 2) from start to end, length.
        twin: (3T,) the same edge in the triangle on its other side; -1 at the outside.
        width: (3T,) of the common side of the two Voronoi cells, length; infinite at the outside.
    """

    start: Ints
    end: Ints
    step: Floats
    twin: Ints
    width: Floats


def triangulate(positions: Floats, cell: Floats, periodic: tuple[bool, ...]) -> Triangulation:
    """Triangulate ``positions`` (N, 2), length, in ``cell`` (2, 2), whose rows are lattice vectors.

    Raises:
        VitreousError: fewer than four atoms, atoms that coincide or lie on a line, a cell that is
        periodic in one direction alone, or so small that an atom would be its own neighbour.
    """
    if any(periodic) != all(periodic):
        raise VitreousError(
            f"the cell has periodic={tuple(periodic)}; expected both directions or neither"
        )
    points = _distinct(np.asarray(positions, dtype=np.float64), cell, any(periodic))
    margin = _SPACINGS * np.sqrt(abs(np.linalg.det(cell)) / len(points))
    while True:
        copies, atom, image = _copies(points, cell, periodic, margin)
        corners = Delaunay(copies).simplices.astype(np.int64)
        found = _half_edges(copies, corners, atom, image)
        if found is not None and (not any(periodic) or _closed(found, len(points))):
            return found
        if margin > 4.0 * np.linalg.norm(cell, axis=1).max():
            raise VitreousError(
                f"the cell with {len(points)} atoms is too small for its network; repeat it"
            )
        margin *= 2.0


def _distinct(positions: Floats, cell: Floats, periodic: bool) -> Floats:
    """The positions, moved a little; raises VitreousError for too few or coincident ones, or for a
    piece whose atoms lie on a line.
    """
    if positions.ndim != 2 or positions.shape[1] != 2 or len(positions) < FEWEST:
        raise VitreousError(
            f"a network was asked for of positions of shape {positions.shape}; expected at least "
            f"{FEWEST} atoms in a plane"
        )
    spacing = np.sqrt(abs(np.linalg.det(cell)) / len(positions))
    gap = KDTree(positions).query(positions, k=2)[0][:, 1]
    if not gap.min() > 1e-4 * spacing:
        raise VitreousError(
            f"atom {gap.argmin()} (counted from 0) and another coincide; remove one of them"
        )
    thickness = np.linalg.svd(positions - positions.mean(axis=0), compute_uv=False)[1]
    if not periodic and thickness < 1e-3 * spacing:
        raise VitreousError(
            f"the {len(positions)} atoms lie on a line; expected a network in a plane"
        )
    return positions + _JITTER * spacing * np.random.default_rng(0).normal(size=positions.shape)


def _copies(
    points: Floats, cell: Floats, periodic: tuple[bool, ...], margin: float
) -> tuple[Floats, Ints, Ints]:
    """Atoms and their images within ``margin`` of the cell: (M, 2), atom (M,), and image (M, 2) in
    lattice vectors from the cell.
    """
    inside = wrap(points, cell, periodic)
    fractional = inside @ np.linalg.inv(cell)
    near = margin / heights(cell)
    reach = np.where(periodic, np.ceil(near), 0).astype(np.int64)
    found, atom, image = [], [], []
    for a in range(-reach[0], reach[0] + 1):
        for b in range(-reach[1], reach[1] + 1):
            moved = fractional + np.array([a, b])
            keep = np.all(((moved > -near) & (moved < 1.0 + near)) | ~np.array(periodic), axis=1)
            found.append(inside[keep] + np.array([a, b]) @ cell)
            atom.append(np.flatnonzero(keep))
            image.append(np.broadcast_to(np.array([a, b]), (int(keep.sum()), 2)))
    return np.concatenate(found), np.concatenate(atom), np.concatenate(image)


def _half_edges(points: Floats, corners: Ints, atom: Ints, image: Ints) -> Triangulation | None:
    """Half-edges of triangles, one of all their periodic images each: that whose atom of the lowest
    number lies in the cell. None if an atom is twice in a triangle.
    """
    a, b, c = (points[corners[:, k]] for k in range(3))
    turned = _cross(b - a, c - a) < 0.0
    corners[turned, 1], corners[turned, 2] = corners[turned, 2], corners[turned, 1]
    lowest = np.take_along_axis(corners, np.argmin(atom[corners], axis=1)[:, None], axis=1)[:, 0]
    corners = corners[np.all(image[lowest] == 0, axis=1)]
    names = np.sort(atom[corners], axis=1)
    if np.any(names[:, 1:] == names[:, :-1]):
        return None
    start, end = corners.ravel(), corners[:, [1, 2, 0]].ravel()
    shift = image[end] - image[start]
    twin = _twins(atom[start], atom[end], shift)
    centre = np.repeat(_circumcentres(points[corners]), 3, axis=0) - points[start]
    # of the twin relative to the same atom
    step = points[end] - points[start]
    other = centre[twin] + step
    width = np.where(twin >= 0, np.linalg.norm(centre - other, axis=1), np.inf)
    return Triangulation(start=atom[start], end=atom[end], step=step, twin=twin, width=width)


def _cross(a: Floats, b: Floats) -> Floats:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _circumcentres(corners: Floats) -> Floats:
    a, b, c = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    scale = 2.0 * _cross(b, c)
    b2, c2 = (b * b).sum(axis=1), (c * c).sum(axis=1)
    away = np.column_stack([c[:, 1] * b2 - b[:, 1] * c2, b[:, 0] * c2 - c[:, 0] * b2])
    return a + away / scale[:, None]


def _twins(start: Ints, end: Ints, shift: Ints) -> Ints:
    there = np.column_stack([start, end, shift])
    back = np.column_stack([end, start, -shift])
    place = {tuple(row): k for k, row in enumerate(there.tolist())}
    return np.array([place.get(tuple(row), -1) for row in back.tolist()], dtype=np.int64)


def _closed(found: Triangulation, count: int) -> bool:
    """Whether the triangles of a periodic cell close around it: Euler's theorem on a torus."""
    return bool(np.all(found.twin >= 0)) and len(found.twin) == 6 * count
