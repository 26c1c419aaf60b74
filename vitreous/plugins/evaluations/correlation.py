"""Correlation of maps with the true map: per glass, then averaged; and pooled over all sites of all
glasses.

The mean over glasses shows whether a map finds the weak sites of a glass. The pooled value also
rises if a map only separates weak from strong glasses, so it is given beside the mean.

===============  ========================================================================  ====
number           meaning                                                                   unit
===============  ========================================================================  ====
pearson          linear correlation of the two maps, signs chosen so that large means weak  1
spearman         rank correlation, ties at mid-rank                                        1
sites            fraction of the labelled sites at which the map has a value               1
pooled.pearson   of all labelled sites of all test glasses at once                         1
pooled.spearman  the same of ranks                                                         1
===============  ========================================================================  ====

Conventions: sites without a label or a value are excluded; ``sites`` is the fraction used. A glass
with fewer than two such sites, or with a constant map, has no correlation and is excluded from the
mean. The coefficients are SciPy's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.correlations import pearson, spearman
from vitreous.analysis.run_maps import MODEL, unseen_maps
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, means, rows_by_glass
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run

Array = NDArray[np.float64]
_NAMES = ("pearson", "spearman", "sites")


@dataclass(frozen=True, kw_only=True)
class Correlation(Evaluation):
    """Pearson's and Spearman's coefficients (no unit) of the model's map, and of the indicators',
    with the true map.
    """

    levels = frozenset({"site", "atom", "field"})
    needs = frozenset({"map"})

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, dict[str, Numbers]] = {}
        together: dict[str, list[Array]] = {}
        for sample, truth, maps in unseen_maps(run):
            labelled = sample.labels.mask
            glasses[sample.name] = {}
            for each in maps:
                pair = np.stack([truth.weakness[labelled], each.weakness[labelled]])
                together.setdefault(each.name, []).append(pair)
                share = float(np.isfinite(pair[1]).mean())
                glasses[sample.name][each.name] = {
                    "pearson": pearson(*pair),
                    "spearman": spearman(*pair),
                    "sites": share,
                }
        numbers = {}
        for name, pairs in together.items():
            true, other = np.concatenate(pairs, axis=1)
            pooled = {"pearson": pearson(true, other), "spearman": spearman(true, other)}
            numbers[name] = {**means(glasses, name, _NAMES), "pooled": pooled}
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=_tables(numbers, glasses),
            title="Correlation with the true map",
            text=_TEXT,
            headline=_headline(numbers),
        )


_TEXT = (
    "Over the sites of each test glass, then averaged over the glasses. The pooled values are "
    "over all sites of all test glasses: they also rise if a map only separates weak from strong "
    "glasses."
)


def _tables(numbers: dict[str, Numbers], glasses: dict[str, dict[str, Numbers]]) -> list[Table]:
    columns = [Column("Pearson", digits=3), Column("Spearman", digits=3)]
    pooled = [Column("pooled Pearson", digits=3), Column("pooled Spearman", digits=3)]
    covered = Column("sites", form="percent")
    rows = [
        [
            name,
            row["pearson"],
            row["spearman"],
            row["pooled"]["pearson"],
            row["pooled"]["spearman"],
            row["sites"],
        ]
        for name, row in numbers.items()
    ]
    each = rows_by_glass(glasses, _NAMES)
    return [
        Table(
            title="Correlation with the true map, mean over test glasses",
            columns=[Column("map, with the true map"), *columns, *pooled, covered],
            rows=rows,
            summary=True,
        ),
        Table(
            title="Correlation with the true map, per glass",
            columns=[Column("glass"), Column("map"), *columns, covered],
            rows=each,
        ),
    ]


def _headline(numbers: dict[str, Numbers]) -> str:
    known = {name: row for name, row in numbers.items() if row["pearson"] is not None}
    best = (
        MODEL if MODEL in known else max(known, key=lambda name: known[name]["pearson"], default="")
    )
    if not best:
        return ""
    row = known[best]
    ranks = "" if row["spearman"] is None else f" (ranks: {row['spearman']:.3f})"
    if best == MODEL:
        return (
            "On test glasses, predicted and true map correlate with r = "
            f"{row['pearson']:.3f}{ranks}, mean over glasses."
        )
    return (
        f"Of the indicators, {best.replace('_', ' ')} follows the true map best: r = "
        f"{row['pearson']:.3f}{ranks}, mean over glasses."
    )
