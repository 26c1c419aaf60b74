"""Errors of predicted values: per glass, then averaged; and pooled over all sites of all glasses.

======  ========================================================  ==============
number  formula, over the K sites of a glass                      unit
======  ========================================================  ==============
rmse    sqrt(mean (y' - y)^2)                                     of the label
mae     mean \\|y' - y\\|                                           of the label
r2      1 - sum (y' - y)^2 / sum (y - mean y)^2                   1
sites   fraction of the labelled sites with a prediction          1
pooled  the same three of all sites of all test glasses at once   as above
======  ========================================================  ==============

Conventions: sites without a label or a prediction (NaN) are excluded. A glass with fewer than two
sites, or with constant true values, has no r2; labels of level "sample" have one value per glass,
so only their pooled r2 is defined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.axes import GREY, MODEL_COLOUR, label_text, plain, short_unit, with_unit
from vitreous.analysis.correlations import both_known, pearson
from vitreous.core.cases import ROLES
from vitreous.core.data import in_units
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, defined, mean, percent
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample

Array = NDArray[np.float64]
_NAMES = ("rmse", "mae", "r2")
_FEW = 200  #: points of a panel that are drawn large


@dataclass(frozen=True, kw_only=True)
class Regression(Evaluation):
    """Errors of the predicted values, in the unit of the label, and the explained fraction of its
    variance.
    """

    levels = frozenset({"sample", "site", "atom", "field"})
    needs = frozenset({"prediction"})

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, Numbers] = {}
        pairs = []
        unit, name, whole = "", "", True
        for sample in run.role("test"):
            if sample.prediction is None or not sample.labels.mask.any():
                continue
            true, predicted = _pair(sample)
            unit, name, whole = (
                in_units(sample.labels.unit, sample.configuration.units),
                sample.labels.name,
                sample.labels.level == "sample",
            )
            pairs.append((true, predicted))
            glasses[sample.name] = {
                **errors(true, predicted),
                "sites": len(true) / int(sample.labels.mask.sum()),
            }
        if not pairs:
            return Evaluated(title=_TITLE, text="No test glass has both labels and predictions.")
        true, predicted = (np.concatenate(of) for of in zip(*pairs, strict=True))
        means = {key: mean([row[key] for row in glasses.values()]) for key in (*_NAMES, "sites")}
        numbers = {**means, "pooled": errors(true, predicted)}
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=_tables(numbers, glasses, unit),
            figures={"parity": lambda: parity(run)} if len(true) else {},
            title=_TITLE,
            text=_TEXT,
            headline=_headline(numbers, name, unit) if whole else "",
        )


_TITLE = "Predicted and true values"
_TEXT = (
    "Errors over the sites of each test glass, then averaged over the glasses; pooled: over "
    "all sites of all test glasses."
)


def errors(true: Array, predicted: Array) -> dict[str, float | None]:
    """rmse and mae, in the unit of the values (K,), and r2; None where undefined."""
    if not len(true):
        return dict.fromkeys(_NAMES)
    off = predicted - true
    spread = float(((true - true.mean()) ** 2).sum()) if np.ptp(true) > 0.0 else 0.0
    return {
        "rmse": defined(np.sqrt(np.mean(off**2))),
        "mae": defined(np.mean(np.abs(off))),
        "r2": defined(1.0 - float((off**2).sum()) / spread) if spread > 0.0 else None,
    }


def _pair(sample: Sample) -> tuple[Array, Array]:
    """True and predicted values (K,) at the sites where both are finite."""
    return both_known(sample.labels.values, np.asarray(sample.prediction, dtype=np.float64))


def _tables(numbers: Numbers, glasses: dict[str, Numbers], unit: str) -> list[Table]:
    columns = [
        Column("rms error", unit, digits=4),
        Column("mean abs. error", unit, digits=4),
        Column("R²", digits=3),
    ]
    covered = Column("sites", form="percent")
    rows = [
        ["mean over glasses", *(numbers[key] for key in _NAMES), numbers["sites"]],
        ["pooled", *(numbers["pooled"][key] for key in _NAMES), None],
    ]
    each = [
        [str(index), *(row[key] for key in _NAMES), row["sites"]] for index, row in glasses.items()
    ]
    return [
        Table(
            title="Errors on test glasses",
            columns=[Column("errors, on test glasses"), *columns, covered],
            rows=rows,
            summary=True,
        ),
        Table(title="Errors per glass", columns=[Column("glass"), *columns, covered], rows=each),
    ]


def _headline(numbers: Numbers, name: str, unit: str) -> str:
    pooled = numbers["pooled"]
    if pooled["rmse"] is None:
        return ""
    explained = "" if pooled["r2"] is None else f", R² = {pooled['r2']:.3f}"
    off = f"{pooled['rmse']:.3g}" + ("" if unit == "1" else f" {unit}")
    return f"On test glasses, {name.replace('_', ' ')} is predicted to {off} (rms){explained}."


def parity(run: Run) -> object:
    """Parity plot of training, validation and test glasses, a panel each, as a matplotlib
    figure.
    """
    from matplotlib.figure import Figure

    known, counts, labelled, names = {}, {}, {}, set()
    for role in ROLES:
        pairs = []
        for sample in run.role(role):
            if sample.prediction is not None:
                pairs.append(np.stack(_pair(sample)))
                labelled[role] = labelled.get(role, 0) + int(sample.labels.mask.sum())
                unit = short_unit(in_units(sample.labels.unit, sample.configuration.units))
                names.add((sample.labels.name, unit))
        if pairs:
            known[role], counts[role] = np.concatenate(pairs, axis=1), len(pairs)
    shown = np.concatenate(list(known.values()), axis=1)
    ends = [shown.min(), shown.max()]
    figure = Figure(figsize=(4.1 * len(known), 4.7), layout="constrained")
    grid = np.atleast_1d(figure.subplots(1, len(known), sharex=True, sharey=True))
    for axes, (role, (true, predicted)) in zip(grid, known.items(), strict=True):
        axes.plot(
            true,
            predicted,
            ".",
            color=MODEL_COLOUR,
            markersize=4 if true.size > _FEW else 9,
            alpha=0.4 if true.size > _FEW else 0.8,
            markeredgewidth=0,
            rasterized=true.size > _FEW,
        )
        axes.plot(ends, ends, color=GREY, linewidth=1.2)
        axes.set_title(
            f"{role}: {counts[role]} {'glass' if counts[role] == 1 else 'glasses'}", fontsize=11
        )
        pooled = " (all sites pooled)" if true.size > counts[role] > 1 else ""
        pooled += (
            ""
            if len(true) == labelled[role]
            else f"\nover {percent(len(true) / labelled[role])} of the labelled sites"
        )
        r = pearson(true, predicted) if true.size > 2 else None  # two points lie on a line
        rms = errors(true, predicted)["rmse"]
        note = (
            f"r = {'–' if r is None else f'{r:.3f}'}{pooled}\nrms error "
            f"{'–' if rms is None else with_unit(f'{rms:.3g}', min(names)[1])}"
        )
        axes.text(0.04, 0.96, note, transform=axes.transAxes, va="top", fontsize=9)
        axes.set_aspect("equal", adjustable="box")
        axes.set_xlabel(f"true {label_text(*min(names))}", fontsize=9.5)
        plain(axes)
    grid[0].set_ylabel(f"predicted {label_text(*min(names))}", fontsize=9.5)
    return figure
