"""The dual triangulation of a periodic three-coordinated network, and the switch that changes its
topology.

Every ring of the network is a node; two rings that share a bond are joined by an edge; every atom
of the network (silicon) is a triangle. An edge flip in the triangulation is a bond rotation
(Stone-Wales move) in the network: the rings at the flipped edge's ends lose a side, the two rings
opposite gain one (Ormrod Morley & Wilson 2018). By Euler's theorem the mean size stays 6.

==============  ============  ======================================================================
array           shape         meaning
==============  ============  ======================================================================
``neighbours``  (R, M) int    rings around ring i, counter-clockwise; entries past ``sizes[i]`` are
                              -1
``triangles``   (R, M) int    ``triangles[i, k]`` lies between neighbours k and k+1 of ring i
``sizes``       (R,) int      number of sides of each ring
``edges``       (3R, 2) int   every pair of joined rings once
``positions``   (R, 2) float  ring centres, length unit, never wrapped
``box``         (2,) float    sides of the rectangular periodic cell
==============  ============  ======================================================================

The cyclic order makes the topology explicit: the rings opposite an edge are its neighbours in the
order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError

SMALLEST = 6  #: rings along each side below which a ring could meet its own image

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class DualLattice:
    """The arrays in the module's docstring; the Monte Carlo modifies them in place."""

    neighbours: Ints
    triangles: Ints
    sizes: Ints
    edges: Ints
    positions: Floats
    box: Floats

    def __len__(self) -> int:
        return len(self.sizes)

    def corners(self) -> Ints:
        """The rings around each triangle (2R, 3), counter-clockwise; row t is triangle t."""
        corners = np.full((2 * len(self), 3), -1, dtype=np.int64)
        for i, size in enumerate(self.sizes):
            for k in range(size):
                corners[self.triangles[i, k]] = (
                    i,
                    self.neighbours[i, k],
                    self.neighbours[i, (k + 1) % size],
                )
        return corners

    def bonds(self) -> Ints:
        """The bonds of the network (3R, 2): the two triangles on either side of each edge, in the
        order of ``edges``.
        """
        bonds = np.empty_like(self.edges)
        for row, (a, b) in enumerate(self.edges):
            k = index_of(self.neighbours, self.sizes, a, b)
            bonds[row] = self.triangles[a, k], self.triangles[a, k - 1 if k else self.sizes[a] - 1]
        return bonds


def hexagonal(rings_x: int, rings_y: int, bond: float, maximum_size: int) -> DualLattice:
    """The hexagonal network: ``rings_x`` rings along x, ``rings_y`` rows along y, nearest atoms
    ``bond`` (length) apart.

    Rows are staggered, so the cell is ``rings_x sqrt(3) bond`` by ``rings_y 1.5 bond``.

    Raises:
        VitreousError: for fewer than 6 rings along a side, or an odd number of rows.
    """
    if rings_x < SMALLEST or rings_y < SMALLEST or rings_y % 2:
        raise VitreousError(
            f"{rings_x} x {rings_y} rings; expected at least {SMALLEST} along x and an even "
            f"number, at least {SMALLEST}, along y"
        )
    column, row = np.meshgrid(np.arange(rings_x), np.arange(rings_y))
    column, row = column.ravel(), row.ravel()
    shift = row % 2
    count = rings_x * rings_y

    def ring(dx: Ints | int, dy: int) -> Ints:
        return (row + dy) % rings_y * rings_x + (column + dx) % rings_x

    east, north_east, north_west = ring(1, 0), ring(shift, 1), ring(shift - 1, 1)
    west, south_west, south_east = ring(-1, 0), ring(shift - 1, -1), ring(shift, -1)
    itself = ring(0, 0)
    neighbours = np.full((count, maximum_size), -1, dtype=np.int64)
    neighbours[:, :6] = np.column_stack(
        [east, north_east, north_west, west, south_west, south_east]
    )
    triangles = np.full_like(
        neighbours, -1
    )  # ring i owns the triangles 2i to its right and 2i + 1 above it
    triangles[:, :6] = np.column_stack(
        [
            2 * itself,
            2 * itself + 1,
            2 * west,
            2 * south_west + 1,
            2 * south_west,
            2 * south_east + 1,
        ]
    )
    edges = np.stack(
        [np.repeat(itself, 3), np.column_stack([east, north_east, north_west]).ravel()], axis=1
    )
    spacing = float(np.sqrt(3.0)) * bond
    return DualLattice(
        neighbours=neighbours,
        triangles=triangles,
        sizes=np.full(count, 6, dtype=np.int64),
        edges=np.ascontiguousarray(edges),
        positions=np.column_stack([(column + 0.5 * shift) * spacing, row * 1.5 * bond]).astype(
            np.float64
        ),
        box=np.array([rings_x * spacing, rings_y * 1.5 * bond]),
    )


