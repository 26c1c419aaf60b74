"""Athermal quasistatic deformation by continuation.

Between instabilities a minimum moves smoothly with strain: u' = H^-1 X (X the affine force) predicts it, Newton corrects it, and one
stride covers many of the user's strain steps. Where a stride fails the smoothness tests it is halved; where even a fraction of one
strain step fails, an instability lies inside that step, and the state is carried over it exactly as the fixed-step protocol does: the
glass at the last grid strain is deformed affinely by one step and the *named reference minimiser* descends from there; Newton only
polishes. Event strains are therefore those of the fixed-step protocol (Maloney & Lemaitre, Phys. Rev. E 74, 016118 (2006)).

=====================  =============================================  ==========================
symbol                 variable                                       unit
=====================  =============================================  ==========================
strain                 ``k * strain_step``                            1
dE/dstrain             ``State.virial : velocity_gradient``           energy
u' (co-moving frame)   ``tangent`` (N, D), y = F^-1 x                 length
=====================  =============================================  ==========================

A stride is smooth if Newton meets positive curvature only, no atom ends further than ``jump`` from its prediction, and the energy
agrees with the work done, ``E1 - E0 = h (E0' + E1') / 2`` to a tenth of ``h |E1' - E0'| / 2``. A step that could not be followed is an
event if it set free more energy than that, and moved an atom by more than a tenth of ``jump``: the first instabilities of a Lennard-Jones
glass move theirs by a few hundredths of a diameter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Loading
from vitreous.core.errors import NotConverged
from vitreous.core.interfaces import EnergySurface
from vitreous.mechanics.descent import Pace, descent_named
from vitreous.mechanics.linear import Preconditioner, solve
from vitreous.mechanics.newton import State, newton

Array = NDArray[Any]

_SUBDIVISIONS = 16  # a strain step is divided at most this finely before its end is called unreachable without an instability


@dataclass(frozen=True)
class Protocol:
    """How to deform. Lengths and forces in the model's units; strains dimensionless."""

    strain_step: float
    strain_max: float
    max_events: int
    stride: int
    force_tolerance: float
    minimiser: str
    jump: float
    friction: float = 0.1
    budget: int = 200_000


@dataclass(frozen=True)
class Instability:
    """An event: the states before (grid strain k) and after (k + 1), and the non-affine displacement (N, D) between them."""

    step: int
    before: State
    after: State
    displacement: Array


@dataclass
class Path:
    """What a deformation met: grid indices and states in order, and the instabilities."""

    steps: list[int] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    events: list[Instability] = field(default_factory=list)


@dataclass
class _Point:
    """A minimum on the branch; its tangent once a stride has asked for it."""

    strain: float
    state: State
    slope: float  # dE/dstrain
    tangent: Array | None = None  # (N, D) in the co-moving frame


def deform(
    surface: EnergySurface,
    start: State,
    loading: Loading,
    protocol: Protocol,
    preconditioner: Preconditioner,
    visit: Callable[[int, State], None] | None = None,
    ends: Callable[[Instability], bool] | None = None,
) -> Path:
    """Take the minimum ``start`` along ``loading`` until ``strain_max``, ``max_events``, or an instability for which ``ends`` is true.

    ``visit(step, state)`` is told of each state on the way.

    Raises:
        NotConverged: if the reference minimiser cannot bring the forces down.
    """
    walker = _Walker(surface, start, loading, protocol, preconditioner)
    path = Path([0], [start])
    step, stride, last = 0, 1, steps_within(protocol.strain_max, protocol.strain_step)
    point = walker.point(0.0, start)
    while step < last and len(path.events) < protocol.max_events:
        stride = min(stride, last - step)
        reached = walker.stride(point, stride * protocol.strain_step)
        if reached is not None:
            step, point = step + stride, reached
            stride = min(protocol.stride, 2 * stride if walker.easy else stride)
        elif stride > 1:
            stride //= 2
            continue
        else:
            before = point.state
            point, event = walker.cross(point, step)
            step += 1
            if event:
                path.events.append(Instability(step, before, point.state, non_affine(before, point.state)))
                last = step if ends is not None and ends(path.events[-1]) else last
        path.steps.append(step)
        path.states.append(point.state)
        if visit is not None:
            visit(step, point.state)
    return path


