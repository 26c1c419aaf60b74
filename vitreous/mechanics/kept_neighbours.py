"""A neighbour list with a skin, rebuilt when displacements or strain could have brought a new pair
within the cutoff.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.mechanics.neighbours import NeighbourList, neighbour_list, refuse_thin

Array = NDArray[Any]


class KeptNeighbours:
    """Neighbour list of a glass's atoms within ``cutoff`` (length), at any positions (N, D) and
    cell (D, D). ``skin`` is a fraction of the cutoff.

    Raises:
        VitreousError: if the cell is thinner than the cutoff, or two atoms of the glass are closer
        than ``closest``.
    """

    def __init__(
        self, configuration: Configuration, cutoff: float, closest: float, skin: float = 0.1
    ) -> None:
        self.cutoff, self.skin, self.periodic = cutoff, skin * cutoff, configuration.periodic
        self._list: NeighbourList | None = None
        self._made_at: tuple[Array, Array] | None = None
        # the last cell, how it was strained since then and by how much; a descent keeps its cell
        self._strained: tuple[Array, Array, float] | None = None
        refuse_thin(configuration.cell, configuration.periodic, cutoff)
        near = self.at(configuration.positions, configuration.cell)
        distance = np.linalg.norm(near.vectors(configuration.positions, configuration.cell), axis=1)
        if len(distance) and distance.min() < closest:
            k = int(np.argmin(distance))
            a, b = (int(configuration.ids[index[k]]) for index in near.pairs())
            raise VitreousError(
                f"atoms {a} and {b} overlap: their distance is {distance[k]:.3g}, expected at "
                f"least {closest:g}; correct the glass"
            )

    def at(self, positions: Array, cell: Array) -> NeighbourList:
        """A list with every pair within the cutoff; the same object until it is rebuilt."""
        if self._list is None or not self._holds(positions, cell):
            self._list = self.make_at(positions, cell)
        return self._list

    @property
    def made_at(self) -> tuple[Array, Array]:
        """The positions and the cell that the list was made at, which decide the order of sums."""
        assert self._made_at is not None
        return self._made_at

    def make_at(self, positions: Array, cell: Array) -> NeighbourList:
        """A list made there, whether the last one still holds or not."""
        self._list = neighbour_list(positions, cell, self.periodic, self.cutoff + self.skin)
        self._made_at, self._strained = (positions.copy(), cell.copy()), None
        return self._list

    def _holds(self, positions: Array, cell: Array) -> bool:
        """Whether the list is complete: a pair now at r < cutoff was at most
        ``stretch * (r + 2 drift)`` apart when the list was built.
        """
        then, cell_then = self.made_at
        if self._strained is None or not np.array_equal(cell, self._strained[0]):
            gradient, stretch = np.eye(len(cell)), 1.0
            if not np.array_equal(cell, cell_then):
                gradient = np.linalg.solve(cell_then, cell)
                stretch = float(1.0 / np.linalg.svd(gradient, compute_uv=False).min())
            self._strained = (cell.copy(), gradient, stretch)
        _, gradient, stretch = self._strained
        return bool(
            stretch * (self.cutoff + 2.0 * _largest_drift(then, positions, gradient))
            < self.cutoff + self.skin
        )


@njit(cache=True)
def _largest_drift(then, now, gradient):  # type: ignore[no-untyped-def]
    """The largest distance of an atom in ``now`` (N, D) from its affine position ``then @
    gradient``; NaN if a position is NaN.
    """
    largest = 0.0
    for i in range(len(now)):
        squared = 0.0
        for a in range(now.shape[1]):
            d = now[i, a]
            for b in range(now.shape[1]):
                d -= then[i, b] * gradient[b, a]
            squared += d * d
        if squared > largest or np.isnan(squared):
            largest = squared
    return np.sqrt(largest)
