"""Correlation coefficients by SciPy, or None where they are undefined.

That is with fewer than two sites at which both maps have a value, and if a map is constant there.
Ties share their mid-rank.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitreous.core.evaluated import defined

Array = NDArray[np.float64]


def both_known(a: Array, b: Array) -> tuple[Array, Array]:
    """The values (K,) of two maps (M,) at the sites where both are finite."""
    known = np.isfinite(a) & np.isfinite(b)
    return a[known], b[known]


def pearson(a: Array, b: Array) -> float | None:
    """Linear correlation of two maps (M,) over the sites where both are finite."""
    from scipy import stats  # takes a third of a second, and most runs begin without it

    x, y = both_known(a, b)
    return None if _flat(x) or _flat(y) else defined(stats.pearsonr(x, y)[0])


def spearman(a: Array, b: Array) -> float | None:
    """Rank correlation of two maps (M,) over the sites where both are finite."""
    from scipy import stats

    x, y = both_known(a, b)
    return None if _flat(x) or _flat(y) else defined(stats.spearmanr(x, y)[0])


def _flat(values: Array) -> bool:
    """Whether there are fewer than two values, or all are equal."""
    return len(values) < 2 or bool(np.all(values == values[0]))
