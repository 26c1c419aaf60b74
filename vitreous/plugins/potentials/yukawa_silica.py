"""Two-dimensional silica: the Yukawa-type pair model of Roy, Heyde & Heuer, as Bachhav et al.
(2025) use it.

    V(r) = (sigma/r)^12 + (q/r) exp(-kappa r)
    U(r) = V(r) - V(Rc) - V'(Rc) (r - Rc)          r < Rc, else 0

=====  ===========  ==========  ========================
pair   sigma (A)    q           kappa = 1/5.649 per A, Rc = 10 A
=====  ===========  ==========  ========================
Si-Si  2.250        +1.500
Si-O   1.075        -1.000
O-O    0.900        +0.670
=====  ===========  ==========  ========================

Lengths in angstrom; the energy unit of the model is not specified in the literature ("reduced").
The force shift is part of the model: published glasses are relaxed with it, but not without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.mechanics.pair.surface import PairSurface
from vitreous.mechanics.pair.table import PairFunction, PairTable, pair_table

_PAIRS = {(0, 0): (2.250, 1.500), (0, 1): (1.075, -1.000), (1, 1): (0.900, 0.670)}
_BOND_RANGE = 3.3  # angstrom: Si-O, O-O and bonded Si-Si pairs
_R_MIN = 0.6  # angstrom; closer atoms are refused as overlapping


def yukawa(
    r: NDArray[np.float64], sigma: float, q: float, kappa: float
) -> tuple[NDArray[np.float64], ...]:
    """V, V', V'' (energy, per A, per A^2) at distances r (A), without the force shift."""
    core = (sigma / r) ** 12
    screened = q / r * np.exp(-kappa * r)
    return (
        core + screened,
        -12 * core / r - screened * (1 / r + kappa),
        156 * core / r**2 + screened * (2 / r**2 + 2 * kappa / r + kappa**2),
    )


@dataclass(frozen=True, kw_only=True)
class YukawaSilica(Potential):
    """Force-shifted Yukawa silica.

    Fields:
        cutoff: Rc, angstrom.
        screening_length: 1/kappa, angstrom.
    """

    species: ClassVar = ("Si", "O")
    dimensions: ClassVar = frozenset({2})
    units: ClassVar = "silica2d"

    cutoff: float = 10.0
    screening_length: float = 5.649

    def __post_init__(self) -> None:
        if self.cutoff <= 2 * _R_MIN or self.screening_length <= 0:
            raise VitreousError(
                f"cutoff {self.cutoff} A and screening length {self.screening_length} A; expected "
                "positive, cutoff above 1.2"
            )

    def table(self) -> PairTable:
        """The three pair functions, tabulated."""
        functions: dict[tuple[int, int], PairFunction] = {
            pair: self._shifted(*constants) for pair, constants in _PAIRS.items()
        }
        return pair_table(functions, 2, _R_MIN, self.cutoff)

    def _shifted(self, sigma: float, q: float) -> PairFunction:
        kappa = 1.0 / self.screening_length
        at_cutoff = yukawa(np.array([self.cutoff]), sigma, q, kappa)

        def function(
            r: NDArray[np.float64],
        ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
            v, dv, ddv = yukawa(r, sigma, q, kappa)
            return v - at_cutoff[0] - at_cutoff[1] * (r - self.cutoff), dv - at_cutoff[1], ddv

        return function

    def surface(self, configuration: Configuration) -> PairSurface:
        """The energy surface of a planar Si-O glass.

        Raises:
            VitreousError: for another dimension, units or species, overlapping atoms, or a cell
            thinner than the cutoff.
        """
        if configuration.dimension != 2:
            raise VitreousError(
                "yukawa_silica is a two-dimensional model, but the glass has three dimensions; "
                "use another potential"
            )
        unknown = sorted(set(configuration.names) - set(self.species))
        if unknown:
            raise VitreousError(
                f"yukawa_silica knows Si and O, but the glass contains {', '.join(unknown)}; name "
                "its species or use another potential"
            )
        if configuration.units != self.units:
            raise VitreousError(
                f"yukawa_silica works in {self.units} units (A, reduced energy), but the glass is "
                f"in {configuration.units}; use another potential"
            )
        index = np.array([self.species.index(name) for name in configuration.names])
        return PairSurface(configuration, index[configuration.species], self.table(), _BOND_RANGE)
