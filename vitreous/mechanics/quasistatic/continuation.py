"""Athermal quasistatic deformation by continuation.

Between instabilities a minimum moves smoothly with strain: u' = H^-1 X (X the affine force)
predicts it, Newton corrects it, and one stride covers many of the user's strain steps. A stride
that is not verified to be smooth is shortened. Where even a small fraction of one strain step
fails, that step contains an instability and is crossed as in the fixed-step protocol: the glass at
the last grid strain is deformed affinely by one step, the *named reference minimiser* descends from
there, and Newton only polishes. Event strains are therefore those of the fixed-step protocol
(Maloney & Lemaitre, Phys. Rev. E 74, 016118 (2006)), which ``stride=1`` performs without
continuation and without Newton.

=====================  =============================================  ==========================
symbol                 variable                                       unit
=====================  =============================================  ==========================
strain                 ``k * strain_step``                            1
dE/dstrain             ``State.virial : velocity_gradient``           energy
u' (co-moving frame)   ``tangent`` (N, D), y = F^-1 x                 length
=====================  =============================================  ==========================

A stride is smooth if three tests hold for every atom, whatever the size of the glass. Newton meets
only positive curvature, and no atom ends further than ``jump`` from its prediction. The state
halfway, predicted by the cubic through both ends and their tangents, lies within ``_MIDPOINT``
times ``smallest_event`` of a minimum. The displacement differs from that of the mean tangent by at
most ``_TRAPEZOID`` of the tangent's change. Across an instability that moves an atom by J the
midpoint's error is about J / 2, unless the approach bends the cubic towards it: then the
trapezoidal error is J. Where a pair crosses a cutoff at which the stiffness jumps, both errors are
of the order of the stride's square.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Loading
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.linear import Preconditioner, solve
from vitreous.mechanics.newton import State, newton
from vitreous.mechanics.quasistatic.fixed_steps import (
    Ends,
    Protocol,
    Visit,
    descend_alone,
    descend_and_polish,
    steps_within,
    walk,
)
from vitreous.mechanics.quasistatic.instability import (
    Fall,
    Instability,
    fall_between,
    furthest,
    longest,
    non_affine,
)
from vitreous.mechanics.quasistatic.marks import Mark, Marked, Path, Point

Array = NDArray[Any]

# finest division of a strain step before its end counts as unreachable without an instability
_FINEST = 32
_MIDPOINT = 0.25  # of ``smallest_event``: tolerance of the midpoint's error
_TRAPEZOID = 0.2  # of the tangent's change over a stride: tolerance of the trapezoidal rule
_SAFETY = 0.85  # of the stride that would just be accepted
_NUDGE = 1e-3  # of ``jump``: the perturbation that leaves a saddle
_ROUGH = 0.1  # of the force at the midpoint: residual of its Newton step


def deform(
    surface: EnergySurface,
    start: State,
    loading: Loading,
    protocol: Protocol,
    preconditioner: Preconditioner,
    visit: Visit | None = None,
    ends: Ends | None = None,
    stops: Collection[int] = (),
    free: Array | None = None,
    begin: Mark | None = None,
    marked: Marked | None = None,
) -> Path:
    """Deform the minimum ``start`` along ``loading`` until ``strain_max``, ``max_events``, or an
    instability for which ``ends`` is true.

    ``visit(step, state)`` is called for every computed state, which include the strain steps
    ``stops``. With ``stride=1`` every strain step is an affine step and a descent. ``free`` (N, 1)
    is 1 for free atoms and 0 for those that only follow the affine deformation; None: all are free.
    ``marked`` is given a mark after every state but the last, and the deformation resumes from
    ``begin``, one of these, with the same bits if surface and preconditioner are as they were then.

    Raises:
        NotConverged: if the reference minimiser does not reach the force tolerance.
    """
    walker = _Walker(surface, start, loading, protocol, preconditioner, free)
    if protocol.stride == 1:
        return walk(walker.descend_alone, start, loading, protocol, visit, ends, begin, marked)
    last, ahead = steps_within(protocol.strain_max, protocol.strain_step), sorted(stops)
    path, point, step, stride, growth = Path([0], [start]), Point(0.0, start), 0, 1, np.inf
    if begin is not None:
        path, point, step, stride, growth = walker.taken_up(begin)
    while step < last and len(path.events) < protocol.max_events:
        ahead = [stop for stop in ahead if stop > step]
        stride = max(
            1, min(stride, *(stop - step for stop in ahead[:1]), last - step, protocol.stride)
        )
        reached = walker.stride(point, stride * protocol.strain_step)
        if reached is None and stride > 1:
            stride, growth = int(stride * min(walker.scale, 0.5)), 1.0
            continue
        before = point.state
        if reached is not None:
            point, step = reached, step + stride
            stride, growth = int(stride * min(walker.scale, growth)), np.inf
        else:
            point, found = walker.cross(point, (step + 1) * protocol.strain_step)
            step, stride = step + 1, 1
            if found is not None:
                path.events.append(
                    Instability(step, before, point.state, non_affine(before, point.state), found)
                )
                last = step if ends is not None and ends(path.events[-1]) else last
        path.steps.append(step)
        path.states.append(point.state)
        if visit is not None:
            visit(step, point.state)
        if marked is not None and step < last and len(path.events) < protocol.max_events:
            marked(walker.mark(path, point, step, stride, growth))
    return path


class _Walker:
    """One glass during a deformation: the moves that ``deform`` combines."""

    def __init__(
        self,
        surface: EnergySurface,
        start: State,
        loading: Loading,
        protocol: Protocol,
        preconditioner: Preconditioner,
        free: Array | None,
    ) -> None:
        self.free = free
        self.surface, self.loading, self.protocol, self.preconditioner = (
            surface,
            loading,
            protocol,
            preconditioner,
        )
        self.cell = start.cell
        self.previous: Point | None = None
        self.scale = 0.5  # ratio of the next stride to the last, from the midpoint's error

    def mark(self, path: Path, point: Point, step: int, stride: int, growth: float) -> Mark:
        """How far the deformation is."""
        numbers = {"step": step, "stride": stride, "growth": growth, "scale": self.scale}
        # copies, since the next stride fills in tangents
        now, previous = (
            None if p is None else replace(p, lin=None) for p in (point, self.previous)
        )
        return Mark(path, len(path.states), len(path.events), numbers, now, previous)

    def taken_up(self, mark: Mark) -> tuple[Path, Point, int, int, float]:
        """What ``mark`` was given."""
        assert mark.point is not None
        numbers = mark.numbers
        self.previous, self.scale = mark.previous, numbers["scale"]
        step, stride = int(numbers["step"]), int(numbers["stride"])
        return mark.whole(), mark.point, step, stride, numbers["growth"]

    def tangent(self, point: Point, h: float) -> Array:
        """The tangent (N, D) dy/dstrain, so accurate that a stride ``h`` leaves a tenth of the
        force tolerance, between 1e-4 and 3e-3 relative.
        """
        if point.tangent is None:
            lin = point.lin = self.surface.linearise(point.state.positions, point.state.cell)
            force = self._on_free(lin.affine_force(self.loading.velocity_gradient(point.strain)))
            wanted = (
                0.1 * self.protocol.force_tolerance / max(h * float(np.abs(force).max()), 1e-300)
            )
            u, point.minimum = solve(
                lin,
                force,
                self.preconditioner,
                min(max(wanted, 1e-4), 3e-3),
                free=self.free,
            )
            point.tangent = np.linalg.solve(self.loading.deformation_gradient(point.strain), u.T).T
        return point.tangent

    def stride(self, point: Point, h: float) -> Point | None:
        """The minimum at ``point.strain + h`` if the stride is smooth, else None."""
        self.scale = 0.5
        if self.tangent(point, h) is not None and not point.minimum:
            return None
        f, protocol = self.loading.deformation_gradient(point.strain + h), self.protocol
        state = newton(
            self.surface,
            self._predict(point, h) @ f.T,
            self.cell @ f.T,
            self.preconditioner,
            protocol.force_tolerance,
            protocol.jump,
            max_steps=6,
            free=self.free,
        )
        if state is None:
            return None
        reached = Point(point.strain + h, state)
        if not self._smooth(point, reached):
            return None
        self.previous = point
        return reached

    def _predict(self, point: Point, h: float) -> Array:
        """Positions (N, D) in the undeformed frame after a stride ``h``: from the tangent, and the
        curvature if there is a previous point.
        """
        tangent = self.tangent(point, h)
        y = self._y(point) + h * tangent
        if self.previous is not None:
            bend = (tangent - self.tangent(self.previous, h)) / (
                point.strain - self.previous.strain
            )
            y += 0.5 * h * h * bend
        return y

    def _smooth(self, a: Point, b: Point) -> bool:
        """Whether the minima ``a`` and ``b`` lie on one branch."""
        h, grain = b.strain - a.strain, _MIDPOINT * self.protocol.smallest_event
        ya, yb, ta, tb = self._y(a), self._y(b), self.tangent(a, h), self.tangent(b, h)
        turn = tb - ta
        if (
            not b.minimum
            or _beyond(yb - ya - 0.5 * h * (ta + tb)) > _TRAPEZOID * h * longest(turn) + grain
        ):
            return False
        # cubic Hermite at the midpoint: (y_a + y_b)/2 - h (t_b - t_a)/8, then one Newton step
        f = self.loading.deformation_gradient(a.strain + 0.5 * h)
        halfway, cell = (0.5 * (ya + yb) - h / 8.0 * turn) @ f.T, self.cell @ f.T
        force = self.surface.energy_forces_virial(halfway, cell)[1]
        assert b.lin is not None
        step, positive = solve(b.lin, force, self.preconditioner, _ROUGH, free=self.free)
        off = longest(step) / grain
        self.scale = float(
            np.clip(_SAFETY * max(off, 1e-6) ** -0.25, 0.1, 2.0)
        )  # the error of a cubic grows as h^4
        return positive and off <= 1.0

    def _y(self, point: Point) -> Array:
        """(N, D) co-moving positions."""
        return np.linalg.solve(
            self.loading.deformation_gradient(point.strain), point.state.positions.T
        ).T

    def cross(self, point: Point, end: float) -> tuple[Point, Fall | None]:
        """Cross from a grid strain to the next, ``end``, as in the fixed-step protocol; return the
        new point and the instability crossed, if any.

        A step that is undone by reversing it is followed in small strides: it may only be a steep
        elastic response.
        """
        fallen, least = self._fall(point, end), self.protocol.smallest_event
        edge = point
        if furthest(point.state, self._again(fallen.state, end, point.strain)) <= least:
            edge = self._follow(point, end)
        self.previous = None
        if edge.strain == end and furthest(edge.state, fallen.state) <= least:
            return edge, None
        return fallen, fall_between(
            edge.state, edge.strain, fallen.state, end, self.loading, self._again, least
        )

    def _fall(self, point: Point, end: float) -> Point:
        """The state that the fixed-step protocol reaches. If a perfect symmetry holds it at a
        saddle, a small perturbation is added.
        """
        fallen = Point(end, self._descend(point.state, point.strain, end))
        self.tangent(fallen, end - point.strain)
        if fallen.minimum:
            return fallen
        noise = self._on_free(
            np.random.default_rng(0).normal(
                0.0, _NUDGE * self.protocol.jump, fallen.state.positions.shape
            )
        )
        return Point(
            end,
            self._descend(
                replace(fallen.state, positions=fallen.state.positions + noise), end, end
            ),
        )

    def _follow(self, point: Point, end: float) -> Point:
        """The branch's minimum at ``end``, or the last one that ever smaller strides can reach."""
        finest = (end - point.strain) / _FINEST
        h = 0.5 * (end - point.strain)
        while True:
            left = end - point.strain
            reached = self.stride(point, left if h > 0.999 * left else h)
            if reached is not None:
                if h > 0.999 * left:
                    return replace(reached, strain=end)
                point, h = reached, h * max(self.scale, 0.5)
            elif h > 1.001 * finest:
                h = max(finest, h * min(self.scale, 0.5))
            else:
                return point

    def _again(self, state: State, strain: float, end: float) -> State:
        """The minimum next to a state, at another strain: by Newton if it is smoothly connected,
        else by the protocol.
        """
        positions, cell = self._strained(state, strain, end)
        protocol = self.protocol
        found = newton(
            self.surface,
            positions,
            cell,
            self.preconditioner,
            protocol.force_tolerance,
            protocol.jump,
            free=self.free,
        )
        return found or descend_and_polish(
            self.surface, positions, cell, self.preconditioner, protocol, self.free
        )

    def _descend(self, state: State, strain: float, end: float) -> State:
        """One strain step: affine step, reference minimiser, Newton polish."""
        positions, cell = self._strained(state, strain, end)
        return descend_and_polish(
            self.surface, positions, cell, self.preconditioner, self.protocol, self.free
        )

    def descend_alone(self, state: State, strain: float, end: float) -> State:
        """One strain step of the fixed-step protocol: affine step and reference minimiser only."""
        return descend_alone(
            self.surface, *self._strained(state, strain, end), self.protocol, self.free
        )

    def _on_free(self, v: Array) -> Array:
        """(N, D) with nothing on atoms that are not free."""
        return v if self.free is None else v * self.free

    def _strained(self, state: State, strain: float, end: float) -> tuple[Array, Array]:
        """Positions and cell of ``state``, affinely deformed from ``strain`` to ``end``."""
        ratio = self.loading.deformation_gradient(end) @ np.linalg.inv(
            self.loading.deformation_gradient(strain)
        )
        return state.positions @ ratio.T, state.cell @ ratio.T


def _beyond(displacement: Array) -> float:
    """The largest of (N, D) displacements, rigid translation removed."""
    return longest(displacement - displacement.mean(axis=0))
