"""Local probing: strain a disc inside a frozen annulus until its stress first drops (Patinet et al.
2016; Bachhav et al. 2025).

The published protocol minimises after every strain step; ``stride=1`` does the same. Longer strides
follow the disc's minimum by continuation, with a tangent predictor (including curvature) and Newton
with a dense Cholesky factor, over as many strain steps as the branch is verified to be smooth.
Three rules make the result that of the fixed-step protocol.

1. A stride from a to b is accepted only if a and b lie on one branch. The cubic through both, with
   their tangents t, predicts the state halfway; one Newton step from there measures its error. On a
   smooth branch the error is h^4 / 384 times the fourth derivative of y; across an instability that
   moves an atom by J it is about J / 2, whatever the stride. The error of no atom may exceed
   ``_MIDPOINT`` of the affine displacement at the disc's edge in one strain step, that of the
   stress ``_MIDPOINT_STRESS`` of its growth in one: a smaller instability causes no stress drop.
2. If a single step cannot be followed, or the stress drops over it, the protocol decides: affine
   step, conjugate gradients, and a comparison of stresses. If the stress has not dropped, the probe
   continues from the state found. So neither a kink of the forces at their cutoff nor an
   instability too small for a drop ends a probe.
3. The stress must grow over the whole stride, according to the cubic through its values and slopes
   at both ends.

Near its end the branch has the slope of a fold, dtau/dstrain = s - c / sqrt(strain_f - strain), so
that ``1 / (s - slope)^2`` falls linearly with strain. Its zero predicts the fold; where it equals
1 / s^2 the slope vanishes and the stress peaks, which is the target of the strides.

==================  ==============================================  =========================
symbol              variable                                        unit
==================  ==============================================  =========================
tau_in, tau_c       ``Probed.tau_initial``, ``tau_critical``        energy per area
strain_c            ``Probed.strain_critical``                      1
F(strain)           ``Loading.deformation_gradient``                1
y, t = dy/dstrain   ``Point.y``, ``Point.tangent``                  length
tau, dtau/dstrain   ``Point.tau``, ``Point.slope``                  energy per area
h                   ``h``                                           1
==================  ==============================================  =========================
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.core.data import Loading

Array = NDArray[Any]

# tolerances of the midpoint: for positions, of the affine displacement at the disc's edge in one
# strain step; for the stress, of its growth in one strain step
_MIDPOINT = 1.0
_MIDPOINT_STRESS = 0.3
_LEAST_SLOPE = 0.05  # of the steepest slope so far: lower bound of the growth, near the stress peak
_TRAPEZOID = 0.2  # of the tangent's change over a stride: tolerance of the trapezoidal rule
_SAFETY = 0.95  # of the stride that would just be accepted
_FIRST_STRIDE = 40  # strain steps
_ELASTIC = 1.2  # times the steepest slope so far: s of the fold's slope
_SOFTENED = 0.75  # times s: below this slope the fold's law is used


@dataclass(frozen=True)
class ProbeProtocol:
    """Parameters of a probe: lengths and forces in the model's units, strains dimensionless.
    ``stride``: largest number of strain steps at once; ``area`` of the disc (volume of the ball).
    """

    strain_step: float
    strain_max: float
    stride: int
    force_tolerance: float
    jump: float
    area: float


@dataclass(frozen=True)
class Probed:
    """Result of a probe. ``converged`` is False if there is no free atom, no minimum to start from,
    or no drop before ``strain_max``.
    """

    tau_initial: float
    tau_critical: float
    strain_critical: float
    residual: float
    converged: bool


UNKNOWN = Probed(np.nan, np.nan, np.nan, np.nan, False)  #: result of a disc without free atoms


def _unconverged(initial: float = np.nan) -> Probed:
    """Result of a disc without a minimum at the start or, given the stress ``initial``, later."""
    return Probed(initial, np.nan, np.nan, np.nan, False)


@dataclass
class Point:
    """A minimum of the disc at one strain."""

    strain: float
    y: Array  # (M, D) co-moving positions, y = F^-1 x
    tangent: Array  # (F, D) dy/dstrain of the free atoms
    tau: float
    slope: float  # dtau/dstrain
    residual: float


@dataclass(frozen=True)
class Miss:
    """Distance to the nearest minimum, from one Newton step: the largest displacement ``furthest``
    (length), and the stress ``tau`` after the step.
    """

    furthest: float
    tau: float


class ContinuedProbe(ABC):
    """One disc: positions (M, D) relative to its centre at zero strain, the first ``free`` of them
    free. Subclasses find the minima.
    """

    def __init__(
        self, positions: Array, free: int, loading: Loading, protocol: ProbeProtocol
    ) -> None:
        self.start, self.free, self.loading, self.protocol = positions, free, loading, protocol
        drive = loading.velocity_gradient(0.0)
        self._weights = (
            loading.scalar_stress(np.eye(drive.size).reshape(2 * drive.shape)) / protocol.area
        )
        self._rim = float(np.sqrt((positions[: max(free, 1)] ** 2).sum(axis=1).max())) or float(
            np.abs(positions).max()
        )
        self._behind: list[Point] = []  # earlier minima of the same branch, in order
        self._scale = 1.0  # ratio of the next stride to the last, from the midpoint's error
        self._steepest = -np.inf  # dtau/dstrain

    @abstractmethod
    def reach(self, strain: float, y: Array, trust: float) -> Point | None:
        """The minimum at ``strain`` next to the co-moving positions ``y`` (M, D); None if an atom
        would move further than ``trust`` (length).
        """

    @abstractmethod
    def miss(self, strain: float, y: Array, near: Point) -> Miss:
        """Distance of ``y`` to the minimum at ``strain``, with the curvature at ``near``, the last
        point reached.
        """

    @abstractmethod
    def descend(self, strain: float, y: Array, alone: bool) -> Point | None:
        """The minimum at ``strain`` that conjugate gradients reach from ``y``; None if they do not
        converge.

        Unless ``alone``, Newton completes the descent. If ``alone``, tangent and slope are zero.
        """

    def run(self) -> Probed:
        """Strain the disc until its stress drops."""
        point = self.reach(0.0, self.start, self.protocol.jump * 10) if self.free else None
        if point is None:
            return _unconverged() if self.free else UNKNOWN
        return self._step_by_step(point) if self.protocol.stride == 1 else self._by_strides(point)

    def _step_by_step(self, point: Point) -> Probed:
        """The fixed-step protocol."""
        initial, step = point.tau, self.protocol.strain_step
        for k in range(self._last):
            reached = self.descend((k + 1) * step, point.y, alone=True)
            if reached is None:
                return _unconverged(initial)
            if reached.tau < point.tau:
                return Probed(initial, point.tau, k * step, point.residual, True)
            point = reached
        return Probed(initial, point.tau, point.strain, point.residual, False)

    def _by_strides(self, point: Point) -> Probed:
        """The same result by continuation."""
        k, stride, initial, step, last = (
            0,
            _FIRST_STRIDE,
            point.tau,
            self.protocol.strain_step,
            self._last,
        )
        ceiling = last + 1  # step before which the stress peaks
        while k < last:
            stride = self._aim(point, min(stride, last - k), ceiling - 1 - k)
            reached = followed = self._stride(point, stride * step)
            if stride == 1 and (followed is None or followed.tau < point.tau):
                reached, ceiling = self.descend((k + 1) * step, point.y, alone=False), last + 1
                if reached is None:
                    return _unconverged(initial)
            if reached is not None and stride == 1 and reached.tau < point.tau:
                return Probed(initial, point.tau, k * step, point.residual, True)
            if reached is not None and (stride == 1 or _increases(point, reached)):
                self._behind = [] if reached is not followed else [*self._behind[-1:], point]
                point, k = reached, k + stride
                ceiling = ceiling if k < ceiling else last + 1
                stride = max(1, min(self.protocol.stride, int(stride * self._scale)))
            else:
                ceiling = k + stride if reached is not None or not self._settled else ceiling
                stride = max(1, int(stride * min(self._scale, 0.65)))
        return Probed(initial, point.tau, point.strain, point.residual, False)

    @property
    def _last(self) -> int:
        """The number of strain steps."""
        return int(np.floor(self.protocol.strain_max / self.protocol.strain_step + 1e-6))

    def _aim(self, point: Point, stride: int, room: int) -> int:
        """At most ``stride`` strain steps: to the stress peak if the fold's law predicts it, else
        to the middle of ``room``.
        """
        before = self._behind[-1] if self._behind else None
        self._steepest = max(self._steepest, point.slope)
        elastic = _ELASTIC * self._steepest
        middle = max(1, min(stride, (room + 1) // 2))
        if before is None or not point.slope < min(_SOFTENED * elastic, before.slope):
            return middle
        now, then = ((elastic - p.slope) ** -2 for p in (point, before))
        to_peak = (now - elastic**-2) / (then - now) * (point.strain - before.strain)
        return max(1, min(stride, room, int(to_peak / self.protocol.strain_step)))

    def _stride(self, point: Point, h: float) -> Point | None:
        """The minimum ``h`` (strain) further on the branch, or None."""
        self._scale = 0.5
        reached = self.reach(
            point.strain + h,
            _interpolated([*self._behind[-1:], point], point.strain + h)[0],
            self.protocol.jump,
        )
        self._settled = reached is not None
        return reached if reached is not None and self._smooth(point, reached) else None

    def _smooth(self, a: Point, b: Point) -> bool:
        """Whether both ends lie on one branch, ``b`` being the minimum reached last (rule 1)."""
        h, step = b.strain - a.strain, self.protocol.strain_step
        grain, middle = _MIDPOINT * step * self._rim, a.strain + 0.5 * h
        apart, turn = _trapezoid(a.y, b.y, a.tangent, b.tangent, h)
        if apart > _TRAPEZOID * h * turn + grain:
            return False
        halfway, expected = _interpolated([*self._behind[-1:], a, b], middle)
        miss = self.miss(middle, halfway, b)
        growth = step * max(min(a.slope, b.slope), _LEAST_SLOPE * self._steepest, 1e-300)
        off = max(miss.furthest / grain, abs(miss.tau - expected) / (_MIDPOINT_STRESS * growth))
        self._scale = min(
            max(_SAFETY * max(off, 1e-6) ** -0.25, 0.1), 3.0
        )  # the error of a cubic grows as h^4
        return off <= 1.0


def _interpolated(points: list[Point], strain: float) -> tuple[Array, float]:
    """Positions (M, D) and stress at ``strain``: the Hermite polynomial through up to three points
    of one branch and their tangents.
    """
    columns = [(p.strain, p.y, p.tangent, p.tau, p.slope) for p in points]
    return _hermite(strain, *zip(*columns, strict=True))


@njit(cache=True, nogil=True)
def _hermite(strain, strains, ys, tangents, taus, slopes):  # type: ignore[no-untyped-def]
    """The Hermite polynomial at ``strain`` through values and rates at ``strains``; frozen atoms
    are those of the last point.

    With Lagrange's basis l_p, value weight l_p^2 (1 - 2 (x - x_p) l_p'(x_p)), rate weight l_p^2 (x
    - x_p).
    """
    free, dimension = tangents[0].shape
    y, tau = ys[-1].copy(), 0.0
    y[:free] = 0.0
    for p in range(len(strains)):
        basis, bend = 1.0, 0.0
        for q in range(len(strains)):
            if q != p:
                basis *= ((strain - strains[q]) / (strains[p] - strains[q])) ** 2
                bend += 2.0 / (strains[p] - strains[q])
        value, rate = basis * (1.0 - (strain - strains[p]) * bend), basis * (strain - strains[p])
        for a in range(free):
            for c in range(dimension):
                y[a, c] += value * ys[p][a, c] + rate * tangents[p][a, c]
        tau += value * taus[p] + rate * slopes[p]
    return y, tau


@njit(cache=True, nogil=True)
def _trapezoid(y, y_then, tangent, tangent_then, h):  # type: ignore[no-untyped-def]
    """The largest deviation of an atom from the trapezoidal rule (length), and the largest change
    of a tangent.
    """
    apart = turn = 0.0
    for a in range(len(tangent)):
        off2 = turn2 = 0.0
        for c in range(tangent.shape[1]):
            off2 += (y_then[a, c] - y[a, c] - 0.5 * h * (tangent[a, c] + tangent_then[a, c])) ** 2
            turn2 += (tangent_then[a, c] - tangent[a, c]) ** 2
        apart, turn = max(apart, off2), max(turn, turn2)
    return np.sqrt(apart), np.sqrt(turn)


def _increases(a: Point, b: Point) -> bool:
    """Whether the cubic through the stresses and slopes of both ends increases between them
    (rule 3).
    """
    secant = (b.tau - a.tau) / (b.strain - a.strain)
    if not min(a.slope, b.slope, secant) > 0.0:
        return False
    # the slope at a fraction s of the interval is a.slope + turn s + bend s^2
    turn, bend = (
        2.0 * (3.0 * secant - 2.0 * a.slope - b.slope),
        3.0 * (a.slope + b.slope - 2.0 * secant),
    )
    return not 0.0 < -turn < 2.0 * bend or a.slope > 0.25 * turn**2 / bend
