"""Overlap of predicted and true crack paths (Font-Clos et al. 2022, Methods and Fig. 5E).

The true path consists of the sites (atoms or pixels) whose label exceeds ``above``
(``labeler=crack_path`` gives 1 to the atoms of the crack), the predicted path of the weakest
``fraction`` of the map, 10 % in the paper.

=======  ===============================================================================  ====
number   meaning                                                                          unit
=======  ===============================================================================  ====
mcc      Matthews correlation coefficient of the two, scikit-learn's, as published        1
overlap  sites in both / sites in either                                                  1
found    fraction of the true path that is in the predicted one                           1
pooled   the same of all sites of all test glasses at once, marked glass by glass         1
=======  ===============================================================================  ====

``chance`` stands beside the maps: as many sites of each glass, drawn at random; pooled, of all
glasses.

Conventions: sites without a label or a value are excluded. Sites that tie at the limit of the
fraction all belong to it, so a constant map marks everything (mcc 0). A glass without a crack, or
entirely cracked, has no score and is excluded from the means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.axes import GREY, plain, series
from vitreous.analysis.run_maps import unseen_maps
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, defined, means, rows_by_glass
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run

Mask = NDArray[np.bool_]
CHANCE = "chance"  #: the name of random marks, beside those of the maps
_NAMES = ("mcc", "overlap", "found")


@dataclass(frozen=True, kw_only=True)
class CrackPathOverlap(Evaluation):
    """MCC and overlap (no unit) of the weakest fraction of a map with the atoms or pixels of the
    crack.

    Fields:
        fraction: fraction of the sites that a map marks. above: a site belongs to the crack if its
        label is larger, in its unit.

    Raises:
        VitreousError: a fraction that is not between 0 and 1.
    """

    levels = frozenset({"atom", "field"})
    needs = frozenset({"map"})

    fraction: float = 0.1
    above: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 < self.fraction < 1.0:
            raise VitreousError(
                f"crack_path fraction is {self.fraction:g}; expected a fraction between 0 and 1"
            )

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, dict[str, Numbers]] = {}
        together: dict[str, list[tuple[Mask, Mask]]] = {}
        for sample, truth, maps in unseen_maps(run):
            glasses[sample.name] = {}
            for each in maps:
                weak = each.weakness
                known = sample.labels.mask & np.isfinite(weak)
                if not known.any():
                    continue
                count = max(1, round(self.fraction * int(known.sum())))
                marked = weak[known] >= np.sort(weak[known])[-count]
                pair = truth.values[known] > self.above, marked
                glasses[sample.name].setdefault(CHANCE, by_chance(pair[0], count))
                together.setdefault(each.name, []).append(pair)
                glasses[sample.name][each.name] = overlap(*pair)
        numbers = {}
        for name, pairs in together.items():
            pooled = overlap(*(np.concatenate(of) for of in zip(*pairs, strict=True)))
            numbers[name] = {**means(glasses, name, _NAMES), "pooled": pooled}
            if CHANCE not in numbers:
                true = np.concatenate([of for of, _ in pairs])
                whole = by_chance(true, round(self.fraction * len(true)))
                numbers[CHANCE] = {**means(glasses, CHANCE, _NAMES), "pooled": whole}
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=_tables(numbers, glasses),
            figures={"crack_path": lambda: draw(glasses)} if numbers else {},
            title="Predicted and true crack path",
            text=f"A map marks its weakest {100.0 * self.fraction:g} % of the sites of each "
            "glass; MCC is 1 for the crack "
            "itself and 0 by chance.",
        )


def by_chance(true: Mask, count: int) -> dict[str, float | None]:
    """The expected values of the same numbers for ``count`` sites drawn at random: the sites in
    both follow the hypergeometric distribution, and mcc is linear in their number.
    """
    from scipy.stats import hypergeom

    if true.all() or not true.any():
        return dict.fromkeys(_NAMES)
    of, both = int(true.sum()), np.arange(count + 1)
    likely = hypergeom.pmf(both, len(true), of, count)
    expected = float(likely @ (both / (of + count - both)))
    return {"mcc": 0.0, "overlap": expected, "found": count / len(true)}


def draw(glasses: Mapping[str, Mapping[str, Numbers]]) -> object:
    """The fraction of glasses whose MCC is at most that, of every map, as a matplotlib figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axes = figure.subplots()
    names = dict.fromkeys(name for of in glasses.values() for name in of if name != CHANCE)
    for k, name in enumerate(names, start=1):
        found = [of[name]["mcc"] for of in glasses.values() if name in of]
        known = sorted(mcc for mcc in found if mcc is not None)
        if known:
            share = np.arange(len(known) + 1) / len(known)
            axes.step([-1.0, *known], share, where="post", label=name, **series(k), markersize=4)
    axes.axvline(0.0, color=GREY, linestyle=":", label="chance")
    axes.set_xlim(-0.3, 1.0)
    axes.set_xlabel("MCC of the crack path")
    axes.set_ylabel("fraction of glasses")
    axes.legend(fontsize=8.5, frameon=False)
    plain(axes)
    return figure


def overlap(true: Mask, marked: Mask) -> dict[str, float | None]:
    """mcc, overlap and found of two sets of sites (K,); None if there is no crack, or nothing
    else.
    """
    from sklearn.metrics import matthews_corrcoef

    if true.all() or not true.any():
        return dict.fromkeys(_NAMES)
    both = int((true & marked).sum())
    return {
        "mcc": defined(matthews_corrcoef(true, marked)),
        "overlap": both / int((true | marked).sum()),
        "found": both / int(true.sum()),
    }


def _tables(numbers: dict[str, Numbers], glasses: dict[str, dict[str, Numbers]]) -> list[Table]:
    columns = [
        Column("MCC", digits=3),
        Column("overlap", digits=3),
        Column("found", form="percent"),
    ]
    averaged = [[name, *(row[key] for key in _NAMES)] for name, row in numbers.items()]
    pooled = [
        [f"{name}, pooled", *(row["pooled"][key] for key in _NAMES)]
        for name, row in numbers.items()
    ]
    each = rows_by_glass(glasses, _NAMES)
    return [
        Table(
            title="Crack paths on test glasses",
            columns=[Column("crack path by map"), *columns],
            rows=averaged + pooled,
            summary=True,
        ),
        Table(
            title="Crack paths per glass",
            columns=[Column("glass"), Column("map"), *columns],
            rows=each,
        ),
    ]
