"""Are uncertainties as large as the errors? (Kuleshov et al., ICML 80, 2796 (2018), for normal errors.)

For every confidence p, the share of places whose true value lies inside the central interval of that probability, ``|y - y_pred| < u z_p``;
a calibrated model has share = p. The calibration error is the mean of |share - p| over p.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import norm

from vitreous.core.result import Sample

Array = NDArray[np.float64]
_CONFIDENCE = np.linspace(0.05, 0.95, 19)


def coverage(samples: Sequence[Sample]) -> tuple[Array, Array] | None:
    """Confidences and the shares (P,) found, over all places with a label and a prediction; None where no uncertainty is known."""
    parts = [
        (np.abs(s.prediction - s.labels.values) / s.uncertainty)[s.labels.mask & np.isfinite(s.prediction)]
        for s in samples
        if s.prediction is not None and s.uncertainty is not None
    ]
    if not parts or not sum(map(len, parts)):
        return None
    errors = np.sort(np.concatenate(parts))
    return _CONFIDENCE, np.searchsorted(errors, norm.ppf(0.5 + 0.5 * _CONFIDENCE)) / len(errors)


def calibration_error(samples: Sequence[Sample]) -> float:
    """Mean departure of the shares from the confidences; NaN where no uncertainty is known."""
    found = coverage(samples)
    return float("nan") if found is None else float(np.mean(np.abs(found[1] - found[0])))


def calibration(samples: Sequence[Sample]) -> Figure | None:
    """Shares against confidences, with the line of a calibrated model; None where no uncertainty is known."""
    found = coverage(samples)
    if found is None:
        return None
    figure = Figure(figsize=(4.6, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#8a8a8a", linewidth=1.0, label="calibrated")
    axes.plot(*found, color="#c0392b", marker="o", markersize=4, label="test glasses")
    axes.set_xlabel("confidence")
    axes.set_ylabel("share of places inside the interval")
    axes.set_aspect("equal")
    axes.legend(frameon=False)
    return figure
