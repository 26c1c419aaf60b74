"""Local probing of tabulated pair models in the plane: one compiled call per strain, a dense Cholesky factor, no copies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.core.data import Loading
from vitreous.mechanics.cholesky import back_substitute, factorise
from vitreous.mechanics.disc import forces_and_stress, near_pairs, pairs_hold, rates, stiffness
from vitreous.mechanics.disc_descent import conjugate_gradient
from vitreous.mechanics.pair_table import PairTable, slope_curvature
from vitreous.mechanics.probe import ContinuedProbe, Miss, Point, ProbeProtocol

Array = NDArray[Any]

_SKIN = 0.06  # of the cutoff
_FACTORS = 12  # of the stiffness, until a minimum is given up
_SLOW = 0.1  # a factor serves as long as it brings the force down to this fraction in one step
_REFINEMENTS = 6  # of a tangent, before the factor is made anew
_EXACT = 1e-4  # of the affine force: what a tangent may leave unbalanced
_BUDGET = 100_000  # force evaluations of one descent
_NUDGE = 1e-3  # of ``jump``: the disturbance that ends a saddle
_LOOK = 40  # force evaluations between two looks at it


@dataclass(frozen=True)
class SquaredTable:
    """g(q) = U'(r) / r as cubics in q = r^2 between knots ``q_min + k / per_q``; ``coefficients`` (S*S, n, 4), rows as in PairTable."""

    kinds: int
    coefficients: Array
    q_min: float
    per_q: float
    cutoff: float


@lru_cache(maxsize=16)
def squared_table(table: PairTable, intervals: int = 6000) -> SquaredTable:
    """Cubic Hermite interpolation of ``table``; at 6000 intervals forces of the Yukawa model agree to 1e-7 of the largest."""
    q = np.linspace(table.r_min**2, table.cutoff**2, intervals + 1)
    rows = len(table.coefficients)
    coefficients = np.zeros((rows, intervals, 4))
    for kind in range(rows):
        g, dg = _over_r(table.coefficients, kind, np.minimum(np.sqrt(q), table.cutoff), table.r_min, 1.0 / table.step)
        v = dg * (q[1] - q[0])
        rise = g[1:] - g[:-1]
        coefficients[kind] = np.stack([g[:-1], v[:-1], 3 * rise - 2 * v[:-1] - v[1:], v[:-1] + v[1:] - 2 * rise], axis=1)
    return SquaredTable(table.species_count, coefficients, float(q[0]), float(1.0 / (q[1] - q[0])), table.cutoff)


@njit(cache=True)
def _over_r(coefficients, kind, r, r_min, inverse_step):  # type: ignore[no-untyped-def]
    """g = U'/r and dg/dq at distances ``r`` (n,)."""
    g, dg = np.empty_like(r), np.empty_like(r)
    for i in range(len(r)):
        slope, curvature = slope_curvature(coefficients, kind, r[i], r_min, inverse_step)
        g[i] = slope / r[i]
        dg[i] = 0.5 * (curvature - g[i]) / (r[i] * r[i])
    return g, dg


