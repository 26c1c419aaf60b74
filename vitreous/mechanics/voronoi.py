"""Voronoi volumes of atoms (areas in two dimensions), in periodic cells of any shape.

The tessellation is Qhull's (``scipy.spatial.Voronoi``) of the atoms and their images in a rim
around the cell. It is exact once no atom's region reaches further than half the rim: an atom that
could cut a region off lies within twice the region's own reach. The rim starts thin and grows until
that holds.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, KDTree, Voronoi

from vitreous.core.errors import VitreousError
from vitreous.mechanics.neighbours import heights

Array = NDArray[Any]

_SPACINGS = 4.0  # first rim, in mean atomic spacings: enough for a dense glass
_SAME = 1e-9  # distance, in rims, that two atoms must have


def voronoi_volumes(positions: Array, cell: Array, periodic: tuple[bool, ...]) -> Array:
    """Volumes (N,), length^D, of the places nearer to one atom than to any other; they sum to the
    volume of the cell.

    ``positions`` (N, D) need not lie inside the ``cell`` (D, D), whose rows are lattice vectors.

    Raises:
        VitreousError: for a cell that is not periodic in every direction, where the outer regions
        have no end, or atoms at the same place.
    """
    n, d = positions.shape
    if not all(periodic):
        raise VitreousError(
            f"the cell is periodic in {sum(periodic)} of {d} directions, but Voronoi volumes need "
            "all of them: outer regions have no end"
        )
    reduced = positions @ np.linalg.inv(cell)
    reduced = reduced - np.floor(reduced)
    rim = _SPACINGS * (abs(np.linalg.det(cell)) / n) ** (1.0 / d)
    while True:
        points = _with_images(reduced, cell, rim)
        _refuse_coincident(points, n, rim)
        regions = _regions(points, n)
        reach = max(
            np.linalg.norm(corners - points[i], axis=1).max() if len(corners) else rim
            for i, corners in enumerate(regions)
        )
        if 2.0 * reach <= rim:
            return np.array([ConvexHull(corners).volume for corners in regions])
        rim = 2.0 * min(float(reach), rim)


def _with_images(reduced: Array, cell: Array, rim: float) -> Array:
    """Cartesian places of the atoms, then of their images within ``rim`` of the cell; ``reduced``
    coordinates from 0 to 1.
    """
    margin = rim / heights(cell)
    shifts = itertools.product(*[range(-int(np.ceil(m)), int(np.ceil(m)) + 1) for m in margin])
    images = [reduced + np.array(shift) for shift in shifts if any(shift)]
    near = [image[np.all((image >= -margin) & (image <= 1.0 + margin), axis=1)] for image in images]
    return np.vstack([reduced, *near]) @ cell


def _refuse_coincident(points: Array, n: int, scale: float) -> None:
    """Qhull would give both of two atoms the one region that they share."""
    nearest = KDTree(points).query(points[:n], k=2)[0][:, 1]
    if nearest.min() < _SAME * scale:
        raise VitreousError(
            f"atom {nearest.argmin()} (counted from 0) and another are at the same place; move or "
            "remove one"
        )


def _regions(points: Array, n: int) -> list[Array]:
    """Corners (C, D) of the regions of the first ``n`` points; none for a region without end."""
    tessellation = Voronoi(points)
    numbers = [tessellation.regions[tessellation.point_region[i]] for i in range(n)]
    return [tessellation.vertices[[] if -1 in corners else corners] for corners in numbers]
