"""Ring statistics of a dual lattice, and the cost that measures their deviation from a target
(Ormrod Morley & Wilson 2018).

The cost of a network of R rings, of which a fraction p_n has n sides, is

    E = k |alpha - alpha_t| + v |s2 - s2_t| / s2_t + sum_n |p_n - q_n| / max(q_n, 1/R)

======  ============================================================================================
symbol  meaning
======  ============================================================================================
s2      variance of the ring size, sum_n p_n (n - 6)^2; s2_t its target
q_n     target shares, any distribution on the allowed sizes with mean 6; deviations of shares below
        one ring are scaled by 1/R, the resolution of a network of R rings
alpha   Aboav-Weaire parameter: n m_n = 36 + s2 + 6 (1 - alpha)(n - 6), m_n the mean size of the
        rings around an n-ring; alpha = 1 - slope of n m_n - 36 over 6 (n - 6), fitted over the
        sizes present, unweighted (as in the paper) or weighted by p_n
k, v    ``alpha_weight`` and ``variance_weight``, 10 and 1 in the published code
======  ============================================================================================
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.generation.dual_lattice import DualLattice

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_SLOPE = 1e9  #: cost of a network with a single ring size


class Target(NamedTuple):
    """Target statistics: ``shares`` (M + 1,) by ring size, variance, alpha, their weights, and
    whether alpha's fit is ``weighted``.
    """

    shares: Floats
    variance: float
    variance_weight: float
    alpha: float
    alpha_weight: float
    weighted: bool


class Sums(NamedTuple):
    """Integer sums that determine the cost: ``count`` (M + 1,) rings by size, ``around`` (M + 1,)
    the summed sizes of the rings around them, and ``shell`` (R,) the same per ring.
    """

    count: Ints
    around: Ints
    shell: Ints


def sums_of(lattice: DualLattice) -> Sums:
    """Compute the sums from scratch."""
    length = lattice.neighbours.shape[1] + 1
    joined = lattice.neighbours >= 0
    shell = np.where(joined, lattice.sizes[lattice.neighbours], 0).sum(axis=1)
    around = np.bincount(lattice.sizes, weights=shell, minlength=length).astype(np.int64)
    return Sums(np.bincount(lattice.sizes, minlength=length), around, shell)


@njit(cache=True)
def alpha_of(count: Ints, around: Ints, weighted: bool) -> float:
    """Aboav-Weaire alpha by linear regression over the sizes present; NaN with a single size."""
    # x = 6 (n - 6) and y = n m_n - 36, with n m_n = around[n] / count[n]
    total = mean_x = mean_y = 0.0
    for n in range(len(count)):
        if count[n] > 0:
            w = float(count[n]) if weighted else 1.0
            total += w
            mean_x += w * 6.0 * (n - 6)
            mean_y += w * (around[n] / count[n] - 36.0)
    mean_x /= total
    mean_y /= total
    sxx = sxy = 0.0
    for n in range(len(count)):
        if count[n] > 0:
            w = float(count[n]) if weighted else 1.0
            x = 6.0 * (n - 6) - mean_x
            sxx += w * x * x
            sxy += w * x * (around[n] / count[n] - 36.0 - mean_y)
    return 1.0 - sxy / sxx if sxx > 0.0 else np.nan


@njit(cache=True)
def cost_of(count: Ints, around: Ints, target: Target) -> float:
    """The cost E above."""
    rings = count.sum()
    variance = shares = 0.0
    for n in range(len(count)):
        p = count[n] / rings
        variance += p * (n - 6) ** 2
        shares += abs(p - target.shares[n]) / max(target.shares[n], 1.0 / rings)
    alpha = alpha_of(count, around, target.weighted)
    if np.isnan(alpha):
        return NO_SLOPE
    far = target.variance_weight * abs(variance - target.variance) / target.variance
    return target.alpha_weight * abs(alpha - target.alpha) + far + shares
