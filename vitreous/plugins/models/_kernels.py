"""Weighted sums of kernels, which support vector machines predict by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_BLOCK = 512  #: rows predicted at once, to bound memory


def kernel_sums(rows: Array, support: Array, dual: Array, gamma: float) -> Array:
    """(R,) sum_v dual_v exp(-gamma |row - support_v|^2) of rows (R, C); with gamma 0 the linear
    kernel, sum_v dual_v row . support_v.
    """
    if not gamma:
        return np.einsum("rc,c->r", rows, dual @ support)
    own = np.einsum("vc,vc->v", support, support)
    result = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        z = rows[start : start + _BLOCK]
        square = np.einsum("rc,rc->r", z, z)[:, None] + own - 2.0 * (z @ support.T)
        result[start : start + _BLOCK] = np.exp(-gamma * np.maximum(square, 0.0)) @ dual
    return result
