"""Bonds and rings of a plane network from the places of its nodes alone (Font-Clos et al. 2022,
Methods, "Voronoi-like method").

A silicon of a silica layer has three neighbours, and shares with them the three widest sides of its
Voronoi cell. Those sides give the bonds. Every bond is an edge of the Delaunay triangulation, and
triangles that no bond separates make up a ring.

The paper does not say what to do where two atoms disagree on whether their common side is among the
widest. Here a bond is a side that is among the three widest of both; then sides that are among
those of one, the widest first, as long as both ends have fewer than three bonds. Sides between
atoms further apart than ``LONGEST`` median bonds are left out. So no atom has more than three
bonds, and one beside a vacancy has fewer.

Bonds and rings are wrong where the assumption is: at atoms that have other than three neighbours,
and where a ring is so strongly deformed that two of its atoms see each other through a wider side
than two that are bonded (``docs/results/09-micrographs.md`` counts them).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vitreous.analysis.rings import Rings
from vitreous.analysis.triangulation import Triangulation, triangulate

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LONGEST = 1.3  #: bonds over their median: the diagonal of a square ring is 1.41
COORDINATION = 3


@dataclass(frozen=True, kw_only=True)
class Network:
    """Bonds and rings of nodes in a plane.

    Fields:
        bonds: (B, 2) pairs i < j, in ascending order.
        rings: those that are closed; ``joined`` is -1 on the side of a bond without one.
        border: (N,) whether an atom belongs to a ring that is not: next to a free boundary.
    """

    bonds: Ints
    rings: Rings
    border: NDArray[np.bool_]


def voronoi_network(
    positions: Floats,
    cell: Floats,
    periodic: tuple[bool, ...] = (True, True),
    *,
    longest: float = LONGEST,
) -> Network:
    """Bonds and rings of nodes at ``positions`` (N, 2), length, in ``cell`` (2, 2), whose rows are
    lattice vectors.

    Raises:
        VitreousError: fewer than four nodes, nodes that coincide or lie on a line, a cell that is
        periodic in one direction alone, or so small that a node would be its own neighbour.
    """
    found = triangulate(positions, cell, periodic)
    chosen = choose_bonds(found, len(positions), longest)
    return merge_triangles(found, chosen, positions)


def choose_bonds(found: Triangulation, count: int, longest: float = LONGEST) -> NDArray[np.bool_]:
    """(3T,) which half-edges are bonds between ``count`` atoms, by the module's rule."""
    length = np.linalg.norm(found.step, axis=1)
    there = _among_widest(found, count, np.ones(len(length), bool))
    mutual = there & _seen_from(found, there)
    if not mutual.any():
        return mutual
    near = length <= longest * float(np.median(length[mutual]))
    there = _among_widest(found, count, near)
    back = _seen_from(found, there)
    chosen = there & back
    bonds = np.bincount(found.start[chosen], minlength=count)
    bonds += _outer_ends(found, chosen, count)
    doubtful = np.flatnonzero((there | back) & ~chosen)
    for edge in doubtful[np.lexsort((length[doubtful], -found.width[doubtful]))]:
        i, j, twin = found.start[edge], found.end[edge], found.twin[edge]
        if not chosen[edge] and bonds[i] < COORDINATION and bonds[j] < COORDINATION:
            chosen[edge] = True
            if twin >= 0:
                chosen[twin] = True
            bonds[[i, j]] += 1
    return chosen


def merge_triangles(found: Triangulation, chosen: NDArray[np.bool_], positions: Floats) -> Network:
    """Rings from triangles that no ``chosen`` (3T,) half-edge separates. A ring's sides are the
    chosen half-edges of its triangles; triangles that reach the outside make none.
    """
    triangle = np.arange(len(chosen)) // 3
    open_edge = ~chosen & (found.twin >= 0)
    one, other = triangle[open_edge], triangle[found.twin[open_edge]]
    size = len(chosen) // 3
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    part = label[triangle]
    outside = np.zeros(count, dtype=bool)
    outside[part[~chosen & (found.twin < 0)]] = True
    border = np.zeros(len(positions), dtype=bool)
    border[found.start[outside[part]]] = True
    # a bond at the outside has a ring on one side only
    border[found.start[chosen & (found.twin < 0)]] = True
    border[found.end[chosen & (found.twin < 0)]] = True
    number, members, centres = np.full(len(chosen), -1), [], []
    for seed in np.flatnonzero(chosen & ~outside[part]):
        if number[seed] >= 0:
            continue
        walk = _around(found, chosen, int(seed))
        number[walk] = len(members)
        steps = found.step[walk]
        path = np.vstack([np.zeros(2), np.cumsum(steps, axis=0)[:-1]])
        members.append(found.start[walk])
        centres.append(positions[found.start[seed]] + path.mean(axis=0))
    # each bond once: by the half-edge from its lower atom, or the only one
    lower = chosen & ((found.start < found.end) | (found.twin < 0))
    pairs = np.sort(np.column_stack([found.start[lower], found.end[lower]]), axis=1)
    twin = found.twin[lower]
    joined = np.column_stack([number[lower], np.where(twin >= 0, number[twin], -1)])
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Network(
        bonds=pairs[order],
        rings=Rings(
            members=tuple(members),
            sizes=np.array([len(ring) for ring in members], dtype=np.int64),
            centres=np.array(centres).reshape(-1, 2),
            joined=joined[order],
        ),
        border=border,
    )


def _among_widest(found: Triangulation, count: int, near: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(3T,) whether the edge is one of the widest three sides of its start, among ``near`` edges.
    A side at the outside stands once, in one of its directions; it is compared at both ends.
    """
    outer = np.flatnonzero(found.twin < 0)
    at = np.concatenate([found.start, found.end[outer]])
    width = np.concatenate([found.width, found.width[outer]])
    length = np.linalg.norm(found.step, axis=1)
    length, close = (np.concatenate([of, of[outer]]) for of in (length, near))
    order = np.lexsort((length, -width, ~close, at))
    first = np.searchsorted(at[order], np.arange(count))
    rank = np.arange(len(order)) - first[at[order]]
    among = np.zeros(len(order), dtype=bool)
    among[order] = rank < COORDINATION
    among &= close
    result = among[: len(found.start)]
    result[outer] &= among[len(found.start) :]
    return result


def _seen_from(found: Triangulation, there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(3T,) of the same edge, seen from its other end."""
    return np.where(found.twin >= 0, there[found.twin], there)


def _outer_ends(found: Triangulation, chosen: NDArray[np.bool_], count: int) -> Ints:
    """Bonds of each atom that no half-edge starts from it: those at the outside."""
    return np.bincount(found.end[chosen & (found.twin < 0)], minlength=count)


def _around(found: Triangulation, chosen: NDArray[np.bool_], seed: int) -> list[int]:
    """The sides of a ring from one of them, counter-clockwise: at its end, the first chosen edge,
    through the triangles around that atom.
    """
    walk, here = [], seed
    while True:
        walk.append(here)
        here = here - 2 if here % 3 == 2 else here + 1
        while not chosen[here]:
            here = int(found.twin[here])
            here = here - 2 if here % 3 == 2 else here + 1
        if here == seed:
            return walk
