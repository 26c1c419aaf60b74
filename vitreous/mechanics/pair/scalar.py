"""Potentials defined by a scalar pair function U(r).

A new model is a subclass with its declarations and U(r) for each pair of species::

    @dataclass(frozen=True, kw_only=True)
    class Morse(ScalarPair):
        species: ClassVar = ("A",)
        dimensions: ClassVar = frozenset({2, 3})
        units: ClassVar = "lj"
        cutoff: ClassVar = 2.5  # U = 0 beyond
        closest: ClassVar = 0.5  # closer atoms are refused
        bond_range: ClassVar = 1.5
        length: ClassVar = 1.0  # about the size of an atom: events are measured in it

        def energy(self, a, b, r):
            return (1 - np.exp(-6 * (r - 1))) ** 2 - 1

Forces, stress and Hessians come from splines of U; ``pair_function`` may be overridden to give U'
and U'' exactly. For smooth forces U and U' should vanish at the cutoff, for a continuous Hessian
U'' too; where U has a kink in a higher derivative, place a knot of the table: (r - closest) /
(cutoff - closest) * intervals must be an integer.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from vitreous.core.data import Configuration
from vitreous.core.interfaces import Potential
from vitreous.mechanics.pair.surface import PairSurface
from vitreous.mechanics.pair.table import PairFunction, PairTable, pair_table
from vitreous.mechanics.species import species_of

Array = NDArray[Any]


def differentiated(energy: Callable[[Array], Array]) -> PairFunction:
    """Pair function giving U, U' and U'' at the knots (n,) of a table, from a quintic spline of
    U.
    """

    def function(r: Array) -> tuple[Array, Array, Array]:
        u = np.asarray(energy(r), dtype=np.float64)
        spline = make_interp_spline(r, u, k=5)
        return u, spline(r, 1), spline(r, 2)

    return function


class ScalarPair(Potential):
    """A potential defined by U(r); lengths and energies in ``units``."""

    cutoff: ClassVar[float]
    closest: ClassVar[float]
    bond_range: ClassVar[float]
    intervals: ClassVar[int] = 1000

    @abstractmethod
    def energy(self, a: str, b: str, r: Array) -> Array:
        """U (n,) between species ``a`` and ``b`` at distances ``r`` (n,)."""

    def pair_function(self, a: str, b: str) -> PairFunction:
        """U, U' and U'' between species ``a`` and ``b``."""
        return differentiated(lambda r: self.energy(a, b, r))

    def table(self) -> PairTable:
        """The pair functions as quintic tables."""
        names = self.species
        pairs = {
            (k, m): self.pair_function(names[k], names[m])
            for k in range(len(names))
            for m in range(k, len(names))
        }
        return pair_table(pairs, len(names), self.closest, self.cutoff, self.intervals)

    def surface(self, configuration: Configuration) -> PairSurface:
        """The energy surface of these atoms.

        Raises:
            VitreousError: for another dimension, units or species, overlapping atoms, or a cell
            thinner than the cutoff.
        """
        dimension = (
            configuration.dimension
            if configuration.dimension in self.dimensions
            else min(self.dimensions)
        )
        species = species_of(
            configuration, type(self).__name__, self.species, dimension, self.units
        )
        return PairSurface(configuration, species, self.table(), self.bond_range)
