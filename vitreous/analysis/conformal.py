"""Intervals that hold what they say: split conformal prediction (Papadopoulos et al. 2008; Lei et
al., JASA 113, 1094 (2018), sec. 5.2).

A model gives a value y_i and a deviation u_i at each place; how wide an interval of confidence p
must be is read off glasses that it did not learn from, whatever law the errors follow:

    |y - y_i| <= q_p u_i,
    q_p: the ceil(p (n + 1))-th smallest of the n ratios |error| / u on those glasses

On glasses like those an interval then holds the true value in a share p of the places. Of a normal
law with true deviations q would be 0.674 at 50 % and 1.96 at 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.core.sample import Sample

Array = NDArray[np.float64]
CONFIDENCES = tuple(round(0.05 * k, 2) for k in range(1, 20))
ONE_DEVIATION = 0.6827  #: share of a normal law within one standard deviation


@dataclass(frozen=True)
class Intervals:
    """``ratio`` q_p by ``confidence`` p, both ascending, and the ``places`` that they were read
    off.
    """

    confidence: Sequence[float]
    ratio: Sequence[float]
    places: int

    def half_width(self, deviations: Array, confidence: float) -> Array:
        """Half the width of the interval, in the unit of ``deviations``; between the confidences of
        the table interpolated.

        Raises:
            ValueError: a confidence beyond those of the table.
        """
        if not self.confidence[0] <= confidence <= self.confidence[-1]:
            raise ValueError(
                f"the confidence is {confidence:g}; expected {self.confidence[0]:g} to "
                f"{self.confidence[-1]:g}"
            )
        return np.asarray(deviations) * float(np.interp(confidence, self.confidence, self.ratio))

    def deviation(self, deviations: Array) -> Array:
        """What u has to be for a share of 68 % of the true values to lie within one u, as within
        one deviation of a normal law.
        """
        return self.half_width(deviations, ONE_DEVIATION)


def errors(samples: Sequence[Sample]) -> list[tuple[Array, Array]]:
    """(error, deviation), predicted minus true and both (M,), of every glass whose model knows its
    deviation, where both are known.
    """
    found = []
    for s in samples:
        if s.prediction is not None and s.uncertainty is not None:
            known = s.labels.mask & np.isfinite(s.prediction)
            found.append(((s.prediction - s.labels.values)[known], s.uncertainty[known]))
    return found


def intervals(held_out: Sequence[Sample]) -> Intervals | None:
    """From glasses that the model did not learn from; None where it knows no deviation, or these
    have too few labelled places for the highest confidence.
    """
    parts = [np.abs(error) / deviation for error, deviation in errors(held_out)]
    ratios = np.sort(np.concatenate(parts)) if parts else np.zeros(0)
    rank = np.ceil(np.array(CONFIDENCES) * (len(ratios) + 1)).astype(int)
    return (
        Intervals(list(CONFIDENCES), ratios[rank - 1].tolist(), len(ratios))
        if rank[-1] <= len(ratios)
        else None
    )
