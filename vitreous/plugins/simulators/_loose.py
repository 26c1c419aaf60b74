"""What moves without resistance, whichever engine deforms the glass, and forces that jump."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.surface import EnergySurface
from vitreous.mechanics.cutoffs import force_jump
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.modes import SoftestMode
from vitreous.mechanics.newton import State

Array = NDArray[Any]

_ZERO = 1e-10  # of an atom's stiffness: an eigenvalue that is zero but for rounding
_SHAKE = 1e-3  # of the potential's length: the displacement that makes every touched atom feel one


def warn_of_modes(strain: Array, lowest: Array, surface: EnergySurface, start: State) -> None:
    """Warn of states at ``strain`` (S,) with a direction that costs no energy, and of those at a
    saddle, held there by a symmetry, which disordered glasses lack. ``lowest`` (S,) are their
    eigenvalues, energy per length squared, NaN where unknown; ``start`` gives the stiffest atom's.
    """
    stiffest = surface.linearise(start.positions, start.cell).network(np.inf).diagonal().max()
    share = np.asarray(lowest) / stiffest
    free = np.flatnonzero(np.abs(share) <= _ZERO)
    if len(free):
        warnings.warn(
            f"at strain {strain[free[0]]:g} the lowest eigenvalue is zero: an atom without "
            "neighbours, or parts that do not touch, move without resistance, and where they come "
            "to rest means nothing; remove what is loose first",
            stacklevel=3,
        )
    saddles = np.flatnonzero(share < -_ZERO)
    if len(saddles):
        warnings.warn(
            f"at strain {strain[saddles[0]]:g} the lowest eigenvalue is negative, "
            f"{share[saddles[0]]:.3g} of the stiffest atom's: a perfect symmetry holds the glass "
            "at a saddle, and an event there is missed; perturb its positions slightly first",
            stacklevel=3,
        )


def warn_of_start(surface: EnergySurface, start: State) -> None:
    """``warn_of_modes`` of the undeformed glass alone, for deformations that determine no
    eigenvalues.
    """
    softest = SoftestMode(surface, Preconditioner(surface.bond_range))
    lowest = softest.at(np.array(start.positions), np.array(start.cell))
    warn_of_modes(np.zeros(1), np.array([lowest]), surface, start)


def warn_of_untouched(
    evaluate: Callable[[Array, Array], tuple[float, Array, Array]], start: State, length: float
) -> None:
    """Warn of atoms that nothing touches, of a model of which only ``evaluate`` is known (positions
    and cell to energy, forces, virial): shaken by a thousandth of ``length``, they feel no force.
    """
    forces = evaluate(_shaken(start, length), start.cell)[1]
    if loose := np.flatnonzero(~forces.any(axis=1)).tolist():
        warnings.warn(
            f"{len(loose)} of {len(forces)} atoms, such as number {loose[0]}, feel no force: "
            "nothing touches them, and where they come to rest means nothing; remove them first",
            stacklevel=3,
        )


def warn_of_jump(
    evaluate: Callable[[Array, Array], tuple[float, Array, Array]],
    start: State,
    length: float,
    accepted: float,
) -> None:
    """Warn if the forces of a model of which only ``evaluate`` is known jump by more than the force
    ``accepted`` in a state, where neighbours cross its cutoffs. The atoms are shaken by a
    thousandth of ``length``, since in a crystal the jumps of a whole shell cancel.
    """

    def forces(positions: Array, cell: Array) -> Array:
        return evaluate(positions, cell)[1]

    jump, expansion = force_jump(forces, _shaken(start, length), start.cell)
    if jump > accepted:
        warnings.warn(
            f"the forces of this model jump by {jump:.2g} where neighbours cross a cutoff (seen "
            f"with the glass expanded by {100 * (expansion - 1.0):.3g} %): a state with a pair "
            "there does not converge below that, and events may be artefacts of the jump; use a "
            "style whose forces end at zero, such as lj/smooth instead of lj/cut",
            stacklevel=3,
        )


def _shaken(start: State, length: float) -> Array:
    """(N, D) positions, displaced at random by a thousandth of ``length``."""
    rng = np.random.default_rng(0)
    return start.positions + rng.normal(0.0, _SHAKE * length, start.positions.shape)
