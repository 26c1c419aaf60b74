"""Local probing of tabulated pair models in the plane: one compiled call per strain, a dense
Cholesky factor, no copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.core.data import Loading
from vitreous.mechanics.pair.table import PairTable, slope_curvature
from vitreous.mechanics.probing.cholesky import back_substitute, factorise
from vitreous.mechanics.probing.disc import (
    Disc,
    forces_and_stress,
    keep_pairs,
    largest_of,
    rates,
    stiffness,
)
from vitreous.mechanics.probing.disc_descent import conjugate_gradient
from vitreous.mechanics.probing.probe import ContinuedProbe, Miss, Point, ProbeProtocol

Array = NDArray[Any]

_FACTORS = 12  # of the stiffness, after which the search for a minimum fails
_SLOW = 0.1  # a factor is reused while a step reduces the force at least to this fraction
_REFINEMENTS = 6  # of a tangent, before refactorising
_EXACT = 1e-3  # of the affine force: residual of a tangent
_BUDGET = 100_000  # force evaluations of one descent
_NUDGE = 1e-3  # of ``jump``: the perturbation that leaves a saddle
_LOOK = 40  # force evaluations between two checks of a descent
_DRIFT = 0.015  # of the cutoff: displacement after which the pair list is checked


@dataclass(frozen=True)
class SquaredTable:
    """g(q) = U'(r) / r as cubics in q = r^2 between knots ``q_min + k / per_q``; ``coefficients``
    (S*S, n, 4), rows as in PairTable.
    """

    kinds: int
    coefficients: Array
    q_min: float
    per_q: float
    cutoff: float


@lru_cache(maxsize=16)
def squared_table(table: PairTable, intervals: int = 6000) -> SquaredTable:
    """Cubic Hermite interpolation of ``table``; at 6000 intervals forces of the Yukawa model agree
    to 1e-7 of the largest.
    """
    q = np.linspace(table.r_min**2, table.cutoff**2, intervals + 1)
    rows = len(table.coefficients)
    coefficients = np.zeros((rows, intervals, 4))
    for kind in range(rows):
        g, dg = _over_r(
            table.coefficients,
            kind,
            np.minimum(np.sqrt(q), table.cutoff),
            table.r_min,
            1.0 / table.step,
        )
        v = dg * (q[1] - q[0])
        rise = g[1:] - g[:-1]
        coefficients[kind] = np.stack(
            [g[:-1], v[:-1], 3 * rise - 2 * v[:-1] - v[1:], v[:-1] + v[1:] - 2 * rise], axis=1
        )
    return SquaredTable(
        table.species_count, coefficients, float(q[0]), float(1.0 / (q[1] - q[0])), table.cutoff
    )


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
        self,
        positions: Array,
        free: int,
        species: NDArray[np.int64],
        table: SquaredTable,
        loading: Loading,
        protocol: ProbeProtocol,
    ) -> None:
        super().__init__(positions, free, loading, protocol)
        model = table.kinds, table.coefficients, table.q_min, table.per_q, table.cutoff
        self.disc = Disc.of(free, np.ascontiguousarray(species), *model, self._weights)
        self._h = np.empty((2 * free, 2 * free))

    def reach(self, strain: float, y: Array, trust: float) -> Point | None:
        """The minimum at ``strain`` next to the co-moving positions ``y``, with its tangent."""
        kinematics, tolerance = (
            _kinematics(self.loading, round(strain, 12)),
            self.protocol.force_tolerance,
        )
        found, y, tangent, tau, slope, residual = settle(
            y, self.disc, *kinematics, tolerance, trust, self._h
        )
        return Point(strain, y, tangent, tau, slope, residual) if found else None

    def miss(self, strain: float, y: Array, near: Point) -> Miss:
        """Distance of ``y`` to the minimum at ``strain``, with the factor from reaching
        ``near``.
        """
        f, inverse, _ = _kinematics(self.loading, round(strain, 12))
        return Miss(*newton_step(y, self.disc, f, inverse, self._h))

    def descend(self, strain: float, y: Array, alone: bool) -> Point | None:
        """The minimum at ``strain`` that conjugate gradients reach from ``y``, or None.

        Newton is tried whenever the force has fallen tenfold; once the force rises, an instability
        is under way, and Newton is tried where its step is a small fraction of ``jump``. If it
        fails, the descent continues unchanged. A saddle held by a perfect symmetry is perturbed
        slightly.
        """
        f, inverse, gradient = _kinematics(self.loading, round(strain, 12))
        x, forces, along, jump = (
            y @ f.T,
            np.zeros((self.free, 2)),
            np.zeros((self.free, 2)),
            self.protocol.jump,
        )
        keep_pairs(x, self.disc, f, inverse, 0.0)
        stiffness(x, self.disc, gradient, forces, self._h, np.empty(2 * self.free))
        stiffest, drift = 2.0 * float(self._h.diagonal().max()), _DRIFT * self.disc.cutoff
        gentle, goal, used, least = 1e-3 * jump * stiffest, 0.0, 0, self.protocol.force_tolerance
        while used < _BUDGET:
            keep_pairs(x, self.disc, f, inverse, 3.0 * (drift + jump))
            residual, tau, more = conjugate_gradient(
                x,
                self.disc,
                forces,
                along,
                least if alone else max(goal, least),
                0.5 / stiffest,
                jump,
                drift,
                _LOOK if used else 1,
            )
            if alone and residual <= least:
                return Point(
                    strain,
                    x @ inverse.T,
                    np.zeros((self.free, 2)),
                    float(tau),
                    0.0,
                    float(residual),
                )
            if residual <= max(goal, least):
                reached = self.reach(strain, x @ inverse.T, jump)
                if reached is not None:
                    return reached
            if residual <= least:
                x[: self.free] += np.random.default_rng(used).normal(
                    0.0, _NUDGE * jump, (self.free, 2)
                )
                along[:] = 0.0
            if residual > 2.0 * gentle:
                goal = gentle
            elif not used or residual <= goal:
                goal = 0.1 * residual
            used += more
        return None


@lru_cache(maxsize=16384)
def _kinematics(loading: Loading, strain: float) -> tuple[Array, Array, Array]:
    """F, F^-1 and dF/dstrain F^-1, (2, 2) each."""
    f = np.ascontiguousarray(loading.deformation_gradient(strain))
    return f, np.linalg.inv(f), np.ascontiguousarray(loading.velocity_gradient(strain))


@njit(cache=True, nogil=True)
def _mapped(y, gradient):  # type: ignore[no-untyped-def]
    """``gradient @ y`` of each row of ``y`` (K, 2)."""
    x = np.empty_like(y)
    for i in range(len(y)):
        x[i, 0] = gradient[0, 0] * y[i, 0] + gradient[0, 1] * y[i, 1]
        x[i, 1] = gradient[1, 0] * y[i, 0] + gradient[1, 1] * y[i, 1]
    return x


@njit(cache=True, nogil=True)
def newton_step(y, disc, f, inverse, h):  # type: ignore[no-untyped-def]
    """The largest displacement in one Newton step with the factor ``h`` from co-moving positions
    ``y`` (M, 2), and the scalar stress times area after it.
    """
    x, step = _mapped(y, f), np.empty((disc.free, 2))
    keep_pairs(x, disc, f, inverse, 0.0)
    forces_and_stress(x, disc, step)
    back_substitute(h, step.ravel())
    furthest = 0.0
    for a in range(disc.free):
        furthest = max(furthest, step[a, 0] ** 2 + step[a, 1] ** 2)
        x[a, 0] += step[a, 0]
        x[a, 1] += step[a, 1]
    return np.sqrt(furthest), forces_and_stress(x, disc, step)[1]


@njit(cache=True, nogil=True)
def settle(y, disc, f, inverse, gradient, tolerance, trust, h):  # type: ignore[no-untyped-def]
    """Newton from the co-moving positions ``y`` (M, 2).

    Return whether the minimum is smoothly connected (no negative curvature, no atom moving further
    than ``trust``), and at the minimum the co-moving positions, their rate dy/dstrain (F, 2), the
    scalar stress times area, its rate, and the residual force.

    A factor of the stiffness is reused while it reduces the force fast; ``h`` holds the last one.
    That it is positive and contracts errors of the tangent shows that the curvature at the minimum
    is positive as well.
    """
    free, x = disc.free, _mapped(y, f)
    keep_pairs(x, disc, f, inverse, 2.0 * trust)
    forces, moved, step, affine = (
        np.empty((free, 2)),
        np.zeros((free, 2)),
        np.empty(2 * free),
        np.empty(2 * free),
    )
    failed = False, x, moved, 0.0, 0.0, 0.0
    for _ in range(_FACTORS):
        residual, tau = stiffness(x, disc, gradient, forces, h, affine)
        if not factorise(h):
            return failed
        before = np.inf
        while residual > tolerance and residual < _SLOW * before:
            for a in range(free):
                for c in range(2):
                    step[2 * a + c] = forces[a, c]
            back_substitute(h, step)
            for a in range(free):
                for c in range(2):
                    x[a, c] += step[2 * a + c]
                    moved[a, c] += step[2 * a + c]
                if not moved[a, 0] ** 2 + moved[a, 1] ** 2 <= trust * trust:
                    return failed
            before = residual
            residual, tau = forces_and_stress(x, disc, forces)
        if residual > tolerance:
            continue
        # tangent: H u = X by iterative refinement, ``step`` being the residual X - H u
        tangent = affine.copy()
        back_substitute(h, tangent)
        off = np.inf
        for _ in range(_REFINEMENTS):
            slope = rates(x, disc, gradient, tangent, step)
            last, off = off, largest_of(step)
            if off <= _EXACT * largest_of(affine):
                return (
                    True,
                    _mapped(x, inverse),
                    _mapped(tangent.reshape(free, 2), inverse),
                    tau,
                    slope,
                    residual,
                )
            if not off < _SLOW * last:
                break
            back_substitute(h, step)
            tangent += step
    return failed
