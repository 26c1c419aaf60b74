"""When the first of many sites fails, and which: the weakest link of independent hazards.

With H_i(g) the cumulative hazard of site i at strain g, all sites hold up to g with probability

    S(g) = exp(-H(g)),    H(g) = sum_i H_i(g)

and the first to fail is i with probability

    p_i = integral dH_i(g) S(g) / (1 - S(end))

Hazards are given at S ascending strains; between them the logarithm of their sum follows a monotone
cubic in log g (Fritsch & Carlson, SIAM Journal on Numerical Analysis 17, 238 (1980)), beyond them a
line.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_POINTS = 4000  #: of integrals over the strain
_FINER = 16  #: strains in place of one, where shares are integrated


def shares(hazards: Array) -> Array:
    """p_i (M,) from cumulative hazards (M, S), which add up to 1; between two strains the logarithm
    of each is taken as linear in log g.
    """
    fine = _between(hazards)
    more = np.diff(fine, axis=1, prepend=0.0)
    total = more.sum(axis=0)
    fails = -np.diff(np.expm1(-fine.sum(axis=0)), prepend=0.0)
    found = more @ np.divide(fails, total, out=np.zeros_like(total), where=total > 0.0)
    return found / found.sum()


def _between(hazards: Array) -> Array:
    """(M, F) hazards, with further strains between those where failure is likely to come; the last
    strain alone where it hardly ever does.
    """
    total = hazards.sum(axis=0)
    likely = (total[1:] > 1e-4 * min(1.0, total[-1])) & (total[:-1] < 50.0)
    log = np.log(np.maximum(hazards, 1e-300))
    share = np.arange(_FINER) / _FINER
    parts = [
        np.exp(log[:, k, None] + share * (log[:, k + 1] - log[:, k])[:, None])
        for k in np.flatnonzero(likely)
    ]
    return np.concatenate([*parts, hazards[:, -1:]], axis=1) if parts else hazards[:, :1]


def total_hazard(hazards: Array, strains: Array, at: Array) -> Array:
    """H (G,) at strains ``at`` (G,), from cumulative hazards (M, S) at ``strains`` (S,)."""
    logarithm = np.log(hazards.sum(axis=0))
    return np.exp(_curve(np.log(at), np.log(strains), logarithm))


def quantile(hazards: Array, strains: Array, share: float) -> float:
    """The strain by which the first site has failed with probability ``share``."""
    logarithm = np.log(hazards.sum(axis=0))
    rising = np.concatenate([[True], np.diff(np.maximum.accumulate(logarithm)) > 0.0])
    wanted = np.array([np.log(-np.log1p(-share))])
    return float(np.exp(_curve(wanted, logarithm[rising], np.log(strains)[rising]))[0])


def crps(hazards: Array, strains: Array, strain: float) -> float:
    """Continuous ranked probability score (strain) of the predicted distribution of the first
    failure, which came at ``strain``: the integral of (F(g) - [g >= strain])^2 (Gneiting & Raftery,
    J. Am. Stat. Assoc. 102, 359 (2007)).
    """
    end = max(2.0 * strain, quantile(hazards, strains, 0.999999))
    before, after = np.linspace(0.0, strain, _POINTS + 1), np.linspace(strain, end, _POINTS)
    fails = -np.expm1(-total_hazard(hazards, strains, before[1:]))
    holds = np.exp(-total_hazard(hazards, strains, after))
    early = np.trapezoid(np.append(0.0, fails) ** 2, before)
    return float(early + np.trapezoid(holds**2, after))


def _curve(at: Array, x: Array, y: Array) -> Array:
    """y(x) at ``at``: monotone cubics, continued as lines beyond both ends."""
    if len(x) < 2:
        return np.full(len(at), y[0])
    from scipy.interpolate import PchipInterpolator  # slow to import, and every prediction does

    found = PchipInterpolator(x, y)(np.clip(at, x[0], x[-1]))
    low, high = ((y[k + 1] - y[k]) / (x[k + 1] - x[k]) for k in (0, -2))
    return found + low * np.minimum(at - x[0], 0.0) + high * np.maximum(at - x[-1], 0.0)
