"""Expected numbers of photons per pixel of a periodic image (Font-Clos et al. 2022, Methods)."""

from __future__ import annotations

from math import erf

import numpy as np
from numba import njit

FAR = 4.5  #: standard deviations beyond which an atom's photons are neglected (7e-6 of them)


@njit(cache=True, nogil=True)
def expose(x, y, photons, sigma_x, sigma_y, image):  # type: ignore[no-untyped-def]
    """Add the photons of every atom to ``image`` (P, P), through its periodic boundaries.

    Each atom gives ``photons`` (N,), spread normally about ``x``, ``y`` (N,) in fractions of the
    image's sides with standard deviations ``sigma_x``, ``sigma_y``; a pixel receives the integral
    over its area, a difference of error functions along each axis, of all images of an atom. Row 0
    is the lowest y.
    """
    size = image.shape[0]
    reach_x = int(np.ceil(FAR * sigma_x * size)) + 1
    reach_y = int(np.ceil(FAR * sigma_y * size)) + 1
    along_x, along_y = np.empty(2 * reach_x + 1), np.empty(2 * reach_y + 1)
    for atom in range(len(x)):
        column, row = int(np.floor(x[atom] * size)), int(np.floor(y[atom] * size))
        _shares(x[atom] * size - column, sigma_x * size, along_x)
        _shares(y[atom] * size - row, sigma_y * size, along_y)
        for i in range(-reach_y, reach_y + 1):
            for j in range(-reach_x, reach_x + 1):
                image[(row + i) % size, (column + j) % size] += (
                    photons[atom] * along_y[i + reach_y] * along_x[j + reach_x]
                )


@njit(cache=True)
def _shares(offset, sigma, shares):  # type: ignore[no-untyped-def]
    """The share of photons in each pixel around the one in which the atom lies, at ``offset`` of
    its width.
    """
    reach = len(shares) // 2
    scale = 1.0 / (np.sqrt(2.0) * sigma)
    for k in range(len(shares)):
        left = k - reach - offset
        shares[k] = 0.5 * (erf((left + 1.0) * scale) - erf(left * scale))
