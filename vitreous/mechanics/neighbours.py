"""Half neighbour lists in cells of any shape and size, two- or three-dimensional, with explicit
lattice shifts.

Each pair (i, j, S) is listed once; its vector is ``x_j + S @ cell - x_i``. Positions need not lie
inside the cell. An atom may have several images of one neighbour, or its own images, as neighbours,
so cells smaller than twice the cutoff are treated exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.core.pairs import heights

_SPAN = 32  # lattice shifts run from -_SPAN to _SPAN - 1 along each direction


@dataclass(frozen=True)
class NeighbourList:
    """Pairs within ``radius``.

    ``start`` (N+1,) int64 and ``j`` (P,) int32: the neighbours of i are ``j[start[i]:start[i+1]]``;
    ``image`` (P,) int32 indexes ``shifts`` (Q, 3) integers, of which the first D columns count.
    """

    start: NDArray[np.int64]
    j: NDArray[np.int32]
    image: NDArray[np.int32]
    shifts: NDArray[np.float64]
    radius: float

    def pairs(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Indices i, j of every pair, each once."""
        return np.repeat(
            np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start)
        ), self.j

    def vectors(
        self, positions: NDArray[np.float64], cell: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(P, D) vectors from i to j."""
        i, j = self.pairs()
        return positions[j] + (self.shifts @ cell)[self.image] - positions[i]


def refuse_thin(
    cell: NDArray[np.float64], periodic: tuple[bool, ...], cutoff: float, when: str = ""
) -> None:
    """Raise VitreousError if a cell is thinner than the potential's ``cutoff`` (length) along a
    periodic direction; ``when`` qualifies the message, e.g. " at strain 0.1".
    """
    thin = heights(cell)[list(periodic)].min(initial=np.inf)
    if thin < cutoff:
        raise VitreousError(
            f"the cell is {thin:.4g} across{when}, less than the potential's cutoff {cutoff:g}; "
            "use a larger glass or repeat it"
        )


def neighbour_list(
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    periodic: tuple[bool, ...],
    radius: float,
) -> NeighbourList:
    """All pairs closer than ``radius`` (same length unit as ``positions`` (N, D); ``cell`` rows are
    lattice vectors).

    Raises:
        VitreousError: if an atom has drifted more than 28 cells away from the others, or is
        nowhere, or if the cell is so thin that the radius reaches over as many.
    """
    n, d = positions.shape
    bins = _binned(positions, cell, periodic, radius)
    # a third, single bin takes the place of the missing axis in two dimensions
    flags = np.array([*periodic, False][:3], dtype=np.bool_)
    order, first = _sort_into_bins(bins.where, bins.count)
    x = np.zeros((n, 3))
    x[:, :d] = positions
    full = np.zeros((3, 3))
    full[:d, :d] = cell
    place = (bins.wrap, bins.where, bins.count, bins.reach, flags, order, first, radius**2)
    counts = _walk(x, full, *place, np.zeros(n + 1, np.int64), _NO_J, _NO_CODE, False)
    start = np.zeros(n + 1, np.int64)
    np.cumsum(counts[:n], out=start[1:])
    j, code = np.empty(start[-1], np.int32), np.empty(start[-1], np.int32)
    _walk(x, full, *place, start, j, code, True)
    unique, image = _compact(code)
    base = 2 * _SPAN
    shifts = np.stack([unique % base, unique // base % base, unique // base**2], axis=1) - _SPAN
    return NeighbourList(
        start, j, image, np.ascontiguousarray(shifts[:, :d], dtype=np.float64), radius
    )


class _Bins(NamedTuple):
    """``where`` (N, 3) the bin of each atom, of ``count`` (3,) along the lattice vectors; ``wrap``
    (N, 3) the cell that an atom lies in, relative to the first atom's; ``reach`` (3,) how many bins
    away a neighbour may be.
    """

    where: NDArray[np.int64]
    count: NDArray[np.int64]
    wrap: NDArray[np.int64]
    reach: NDArray[np.int64]


def _binned(
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    periodic: tuple[bool, ...],
    radius: float,
) -> _Bins:
    """Atoms in bins about ``radius`` wide. Raises VitreousError as ``neighbour_list``."""
    n, d = positions.shape
    fractional = positions @ np.linalg.inv(cell)
    _refuse_far(fractional, periodic)
    count, width, reach = np.ones(3, np.int64), np.ones(3), np.zeros(3, np.int64)
    wrap, scaled = np.zeros((n, 3), np.int64), np.zeros((n, 3))
    span = heights(cell)
    for a in range(d):
        if periodic[a]:
            wrap[:, a] = np.floor(fractional[:, a])
            scaled[:, a] = np.minimum(fractional[:, a] - wrap[:, a], np.nextafter(1.0, 0.0))
            extent = 1.0
        else:
            scaled[:, a] = fractional[:, a] - fractional[:, a].min()
            extent = scaled[:, a].max() + 1e-9
        count[a] = max(1, min(int(extent * span[a] / radius), 512))
        width[a] = extent / count[a]
        if periodic[a] and radius > (_SPAN - 5) * span[a]:
            raise VitreousError(
                f"the cell is {span[a]:.4g} across, and {radius:g} reaches over more than "
                f"{_SPAN - 5} of its images; use a larger glass or repeat it"
            )
        reach[a] = int(np.ceil(radius / (width[a] * span[a]) - 1e-12)) if periodic[a] else 1
    count, width = _fewer(count, width, n)
    where = np.minimum((scaled / width).astype(np.int64), count - 1)
    return _Bins(where, count, wrap - wrap[0], reach)


def _refuse_far(fractional: NDArray[np.float64], periodic: tuple[bool, ...]) -> None:
    """Raises VitreousError for atoms too far apart for the images that can be distinguished, before
    they are counted in whole numbers.
    """
    cells = np.floor(fractional)[:, list(periodic)]
    far = cells.size and not np.abs(cells - cells[0]).max() <= _SPAN - 4
    if far or not np.abs(fractional).max(initial=0.0) < 1e12:
        raise VitreousError(
            "an atom lies more than 28 cells away from another; wrap the positions into the cell "
            "first"
        )


def _fewer(
    bins: NDArray[np.int64], width: NDArray[np.float64], n: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """As many bins as atoms can fill: a wide cell with few atoms would take gigabytes of empty
    ones.
    """
    most = max(64 * n, 1 << 16)
    extent = width * bins
    while np.prod(bins, dtype=float) > most:
        bins[np.argmax(bins)] = (bins.max() + 1) // 2
    return bins, extent / bins


_NO_J = np.zeros(0, np.int32)
_NO_CODE = np.zeros(0, np.int32)


@njit(cache=True)
def _sort_into_bins(where, bins):  # type: ignore[no-untyped-def]
    """Counting sort: atoms ``order`` (N,) by bin, those of bin b at ``first[b]:first[b + 1]``."""
    n = len(where)
    flat = np.empty(n, np.int64)
    first = np.zeros(bins[0] * bins[1] * bins[2] + 1, np.int64)
    for i in range(n):
        flat[i] = (where[i, 0] * bins[1] + where[i, 1]) * bins[2] + where[i, 2]
        first[flat[i] + 1] += 1
    for b in range(len(first) - 1):
        first[b + 1] += first[b]
    fill = first.copy()
    order = np.empty(n, np.int64)
    for i in range(n):
        order[fill[flat[i]]] = i
        fill[flat[i]] += 1
    return order, first


@njit(cache=True)
def _walk(
    x, cell, wrap, where, bins, reach, periodic, order, first, r2max, start, out_j, out_code, write
):  # type: ignore[no-untyped-def]
    """Count (``write`` False) or store (``write`` True) every pair once, over the bins around each
    atom's; (sx, sy, sz) is the lattice shift of a bin, (tx, ty, tz) that of the unwrapped pair."""
    n = len(x)
    counts = np.zeros(n + 1, np.int64)
    for i in range(n):
        at = start[i]
        found = 0
        for bx in range(where[i, 0] - reach[0], where[i, 0] + reach[0] + 1):
            sx = bx // bins[0]
            if sx != 0 and not periodic[0]:
                continue
            for by in range(where[i, 1] - reach[1], where[i, 1] + reach[1] + 1):
                sy = by // bins[1]
                if sy != 0 and not periodic[1]:
                    continue
                for bz in range(where[i, 2] - reach[2], where[i, 2] + reach[2] + 1):
                    sz = bz // bins[2]
                    if sz != 0 and not periodic[2]:
                        continue
                    b = (
                        ((bx - sx * bins[0]) * bins[1] + by - sy * bins[1]) * bins[2]
                        + bz
                        - sz * bins[2]
                    )
                    for k in range(first[b], first[b + 1]):
                        j = order[k]
                        if j < i or (j == i and (sx, sy, sz) <= (0, 0, 0)):
                            continue
                        tx = sx + wrap[i, 0] - wrap[j, 0]
                        ty = sy + wrap[i, 1] - wrap[j, 1]
                        tz = sz + wrap[i, 2] - wrap[j, 2]
                        dx = x[j, 0] - x[i, 0] + tx * cell[0, 0] + ty * cell[1, 0] + tz * cell[2, 0]
                        dy = x[j, 1] - x[i, 1] + tx * cell[0, 1] + ty * cell[1, 1] + tz * cell[2, 1]
                        dz = x[j, 2] - x[i, 2] + tx * cell[0, 2] + ty * cell[1, 2] + tz * cell[2, 2]
                        if dx * dx + dy * dy + dz * dz < r2max:
                            if write:
                                out_j[at + found] = j
                                out_code[at + found] = (tx + _SPAN) + 2 * _SPAN * (
                                    (ty + _SPAN) + 2 * _SPAN * (tz + _SPAN)
                                )
                            found += 1
        counts[i] = found
    return counts


@njit(cache=True)
def _compact(code):  # type: ignore[no-untyped-def]
    """The distinct shift codes, and for each pair the index of its code."""
    index = np.full((2 * _SPAN) ** 3, -1, np.int32)
    unique = np.empty(len(code) + 1, np.int64)
    image = np.empty(len(code), np.int32)
    count = 0
    for k in range(len(code)):
        if index[code[k]] < 0:
            index[code[k]] = count
            unique[count] = code[k]
            count += 1
        image[k] = index[code[k]]
    return unique[:count].copy(), image


@njit(cache=True, nogil=True)
def around(positions, site, cell, periodic, radius):  # type: ignore[no-untyped-def]
    """Indices (M,), ascending, of atoms whose nearest image lies closer than ``radius`` to ``site``
    (D,), and vectors (M, D) from the site to it.

    The cell must be more than 2 ``radius`` high, so that no atom occurs twice.
    """
    n, d = positions.shape
    inverse = np.linalg.inv(cell)
    found, vectors = np.empty(n, np.int64), np.empty((n, d))
    # extent of the ball in reduced coordinates: most atoms fail the first test. Element by element,
    # here and below: numba takes seconds to compile sums along an axis and whole rows
    slab = np.zeros(d)
    for a in range(d):
        for b in range(d):
            slab[a] += inverse[b, a] ** 2
        slab[a] = (1.0 + 1e-9) * radius * np.sqrt(slab[a])
    count, step, reduced = 0, np.empty(d), np.empty(d)
    for i in range(n):
        near = True
        for a in range(d):
            reduced[a] = 0.0
            for b in range(d):
                reduced[a] += (positions[i, b] - site[b]) * inverse[b, a]
            if periodic[a]:
                reduced[a] -= np.rint(reduced[a])
            if abs(reduced[a]) > slab[a]:
                near = False
                break
        if not near:
            continue
        r2 = 0.0
        for b in range(d):
            step[b] = 0.0
            for a in range(d):
                step[b] += reduced[a] * cell[a, b]
            r2 += step[b] * step[b]
        if r2 < radius * radius:
            found[count] = i
            for b in range(d):
                vectors[count, b] = step[b]
            count += 1
    return found[:count].copy(), vectors[:count].copy()
