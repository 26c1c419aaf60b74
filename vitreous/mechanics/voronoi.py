"""Voronoi volumes of atoms (areas in two dimensions), in periodic cells of any shape.

The tessellation is Qhull's (``scipy.spatial.Voronoi``) of the atoms and their images in a margin
around the cell. It is exact if no region extends further than half the margin from its atom, since
an atom that could cut a region lies within twice the region's extent. The margin grows until that
holds.
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

_SPACINGS = 4.0  # first margin, in mean atomic spacings: enough for a dense glass
_SAME = 1e-9  # distance of two atoms, in margins, below which they coincide


def voronoi_volumes(positions: Array, cell: Array, periodic: tuple[bool, ...]) -> Array:
    """Voronoi volumes (N,), length^D; they sum to the volume of the cell.

    ``positions`` (N, D) need not lie inside the ``cell`` (D, D), whose rows are lattice vectors.

    Raises:
        VitreousError: for a cell that is not periodic in every direction, where outer regions are
        unbounded, or for coincident atoms.
    """
    n, d = positions.shape
    if not all(periodic):
        raise VitreousError(
            f"the cell is periodic in {sum(periodic)} of {d} directions, but Voronoi volumes need "
            "all of them: outer regions are unbounded"
        )
    reduced = positions @ np.linalg.inv(cell)
    reduced = reduced - np.floor(reduced)
    margin = _SPACINGS * (abs(np.linalg.det(cell)) / n) ** (1.0 / d)
    while True:
        points = _with_images(reduced, cell, margin)
        _refuse_coincident(points, n, margin)
        regions = _regions(points, n)
        reach = max(
            np.linalg.norm(corners - points[i], axis=1).max() if len(corners) else margin
            for i, corners in enumerate(regions)
        )
        if 2.0 * reach <= margin:
            return np.array([ConvexHull(corners).volume for corners in regions])
        margin = 2.0 * min(float(reach), margin)


def _with_images(reduced: Array, cell: Array, margin: float) -> Array:
    """Cartesian positions of the atoms, then of their images within ``margin`` (length) of the
    cell; ``reduced`` coordinates lie in [0, 1).
    """
    reduced_margin = margin / heights(cell)
    shifts = itertools.product(
        *[range(-int(np.ceil(m)), int(np.ceil(m)) + 1) for m in reduced_margin]
    )
    images = [reduced + np.array(shift) for shift in shifts if any(shift)]
    near = [
        image[np.all((image >= -reduced_margin) & (image <= 1.0 + reduced_margin), axis=1)]
        for image in images
    ]
    return np.vstack([reduced, *near]) @ cell


def _refuse_coincident(points: Array, n: int, scale: float) -> None:
    """Raise VitreousError for coincident atoms, to which Qhull would assign one common region."""
    nearest = KDTree(points).query(points[:n], k=2)[0][:, 1]
    if nearest.min() < _SAME * scale:
        raise VitreousError(
            f"atom {nearest.argmin()} (counted from 0) and another coincide; move or remove one"
        )


def _regions(points: Array, n: int) -> list[Array]:
    """Corners (C, D) of the regions of the first ``n`` points; none for an unbounded region."""
    tessellation = Voronoi(points)
    numbers = [tessellation.regions[tessellation.point_region[i]] for i in range(n)]
    return [tessellation.vertices[[] if -1 in corners else corners] for corners in numbers]
