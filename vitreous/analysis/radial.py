"""Sums of Gaussians of the distances between the atoms of a glass, in several affine states of it.

    G[s, X, k](i) = sum_j w(r) exp(-((r - mu_k) / delta)^2),    r = |F_s (x_j - x_i)| <= cutoff

over the atoms j of species X and all periodic images, i itself left out.

=======  ==============  =============  ==========================================================
symbol   variable        unit           shape
=======  ==============  =============  ==========================================================
F_s      ``gradients``   dimensionless  (S, D, D), (I,) for the glass as it is
mu_k     ``Grid``        length         (K,) ``first + step * arange(count)``
w        ``cosine``      1              1, or Behler's (1 + cos(pi r / cutoff)) / 2
=======  ==============  =============  ==========================================================

Every pair is met once, and gives to both of its atoms. The Gaussians of neighbouring mu follow from
one another by two products, so that a pair costs three exponentials whatever the number of mu:

    g_{k+1} = g_k u_k,    u_{k+1} = u_k exp(-2 h^2),    u_k = exp(2 h (r - mu_k) / delta - h^2)

with h = step / delta. Terms beyond 6.1 delta are below rounding and left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import copies, wrap
from vitreous.core.data import Configuration

Array = NDArray[np.float64]
REACH = 6.1  #: in units of delta: exp(-6.1^2) is below one unit in the last place
_SELF = 1e-6  # an image nearer than this is the atom itself, length


class Grid(NamedTuple):
    """Centres of Gaussians of width ``delta``: ``first + step * arange(count)``, length."""

    first: float
    step: float
    count: int
    delta: float


def radial_sums(
    glass: Configuration,
    atoms: NDArray[np.int64],
    gradients: Array,
    grid: Grid,
    cutoff: float,
    cosine: bool = False,
) -> Array:
    """(M, S, species, K) of these ``atoms`` (M,) of a glass. Raises VitreousError if the cutoff
    needs too many images.
    """
    stretch = max(float(np.linalg.norm(np.linalg.inv(f), 2)) for f in gradients)
    reach = min(cutoff, grid.first + (grid.count - 1) * grid.step + REACH * grid.delta)
    farthest = reach * stretch * (1.0 + 1e-9)  # of two undeformed atoms that a state brings near
    h = grid.step / grid.delta
    home = wrap(glass.positions, glass.cell, glass.periodic)
    points, origin = copies(home, glass.cell, glass.periodic, farthest)
    low, extent, width = points.min(axis=0), np.ptp(points, axis=0), 0.5 * farthest
    while np.prod(extent // width + 1.0) > 8 * len(points) + 64:  # few atoms in much space
        width *= 2.0
    bins = (extent // width).astype(np.int64) + 1
    flat = _bin_of(points, low, width, bins)
    order = np.argsort(flat, kind="stable")
    start = np.searchsorted(flat[order], np.arange(bins.prod() + 1))
    along = np.argsort(_bin_of(home, low, width, bins), kind="stable")
    number = np.empty(len(home), dtype=np.int64)  # atoms are taken as they lie, for the cache
    number[along] = np.arange(len(home))
    total = np.zeros((len(glass), len(gradients), len(glass.names), grid.count))
    missing = 3 - glass.dimension
    _sums(
        np.pad(home[along], ((0, 0), (0, missing))),
        np.pad(points[order], ((0, 0), (0, missing))),
        number[origin[order]],
        np.asarray(glass.species[along], dtype=np.int64),
        start.astype(np.int64),
        np.pad(low, (0, missing)),
        np.pad(bins, (0, missing), constant_values=1),
        width,
        int(np.ceil(farthest / width)),
        np.stack([_in_space(f) for f in gradients]),
        (grid.first, grid.step, 1.0 / grid.delta, grid.count - 1, np.exp(-h * h)),
        reach,
        float(cutoff),
        cosine,
        total,
    )
    return total[number[atoms]]


def _bin_of(points: Array, low: Array, width: float, bins: NDArray[np.int64]) -> NDArray[np.int64]:
    """(P,) numbers of the bins that points lie in."""
    where = np.minimum(((points - low) / width).astype(np.int64), bins - 1)
    return np.asarray(np.ravel_multi_index(tuple(where.T), tuple(bins)))


def _in_space(gradient: Array) -> Array:
    """(3, 3), the identity along axes that a plane glass lacks."""
    full = np.eye(3)
    full[: len(gradient), : len(gradient)] = gradient
    return full


@njit(cache=True, error_model="numpy")
def _sums(  # type: ignore[no-untyped-def]
    home, points, origin, species, start, low, bins, width, span, f, grid, limit, cutoff,
    cosine, total,
):  # fmt: skip
    """Add every pair of an atom and an image of an atom not before it to both of them."""
    kinds, count, limit = total.shape[2], total.shape[3], limit * limit
    flat = total.ravel()
    for i in range(len(home)):
        x, y, z = home[i, 0], home[i, 1], home[i, 2]
        bx, by, bz = int((x - low[0]) / width), int((y - low[1]) / width), int((z - low[2]) / width)
        for cx in range(max(0, bx - span), min(bins[0], bx + span + 1)):
            for cy in range(max(0, by - span), min(bins[1], by + span + 1)):
                row = (cx * bins[1] + cy) * bins[2]
                first = start[row + max(0, bz - span)]
                last = start[row + min(bins[2], bz + span + 1)]
                for p in range(first, last):
                    j = origin[p]
                    if j < i:
                        continue
                    dx, dy, dz = points[p, 0] - x, points[p, 1] - y, points[p, 2] - z
                    for s in range(len(f)):
                        ex = f[s, 0, 0] * dx + f[s, 0, 1] * dy + f[s, 0, 2] * dz
                        ey = f[s, 1, 0] * dx + f[s, 1, 1] * dy + f[s, 1, 2] * dz
                        ez = f[s, 2, 0] * dx + f[s, 2, 1] * dy + f[s, 2, 2] * dz
                        square = ex * ex + ey * ey + ez * ez
                        if square > limit or (i == j and square < _SELF * _SELF):
                            continue
                        r = np.sqrt(square)
                        weight = 0.5 * (1.0 + np.cos(np.pi * r / cutoff)) if cosine else 1.0
                        if i == j:  # an atom and its image are met from both sides
                            weight *= 0.5
                        one = ((i * len(f) + s) * kinds + species[j]) * count
                        other = ((j * len(f) + s) * kinds + species[i]) * count
                        _add(flat, one, other, r, weight, grid)


@njit(cache=True, error_model="numpy")
def _add(total, one, other, r, weight, grid):  # type: ignore[no-untyped-def]
    """Add the Gaussians of a distance ``r``, from the nearest centre outwards, to the rows that
    begin at ``one`` and ``other``.
    """
    first, step, per_delta, last, square = grid
    h, fall = step * per_delta, square * square
    nearest = min(max(int((r - first) / step + 0.5), 0), last)
    x = (r - first - nearest * step) * per_delta
    if abs(x) > REACH:
        return
    value = weight * np.exp(-x * x)
    total[one + nearest] += value
    total[other + nearest] += value
    if h > 2.0 * REACH:  # the next centre is out of reach; below, this keeps exp(2 h x) finite
        return
    rise, terms = np.exp(2.0 * h * x), int(REACH / h + 0.5)
    for side in (1, -1):
        g, u, k = value, square * (rise if side == 1 else 1.0 / rise), nearest
        for _ in range(min(last - nearest if side == 1 else nearest, terms)):
            k += side
            g *= u
            u *= fall
            total[one + k] += g
            total[other + k] += g
