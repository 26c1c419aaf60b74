"""When the first of many sites fails, and which: the weakest link of independent hazards.

With H_i(g) the cumulative hazard of site i at strain g, all sites hold up to g with probability

    S(g) = exp(-H(g)),    H(g) = sum_i H_i(g)

and the first to fail is i with probability

    p_i = integral dH_i(g) S(g) / (1 - S(end))

Hazards are given at S ascending strains; between them their logarithms are linear in log g, which a
Weibull law H_i = (g / g_i)^k fulfils exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_POINTS = 4000  #: of integrals over the strain


def shares(hazards: Array) -> Array:
    """p_i (M,) from cumulative hazards (M, S), which add up to 1."""
    holds = np.exp(-hazards.sum(axis=0))
    more = np.diff(hazards, axis=1, prepend=0.0)
    total = more.sum(axis=0)
    fails = -np.diff(holds, prepend=1.0)
    found = more @ np.divide(fails, total, out=np.zeros_like(total), where=total > 0.0)
    return found / found.sum()


def total_hazard(hazards: Array, strains: Array, at: Array) -> Array:
    """H (G,) at strains ``at`` (G,), from cumulative hazards (M, S) at ``strains`` (S,)."""
    logarithm = np.log(hazards.sum(axis=0))
    return np.exp(_lines(np.log(at), np.log(strains), logarithm))


def quantile(hazards: Array, strains: Array, share: float) -> float:
    """The strain by which the first site has failed with probability ``share``."""
    logarithm = np.log(hazards.sum(axis=0))
    rising = np.concatenate([[True], np.diff(np.maximum.accumulate(logarithm)) > 0.0])
    wanted = np.array([np.log(-np.log1p(-share))])
    return float(np.exp(_lines(wanted, logarithm[rising], np.log(strains)[rising]))[0])


def crps(hazards: Array, strains: Array, strain: float) -> float:
    """Continuous ranked probability score (strain) of the predicted distribution of the first
    failure, which came at ``strain``: the integral of (F(g) - [g >= strain])^2 (Gneiting & Raftery,
    J. Am. Stat. Assoc. 102, 359 (2007)).
    """
    end = max(2.0 * strain, quantile(hazards, strains, 0.999999))
    grid = np.linspace(end / _POINTS, end, _POINTS)
    fails = -np.expm1(-total_hazard(hazards, strains, grid))
    return float(np.trapezoid((fails - (grid >= strain)) ** 2, grid))


def _lines(at: Array, x: Array, y: Array) -> Array:
    """y(x) at ``at``, piecewise linear, continued beyond both ends."""
    if len(x) < 2:
        return np.full(len(at), y[0])
    k = np.clip(np.searchsorted(x, at) - 1, 0, len(x) - 2)
    return y[k] + (y[k + 1] - y[k]) / (x[k + 1] - x[k]) * (at - x[k])
