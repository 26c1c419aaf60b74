"""Calibrated prediction intervals: split conformal prediction (Papadopoulos et al. 2008; Lei et
al., JASA 113, 1094 (2018), sec. 5.2).

A model gives a value y_i and an uncertainty u_i at each site. Held-out glasses determine the width
of an interval of confidence p, whatever the distribution of the errors:

    |y - y_i| <= q_p u_i,
    q_p: the ceil(p (n + 1))-th smallest of the n ratios |error| / u on those glasses

Where all glasses are needed to learn from, those that the model has left out in turn take the place
of held-out ones (``Fitted.left_out``).

On similar glasses an interval then contains the true value at a fraction p of the sites. For normal
errors with exact standard deviations q is 0.674 at 50 % and 1.96 at 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.core.run import Run
from vitreous.core.sample import Sample

Array = NDArray[np.float64]
CONFIDENCES = tuple(round(0.05 * k, 2) for k in range(1, 20))
ONE_DEVIATION = 0.6827  #: probability within one standard deviation of a normal distribution


@dataclass(frozen=True)
class Intervals:
    """``ratio`` q_p by ``confidence`` p, both ascending, and the number of sites ``places``
    used.
    """

    confidence: Sequence[float]
    ratio: Sequence[float]
    places: int

    def half_width(self, deviations: Array, confidence: float) -> Array:
        """Half the width of the interval, in the unit of ``deviations`` (the uncertainties u);
        interpolated between the confidences of the table.

        Raises:
            ValueError: if the confidence is outside the table.
        """
        if not self.confidence[0] <= confidence <= self.confidence[-1]:
            raise ValueError(
                f"the confidence is {confidence:g}; expected {self.confidence[0]:g} to "
                f"{self.confidence[-1]:g}"
            )
        return np.asarray(deviations) * float(np.interp(confidence, self.confidence, self.ratio))

    def deviation(self, deviations: Array) -> Array:
        """Uncertainties rescaled so that 68 % of the true values lie within one of them, as within
        one standard deviation of a normal distribution.
        """
        return self.half_width(deviations, ONE_DEVIATION)


def errors(samples: Sequence[Sample]) -> list[tuple[Array, Array]]:
    """(error, uncertainty) of every glass with an uncertainty, both (M,), at the sites with a label
    and a prediction; the error is predicted minus true.
    """
    found = []
    for s in samples:
        if s.prediction is not None and s.uncertainty is not None:
            known = s.labels.mask & np.isfinite(s.prediction)
            found.append(((s.prediction - s.labels.values)[known], s.uncertainty[known]))
    return found


def intervals(held_out: Sequence[Sample]) -> Intervals | None:
    """Calibrate intervals on held-out glasses. None if the model has no uncertainty, or if the
    glasses have too few labelled sites for the highest confidence.
    """
    parts = [np.abs(error) / deviation for error, deviation in errors(held_out)]
    return table_of(np.concatenate(parts) if parts else np.zeros(0))


def intervals_of_run(run: Run) -> Intervals | None:
    """Set by the validation glasses or, where these are too few, by the training glasses that the
    model has left out in turn (``Fitted.left_out``). None where neither are enough.
    """
    found = intervals(run.role("validation"))
    if found is not None or run.model is None:
        return found
    ratios = run.model.left_out()
    return None if ratios is None else table_of(ratios)


def table_of(ratios: Array) -> Intervals | None:
    """From ratios \\|error\\| / u (n,) of sites that the model did not learn from; None where they
    are too few for the highest confidence.
    """
    ratios = np.sort(ratios)
    rank = np.ceil(np.array(CONFIDENCES) * (len(ratios) + 1)).astype(int)
    return (
        Intervals(list(CONFIDENCES), ratios[rank - 1].tolist(), len(ratios))
        if rank[-1] <= len(ratios)
        else None
    )
