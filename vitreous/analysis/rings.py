"""Rings of a plane periodic network, and their statistics.

A plane network without crossing bonds divides the cell into faces. The rings are these faces, found
by following the bonds and taking the next bond clockwise at every atom. Sizes and coordination are
arbitrary, so a damaged network can be traced too, once its broken bonds are removed from the list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.core.bridges import bridges
from vitreous.core.errors import VitreousError

LONGEST = 2.0  #: of the median bond; longer bonds are refused as broken
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Rings:
    """The faces of a network.

    Fields:
        members: one array of atom indices per ring, counter-clockwise.
        sizes: (R,) number of sides.
        centres: (R, 2) mean of the members' unwrapped positions.
        joined: (B, 2) the rings on either side of each bond, in the order of the bonds; -1 where
            there is none, at a free boundary.
    """

    members: tuple[Ints, ...]
    sizes: Ints
    centres: Floats
    joined: Ints

    def __len__(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True, kw_only=True)
class RingStatistics:
    """Statistics of the ring size n.

    Fields:
        mean, variance: of n over the rings.
        counts: rings by size.
        alpha_unweighted, alpha_weighted: Aboav-Weaire alpha from n m_n = mean^2 + variance + mean
            (1 - alpha)(n - mean), fitted over the sizes present, each with weight one or with its
            share of the rings, of rings that have a ring on every side; NaN with fewer than two
            sizes.
    """

    mean: float
    variance: float
    counts: dict[int, int]
    alpha_unweighted: float
    alpha_weighted: float

    def share(self, size: int) -> float:
        """p_n, the fraction of rings with ``size`` sides."""
        return self.counts.get(size, 0) / sum(self.counts.values())


def bridged(bonds: Ints, species: Ints, centre: int = 0) -> Ints:
    """Pairs (B, 2) of ``centre`` atoms (silicon) joined by an atom of another species (oxygen),
    from the bonds between unlike atoms.

    Raises:
        VitreousError: if a bridging atom does not join exactly two centres.
    """
    bonds = np.asarray(bonds)
    first = species[bonds[:, 0]] == centre
    if np.any(first == (species[bonds[:, 1]] == centre)):
        raise VitreousError(
            "some bonds join atoms of the same kind; expected bonds between silicon and oxygen only"
        )
    middle, end = (
        np.where(first, bonds[:, 1], bonds[:, 0]),
        np.where(first, bonds[:, 0], bonds[:, 1]),
    )
    found = bridges(middle, end)
    if 2 * len(found) != len(bonds):
        raise VitreousError(
            "some oxygen atoms do not join exactly two silicon atoms; find the bonds again or "
            "correct the glass"
        )
    return found[:, 1:]


def trace_rings(positions: Floats, bonds: Ints, cell: Floats) -> Rings:
    """Trace the rings of a plane network, periodic in both directions.

    Args:
        positions: (N, 2). bonds: (B, 2) pairs of atoms, each bond once and shorter than half the
        cell.
        cell: (2, 2), rows are lattice vectors.

    Raises:
        VitreousError: if there are no bonds, a bond is broken (too long), bonds cross, or the
            network does not percolate in both directions.
    """
    bonds = np.asarray(bonds, dtype=np.int64)
    if not len(bonds):
        raise VitreousError(
            "the network has no bonds; find them with generator.find_bonds=true (in Python: "
            "vitreous.io.bonds.bonded(glass))"
        )
    count = len(bonds)
    start, end = (
        np.concatenate([bonds[:, 0], bonds[:, 1]]),
        np.concatenate([bonds[:, 1], bonds[:, 0]]),
    )
    fractional = (positions[end] - positions[start]) @ np.linalg.inv(cell)
    step = (fractional - np.rint(fractional)) @ cell
    refuse_long(bonds, np.linalg.norm(step[:count], axis=1))
    after = next_along_face(start, np.arctan2(step[:, 1], step[:, 0]), count)
    label, members, centres, area = np.full(2 * count, -1), [], [], 0.0
    # every directed bond borders one face: follow each face once
    for seed in range(2 * count):
        if label[seed] >= 0:
            continue
        walk = _face(seed, after)
        label[walk] = len(members)
        path = np.vstack([np.zeros(2), np.cumsum(step[walk], axis=0)])
        area += _area(path, int(start[seed]))
        members.append(start[walk])
        centres.append(positions[start[seed]] + path[:-1].mean(axis=0))
    if len(members) != count - len(np.unique(bonds)):  # Euler's theorem on a torus
        raise VitreousError(
            f"the network has {len(members)} rings, Euler's theorem requires "
            f"{count - len(np.unique(bonds))}: bonds cross"
        )
    if not np.isclose(area, np.linalg.det(cell), rtol=1e-6):
        raise VitreousError(
            f"the rings cover an area of {area:.6g} in a cell of {np.linalg.det(cell):.6g}; bonds "
            "cross or are missing"
        )
    sizes = np.array([len(ring) for ring in members])
    return Rings(
        members=tuple(members),
        sizes=sizes,
        centres=np.array(centres),
        joined=np.column_stack([label[:count], label[count:]]),
    )


def _face(seed: int, after: Ints) -> list[int]:
    """The directed bonds around the face on the left of bond ``seed``."""
    walk, here = [seed], int(after[seed])
    while here != seed:
        walk.append(here)
        here = int(after[here])
    return walk


def _area(path: Floats, atom: int) -> float:
    """What the ring at ``atom`` encloses. ``path``: (n + 1, 2) its corners, the first one again at
    the end.

    Raises:
        VitreousError: it winds around the cell, or encloses nothing.
    """
    if np.abs(path[-1]).max() > 1e-6:
        raise VitreousError(
            "a ring of the network does not close: it winds around the cell, so the network does "
            "not fill the plane"
        )
    swept = 0.5 * float(np.sum(path[:-1, 0] * path[1:, 1] - path[1:, 0] * path[:-1, 1]))
    if swept <= 0.0:
        raise VitreousError(
            f"the ring at atom {atom} has area {swept:.3g}; bonds cross, so the network is not "
            "plane"
        )
    return swept


def refuse_long(bonds: Ints, length: Floats) -> None:
    """Raises VitreousError for bonds longer than ``LONGEST`` times their median."""
    median, worst = float(np.median(length)), int(length.argmax())
    if length[worst] > LONGEST * median:
        i, j = bonds[worst]
        raise VitreousError(
            f"atoms {i} and {j} of the network (counted from 0) are listed as joined, but are "
            f"{length[worst]:.4g} apart; expected at most "
            f"{LONGEST * median:.4g}, {LONGEST:g} times the median; find the bonds again"
        )


def next_along_face(start: Ints, angle: Floats, count: int) -> Ints:
    """For each directed bond, the next one around the face on its left: at its end, the next bond
    clockwise from the reversed bond.
    """
    order = np.lexsort((angle, start))  # directed bonds by atom, then counter-clockwise
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first = np.searchsorted(start[order], start)
    last = np.searchsorted(start[order], start, side="right") - 1
    clockwise = order[np.where(rank == first, last, rank - 1)]
    reverse = (np.arange(len(start)) + count) % len(start)
    return clockwise[reverse]


def ring_statistics(sizes: Ints, joined: Ints) -> RingStatistics:
    """Compute the statistics of rings of ``sizes`` (R,), with one pair in ``joined`` (B, 2) for
    every side; those with -1 are not shared.
    """
    mean, variance = float(np.mean(sizes)), float(np.var(sizes))
    open_side = (joined < 0).any(axis=1)
    shared = joined[~open_side]
    around = np.bincount(shared[:, 0], weights=sizes[shared[:, 1]], minlength=len(sizes))
    around += np.bincount(shared[:, 1], weights=sizes[shared[:, 0]], minlength=len(sizes))
    surrounded = ~np.isin(np.arange(len(sizes)), joined[open_side])
    present, rows, counts = np.unique(sizes[surrounded], return_inverse=True, return_counts=True)
    n_m = np.bincount(rows, weights=around[surrounded]) / counts
    # n m_n - mean^2 is linear in mean (n - mean), with slope 1 - alpha
    x, y = mean * (present - mean), n_m - mean**2
    return RingStatistics(
        mean=mean,
        variance=variance,
        counts={int(n): int(c) for n, c in zip(*np.unique(sizes, return_counts=True), strict=True)},
        alpha_unweighted=_alpha(x, y, np.ones(len(x))),
        alpha_weighted=_alpha(x, y, counts.astype(np.float64)),
    )


def _alpha(x: NDArray[np.floating], y: NDArray[np.floating], weight: Floats) -> float:
    """1 - slope of the weighted linear regression of y on x."""
    if len(x) < 2:
        return float("nan")
    dx, dy = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
    return float(1.0 - (weight * dx) @ dy / ((weight * dx) @ dx))
