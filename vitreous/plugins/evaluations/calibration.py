"""Empirical against nominal coverage of prediction intervals (Kuleshov et al., ICML 80, 2796
(2018)).

For every confidence p, the fraction (share) of sites whose true value lies inside the interval of
that confidence: the one calibrated on validation glasses (vitreous.analysis.conformal) or, if there
are too few of these, the central one of a normal distribution, ``|y - y'| < u z_p``. A calibrated
model has share = p.

============  ==============================================================================  ====
number        meaning                                                                         unit
============  ==============================================================================  ====
error         mean over p of \\|share - p\\| in a glass, then over glasses                      1
share_50/_95  share inside the interval of 50 and 95 %, in a glass, then over glasses         1
pooled        the same of all sites of all test glasses at once                               1
============  ==============================================================================  ====

Conventions: sites without a label or a prediction are excluded, as are glasses without any. Labels
of level "sample" have one value per glass, so only the pooled numbers are defined. The error of a
single glass exceeds the pooled one, since the errors at its sites are correlated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from vitreous.analysis.conformal import CONFIDENCES, Intervals, errors, intervals_of_run
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, mean
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run

Array = NDArray[np.float64]
_CONFIDENCE = np.array(CONFIDENCES)
_NAMES = ("error", "share_50", "share_95")


@dataclass(frozen=True, kw_only=True)
class Calibration(Evaluation):
    """Fractions of true values inside the intervals of the model's uncertainty; dimensionless, as
    are their errors (no unit).
    """

    levels = frozenset({"sample", "site", "atom", "field"})
    needs = frozenset({"prediction", "uncertainty"})

    def evaluate(self, run: Run) -> Evaluated:
        set_by = intervals_of_run(run)
        glasses: dict[str, Numbers] = {}
        together = []
        for sample in run.role("test"):
            for error, deviation in errors([sample]):
                if len(error):
                    together.append(np.abs(error) / deviation)
                    whole = sample.labels.level == "sample"
                    glasses[sample.name] = (
                        dict.fromkeys(_NAMES) if whole else _numbers(coverage(together[-1], set_by))
                    )
        if not together:
            return Evaluated(
                title=_TITLE,
                text="The model has no uncertainty, or no test glass has labels.",
            )
        pooled = coverage(np.concatenate(together), set_by)
        means = {name: mean([row[name] for row in glasses.values()]) for name in _NAMES}
        numbers = {**means, "pooled": _numbers(pooled)}
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=_tables(numbers, glasses),
            figures={"calibration": lambda: draw(pooled)},
            title=_TITLE,
            text=_SET if set_by is not None else _NORMAL,
        )


_TITLE = "Calibration of the uncertainty"
_SET = (
    "Intervals calibrated on the validation glasses; a calibrated model has equal empirical and "
    "nominal coverage."
)
_NORMAL = (
    "Intervals of a normal distribution, for lack of validation glasses; a calibrated model has "
    "equal empirical and nominal coverage."
)


def coverage(ratios: Array, set_by: Intervals | None = None) -> Array:
    """Fractions (P,) of sites inside the intervals of ``CONFIDENCES``; ``ratios`` (K,) are their
    errors over their uncertainties.
    """
    widths = ndtri(0.5 + 0.5 * _CONFIDENCE) if set_by is None else set_by.ratio
    return np.searchsorted(np.sort(ratios), widths, side="right") / len(ratios)


def _numbers(shares: Array) -> dict[str, float | None]:
    at = dict(zip(CONFIDENCES, shares.tolist(), strict=True))
    return {
        "error": float(np.mean(np.abs(shares - _CONFIDENCE))),
        "share_50": at[0.5],
        "share_95": at[0.95],
    }


def _tables(numbers: Numbers, glasses: dict[str, Numbers]) -> list[Table]:
    columns = [
        Column("error", digits=3),
        Column("inside 50 %", form="percent"),
        Column("inside 95 %", form="percent"),
    ]
    rows = [
        ["mean over glasses", *(numbers[n] for n in _NAMES)],
        ["pooled", *(numbers["pooled"][n] for n in _NAMES)],
    ]
    each = [[str(index), *(row[name] for name in _NAMES)] for index, row in glasses.items()]
    return [
        Table(
            title="Calibration on test glasses",
            columns=[Column("calibration, on test glasses"), *columns],
            rows=rows,
            summary=True,
        ),
        Table(title="Calibration per glass", columns=[Column("glass"), *columns], rows=each),
    ]


def draw(shares: Array) -> object:
    """Empirical coverage ``shares`` (P,) against confidence, with the line of a calibrated model,
    as a matplotlib figure.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#8a8a8a", linewidth=1.0, label="calibrated")
    axes.plot(_CONFIDENCE, shares, color="#c0392b", marker="o", markersize=4, label="test glasses")
    axes.set_xlabel("confidence")
    axes.set_ylabel("fraction of sites inside the interval")
    axes.set_aspect("equal")
    axes.legend(frameon=False)
    return figure
