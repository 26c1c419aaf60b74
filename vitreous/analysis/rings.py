"""Rings of a plane periodic network, and their statistics.

A plane network drawn without crossings divides the cell into faces; its rings are these faces,
found by walking along the bonds and turning as far right as possible at every atom. Nothing is
assumed about sizes or coordination, so a damaged network can be traced too, once its broken bonds
are off the list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.core.bridges import bridges
from vitreous.core.errors import VitreousError

LONGEST = 2.0  #: of the median bond; nothing joins atoms further apart
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Rings:
    """The faces of a network.

    Fields:
        members: one array of atom indices per ring, counter-clockwise.
        sizes: (R,) number of sides.
        centres: (R, 2) mean of the members' positions, taken through the cell boundary.
        joined: (B, 2) the rings on either side of each bond, in the order of the bonds.
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
            (1 - alpha)(n - mean), fitted over the sizes present, each counting once or by its share
            of the rings; NaN when fewer than two sizes are present.
    """

    mean: float
    variance: float
    counts: dict[int, int]
    alpha_unweighted: float
    alpha_weighted: float

    def share(self, size: int) -> float:
        """p_n, the share of the rings that have ``size`` sides."""
        return self.counts.get(size, 0) / sum(self.counts.values())


def bridged(bonds: Ints, species: Ints, centre: int = 0) -> Ints:
    """(B, 2) pairs of ``centre`` atoms (silicon) joined by an atom of another species (oxygen),
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
            "some oxygen atoms do not join exactly two silicon atoms; find the bonds anew or mend "
            "the glass"
        )
    return found[:, 1:]


def trace_rings(positions: Floats, bonds: Ints, cell: Floats) -> Rings:
    """The rings of a plane network, periodic in both directions.

    Args:
        positions: (N, 2). bonds: (B, 2) pairs of atoms, each bond once and shorter than half the
        cell.
        cell: (2, 2), rows are lattice vectors.

    Raises:
        VitreousError: if there are no bonds, if one is no bond, since its atoms stand far apart, if
            bonds cross, or if the network does not go all around the cell.
    """
    bonds = np.asarray(bonds, dtype=np.int64)
    if not len(bonds):
        raise VitreousError("the network has no bonds; find them first")
    count = len(bonds)
    start, end = (
        np.concatenate([bonds[:, 0], bonds[:, 1]]),
        np.concatenate([bonds[:, 1], bonds[:, 0]]),
    )
    fractional = (positions[end] - positions[start]) @ np.linalg.inv(cell)
    step = (fractional - np.rint(fractional)) @ cell
    _refuse_broken(bonds, np.linalg.norm(step[:count], axis=1))
    after = _next_along_face(start, np.arctan2(step[:, 1], step[:, 0]), count)
    label, members, centres, area = np.full(2 * count, -1), [], [], 0.0
    for seed in range(2 * count):
        if label[seed] >= 0:
            continue
        walk, here = [], seed
        while label[here] < 0:
            label[here] = len(members)
            walk.append(here)
            here = int(after[here])
        path = np.vstack([np.zeros(2), np.cumsum(step[walk], axis=0)])
        if np.abs(path[-1]).max() > 1e-6:
            raise VitreousError(
                "a ring of the network does not close: it winds around the cell, so the network "
                "does not fill the plane"
            )
        swept = 0.5 * float(np.sum(path[:-1, 0] * path[1:, 1] - path[1:, 0] * path[:-1, 1]))
        if swept <= 0.0:
            raise VitreousError(
                f"the ring at atom {start[seed]} has area {swept:.3g}; bonds cross, so the "
                "network is not plane"
            )
        area += swept
        members.append(start[walk])
        centres.append(positions[start[seed]] + path[:-1].mean(axis=0))
    if len(members) != count - len(np.unique(bonds)):  # Euler's theorem on a torus
        raise VitreousError(
            f"the network has {len(members)} rings, Euler's theorem asks for "
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


def _refuse_broken(bonds: Ints, length: Floats) -> None:
    median, worst = float(np.median(length)), int(length.argmax())
    if length[worst] > LONGEST * median:
        i, j = bonds[worst]
        raise VitreousError(
            f"atoms {i} and {j} of the network (counted from 0) are listed as joined, but stand "
            f"{length[worst]:.4g} apart, and beyond "
            f"{LONGEST * median:.4g}, {LONGEST:g} times the median, nothing joins them; find the "
            "bonds anew"
        )


def _next_along_face(start: Ints, angle: Floats, count: int) -> Ints:
    """For each directed bond, the one that follows it around the face on its left: at its end, the
    next clockwise from the way back.
    """
    order = np.lexsort((angle, start))  # directed bonds by atom, then counter-clockwise
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    first = np.searchsorted(start[order], start)
    last = np.searchsorted(start[order], start, side="right") - 1
    clockwise = order[np.where(place == first, last, place - 1)]
    reverse = (np.arange(len(start)) + count) % len(start)
    return clockwise[reverse]


def ring_statistics(sizes: Ints, joined: Ints) -> RingStatistics:
    """Statistics of rings of ``sizes`` (R,), pairs of which are ``joined`` (B, 2) once for every
    side they share.
    """
    mean, variance = float(np.mean(sizes)), float(np.var(sizes))
    around = np.bincount(joined[:, 0], weights=sizes[joined[:, 1]], minlength=len(sizes))
    around += np.bincount(joined[:, 1], weights=sizes[joined[:, 0]], minlength=len(sizes))
    present, rows, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    n_m = np.bincount(rows, weights=around) / counts
    x, y = mean * (present - mean), n_m - mean**2
    return RingStatistics(
        mean=mean,
        variance=variance,
        counts={int(n): int(c) for n, c in zip(present, counts, strict=True)},
        alpha_unweighted=_alpha(x, y, np.ones(len(x))),
        alpha_weighted=_alpha(x, y, counts.astype(np.float64)),
    )


def _alpha(x: NDArray[np.floating], y: NDArray[np.floating], weight: Floats) -> float:
    if len(x) < 2:
        return float("nan")
    dx, dy = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
    return float(1.0 - (weight * dx) @ dy / ((weight * dx) @ dx))
