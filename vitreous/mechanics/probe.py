"""Local probing: strain one disc with a frozen rim until its stress first drops (Patinet et al. 2016; Bachhav et al. 2025).

The published protocol steps the strain and minimises afresh each time. Here the disc's minimum is followed by continuation: a tangent
predictor (with curvature), Newton with a dense Cholesky factor, strides of many strain steps where the response is smooth, halved where it
is not. The stress peaks before the Hessian turns singular, so the end is either the last grid strain before the stress falls, or the last
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
    """What one probe found; ``converged`` is False if the disc had no minimum to start from, or no drop came before ``strain_max``."""

    tau_initial: float
    tau_critical: float
    strain_critical: float
    residual: float
    converged: bool


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

    @abstractmethod
    def reach(self, strain: float, y: Array, trust: float) -> Point | None:
        """The minimum at ``strain`` next to the co-moving positions ``y`` (M, D), no atom moving further than ``trust``; sets ``easy``."""

    def run(self) -> Probed:
        """Strain the disc until its stress drops."""
        step, stride, last = 0, 1, round(self.protocol.strain_max / self.protocol.strain_step)
        point = self.reach(0.0, self.start, self.protocol.jump * 10)
        if point is None:
            return Probed(np.nan, np.nan, np.nan, np.nan, False)
        initial = point.tau
        while step < last:
            stride = min(stride, last - step)
            reached = self._stride(point, stride * self.protocol.strain_step)
            if reached is None and stride == 1:
                reached = self._follow(point, (step + 1) * self.protocol.strain_step)
            if reached is not None and reached.tau >= point.tau and (stride == 1 or reached.slope > 0.0):
                self._previous, point, step = point, reached, step + stride
                stride = min(self.protocol.stride, 2 * stride if self.easy else stride)
            elif stride > 1:
                stride //= 2
            else:
                return Probed(initial, point.tau, point.strain, point.residual, True)
        return Probed(initial, point.tau, point.strain, point.residual, False)

    def _stride(self, point: Point, h: float) -> Point | None:
        y = point.y.copy()
        y[: self.free] += h * point.tangent
        if self._previous is not None:
            y[: self.free] += 0.5 * h * h * (point.tangent - self._previous.tangent) / (point.strain - self._previous.strain)
        reached = self.reach(point.strain + h, y, self.protocol.jump)
        if reached is None or not _smooth(point, reached):
            return None
        return reached

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
    """Whether stress and its slope at both ends belong to one branch: tau grows by the mean slope, to a fraction of the slope's change."""
    h = b.strain - a.strain
    miss = abs(b.tau - a.tau - 0.5 * h * (a.slope + b.slope))
    return miss <= 0.1 * h * abs(b.slope - a.slope) + 0.005 * h * abs(a.slope + b.slope)
