"""Is the map of one glass to be trusted? Asked of the model's own deviations, which were learnt
from errors on validation glasses.

    r = sqrt(V / (V + m^2 <u^2>))

is the correlation with the true map that is to be expected where the predicted values have the
variance V over the sites of a glass, and errors are as large as the deviations u say and do not
lean on the prediction. m^2 is the ratio of squared errors to u^2 on the validation glasses. A map
is not trusted where 1 - r^2, the share of the thresholds' variance that it leaves unexplained, is
more than ``WORSE`` times that of the validation glasses.

The sites that r is taken over belong to the glass: some hundreds on a grid of its own, whatever
grid a map is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.core.sample import Sample

Array = NDArray[np.float64]
WORSE = 1.5  #: times the unexplained share of the validation glasses


@dataclass(frozen=True)
class Trust:
    """``factor`` m, the correlation that is ``usual`` (on the validation glasses), and the
    ``least`` that is trusted.
    """

    factor: float
    usual: float
    least: float

    def correlation(self, predicted: Array, deviations: Array) -> float:
        """r to be expected from predictions and deviations (M,) at sites of one glass."""
        variance = float(np.var(predicted))
        unknown = self.factor**2 * float(np.mean(deviations**2))
        return float(np.sqrt(variance / (variance + unknown)))


def trust(held_out: Sequence[Sample]) -> Trust | None:
    """From validation glasses; None where the model knows no deviation, or none of them has two
    labelled sites.
    """
    known = [
        (s.labels.values[s.labels.mask], s.prediction[s.labels.mask], s.uncertainty[s.labels.mask])
        for s in held_out
        if s.prediction is not None and s.uncertainty is not None and s.labels.mask.sum() > 1
    ]
    if not known:
        return None
    true, predicted, deviation = (np.concatenate(of) for of in zip(*known, strict=True))
    factor = float(np.sqrt(np.mean((predicted - true) ** 2) / np.mean(deviation**2)))
    unexplained = np.mean([1.0 - Trust(factor, 0.0, 0.0).correlation(*of) ** 2 for _, *of in known])
    return Trust(
        factor,
        float(np.sqrt(1.0 - unexplained)),
        float(np.sqrt(max(0.0, 1.0 - WORSE * unexplained))),
    )
