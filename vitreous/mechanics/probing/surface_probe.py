"""Local probing with any potential: ``vitreous.mechanics.probing.probe`` on the disc's energy
surface.

The disc (or ball) is treated as a glass with free boundaries: its frozen annulus follows the affine
deformation, Newton moves the free atoms. The stress is the rate of the free atoms' energies under
affine strain of the whole disc, over its area or volume; for pair models this equals the free
atoms' share of the virial, with pairs to frozen atoms counted half.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import NotConverged
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.linear import Preconditioner, solve
from vitreous.mechanics.newton import newton
from vitreous.mechanics.probing.probe import ContinuedProbe, Miss, Point, ProbeProtocol
from vitreous.mechanics.quasistatic.fixed_steps import Protocol, descend_alone, descend_and_polish

Array = NDArray[Any]

_STEP = 1e-5  # of the affine strain in the stress's difference quotient
_EXACT = 1e-6  # of the affine force: residual of a tangent
_NUDGE = 1e-3  # of ``jump``: the perturbation that leaves a saddle
_ROUGH = 1e-2  # of the force: residual of the Newton step that measures a miss


class SurfaceProbe(ContinuedProbe):
    """One disc of any potential: ``configuration`` holds its atoms without periodic boundaries, the
    first ``free`` of them free.
    """

    def __init__(
        self,
        configuration: Configuration,
        free: int,
        surface: EnergySurface,
        loading: Loading,
        protocol: ProbeProtocol,
    ) -> None:
        super().__init__(configuration.positions, free, loading, protocol)
        self._cell, self._surface = configuration.cell, surface
        self._mask = (np.arange(len(configuration)) < free)[:, None].astype(float)
        self._preconditioner = Preconditioner(surface.bond_range)
        self._descent = Protocol(
            strain_step=protocol.strain_step,
            strain_max=protocol.strain_max,
            max_events=1,
            stride=1,
            force_tolerance=protocol.force_tolerance,
            minimiser="cg",
            jump=protocol.jump,
        )

    def reach(self, strain: float, y: Array, trust: float) -> Point | None:
        """The minimum at ``strain`` next to the co-moving positions ``y``, with its tangent."""
        f, gradient = (
            self.loading.deformation_gradient(strain),
            self.loading.velocity_gradient(strain),
        )
        cell = self._cell @ f.T
        state = newton(
            self._surface,
            y @ f.T,
            cell,
            self._preconditioner,
            self.protocol.force_tolerance,
            trust,
            max_steps=8,
            free=self._mask,
        )
        if state is None:
            return None
        lin = self._surface.linearise(state.positions, cell)
        tangent, positive = solve(
            lin,
            lin.affine_force(gradient) * self._mask,
            self._preconditioner,
            _EXACT,
            free=self._mask,
        )
        if not positive:
            return None
        velocity = state.positions @ gradient.T + tangent
        ahead, behind = (
            self._tau(
                state.positions + s * _STEP * velocity,
                cell @ (np.eye(len(f)) + s * _STEP * gradient.T),
            )
            for s in (1, -1)
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

    def miss(self, strain: float, y: Array, near: Point) -> Miss:
        """Distance of ``y`` to the minimum at ``strain``, with the stiffness at ``y`` itself;
        infinite if that is not positive.
        """
        f = self.loading.deformation_gradient(strain)
        x, cell = y @ f.T, self._cell @ f.T
        force = self._surface.energy_forces_virial(x, cell)[1] * self._mask
        step, positive = solve(
            self._surface.linearise(x, cell), force, self._preconditioner, _ROUGH, free=self._mask
        )
        furthest = float(np.sqrt((step**2).sum(axis=1).max())) if positive else np.inf
        return Miss(furthest, self._tau(x + step, cell))

    def descend(self, strain: float, y: Array, alone: bool) -> Point | None:
        """The minimum at ``strain`` that conjugate gradients reach from ``y``; None if they do not
        converge.
        """
        f = self.loading.deformation_gradient(strain)
        x, cell = y @ f.T, self._cell @ f.T
        try:
            if not alone:
                return self._fall(strain, x, cell)
            state = descend_alone(self._surface, x, cell, self._descent, self._mask)
        except NotConverged:
            return None
        flat = np.zeros((self.free, len(f)))
        return Point(
            strain,
            state.positions @ np.linalg.inv(f).T,
            flat,
            self._tau(state.positions, cell),
            0.0,
            state.residual,
        )

    def _fall(self, strain: float, x: Array, cell: Array) -> Point | None:
        """Descend; a saddle held by a perfect symmetry is perturbed slightly, once."""
        inverse = np.linalg.inv(self.loading.deformation_gradient(strain)).T
        for _ in range(2):
            state = descend_and_polish(
                self._surface, x, cell, self._preconditioner, self._descent, self._mask
            )
            reached = self.reach(strain, state.positions @ inverse, self.protocol.jump)
            if reached is not None:
                return reached
            x = state.positions + self._mask * np.random.default_rng(0).normal(
                0.0, _NUDGE * self.protocol.jump, x.shape
            )
        return None

    def _tau(self, positions: Array, cell: Array) -> float:
        """Scalar stress of the free atoms: the rate of their energies along the strain conjugate to
        the loading's stress weights, by central differences.
        """
        strain = 0.25 * _STEP * (self._weights + self._weights.T) * self.protocol.area
        grown, shrunk = (
            self._surface.atom_energies(
                positions @ (np.eye(len(cell)) + s * strain),
                cell @ (np.eye(len(cell)) + s * strain),
            )
            for s in (1.0, -1.0)
        )
        return float((grown[: self.free] - shrunk[: self.free]).sum()) / _STEP / self.protocol.area
