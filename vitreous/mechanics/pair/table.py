"""Pair functions as quintic Hermite tables.

Between knots r_k = r_min + k h the pair energy is the quintic polynomial that matches U, U' and U''
at both ends: energies, forces and Hessians are continuous and exact derivatives of one another, at
a cost independent of the formula. With the default 1000 intervals the force-shifted
Yukawa model is reproduced to 1e-11 beyond 1.2 A. Below r_min the energy is continued
linearly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: r (n,) -> U, U', U'' (n,) each
PairFunction = Callable[
    [NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
]


@dataclass(frozen=True, eq=False)
class PairTable:
    """Tables for S species.

    ``coefficients`` (S*S, n, 6): energy in powers of t = (r - r_k) / h; row ``a * S + b`` belongs
    to the species pair (a, b).
    """

    coefficients: NDArray[np.float64]
    r_min: float
    step: float
    cutoff: float

    @property
    def species_count(self) -> int:
        """S."""
        return int(np.sqrt(len(self.coefficients)))

    @property
    def jump(self) -> float:
        """Jump of the force at the cutoff, relative to the largest force in the outer half of the
        table.
        """
        slopes = np.abs(self.slopes.sum(axis=2))  # U' at the upper end of every interval
        return float(slopes[:, -1].max() / max(slopes[:, slopes.shape[1] // 2 :].max(), 1e-300))

    @cached_property
    def slopes(self) -> NDArray[np.float64]:
        """(S*S, n, 5): U'(r), energy per length, in powers of t; a fifth cheaper than
        differentiating the energy's polynomial.
        """
        return self.coefficients[:, :, 1:] * (np.arange(1.0, 6.0) / self.step)


def pair_table(
    functions: dict[tuple[int, int], PairFunction],
    species_count: int,
    r_min: float,
    cutoff: float,
    intervals: int = 1000,
) -> PairTable:
    """Tabulate ``functions[a, b]`` (a <= b) on [r_min, cutoff], lengths and energies in the
    model's units.
    """
    r = np.linspace(r_min, cutoff, intervals + 1)
    h = r[1] - r[0]
    coefficients = np.zeros((species_count * species_count, intervals, 6))
    for (a, b), function in functions.items():
        u, du, ddu = function(r)
        coefficients[a * species_count + b] = coefficients[b * species_count + a] = _quintic(
            u, h * du, h * h * ddu
        )
    return PairTable(coefficients, float(r_min), float(h), float(cutoff))


def _quintic(
    u: NDArray[np.float64], v: NDArray[np.float64], w: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, 6) coefficients in t on [0, 1] from values, first and second derivatives (in t) at n + 1
    knots.
    """
    u0, u1, v0, v1, w0, w1 = u[:-1], u[1:], v[:-1], v[1:], w[:-1], w[1:]
    # Hermite conditions at t = 1 for the remaining coefficients c3, c4, c5:
    # c3 + c4 + c5 = rise, 3 c3 + 4 c4 + 5 c5 = slope, 6 c3 + 12 c4 + 20 c5 = bend
    rise, slope, bend = u1 - u0 - v0 - 0.5 * w0, v1 - v0 - w0, w1 - w0
    cubic = 10 * rise - 4 * slope + 0.5 * bend
    quartic = -15 * rise + 7 * slope - bend
    fifth = 6 * rise - 3 * slope + 0.5 * bend
    return np.stack([u0, v0, 0.5 * w0, cubic, quartic, fifth], axis=1)


@njit(cache=True, inline="always")
def energy_slope(table, kind, r, r_min, inverse_step):  # type: ignore[no-untyped-def]
    """U(r) and U'(r)."""
    s = (r - r_min) * inverse_step
    if s < 0.0:
        return table[kind, 0, 0] + table[kind, 0, 1] * s, table[kind, 0, 1] * inverse_step
    k = np.uintp(min(int(s), table.shape[1] - 1))
    t = s - np.float64(k)
    c0, c1, c2 = table[kind, k, 0], table[kind, k, 1], table[kind, k, 2]
    c3, c4, c5 = table[kind, k, 3], table[kind, k, 4], table[kind, k, 5]
    u = c0 + t * (c1 + t * (c2 + t * (c3 + t * (c4 + t * c5))))
    du = c1 + t * (2.0 * c2 + t * (3.0 * c3 + t * (4.0 * c4 + t * 5.0 * c5)))
    return u, du * inverse_step


@njit(cache=True, inline="always")
def slope_alone(slopes, kind, r, r_min, inverse_step):  # type: ignore[no-untyped-def]
    """U'(r) from ``PairTable.slopes``."""
    s = (r - r_min) * inverse_step
    if s < 0.0:
        return slopes[kind, 0, 0]
    k = np.uintp(min(int(s), slopes.shape[1] - 1))
    t = s - np.float64(k)
    c0, c1, c2, c3, c4 = (
        slopes[kind, k, 0],
        slopes[kind, k, 1],
        slopes[kind, k, 2],
        slopes[kind, k, 3],
        slopes[kind, k, 4],
    )
    return c0 + t * (c1 + t * (c2 + t * (c3 + t * c4)))


@njit(cache=True, inline="always")
def slope_curvature(table, kind, r, r_min, inverse_step):  # type: ignore[no-untyped-def]
    """U'(r) and U''(r)."""
    s = (r - r_min) * inverse_step
    if s < 0.0:
        return table[kind, 0, 1] * inverse_step, 0.0
    k = min(int(s), table.shape[1] - 1)
    t = s - k
    c1, c2, c3 = table[kind, k, 1], table[kind, k, 2], table[kind, k, 3]
    c4, c5 = table[kind, k, 4], table[kind, k, 5]
    du = c1 + t * (2.0 * c2 + t * (3.0 * c3 + t * (4.0 * c4 + t * 5.0 * c5)))
    ddu = 2.0 * c2 + t * (6.0 * c3 + t * (12.0 * c4 + t * 20.0 * c5))
    return du * inverse_step, ddu * inverse_step * inverse_step
