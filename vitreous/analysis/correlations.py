"""Correlation coefficients by SciPy, and what they are where SciPy warns or refuses: None.

None stands for fewer than two places at which both maps have a value, and for a map that is
constant there. Ties share their mid-rank.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from vitreous.core.evaluated import defined

Array = NDArray[np.float64]


def both_known(a: Array, b: Array) -> tuple[Array, Array]:
    """The values (K,) of two maps (M,) at the places where both are finite."""
    known = np.isfinite(a) & np.isfinite(b)
    return a[known], b[known]


def pearson(a: Array, b: Array) -> float | None:
    """Linear correlation of two maps (M,), over the places where both are known."""
    x, y = both_known(a, b)
    return None if _flat(x) or _flat(y) else defined(stats.pearsonr(x, y)[0])


def spearman(a: Array, b: Array) -> float | None:
    """Rank correlation of two maps (M,), over the places where both are known."""
    x, y = both_known(a, b)
    return None if _flat(x) or _flat(y) else defined(stats.spearmanr(x, y)[0])


def _flat(values: Array) -> bool:
    """Too few values to vary, or one value throughout."""
    return len(values) < 2 or bool(np.all(values == values[0]))
