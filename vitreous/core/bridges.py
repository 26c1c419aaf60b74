"""Bonds that meet in one atom, and the atoms that bridge two others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def meeting_bonds(middle: Ints) -> Ints:
    """(P, 2) pairs of bonds that meet: p < q with ``middle[p] == middle[q]``, where bond k joins
    something to atom ``middle[k]``; in the order of these atoms.
    """
    order = np.argsort(middle, kind="stable")
    count = np.bincount(middle)[middle[order]]
    place = np.arange(len(order))
    first = np.searchsorted(middle[order], middle[order])
    one = np.repeat(place, count)
    rank = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
    other = first[one] + rank
    return np.column_stack([order[one], order[other]])[one < other]


def bridges(middle: Ints, end: Ints) -> Ints:
    """(B, 3) atoms with exactly two of the bonds ``middle[k]`` - ``end[k]``, in ascending order,
    and the two atoms that each of them joins, the lower first.
    """
    pairs = meeting_bonds(middle)
    pairs = pairs[np.bincount(middle)[middle[pairs[:, 0]]] == 2]
    return np.column_stack([middle[pairs[:, 0]], np.sort(end[pairs], axis=1)])
