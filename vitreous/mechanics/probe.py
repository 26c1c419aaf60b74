"""Local probing: strain one disc with a frozen rim until its stress first drops (Patinet et al. 2016; Bachhav et al. 2025).

The published protocol steps the strain and minimises afresh each time. Here the disc's minimum is followed by continuation: a tangent
predictor (with curvature), Newton with a dense Cholesky factor, strides of many strain steps where the response is smooth, halved where it
is not. Near its end the branch has the slope of a fold, dtau/dstrain = s - c / sqrt(strain_f - strain), so that ``1 / (s - slope)^2``
falls linearly with strain: its zero foretells the fold, and the strain at which the slope vanishes, the stress's peak, which strides then
aim at. The stress peaks before the Hessian turns singular, so the end is either the last grid strain before the stress falls, or the last
one from which the branch can be followed. The threshold is that of the fixed-step protocol at ``strain_step``.

==================  ==============================================  =========================
symbol              variable                                        unit
==================  ==============================================  =========================
tau_in, tau_c       ``Probed.tau_initial``, ``tau_critical``        energy per area
strain_c            ``Probed.strain_critical``                      1
F(strain)           ``Loading.deformation_gradient``                1
==================  ==============================================  =========================
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Loading

Array = NDArray[Any]

_SUBDIVISIONS = 8  # a strain step is divided at most this finely before its end is called unreachable
_MISS = 0.25  # of the change of slope over a stride: how far the trapezoidal rule may be out on one branch
_FIRST_STRIDE = 16  # strain steps
_ELASTIC = 1.2  # times the steepest slope met: s of the law of the fold
_SOFTENED = 0.75  # times s: where the slope lies below it the law is used


@dataclass(frozen=True)
class ProbeProtocol:
    """Lengths, forces in the model's units; strains dimensionless. ``stride``: at most so many strain steps at once."""

    strain_step: float
    strain_max: float
    stride: int
    force_tolerance: float
    jump: float
    area: float


@dataclass(frozen=True)
class Probed:
    """What one probe found; ``converged`` is False without a free atom or a minimum to start from, or a drop before ``strain_max``."""

    tau_initial: float
    tau_critical: float
    strain_critical: float
    residual: float
    converged: bool


UNKNOWN = Probed(np.nan, np.nan, np.nan, np.nan, False)  #: of a disc that cannot be strained


@dataclass
class Point:
    """A minimum of the disc at one strain."""

    strain: float
    y: Array  # (M, D) co-moving positions, y = F^-1 x
    tangent: Array  # (F, D) dy/dstrain of the free atoms
    tau: float
    slope: float  # dtau/dstrain
    residual: float


