"""Newton's method on the forces of a glass: quadratic convergence, to tolerances at which line
searches on the energy stall.

Steps require positive curvature. On negative curvature, or if an atom would move too far, the
method fails: no minimum is smoothly connected to the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.surface import EnergySurface
from vitreous.mechanics.linear import Preconditioner, solve

Array = NDArray[Any]


@dataclass(frozen=True)
class State:
    """A minimum: positions (N, D) in a cell (D, D), its energy, virial (D, D), and the largest
    force component left.
    """

    positions: Array
    cell: Array
    energy: float
    virial: Array
    residual: float

    @property
    def stress(self) -> Array:
        """Cauchy stress (D, D), energy per area or volume, tension positive."""
        return self.virial / np.linalg.det(self.cell)


def newton(
    surface: EnergySurface,
    start: Array,
    cell: Array,
    preconditioner: Preconditioner,
    tolerance: float,
    trust: float,
    max_steps: int = 12,
    free: Array | None = None,
) -> State | None:
    """Find the minimum next to ``start``, or return None if it is not smoothly connected.

    ``tolerance`` bounds the largest force component; ``trust`` (length) bounds the total
    displacement of any atom; ``free`` (N, 1) is 1 for free and 0 for frozen atoms, whose forces are
    ignored.
    """
    x = start.copy()
    energy, forces, virial = surface.energy_forces_virial(x, cell)
    residual = _largest(forces, free)
    for _ in range(max_steps):
        if residual <= tolerance:
            return State(x, cell.copy(), energy, virial.copy(), residual)
        # H step = f, as accurately as quadratic convergence to the tolerance requires
        lin = surface.linearise(x, cell)
        step, positive = solve(
            lin, forces, preconditioner, min(1e-2, max(0.1 * tolerance / residual, 1e-6)), free=free
        )
        if not positive or not np.all(np.isfinite(step)):
            return None
        x += step
        if np.sqrt(((x - start) ** 2).sum(axis=1).max()) > trust:
            return None
        energy, forces, virial = surface.energy_forces_virial(x, cell)
        residual = _largest(forces, free)
    return State(x, cell.copy(), energy, virial.copy(), residual) if residual <= tolerance else None


def _largest(forces: Array, free: Array | None) -> float:
    return float(np.abs(forces if free is None else forces * free).max())
