"""How far apart the faces of a cell are, and which atoms of a glass stand close, by sorting
them into bins; NumPy alone.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from vitreous.core.configuration import Configuration

Pairs = NDArray[np.int64]


def heights(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """(D,) distances between opposite faces of a cell whose rows are lattice vectors, length."""
    return 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)


def pairs_closer(glass: Configuration, radius: float) -> Pairs:
    """(P, 2) pairs of atoms i < j closer than ``radius`` (length), each once, in ascending order.
    Of the images of a pair, the nearest counts.
    """
    fractional = glass.positions @ np.linalg.inv(glass.cell)
    periodic = np.array(glass.periodic)
    fractional -= np.where(periodic, np.floor(fractional), fractional.min(axis=0))
    extent = np.where(periodic, 1.0, fractional.max(axis=0) + 1e-9)
    counts = np.clip((extent * heights(glass.cell) / radius).astype(np.int64), 1, 512)
    where = np.minimum((fractional / extent * counts).astype(np.int64), counts - 1)
    flat: Pairs = np.asarray(np.ravel_multi_index(tuple(where.T), tuple(counts)))
    order: Pairs = np.argsort(flat, kind="stable")
    held = flat[order]
    found = []
    for step in product((-1, 0, 1), repeat=glass.dimension):
        beside = where + step
        atoms = np.flatnonzero(((beside >= 0) & (beside < counts) | periodic).all(axis=1))
        cells = np.ravel_multi_index(tuple((beside[atoms] % counts).T), tuple(counts))
        first, last = (np.searchsorted(held, cells, side=side) for side in ("left", "right"))
        count = last - first
        i = np.repeat(atoms, count)
        j = order[np.arange(len(i)) + np.repeat(first - (np.cumsum(count) - count), count)]
        near = (
            np.linalg.norm(glass.minimum_image(glass.positions[j] - glass.positions[i]), axis=1)
            < radius
        )
        found.append(np.column_stack([i, j])[near & (i < j)])
    return np.unique(np.concatenate(found), axis=0)
