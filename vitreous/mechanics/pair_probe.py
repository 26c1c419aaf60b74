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
from vitreous.mechanics.disc import forces_and_stress, near_pairs, pairs_hold, stiffness, stress_rate
from vitreous.mechanics.pair_table import PairTable, slope_curvature
from vitreous.mechanics.probe import ContinuedProbe, Point, ProbeProtocol

Array = NDArray[Any]

_SKIN = 0.06  # of the cutoff
_NEWTON_STEPS = 24
_SLOW = 0.2  # a factor serves as long as it brings the force down to this fraction in one step
_NEAR = 0.01  # of the trusted displacement: how far from the minimum a factor still gives its tangent


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
        self._weights = _weights(loading) / protocol.area
        n = 2 * free
        self._h, self._factored = np.empty((n, n)), False
        self._reach = table.cutoff * (1.0 + _SKIN)
        self._start, self._other = np.zeros(free + 1, np.int32), np.empty(64 * free + 64, np.int32)
        self._made: tuple[Array, Array] | None = None

    def reach(self, strain: float, y: Array, trust: float) -> Point | None:
        """The minimum at ``strain`` next to the co-moving positions ``y``, with its tangent."""
        f, gradient, inverse = _kinematics(self.loading, round(strain, 12))
        x = y @ f.T
        self._keep_pairs(x, f, inverse, trust)
        tangent, found = np.empty(2 * self.free), np.empty(4)
        self._factored = settle(
            x, self.free, self._start, self._other, *self._model, self._weights, gradient,
            self.protocol.force_tolerance, trust, self._h, self._factored, tangent, found,
        )  # fmt: skip
        if not self._factored:
            return None
        residual, tau, slope, moved = found
        self.easy = bool(moved < 0.1 * self.protocol.jump)
        return Point(strain, x @ inverse, tangent.reshape(-1, 2) @ inverse, float(tau), float(slope), float(residual))

    def _keep_pairs(self, x: Array, f: Array, inverse: Array, trust: float) -> None:
        """Remake the list of pairs when strain or displacement could have brought in a new one."""
        if self._made is not None and pairs_hold(x, self.free, f, *self._made, self._model[-1] + 2.0 * trust, self._reach):
            return
        while not near_pairs(x, self.free, self._reach, self._start, self._other):
            self._other = np.empty(2 * len(self._other), np.int32)
        self._made = (x[: self.free].copy(), np.ascontiguousarray(inverse.T))


@lru_cache(maxsize=8192)
def _kinematics(loading: Loading, strain: float) -> tuple[Array, Array, Array]:
    """F, dF/dstrain F^-1, and the transpose of F^-1, (2, 2) each."""
    f = loading.deformation_gradient(strain)
    return f, loading.velocity_gradient(strain), np.ascontiguousarray(np.linalg.inv(f).T)


@lru_cache(maxsize=16)
def _weights(loading: Loading) -> Array:
    """(2, 2) what each component of a stress counts for in the one that the loading drives."""
    units = np.eye(4).reshape(2, 2, 2, 2)
    return loading.scalar_stress(units)


@njit(cache=True, nogil=True)
def settle(
    x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, gradient, tolerance, trust, h, factored, tangent, found
):  # type: ignore[no-untyped-def]
    """Newton from ``x`` (M, 2), in place; ``h`` may hold the factor of a neighbouring state. False if the way is not smooth.

    The first step may use that factor; then it is made anew, and again where a step no longer brings the force down fast. On success ``h``
    holds a factor made within ``_NEAR * trust`` of the minimum, so curvature is positive there, ``tangent`` (2F,) the rate dx/dstrain
    beyond the affine one, and ``found`` the residual, tau, dtau/dstrain, and the furthest way that any atom went.
    """
    forces, moved, since, step = np.empty((free, 2)), np.zeros((free, 2)), np.zeros((free, 2)), np.empty(2 * free)
    affine = np.empty(2 * free)
    residual, tau = forces_and_stress(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, forces)
    furthest, fresh = 0.0, False
    for taken in range(_NEWTON_STEPS):
        if residual <= tolerance:
            break
        if not factored or (taken > 0 and not fresh):
            stiffness(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, gradient, h, affine)
            if not factorise(h):
                return False
            factored = fresh = True
            since[:] = 0.0
        for a in range(free):
            step[2 * a], step[2 * a + 1] = forces[a, 0], forces[a, 1]
        back_substitute(h, step)
        furthest = 0.0
        for a in range(free):
            for c in range(2):
                x[a, c] += step[2 * a + c]
                moved[a, c] += step[2 * a + c]
                since[a, c] += step[2 * a + c]
            furthest = max(furthest, moved[a, 0] ** 2 + moved[a, 1] ** 2)
        if not furthest <= trust * trust:
            return False
        before = residual
        residual, tau = forces_and_stress(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, forces)
        fresh = fresh and residual < _SLOW * before
    if not residual <= tolerance:
        return False
    if not fresh or np.abs(since).max() > _NEAR * trust:
        stiffness(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, gradient, h, affine)
        if not factorise(h):
            return False
    tangent[:] = affine
    back_substitute(h, tangent)
    slope = stress_rate(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, gradient, tangent)
    found[0], found[1], found[2], found[3] = residual, tau, slope, np.sqrt(furthest)
    return True
