"""The two-dimensional binary Lennard-Jones glass former of Lancon, Billard & Chaudhari (1986), as
Falk & Langer (1998) use it, smoothed.

    U_LJ(r) = 4 epsilon [(sigma/r)^12 - (sigma/r)^6]
    U(r) = U_LJ(r) + A                      r < 2
    U(r) = sum_k C_k (r - 2)^k, k = 0..4    2 < r < 2.5, else 0

====  =======================  =======
pair  sigma                    epsilon
====  =======================  =======
S-S   2 sin(pi/10)             0.5
S-L   1                        1
L-L   2 sin(pi/5)              0.5
====  =======================  =======

The coefficients make force and stiffness continuous at 2 and zero at 2.5; A does so for the energy.
This is LAMMPS ``lj/smooth 2.0 2.5`` with ``pair_modify shift yes``, the same two distances for
every pair (Barbot et al., Phys. Rev. E 97, 033001 (2018), smooth it likewise). Lengths in sigma_SL,
energies in epsilon_SL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.mechanics.pair.scalar import ScalarPair
from vitreous.mechanics.pair.table import PairFunction

_INNER, _CUTOFF = 2.0, 2.5
_PAIRS = {
    ("S", "S"): (2.0 * np.sin(np.pi / 10), 0.5),
    ("S", "L"): (1.0, 1.0),
    ("L", "L"): (2.0 * np.sin(np.pi / 5), 0.5),
}

Array = NDArray[np.float64]


def _parameters(a: str, b: str) -> tuple[float, float]:
    """sigma and epsilon of two species, in either order."""
    return _PAIRS.get((a, b)) or _PAIRS[b, a]


def lennard_jones(r: Array, sigma: float, epsilon: float) -> tuple[Array, Array, Array]:
    """U_LJ, its slope and its curvature (n,) at distances ``r`` (n,)."""
    six = (sigma / r) ** 6
    return (
        4 * epsilon * (six * six - six),
        -24 * epsilon * (2 * six * six - six) / r,
        24 * epsilon * (26 * six * six - 7 * six) / r**2,
    )


def smoothing(sigma: float, epsilon: float) -> tuple[float, Array]:
    """The shift A and C_0..C_4 (5,)."""
    u, slope, bend = (float(v[0]) for v in lennard_jones(np.array([_INNER]), sigma, epsilon))
    w = _CUTOFF - _INNER
    c3, c4 = np.linalg.solve([[3 * w**2, 4 * w**3], [6 * w, 12 * w**2]], [-slope - bend * w, -bend])
    c = np.array([0.0, slope, 0.5 * bend, c3, c4])
    c[0] = -np.polyval(c[::-1], w)
    return c[0] - u, c


@dataclass(frozen=True, kw_only=True)
class LennardJones2D(ScalarPair):
    """Binary Lennard-Jones in two dimensions: S small, L large; no parameters."""

    species: ClassVar = ("S", "L")
    dimensions: ClassVar = frozenset({2})
    units: ClassVar = "lj"
    cutoff: ClassVar = _CUTOFF
    closest: ClassVar = 0.3
    bond_range: ClassVar = 1.6  # first neighbours of L
    intervals: ClassVar = (
        1100  # of 0.002: a knot lies at the inner distance, where the third derivative jumps
    )

    @property
    def masses(self) -> dict[str, float]:
        """Both 1, the unit of mass."""
        return dict.fromkeys(self.species, 1.0)

    def energy(self, a: str, b: str, r: Array) -> Array:
        """U(r), (n,)."""
        return self.pair_function(a, b)(r)[0]

    def lammps_commands(self, configuration: Configuration) -> tuple[str, ...]:
        """LAMMPS's ``lj/smooth``, the same function without tabulation."""
        # LAMMPS also requires coefficients for names without atoms: any serve
        names = [name if name in self.species else self.species[0] for name in configuration.names]
        commands = [f"pair_style lj/smooth {_INNER} {_CUTOFF}", "pair_modify shift yes"]
        for i, a in enumerate(names):
            for j, b in enumerate(names[i:], start=i):
                sigma, epsilon = _parameters(a, b)
                commands.append(f"pair_coeff {i + 1} {j + 1} {epsilon:.17g} {sigma:.17g}")
        return tuple(commands)

    def pair_function(self, a: str, b: str) -> PairFunction:
        """U, U' and U'' of a pair of species."""
        sigma, epsilon = _parameters(a, b)
        shift, c = smoothing(sigma, epsilon)
        near = np.polynomial.Polynomial(c)

        def function(r: Array) -> tuple[Array, Array, Array]:
            u, slope, bend = lennard_jones(r, sigma, epsilon)
            t = np.minimum(r, _CUTOFF) - _INNER
            inside = r < _INNER
            return (
                np.where(inside, u + shift, near(t)),
                np.where(inside, slope, near.deriv()(t)),
                np.where(inside, bend, near.deriv(2)(t)),
            )

        return function