def steps_within(strain_max: float, strain_step: float) -> int:
    """How many whole strain steps lead no further than ``strain_max``, rounding apart."""
    return int(np.floor(strain_max / strain_step + 1e-6))


class _Walker:
    """One glass on its way: the moves that ``deform`` chooses between."""

    def __init__(self, surface: EnergySurface, start: State, loading: Loading, protocol: Protocol, preconditioner: Preconditioner) -> None:
        self.surface, self.loading, self.protocol, self.preconditioner = surface, loading, protocol, preconditioner
        self.cell = start.cell
        self.previous: _Point | None = None
        self.easy = False

    def point(self, strain: float, state: State) -> _Point:
        """What a stride needs to know of a minimum."""
        return _Point(strain, state, float(np.sum(state.virial * self.loading.velocity_gradient(strain))))

    def tangent(self, point: _Point, h: float) -> Array:
        """(N, D), as exact as leaves a tenth of the force tolerance after a first stride ``h``, within 1e-4 to 1e-2 of its size."""
        if point.tangent is None:
            lin = self.surface.linearise(point.state.positions, point.state.cell)
            force = lin.affine_force(self.loading.velocity_gradient(point.strain))
            wanted = 0.1 * self.protocol.force_tolerance / max(h * float(np.abs(force).max()), 1e-300)
            u, _ = solve(lin, force, self.preconditioner, min(max(wanted, 1e-4), 1e-2))
            point.tangent = np.linalg.solve(self.loading.deformation_gradient(point.strain), u.T).T
        return point.tangent

    def stride(self, point: _Point, h: float) -> _Point | None:
        """The minimum at ``point.strain + h`` if the way there is smooth, else None."""
        predicted = self._predict(point, h)
        f = self.loading.deformation_gradient(point.strain + h)
        protocol = self.protocol
        state = newton(
            self.surface, predicted @ f.T, self.cell @ f.T, self.preconditioner, protocol.force_tolerance, protocol.jump, max_steps=6
        )
        if state is None:
            return None
        reached = self.point(point.strain + h, state)
        work = 0.5 * h * (point.slope + reached.slope)
        if abs(state.energy - point.state.energy - work) > _slack(point.slope, reached.slope, h, state.energy):
            return None
        moved = np.sqrt(((state.positions - predicted @ f.T) ** 2).sum(axis=1).max())
        self.easy = bool(moved < 0.1 * protocol.jump)
        self.previous = point
        return reached

    def _predict(self, point: _Point, h: float) -> Array:
        """Positions (N, D) in the undeformed frame after a stride ``h``: tangent, plus curvature where the last two points agree."""
        tangent = self.tangent(point, h)
        y = np.linalg.solve(self.loading.deformation_gradient(point.strain), point.state.positions.T).T + h * tangent
        if self.previous is not None:
            bend = (tangent - self.tangent(self.previous, h)) / (point.strain - self.previous.strain)
            y += 0.5 * h * h * bend
        return y

    def cross(self, point: _Point, step: int) -> tuple[_Point, bool]:
        """From grid strain ``step`` to the next: on the same branch if small strides can follow it, else over the instability."""
        end = (step + 1) * self.protocol.strain_step
        followed = self._follow(point, end)
        if followed is not None:
            return followed, False
        self.previous = None
        state = self._descend(point, end)
        reached = self.point(end, state)
        return reached, unstable(point.state, state, (point.slope, reached.slope), end - point.strain, self.protocol.jump)

    def _follow(self, point: _Point, end: float) -> _Point | None:
        """The branch's minimum at ``end`` reached by ever smaller strides, or None."""
        h = finest = (end - point.strain) / _SUBDIVISIONS
        h *= _SUBDIVISIONS / 2
        while end - point.strain > 1e-3 * finest:
            reached = self.stride(point, min(h, end - point.strain))
            if reached is not None:
                point = reached
            elif h > 1.5 * finest:
                h *= 0.5
            else:
                return None
        return point

    def _descend(self, point: _Point, end: float) -> State:
        """The fixed-step protocol: affine step, reference minimiser, Newton polish."""
        protocol = self.protocol
        ratio = self.loading.deformation_gradient(end) @ np.linalg.inv(self.loading.deformation_gradient(point.strain))
        cell = point.state.cell @ ratio.T
        return descend_and_polish(self.surface, point.state.positions @ ratio.T, cell, self.preconditioner, protocol)


