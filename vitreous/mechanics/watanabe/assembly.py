"""Assemble the many-body blocks of the Watanabe Hessian, one per centre, into a sparse matrix."""

import numpy as np
from numba import njit


@njit(cache=True)
def block_entries(first, nbr, blocks):  # type: ignore[no-untyped-def]
    """Rows, columns and values of the blocks in atomic coordinates; duplicates are summed.

    A block refers to pair vectors d = x_j - x_i; the rows and columns of the centre i follow from
    the chain rule, with a minus sign."""
    size = 0
    for i in range(len(first) - 1):
        m = blocks.first[i + 1] - blocks.first[i]
        if m > 0:
            size += 9 * (m + 1) ** 2
    rows, columns, values = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size)
    e = 0
    for i in range(len(first) - 1):
        m = blocks.first[i + 1] - blocks.first[i]
        if m == 0:
            continue
        block = blocks.values[blocks.at[i] : blocks.at[i + 1]].reshape(3 * m, 3 * m)
        full = np.zeros((3 * m + 3, 3 * m + 3))
        full[3:, 3:] = block
        for a in range(3 * m):
            for b in range(3 * m):
                full[a % 3, 3 + b] -= block[a, b]
                full[3 + a, b % 3] -= block[a, b]
                full[a % 3, b % 3] += block[a, b]
        for a in range(3 * m + 3):
            for b in range(3 * m + 3):
                p = i if a < 3 else nbr[blocks.slot[blocks.first[i] + a // 3 - 1]]
                q = i if b < 3 else nbr[blocks.slot[blocks.first[i] + b // 3 - 1]]
                rows[e], columns[e], values[e] = 3 * p + a % 3, 3 * q + b % 3, full[a, b]
                e += 1
    return rows, columns, values
