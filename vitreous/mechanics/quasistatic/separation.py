"""Whether a network percolates: complete fracture means that no path of bonds connects the glass
with its own periodic image.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

Array = NDArray[Any]


def intact(
    positions: Array, cell: Array, periodic: tuple[bool, ...], bonds: NDArray[np.int64], far: float
) -> NDArray[np.bool_]:
    """Whether each of ``bonds`` (B, 2) is at most ``far`` (length) long, (B,), in nearest
    images.
    """
    vectors, _ = _nearest(positions, cell, periodic, bonds)
    return np.linalg.norm(vectors, axis=1) <= far


def spans(
    positions: Array, cell: Array, periodic: tuple[bool, ...], bonds: NDArray[np.int64], axis: int
) -> bool:
    """Whether ``bonds`` (B, 2) connect the glass with its image along lattice vector ``axis``.

    A spanning tree of bonds assigns an image number to every atom of a cluster; a bond between
    atoms whose numbers do not match closes a loop around the cell.
    """
    if not len(bonds):
        return False
    _, crossing = _nearest(positions, cell, periodic, bonds)
    hop, n = crossing[:, axis], len(positions)
    ends = np.concatenate([bonds, bonds[:, ::-1]])
    hops = dict(zip(map(tuple, ends.tolist()), np.concatenate([hop, -hop]).tolist(), strict=True))
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n)).tocsr()
    _, cluster = connected_components(graph, directed=False)
    image = np.zeros(n, dtype=np.int64)
    for first in np.unique(cluster, return_index=True)[1]:
        order, before = breadth_first_order(graph, first, directed=False)
        for atom in order[1:].tolist():
            image[atom] = image[before[atom]] + hops[int(before[atom]), atom]
    return bool(np.any(image[bonds[:, 0]] + hop != image[bonds[:, 1]]))


def _nearest(
    positions: Array, cell: Array, periodic: tuple[bool, ...], bonds: NDArray[np.int64]
) -> tuple[Array, NDArray[np.int64]]:
    """Vectors (B, D) along the bonds to the nearest image, and the lattice shifts (B, D) added."""
    reduced = (positions[bonds[:, 1]] - positions[bonds[:, 0]]) @ np.linalg.inv(cell)
    crossing = -np.rint(reduced) * np.array(periodic)
    return (reduced + crossing) @ cell, crossing.astype(np.int64)
