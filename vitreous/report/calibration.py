"""Do intervals hold the share of true values that they say? (Kuleshov et al., ICML 80, 2796 (2018).)

For every confidence p, the share of places whose true value lies inside the interval of that confidence: the one set on validation glasses
(vitreous.analysis.conformal), or, where there are none, the central one of a normal law, ``|y - y_pred| < u z_p``. A calibrated model has
share = p. The calibration error is the mean of |share - p| over p.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import norm

from vitreous.analysis.conformal import CONFIDENCES, Intervals, errors
from vitreous.core.sample import Sample

Array = NDArray[np.float64]
_CONFIDENCE = np.array(CONFIDENCES)


def coverage(samples: Sequence[Sample], set_by: Intervals | None = None) -> tuple[Array, Array] | None:
    """Confidences and the shares (P,) found, over all labelled places; None where no uncertainty is known."""
    parts = [np.abs(error) / deviation for error, deviation in errors(samples)]
    if not parts or not sum(map(len, parts)):
        return None
    ratios = np.sort(np.concatenate(parts))
    widths = norm.ppf(0.5 + 0.5 * _CONFIDENCE) if set_by is None else set_by.ratio
    return _CONFIDENCE, np.searchsorted(ratios, widths, side="right") / len(ratios)


def calibration_error(samples: Sequence[Sample], set_by: Intervals | None = None) -> float:
    """Mean departure of the shares from the confidences; NaN where no uncertainty is known."""
    found = coverage(samples, set_by)
    return float("nan") if found is None else float(np.mean(np.abs(found[1] - found[0])))


def calibration(samples: Sequence[Sample], set_by: Intervals | None = None) -> Figure | None:
    """Shares against confidences, with the line of a calibrated model; None where no uncertainty is known."""
    found = coverage(samples, set_by)
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
