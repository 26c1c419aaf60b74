"""Silica after Watanabe, Yamasaki, Tatsumura & Ohdomari, Appl. Surf. Sci. 234, 207 (2004), as
Font-Clos et al. (2022) use it.

A Stillinger-Weber form whose Si-O bonds soften with the coordination of both atoms:

    E = sum_pairs f2 + sum_triplets f3      (r in units of sigma, energies of epsilon)
    f2 = g_Si(z_Si) g_O(z_O) A (B r^-p - r^-q) exp[1 / (r - a)]      g = 1 unless the pair is Si-O
    g_Si(z) = (p1 sqrt(z + p2) - p4) exp[p3 / (z - 4)] + p4          z < 4, else p4
    g_O(z) = p5 / (exp[(p6 - z) / p7] + 1) exp[p8 (z - p9)^2]
    z_i = sum of fc(r_ij) over neighbours of the OTHER species       ramp from R - D to R + D
    f3 = lambda(z_i) exp[gamma_ij / (r_ij - a_ij) + gamma_ik / (r_ik - a_ik)] (D^2 + alpha D^3)
    D = cos theta_jik - cos theta_0,    lambda(z) = mu (1 + nu exp[-xi (z - z0)^2])

The published atomic energies of a bilayer (pairs in halves, triplets in thirds) determine the
conventions: each arm has its own gamma, each unordered pair of ends counts once, z counts unlike
neighbours only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.mechanics.species import species_of
from vitreous.mechanics.watanabe.surface import WatanabeSurface
from vitreous.mechanics.watanabe.terms import Terms

_PAIRS = (  # A, B, p, q, a
    (7.04955, 0.60222, 4.0, 0.0, 1.80),  # Si-Si
    (21.0, 0.038, 5.3, -1.1, 1.30),  # Si-O
    (-12.29, 0.0, 0.0, 2.24, 1.25),  # O-O
)
_SI, _O = 0, 1
_TRIPLETS = (  # centre, ends; mu, nu, xi, z0; a of each arm; gamma of each arm; cos theta_0, alpha
    (_SI, _SI, _SI, 4.0, 0.0, 0.0, 0.0, 1.20, 1.20, 0.088, 0.088, -1 / 3, -1.35),
    (_SI, _SI, _SI, 5.878, 1.6, 6.0, 0.0, 1.80, 1.80, 1.01, 1.01, -1 / 3, 0.3),
    (_SI, _SI, _O, 3.0, 3.6, 2.0, 2.6, 1.15, 1.10, 0.032, 0.124, -1 / 3, 0.3),
    (_SI, _SI, _O, 5.878, 0.0, 0.0, 0.0, 1.80, 1.50, 1.01, 1.082079, -1 / 3, 0.3),
    (_O, _SI, _SI, 2.5, 0.0, 0.0, 0.0, 1.20, 1.20, 0.15, 0.15, -0.812, 1.6),
    (_SI, _O, _O, 10.5, 0.0, 0.0, 0.0, 1.10, 1.10, 0.31, 0.31, -1 / 3, 0.0),
)
_SOFT = (
    0.303672895420570121,
    3.93232680731067283,
    0.253450103965147155,
    0.856344826609515408,
    5.274,
    0.712,
    0.522,
    -0.0372,
    -4.52,
)
_RAMP = (1.15, 1.25)  # R - D, R + D
_CLOSEST = 0.7  # angstrom; closer atoms are refused as overlapping
_BOND_RANGE = 2.5  # angstrom


@dataclass(frozen=True, kw_only=True)
class Watanabe(Potential):
    """Coordination-softened silica in three dimensions.

    Fields:
        epsilon: energy scale, eV; the default, 3.4723e-19 J, reproduces the published energies.
        sigma: length scale, angstrom.
    """

    species: ClassVar = ("Si", "O")
    dimensions: ClassVar = frozenset({3})
    units: ClassVar = "metal"

    epsilon: float = 2.1672382544571396  # 3.4723e-19 J at 1.60217733e-19 J per eV
    sigma: float = 2.0951

    def __post_init__(self) -> None:
        for name in ("epsilon", "sigma"):
            if not getattr(self, name) > 0.0:
                raise VitreousError(
                    f"watanabe.{name} is {getattr(self, name)!r}; expected a positive number"
                )

    def terms(self) -> Terms:
        """The parameters in angstrom and eV."""
        pairs = np.array(
            [
                [
                    self.epsilon * a * b * self.sigma**p,
                    p,
                    self.epsilon * a * self.sigma**q,
                    q,
                    rc * self.sigma,
                ]
                for a, b, p, q, rc in _PAIRS
            ]
        )
        triplets = np.array(_TRIPLETS, dtype=np.float64)
        triplets[:, 3] *= self.epsilon
        triplets[:, 7:11] *= self.sigma
        ramp = np.array(_RAMP) * self.sigma
        reach = np.maximum(pairs[:, 4], [0.0, ramp[1], 0.0])
        for centre, a, b, range_a, range_b in triplets[:, [0, 1, 2, 7, 8]]:
            for end, range_ in ((a, range_a), (b, range_b)):
                kind = int(centre + end)
                reach[kind] = max(reach[kind], range_)
        return Terms(pairs, triplets, np.array(_SOFT), ramp, reach, self.sigma)

    def surface(self, configuration: Configuration) -> WatanabeSurface:
        """The energy surface of a Si-O glass.

        Raises:
            VitreousError: for another dimension, units or species, overlapping atoms, or a cell
            thinner than the cutoff.
        """
        species = species_of(configuration, "watanabe", self.species, 3, self.units)
        return WatanabeSurface(configuration, species, self.terms(), _BOND_RANGE, _CLOSEST)
