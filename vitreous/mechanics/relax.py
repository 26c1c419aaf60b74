"""Relaxation of a glass at fixed cell, or in a cell whose lengths relax to zero normal stress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import NotConverged
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.newton import State, newton
from vitreous.mechanics.quasistatic.fixed_steps import Protocol, descend_and_polish

Array = NDArray[Any]

AT_REST = 1e-3  #: largest force component of a glass that counts as relaxed, energy per length
_LARGEST_STRAIN = 0.01  # of the cell lengths in one step


def relax(
    surface: EnergySurface,
    positions: Array,
    cell: Array,
    preconditioner: Preconditioner,
    protocol: Protocol,
    free: Array | None = None,
) -> State:
    """Relax positions (N, D) at fixed cell (D, D): by Newton's method if the minimum is smoothly
    connected, else by the protocol's reference minimiser.

    ``free`` (N, 1) is 1 for free and 0 for frozen atoms, whose forces are ignored.

    Raises:
        NotConverged: naming the remaining force.
    """
    state = newton(
        surface, positions, cell, preconditioner, protocol.force_tolerance, protocol.jump, free=free
    )
    return state or descend_and_polish(surface, positions, cell, preconditioner, protocol, free)


def relax_lengths(
    surface: EnergySurface,
    state: State,
    preconditioner: Preconditioner,
    protocol: Protocol,
    stress_tolerance: float,
    max_steps: int = 60,
    axes: Sequence[int] | None = None,
) -> State:
    """Relax the glass and the cell lengths along the Cartesian ``axes`` (None: all) to zero normal
    stress along them.

    Lattice vectors are stretched affinely: those along an axis keep their direction, the angles of
    a tilted cell change; shear stress remains. Broyden's method on the axial strains, started from
    a finite-difference stiffness. ``stress_tolerance`` is in energy per area (2D) or volume.

    Raises:
        NotConverged: naming the remaining stress.
    """
    free = list(range(len(state.cell)) if axes is None else axes)
    stiffness = _axial_stiffness(surface, state, preconditioner, protocol, free)
    for _ in range(max_steps):
        stress = np.diag(state.stress)[free]
        if np.abs(stress).max() <= stress_tolerance:
            return state
        strain = -np.linalg.solve(stiffness, stress)
        strain *= min(1.0, _LARGEST_STRAIN / np.abs(strain).max())
        state = _stretched(surface, state, strain, preconditioner, protocol, free)
        # Broyden update of the axial stiffness K: K += (ds - K e) e^T / e . e
        change = np.diag(state.stress)[free] - stress
        stiffness += np.outer(change - stiffness @ strain, strain) / (strain @ strain)
        if not np.all(np.isfinite(stiffness)) or abs(np.linalg.det(stiffness)) < 1e-12 * np.abs(
            stiffness
        ).max() ** len(free):
            stiffness = _axial_stiffness(surface, state, preconditioner, protocol, free)
    raise NotConverged(
        "the cell lengths did not converge: a normal stress of "
        f"{np.abs(np.diag(state.stress)[free]).max():.3g} remains after {max_steps} steps "
        f"(tolerance {stress_tolerance:g}); relax at fixed lengths, or start closer to a minimum"
    )


def _axial_stiffness(
    surface: EnergySurface,
    state: State,
    preconditioner: Preconditioner,
    protocol: Protocol,
    free: list[int],
) -> Array:
    """Rates of the normal stresses along the ``free`` axes with the strains along them, by finite
    differences of relaxed states.
    """
    h, stress, columns = 1e-4, np.diag(state.stress)[free], []
    for strain in h * np.eye(len(free)):
        stretched = _stretched(surface, state, strain, preconditioner, protocol, free)
        columns.append((np.diag(stretched.stress)[free] - stress) / h)
    return np.stack(columns, axis=1)


def _stretched(
    surface: EnergySurface,
    state: State,
    strain: Array,
    preconditioner: Preconditioner,
    protocol: Protocol,
    free: list[int],
) -> State:
    stretch = np.eye(len(state.cell))
    stretch[free, free] += strain
    return relax(surface, state.positions @ stretch, state.cell @ stretch, preconditioner, protocol)
