"""The functions of the Watanabe silica potential and their derivatives: coordination, softening,
radial and angular factors.

=========  ====================================================================  ==================
symbol     meaning                                                               code
=========  ====================================================================  ==================
fc(r)      1 below R - D, 1 - x + sin(2 pi x) / (2 pi) on the ramp, 0 beyond     ``coordination``
z_i        sum of fc(r_ij) over neighbours of the other species                  ``z``
g(z)       softening of Si-O pairs, a factor for each end                        ``softening``
phi(r)     (c1 r^-p - c2 r^-q) exp[sigma / (r - rc)]                             ``radial``
P(r)       exp[gamma / (r - a)]                                                  ``arm``
lambda(z)  mu (1 + nu exp[-xi (z - z0)^2])                                       ``strength``
=========  ====================================================================  ==================

(Watanabe et al., Appl. Surf. Sci. 234, 207 (2004); conventions in
``vitreous.plugins.potentials.watanabe``.) Lengths in angstrom, energies in eV. Species 0 is Si, 1
is O; pair kinds are 0 Si-Si, 1 Si-O, 2 O-O.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: columns of ``Terms.triplets``
CENTRE, END_A, END_B, MU, NU, XI, Z0, RANGE_A, RANGE_B, GAMMA_A, GAMMA_B, COSINE, ALPHA = range(13)


class Terms(NamedTuple):
    """``pairs`` (3, 5): c1, p, c2, q, rc of each pair kind; ``triplets`` (T, 13): see the column
    names; ``soft`` (9,): p1..p9; ``ramp`` (2,): R - D and R + D; ``reach`` (3,): largest
    distance at which a pair of each kind interacts.
    """

    pairs: NDArray[np.float64]
    triplets: NDArray[np.float64]
    soft: NDArray[np.float64]
    ramp: NDArray[np.float64]
    reach: NDArray[np.float64]
    sigma: float


@njit(cache=True, inline="always")
def coordination(r, low, high):  # type: ignore[no-untyped-def]
    """fc, fc', fc''."""
    if r <= low:
        return 1.0, 0.0, 0.0
    if r >= high:
        return 0.0, 0.0, 0.0
    w = 1.0 / (high - low)
    x = 2.0 * np.pi * (r - low) * w
    return (
        1.0 - (r - low) * w + np.sin(x) / (2.0 * np.pi),
        (np.cos(x) - 1.0) * w,
        -2.0 * np.pi * np.sin(x) * w * w,
    )


@njit(cache=True)
def softening(oxygen, z, p):  # type: ignore[no-untyped-def]
    """g, g', g'' of a Si (oxygen 0) or O (1) with coordination z."""
    if oxygen == 0:  # g = a e + p4 with a = p1 sqrt(z + p2) - p4, e = exp[p3 / (z - 4)]
        if z >= 4.0:
            return p[3], 0.0, 0.0
        s, y = np.sqrt(z + p[1]), z - 4.0
        e = np.exp(p[2] / y)
        de, dde = -p[2] / y**2 * e, (p[2] ** 2 / y**4 + 2.0 * p[2] / y**3) * e
        a, da, dda = p[0] * s - p[3], 0.5 * p[0] / s, -0.25 * p[0] / s**3
        return a * e + p[3], da * e + a * de, dda * e + 2.0 * da * de + a * dde
    # g = s e with s = 1 / (1 + exp[(p6 - z) / p7]), e = p5 exp[p8 (z - p9)^2] and e' = y e
    s = 1.0 / (1.0 + np.exp((p[5] - z) / p[6]))
    ds = s * (1.0 - s) / p[6]
    dds = ds * (1.0 - 2.0 * s) / p[6]
    y = 2.0 * p[7] * (z - p[8])
    e = p[4] * np.exp(p[7] * (z - p[8]) ** 2)
    return s * e, (ds + s * y) * e, (dds + 2.0 * ds * y + s * (2.0 * p[7] + y * y)) * e


@njit(cache=True, inline="always")
def radial(r, c1, p, c2, q, rc, sigma):  # type: ignore[no-untyped-def]
    """phi, phi', phi'' for r < rc."""
    log, inverse = np.log(r), 1.0 / r
    u = c1 * np.exp(-p * log) if c1 != 0.0 else 0.0
    w = c2 * np.exp(-q * log) if q != 0.0 else c2
    a, da, dda = (
        u - w,
        (q * w - p * u) * inverse,
        (p * (p + 1.0) * u - q * (q + 1.0) * w) * inverse * inverse,
    )
    # phi = a e, a = c1 r^-p - c2 r^-q, e = exp[sigma / (r - rc)] and e' = b e
    y = 1.0 / (r - rc)
    e = np.exp(sigma * y)
    b = -sigma * y * y
    return a * e, (da + a * b) * e, (dda + 2.0 * da * b + a * (b * b + 2.0 * sigma * y * y * y)) * e


@njit(cache=True, inline="always")
def arm(r, range_, gamma):  # type: ignore[no-untyped-def]
    """P, P', P'' for r < range_."""
    y = 1.0 / (r - range_)
    e = np.exp(gamma * y)
    b = -gamma * y * y
    return e, b * e, (b * b + 2.0 * gamma * y * y * y) * e


@njit(cache=True, inline="always")
def strength(term, z):  # type: ignore[no-untyped-def]
    """lambda, lambda', lambda''."""
    if term[NU] == 0.0:
        return term[MU], 0.0, 0.0
    y = z - term[Z0]
    e = term[MU] * term[NU] * np.exp(-term[XI] * y * y)
    b = -2.0 * term[XI] * y
    return term[MU] + e, b * e, (b * b - 2.0 * term[XI]) * e