class PairProbe(ContinuedProbe):
    """One disc of a pair model; ``species`` (M,) index the table."""

    def __init__(
        self, positions: Array, free: int, species: NDArray[np.int64], table: SquaredTable, loading: Loading, protocol: ProbeProtocol
    ) -> None:
        super().__init__(positions, free, loading, protocol)
        self.species = np.ascontiguousarray(species)
        self._model = (self.species, table.kinds, table.coefficients, table.q_min, table.per_q, table.cutoff)
        n = 2 * free
        self._h = np.empty((n, n))
        self._reach = self._least_reach = table.cutoff * (1.0 + _SKIN)
        self._start, self._other = np.zeros(free + 1, np.int32), np.empty(64 * free + 64, np.int32)
        self._made: tuple[Array, Array] | None = None

    def reach(self, strain: float, y: Array, trust: float) -> Point | None:
        """The minimum at ``strain`` next to the co-moving positions ``y``, with its tangent."""
        f, gradient, inverse = _kinematics(self.loading, round(strain, 12))
        x = y @ f.T
        self._keep_pairs(x, f, inverse, trust)
        tangent, found = np.empty(2 * self.free), np.empty(3)
        if not settle(
            x, self.free, self._start, self._other, *self._model, self._weights, gradient,
            self.protocol.force_tolerance, trust, self._h, tangent, found,
        ):  # fmt: skip
            return None
        residual, tau, slope = found
        return Point(strain, x @ inverse, tangent.reshape(-1, 2) @ inverse, float(tau), float(slope), float(residual))

    def miss(self, strain: float, y: Array, near: Point) -> Miss:
        """How far ``y`` lies from the minimum at ``strain``, by the factor made on the way to ``near``."""
        f, _, inverse = _kinematics(self.loading, round(strain, 12))
        x, step = y @ f.T, np.empty((self.free, 2))
        self._keep_pairs(x, f, inverse, 0.0)
        return Miss(*newton_step(x, self.free, self._start, self._other, *self._model, self._weights, self._h, step))

    def descend(self, strain: float, y: Array, alone: bool) -> Point | None:
        """The minimum at ``strain`` into which conjugate gradients fall from ``y``, or None.

        Newton is tried where the force has fallen tenfold, and tenfold again; once it has risen, an instability is under way, and Newton is
        tried where its step is a small part of ``jump``. Where it fails the descent goes on undisturbed, but for a small disturbance of a
        saddle at which a perfect symmetry holds it.
        """
        f, gradient, inverse = _kinematics(self.loading, round(strain, 12))
        x, forces, along = y @ f.T, np.zeros((self.free, 2)), np.zeros((self.free, 2))
        self._keep_pairs(x, f, inverse, 0.0)
        stiffest, drift = self._stiffest(x, gradient), 0.25 * _SKIN * self._model[-1]
        gentle, goal, used, least = 1e-3 * self.protocol.jump * stiffest, 0.0, 0, self.protocol.force_tolerance
        while used < _BUDGET:
            self._keep_pairs(x, f, inverse, 1.5 * (drift + self.protocol.jump))
            residual, tau, more = conjugate_gradient(
                x, self.free, self._start, self._other, *self._model, self._weights, forces, along,
                least if alone else max(goal, least), 0.5 / stiffest, self.protocol.jump, drift, _LOOK if used else 1,
            )  # fmt: skip
            if alone and residual <= least:
                return Point(strain, x @ inverse, np.zeros((self.free, 2)), float(tau), 0.0, float(residual))
            if residual <= max(goal, least):
                reached = self.reach(strain, x @ inverse, self.protocol.jump)
                if reached is not None:
                    return reached
            if residual <= least:
                x[: self.free] += np.random.default_rng(used).normal(0.0, _NUDGE * self.protocol.jump, (self.free, 2))
                along[:] = 0.0
            if residual > 2.0 * gentle:
                goal = gentle
            elif not used or residual <= goal:
                goal = 0.1 * residual
            used += more
        return None

    def _stiffest(self, x: Array, gradient: Array) -> float:
        """Twice the largest entry on the diagonal of the stiffness."""
        stiffness(x, self.free, self._start, self._other, *self._model, gradient, self._h, np.empty(2 * self.free))
        return 2.0 * float(self._h.diagonal().max())

    def _keep_pairs(self, x: Array, f: Array, inverse: Array, trust: float) -> None:
        """Remake the list of pairs when strain or displacement could have brought in a new one."""
        if self._made is not None and pairs_hold(x, self.free, f, *self._made, self._model[-1] + 2.0 * trust, self._reach):
            return
        self._reach = max(self._least_reach, 1.01 * (self._model[-1] + 2.0 * trust))
        while not near_pairs(x, self.free, self._reach, self._start, self._other):
            self._other = np.empty(2 * len(self._other), np.int32)
        self._made = (x[: self.free].copy(), np.ascontiguousarray(inverse.T))


@lru_cache(maxsize=16384)
def _kinematics(loading: Loading, strain: float) -> tuple[Array, Array, Array]:
    """F, dF/dstrain F^-1, and the transpose of F^-1, (2, 2) each."""
    f = loading.deformation_gradient(strain)
    return f, loading.velocity_gradient(strain), np.ascontiguousarray(np.linalg.inv(f).T)


@njit(cache=True, nogil=True)
def newton_step(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, h, step):  # type: ignore[no-untyped-def]
    """Moves ``x`` by the Newton step (F, 2) of the factor ``h``; returns its longest move, and the weighted stress times area after it."""
    forces_and_stress(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, step)
    back_substitute(h, step.ravel())
    furthest = 0.0
    for a in range(free):
        furthest = max(furthest, step[a, 0] ** 2 + step[a, 1] ** 2)
        x[a, 0] += step[a, 0]
        x[a, 1] += step[a, 1]
    _, tau = forces_and_stress(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, step)
    return np.sqrt(furthest), tau


@njit(cache=True, nogil=True)
def settle(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, gradient, tolerance, trust, h, tangent, found):  # type: ignore[no-untyped-def]
    """Newton from ``x`` (M, 2), in place. False if the way is not smooth: negative curvature, or an atom that goes further than ``trust``.

    A factor of the stiffness serves as long as it brings the force down fast; ``h`` ends up holding the last. On success ``tangent`` (2F,)
    is the rate dx/dstrain of the minimum itself, beyond the affine one, and ``found`` the residual, tau and dtau/dstrain. That the last
    factor is positive and contracts errors of the tangent shows that the curvature at the minimum is positive, too.
    """
    forces, moved, step, affine = np.empty((free, 2)), np.zeros((free, 2)), np.empty(2 * free), np.empty(2 * free)
    residual, tau = forces_and_stress(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, forces)
    for _ in range(_FACTORS):
        stiffness(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, gradient, h, affine)
        if not factorise(h):
            return False
        before = np.inf
        while residual > tolerance and residual < _SLOW * before:
            step[:] = forces.ravel()
            back_substitute(h, step)
            for a in range(free):
                for c in range(2):
                    x[a, c] += step[2 * a + c]
                    moved[a, c] += step[2 * a + c]
                if not moved[a, 0] ** 2 + moved[a, 1] ** 2 <= trust * trust:
                    return False
            before = residual
            residual, tau = forces_and_stress(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, forces)
        if residual > tolerance:
            continue
        tangent[:] = affine
        back_substitute(h, tangent)
        off = np.inf
        for _ in range(_REFINEMENTS):
            slope = rates(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, gradient, tangent, step)
            last, off = off, np.abs(step).max()
            if off <= _EXACT * np.abs(affine).max():
                found[0], found[1], found[2] = residual, tau, slope
                return True
            if not off < _SLOW * last:
                break
            back_substitute(h, step)
            tangent += step
    return False