@njit(cache=True)
def index_of(neighbours: Ints, sizes: Ints, ring: int, other: int) -> int:
    """Slot of ``other`` in the cycle of ``ring``; -1 if they are not joined."""
    for k in range(sizes[ring]):
        if neighbours[ring, k] == other:
            return k
    return -1


@njit(cache=True)
def opposite(neighbours: Ints, sizes: Ints, a: int, b: int) -> tuple[int, int]:
    """Rings c, d on either side of the edge a-b: c follows b around a, counter-clockwise, and d
    precedes it.
    """
    k = index_of(neighbours, sizes, a, b)
    last = sizes[a] - 1
    return neighbours[a, k + 1 if k < last else 0], neighbours[a, k - 1 if k else last]


@njit(cache=True)
def can_switch(
    neighbours: Ints, sizes: Ints, a: int, b: int, c: int, d: int, minimum: int, maximum: int
) -> bool:
    """Whether sizes stay in [minimum, maximum], a and b have no third common neighbour, and c and d
    are different and not joined.
    """
    if (
        sizes[a] <= minimum
        or sizes[b] <= minimum
        or sizes[c] >= maximum
        or sizes[d] >= maximum
        or c == d
    ):
        return False
    if index_of(neighbours, sizes, c, d) >= 0:
        return False
    common = 0
    for k in range(sizes[a]):
        common += index_of(neighbours, sizes, b, neighbours[a, k]) >= 0
    return common == 2


@njit(cache=True)
def _remove(table: Ints, size: int, slot: int) -> None:
    """Remove entry ``slot`` from the first ``size`` entries of a row."""
    for k in range(slot, size - 1):
        table[k] = table[k + 1]
    table[size - 1] = -1


@njit(cache=True)
def _insert(table: Ints, size: int, slot: int, value: int) -> None:
    """Insert ``value`` at ``slot`` into the first ``size`` entries of a row."""
    for k in range(size, slot, -1):
        table[k] = table[k - 1]
    table[slot] = value


@njit(cache=True)
def switch(neighbours: Ints, triangles: Ints, sizes: Ints, a: int, b: int, c: int, d: int) -> None:
    """Replace edge a-b by c-d. Triangle (a, b, c) becomes (a, d, c) and (b, a, d) becomes (b, c,
    d): the bond rotates by 90 degrees.
    """
    at_a = triangles[a, index_of(neighbours, sizes, a, b)]
    at_b = triangles[b, index_of(neighbours, sizes, b, a)]
    for ring, gone, before, kept in ((a, b, d, at_a), (b, a, c, at_b)):
        slot = index_of(neighbours, sizes, ring, gone)
        _remove(triangles[ring], sizes[ring], slot)
        _remove(neighbours[ring], sizes[ring], slot)
        sizes[ring] -= 1
        triangles[ring, index_of(neighbours, sizes, ring, before)] = kept
    for ring, new, before, first, second in ((c, d, a, at_a, at_b), (d, c, b, at_b, at_a)):
        slot = index_of(neighbours, sizes, ring, before)
        triangles[ring, slot] = first
        _insert(neighbours[ring], sizes[ring], slot + 1, new)
        _insert(triangles[ring], sizes[ring], slot + 1, second)
        sizes[ring] += 1
