"""The fixed-step protocol of athermal quasistatic deformation: an affine strain step and a descent
by a named minimiser, repeated.

Maloney & Lemaitre, Phys. Rev. E 74, 016118 (2006). The minimiser can be native or LAMMPS.
``vitreous.mechanics.quasistatic.instability`` defines events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import NotConverged
from vitreous.core.loading import Loading
from vitreous.core.surface import EnergySurface
from vitreous.core.watching import tell
from vitreous.mechanics.descent import Pace, Stand, descent_named
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.newton import State, newton
from vitreous.mechanics.quasistatic.instability import (
    Advance,
    Instability,
    fall_between,
    longest,
    non_affine,
)
from vitreous.mechanics.quasistatic.marks import Mark, Marked, Path

Array = NDArray[Any]


@dataclass(frozen=True)
class Protocol:
    """Parameters of a deformation; lengths and forces in the model's units, strains dimensionless.
    ``budget``: force evaluations per minimisation."""

    strain_step: float
    strain_max: float
    max_events: int
    stride: int
    force_tolerance: float
    minimiser: str
    jump: float
    smallest_event: float = 0.005
    friction: float = 0.1
    budget: int = 200_000


Visit = Callable[[int, State], None]
Ends = Callable[[Instability], bool]


def walk(
    advance: Advance,
    start: State,
    loading: Loading,
    protocol: Protocol,
    visit: Visit | None = None,
    ends: Ends | None = None,
    begin: Mark | None = None,
    marked: Marked | None = None,
) -> Path:
    """Perform the fixed-step protocol: ``advance`` finds the minimum after each strain step;
    ``visit``, ``ends``, ``begin`` and ``marked`` as for ``deform``.

    A step is examined for an instability only if the non-affine displacement of some atom differs
    from that of the previous smooth step by more than ``smallest_event``.
    """
    path, h, usual = Path([0], [start]), protocol.strain_step, np.zeros_like(start.positions)
    if begin is not None:
        assert begin.usual is not None
        path, usual = begin.whole(), begin.usual
    before = path.states[-1]
    for step in range(path.steps[-1] + 1, steps_within(protocol.strain_max, h) + 1):
        state = advance(before, (step - 1) * h, step * h)
        moved, found = non_affine(before, state), None
        if longest(moved - usual) > protocol.smallest_event:
            found = fall_between(
                before, (step - 1) * h, state, step * h, loading, advance, protocol.smallest_event
            )
        usual = moved if found is None else usual
        path.steps.append(step)
        path.states.append(state)
        over = False
        if found is not None:
            path.events.append(Instability(step, before, state, moved, found))
            over = len(path.events) == protocol.max_events or (
                ends is not None and ends(path.events[-1])
            )
        if visit is not None:
            visit(step, state)
        if marked is not None and not over:
            marked(Mark(path, len(path.states), len(path.events), {}, usual=usual))
        if over:
            break
        before = state
    return path


def steps_within(strain_max: float, strain_step: float) -> int:
    """The number of whole strain steps up to ``strain_max``, up to rounding."""
    return int(np.floor(strain_max / strain_step + 1e-6))


def descend_and_polish(
    surface: EnergySurface,
    positions: Array,
    cell: Array,
    preconditioner: Preconditioner,
    protocol: Protocol,
    free: Array | None = None,
) -> State:
    """The minimum that the named minimiser reaches from ``positions``, with Newton for the last
    part; ``free`` (N, 1) is 1 for free and 0 for frozen atoms.

    Newton is tried from states of the descent, which continues unchanged unless Newton converges
    through positive curvature without leaving the neighbourhood. It is tried each time the force
    has fallen tenfold. Once the force has risen, an avalanche is under way: Newton is then tried at
    a force whose Newton step is a small fraction of ``jump``, and each time the force has fallen to
    0.3 of that.

    Raises:
        NotConverged: naming the remaining force.
    """
    descent, stiffest = _descent(surface, positions, cell, protocol, free)
    gentle, fall, reach = 1e-3 * protocol.jump * stiffest, 0.1, None
    while True:
        stand = next(descent)
        tell(f"force left {stand.residual:.2g}")
        if stand.residual > 2.0 * gentle:
            fall, reach = 0.3, gentle
        elif reach is None:
            reach = fall * stand.residual
        if stand.residual <= reach:
            preconditioner.refresh(surface.linearise(stand.positions, cell))
            state = newton(
                surface,
                stand.positions,
                cell,
                preconditioner,
                protocol.force_tolerance,
                protocol.jump,
                free=free,
            )
            if state is not None:
                return state
            reach = fall * stand.residual
        if stand.residual <= protocol.force_tolerance:
            return _state_of(surface, stand, cell)
        _refuse_beyond_budget(stand, protocol)


def descend_alone(
    surface: EnergySurface,
    positions: Array,
    cell: Array,
    protocol: Protocol,
    free: Array | None = None,
) -> State:
    """The minimum that the named minimiser reaches from ``positions`` without Newton; otherwise as
    ``descend_and_polish``.
    """
    for stand in _descent(surface, positions, cell, protocol, free)[0]:
        tell(f"force left {stand.residual:.2g}")
        if stand.residual <= protocol.force_tolerance:
            return _state_of(surface, stand, cell)
        _refuse_beyond_budget(stand, protocol)
    raise AssertionError("a descent never ends by itself")


def _descent(
    surface: EnergySurface, positions: Array, cell: Array, protocol: Protocol, free: Array | None
) -> tuple[Iterator[Stand], float]:
    """The named minimiser started from ``positions``, and its curvature scale: twice the largest
    diagonal entry of the Hessian.
    """
    stiffest = 2.0 * float(surface.linearise(positions, cell).network(np.inf).diagonal().max())
    alone = getattr(surface, "forces", None) or (
        lambda x, cell: surface.energy_forces_virial(x, cell)[1]
    )
    force = (lambda x: alone(x, cell)) if free is None else (lambda x: alone(x, cell) * free)
    return descent_named(protocol.minimiser)(
        force, positions, Pace(stiffest, protocol.jump, protocol.friction)
    ), stiffest


def _state_of(surface: EnergySurface, stand: Stand, cell: Array) -> State:
    energy, _, virial = surface.energy_forces_virial(stand.positions, cell)
    return State(stand.positions, cell, energy, virial.copy(), stand.residual)


def _refuse_beyond_budget(stand: Stand, protocol: Protocol) -> None:
    if stand.evaluations >= protocol.budget:
        raise NotConverged(
            f"the {protocol.minimiser} minimiser left a force of {stand.residual:.3g} after "
            f"{stand.evaluations} evaluations "
            f"(tolerance {protocol.force_tolerance:g}); use another minimiser or a larger "
            "force_tolerance"
        )
