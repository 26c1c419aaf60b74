"""Local probing of any model: as ``vitreous.mechanics.probe``, with the disc's energy surface in place of pair tables.

The disc (or ball) is a glass of its own with free boundaries: its rim follows the affine deformation, Newton moves the free atoms. The
stress is the rate at which the free atoms' energies grow when everything in the disc is strained affinely, over the disc's area or volume;
for pair models that is exactly the free atoms' share of the virial, pairs with the rim counted half.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Loading
from vitreous.core.interfaces import EnergySurface
from vitreous.mechanics.linear import Preconditioner, solve
from vitreous.mechanics.newton import newton
from vitreous.mechanics.probe import ContinuedProbe, Point, ProbeProtocol

Array = NDArray[np.float64]

_STEP = 1e-5  # of the affine strain in the stress's difference quotient


class SurfaceProbe(ContinuedProbe):
    """One disc of any model: ``configuration`` holds its atoms without periodic boundaries, the first ``free`` of them free."""

    def __init__(self, configuration: Configuration, free: int, surface: EnergySurface, loading: Loading, protocol: ProbeProtocol) -> None:
        super().__init__(configuration.positions, free, loading, protocol)
        self._cell, self._surface = configuration.cell, surface
        self._mask = (np.arange(len(configuration)) < free)[:, None].astype(float)
        self._preconditioner = Preconditioner(surface.bond_range)

    def reach(self, strain: float, y: Array, trust: float) -> Point | None:
        """The minimum at ``strain`` next to the co-moving positions ``y``, with its tangent."""
        f, gradient = self.loading.deformation_gradient(strain), self.loading.velocity_gradient(strain)
        cell, predicted = self._cell @ f.T, y @ f.T
        state = newton(
            self._surface, predicted, cell, self._preconditioner, self.protocol.force_tolerance, trust, max_steps=8, free=self._mask
        )
        if state is None:
            return None
        self.easy = bool(np.abs(state.positions - predicted).max() < 0.1 * self.protocol.jump)
        lin = self._surface.linearise(state.positions, cell)
        tangent, positive = solve(lin, lin.affine_force(gradient) * self._mask, self._preconditioner, 1e-6, free=self._mask)
        if not positive:
            return None
        velocity = state.positions @ gradient.T + tangent
        ahead, behind = (
            self._tau(state.positions + s * _STEP * velocity, cell @ (np.eye(len(f)) + s * _STEP * gradient.T)) for s in (1, -1)
        )
        inverse = np.linalg.inv(f).T
        return Point(
            strain=strain,
            y=state.positions @ inverse,
            tangent=tangent[: self.free] @ inverse,
            tau=self._tau(state.positions, cell),
            slope=(ahead - behind) / (2 * _STEP),
            residual=state.residual,
        )

    def _tau(self, positions: Array, cell: Array) -> float:
        """The loading's scalar stress of the free atoms."""
        d = positions.shape[1]
        stress = np.zeros((d, d))
        for a in range(d):
            for b in range(a, d):
                energies = []
                for sign in (1.0, -1.0):
                    stretch = np.eye(d)
                    stretch[a, b] += 0.5 * sign * _STEP
                    stretch[b, a] += 0.5 * sign * _STEP
                    energies.append(self._surface.atom_energies(positions @ stretch, cell @ stretch)[: self.free].sum())
                stress[a, b] = stress[b, a] = (energies[0] - energies[1]) / (2 * _STEP)
        return float(self.loading.scalar_stress(stress)) / self.protocol.area