def unstable(before: State, after: State, slopes: tuple[float, float], h: float, jump: float) -> bool:
    """Whether an instability lies between two states ``h`` apart in strain, whose dE/dstrain are ``slopes``."""
    released = before.energy + 0.5 * h * sum(slopes) - after.energy
    moved = np.sqrt((non_affine(before, after) ** 2).sum(axis=1).max())
    return bool(released > _slack(*slopes, h, after.energy) and moved > 0.1 * jump)


def _slack(slope: float, reached: float, h: float, energy: float) -> float:
    """By how much energy and work may differ on a smooth way of length ``h``."""
    return 0.05 * h * abs(reached - slope) + 1e-12 * abs(energy)


def non_affine(before: State, after: State) -> Array:
    """(N, D) non-affine displacement between two states followed continuously, rigid translation removed."""
    affine = np.linalg.solve(before.cell, after.cell)
    u = after.positions - before.positions @ affine
    return u - u.mean(axis=0)


def descend_and_polish(
    surface: EnergySurface, positions: Array, cell: Array, preconditioner: Preconditioner, protocol: Protocol, free: Array | None = None
) -> State:
    """The minimum that the named minimiser falls into from ``positions``; ``free`` (N, 1) of ones and zeros freezes atoms.

    Newton is tried from where the descent stands, and the descent goes on undisturbed unless Newton converges through positive curvature
    without leaving the neighbourhood. First that is where the force has fallen tenfold, and tenfold again. Once the force has risen, an
    avalanche is under way: then at a force whose Newton step is a small part of ``jump``, and again each time it has fallen to a third.

    Raises:
        NotConverged: naming the force that is left.
    """
    stiffest = 2.0 * float(surface.linearise(positions, cell).network(np.inf).diagonal().max())
    pace = Pace(stiffest, protocol.jump, protocol.friction)
    gentle, fall, reach = 1e-3 * protocol.jump * stiffest, 0.1, None
    alone = getattr(surface, "forces", None) or (lambda x, cell: surface.energy_forces_virial(x, cell)[1])
    force = (lambda x: alone(x, cell)) if free is None else (lambda x: alone(x, cell) * free)
    descent = descent_named(protocol.minimiser)(force, positions, pace)
    while True:
        stand = next(descent)
        if stand.residual > 2.0 * gentle:
            fall, reach = 0.3, gentle
        elif reach is None:
            reach = fall * stand.residual
        if stand.residual <= reach:
            preconditioner.refresh(surface.linearise(stand.positions, cell))
            state = newton(surface, stand.positions, cell, preconditioner, protocol.force_tolerance, protocol.jump, free=free)
            if state is not None:
                return state
            reach = fall * stand.residual
        if stand.residual <= protocol.force_tolerance:
            energy, _, virial = surface.energy_forces_virial(stand.positions, cell)
            return State(stand.positions, cell, energy, virial.copy(), stand.residual)
        if stand.evaluations >= protocol.budget:
            raise NotConverged(
                f"the {protocol.minimiser} minimiser left a force of {stand.residual:.3g} after {stand.evaluations} evaluations "
                f"(tolerance {protocol.force_tolerance:g}); use another minimiser or a larger force_tolerance"
            )
