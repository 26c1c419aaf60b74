"""Local probing of tabulated pair models: compiled kernels, a dense Cholesky factor, no copies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Loading
from vitreous.mechanics import disc
from vitreous.mechanics.cholesky import back_substitute
from vitreous.mechanics.pair_table import PairTable
from vitreous.mechanics.probe import ContinuedProbe, Point, ProbeProtocol

Array = NDArray[Any]


class PairProbe(ContinuedProbe):
    """One disc of a pair model; ``species`` (M,) index the table."""

    def __init__(
        self, positions: Array, free: int, species: NDArray[np.int64], table: PairTable, loading: Loading, protocol: ProbeProtocol
    ) -> None:
        super().__init__(positions, free, loading, protocol)
        self.species, self.table = species, table
        d = positions.shape[1]
        self._model = (species, table.species_count, table.coefficients, table.r_min, 1.0 / table.step, table.cutoff)
        self._h = np.empty((free * d, free * d))
        self._affine, self._forces, self._virial = np.empty((free, d)), np.empty((free, d)), np.empty((d, d))

    def reach(self, strain: float, y: Array, trust: float) -> Point | None:
        """The minimum at ``strain`` next to the co-moving positions ``y``, with its tangent."""
        f = self.loading.deformation_gradient(strain)
        gradient = self.loading.velocity_gradient(strain)
        x = np.ascontiguousarray(y @ f.T)
        predicted = x[: self.free].copy()
        pairs = disc.free_pairs(x, self.free, self.table.cutoff + 2.0 * trust)
        residual = disc.newton(
            x, self.free, pairs, *self._model, gradient, self.protocol.force_tolerance, trust,
            self._h, self._affine, self._forces, self._virial,
        )  # fmt: skip
        if residual < 0.0:
            return None
        self.easy = bool(np.abs(x[: self.free] - predicted).max() < 0.1 * self.protocol.jump)
        tangent = self._affine.ravel().copy()
        back_substitute(self._h, tangent)
        tangent = tangent.reshape(self.free, -1)
        velocity = x @ gradient.T
        velocity[: self.free] += tangent
        tau = float(self.loading.scalar_stress(self._virial)) / self.protocol.area
        rate = np.empty_like(self._virial)
        disc.virial_rate(x, self.free, pairs, *self._model, velocity, rate)
        slope = float(self.loading.scalar_stress(rate)) / self.protocol.area
        inverse = np.linalg.inv(f).T
        return Point(strain, x @ inverse, tangent @ inverse, tau, slope, residual)
