"""In how many separate places an event moves atoms: one for a flip or a single rearrangement,
several for an avalanche, or for several events within one strain step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from vitreous.mechanics.neighbours import neighbour_list

Array = NDArray[Any]

_MOVED = 1 / 3  # of the largest displacement of the event: atoms that it moved
_APART = 2.5  # nearest-neighbour distances: atoms further apart are of separate places


def nearest_distance(positions: Array, cell: Array, periodic: tuple[bool, ...]) -> float:
    """The median distance of an atom's nearest neighbour among ``positions`` (N, D), length; that
    of a neighbour across a boundary is not looked for. Infinite for a single atom.
    """
    if len(positions) < 2:
        return np.inf
    reduced = positions @ np.linalg.inv(cell)
    wrapped = (reduced - np.floor(reduced) * np.array(periodic)) @ cell
    return float(np.median(KDTree(wrapped).query(wrapped, 2)[0][:, 1]))


def separate_places(
    positions: Array, cell: Array, periodic: tuple[bool, ...], shift: Array, nearest: float
) -> int:
    """The number of groups of atoms that moved by more than a third of the largest ``shift``
    (N, D): atoms of a group are linked by distances below 2.5 ``nearest`` (length).
    """
    far = np.sqrt((shift**2).sum(axis=1))
    moved = positions[far > _MOVED * far.max()]
    i, j = neighbour_list(moved, cell, periodic, _APART * nearest).pairs()
    graph = coo_array((np.ones(len(i)), (i, j)), shape=(len(moved), len(moved)))
    return int(connected_components(graph, directed=False)[0])