class ContinuedProbe(ABC):
    """One disc: positions (M, D) relative to its centre at zero strain, the first ``free`` of them free. Subclasses find minima."""

    def __init__(self, positions: Array, free: int, loading: Loading, protocol: ProbeProtocol) -> None:
        self.start, self.free, self.loading, self.protocol = positions, free, loading, protocol
        self.easy = False  # whether the last minimum lay close to its prediction
        self._previous: Point | None = None
        self._elastic = -np.inf  # s of the law of the fold

    @abstractmethod
    def reach(self, strain: float, y: Array, trust: float) -> Point | None:
        """The minimum at ``strain`` next to the co-moving positions ``y`` (M, D), no atom moving further than ``trust``; sets ``easy``."""

    def run(self) -> Probed:
        """Strain the disc until its stress drops."""
        step, stride, last = 0, _FIRST_STRIDE, round(self.protocol.strain_max / self.protocol.strain_step)
        point = self.reach(0.0, self.start, self.protocol.jump * 10) if self.free else None
        if point is None:
            return UNKNOWN
        initial = point.tau
        ceiling = wall = last + 1  # the stress's peak lies before the ceiling; the wall could not be reached from further away
        while step < last:
            stride = self._aim(point, min(stride, last - step), ceiling - 1 - step)
            reached = self._stride(point, stride * self.protocol.strain_step, stride == 1)
            if reached is None and stride == 1:
                reached = self._follow(point, (step + 1) * self.protocol.strain_step)
            if reached is not None and reached.tau >= point.tau and (stride == 1 or reached.slope > 0.0):
                self._previous, point, step = point, reached, step + stride
                stride = min(self.protocol.stride, 2 * stride if self.easy else stride)
                if not self.easy and step < wall <= step + stride:
                    stride = max(1, (wall - step) // 2)
            elif stride > 1:
                ceiling, wall = (step + stride, wall) if reached is not None else (ceiling, step + stride)
                stride //= 2
            else:
                return Probed(initial, point.tau, step * self.protocol.strain_step, point.residual, True)
        return Probed(initial, point.tau, point.strain, point.residual, False)

    def _aim(self, point: Point, stride: int, room: int) -> int:
        """At most ``stride`` strain steps: to the stress's peak if the law of the fold foretells it, else into the middle of ``room``."""
        before = self._previous
        self._elastic = max(self._elastic, _ELASTIC * point.slope)
        middle = max(1, min(stride, (room + 1) // 2))
        if before is None or not point.slope < min(_SOFTENED * self._elastic, before.slope):
            return middle
        now, then = ((self._elastic - p.slope) ** -2 for p in (point, before))
        to_peak = (now - self._elastic**-2) / (then - now) * (point.strain - before.strain)
        return max(1, min(stride, room, int(to_peak / self.protocol.strain_step)))

    def _stride(self, point: Point, h: float, last: bool = False) -> Point | None:
        """The minimum ``h`` further on the branch, or None; if ``last``, also any state of lower stress: it ends the probe."""
        y = point.y.copy()
        y[: self.free] += self._predict(point, h)
        reached = self.reach(point.strain + h, y, self.protocol.jump)
        if reached is None or not (_smooth(point, reached) or (last and reached.tau < point.tau)):
            return None
        return reached

    def _predict(self, point: Point, h: float) -> Array:
        """(F, D) displacement over a stride: the cubic through the last two points and their tangents, else the tangent alone."""
        before = self._previous
        if before is None:
            return h * point.tangent
        length = point.strain - before.strain
        secant = (point.y[: self.free] - before.y[: self.free]) / length
        square = (before.tangent + 2.0 * point.tangent - 3.0 * secant) / length
        cube = (before.tangent + point.tangent - 2.0 * secant) / length**2
        return h * (point.tangent + h * (square + h * cube))

    def _follow(self, point: Point, end: float) -> Point | None:
        """The branch's minimum at ``end`` by ever smaller strides, or None."""
        h = finest = (end - point.strain) / _SUBDIVISIONS
        h *= _SUBDIVISIONS / 2
        start, before = point, self._previous
        while end - point.strain > 1e-3 * finest:
            reached = self._stride(point, min(h, end - point.strain))
            if reached is not None:
                self._previous, point = point, reached
            elif h > 1.5 * finest:
                h *= 0.5
            else:
                self._previous = before
                return None
        self._previous = start
        return point


def _smooth(a: Point, b: Point) -> bool:
    """Whether both ends belong to one branch: stress and positions grow by the mean of their slopes, to a fraction of the slopes' change.

    Positions tell what the stress would hide: a small part of the disc that passed an instability.
    """
    h, free = b.strain - a.strain, len(a.tangent)
    miss = abs(b.tau - a.tau - 0.5 * h * (a.slope + b.slope))
    if miss > _MISS * h * abs(b.slope - a.slope) + 0.005 * h * abs(a.slope + b.slope):
        return False
    astray = _furthest(b.y[:free] - a.y[:free] - 0.5 * h * (a.tangent + b.tangent))
    return astray <= _MISS * h * _furthest(b.tangent - a.tangent) + 0.005 * h * _furthest(a.tangent + b.tangent)


def _furthest(displacement: Array) -> float:
    """The longest of (F, D) vectors."""
    return float(np.sqrt((displacement**2).sum(axis=1).max()))
