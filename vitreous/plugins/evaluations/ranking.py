"""Rank of the sites that fail in a map (Fan & Ma, Nat. Commun. 12, 1506 (2021), eq. 5 and the text
after it).

    C_rank = 2 mean_i CDF(rho_i) - 1
    R = |weakest fraction of the map and of the truth| / |weakest fraction of the truth|

with rho_i the map's weakness at a site i that fails and CDF the fraction of sites that are less
weak, i itself counted half. The paper does not state this convention, but only with it are the
extreme values +-(1 - fraction), 0.995 for its 0.5 %, as it reports.

==============  ==============================================================================  ====
number          meaning                                                                         unit
==============  ==============================================================================  ====
c_rank          C_rank of the sites in the weakest ``fraction`` of the true map, as published   1
overlap         R: the fraction of these in the weakest ``fraction`` of the map                 1
c_rank_events   C_rank of the sites nearest to the events, each counted once                    1
overlap_events  the fraction of these in the weakest ``fraction`` of the map                    1
pooled          c_rank and overlap in one ranking of all labelled sites of all test glasses     1
==============  ==============================================================================  ====

Of classes, the sites of the last one are those that fail, whatever ``fraction``, and as many of a
map are its weakest; a model's map is the probability of that class.

Conventions: a fraction contains at least one site; sites that tie at its limit share the remaining
weight. A masked site is a blind guess (C_rank 0, in no fraction), as in ``goodness``; a constant
map has C_rank 0. A glass with fewer than two labelled sites has no c_rank, one without events no
c_rank_events; these are excluded from the means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.run_maps import event_sites, unseen_maps
from vitreous.analysis.scores import goodness_of_sites, locate, weakest_share
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, defined, means, rows_by_glass
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample

Array = NDArray[np.float64]
_NAMES = ("c_rank", "overlap", "c_rank_events", "overlap_events")


@dataclass(frozen=True, kw_only=True)
class Ranking(Evaluation):
    """C_rank and overlap (no unit) of the true map, the model's and the indicators'.

    Fields:
        fraction: fraction of the sites that counts as failing, and as predicted to fail; 0.5 % in
        the paper.

    Raises:
        VitreousError: a fraction that is not between 0 and 1.
    """

    levels = frozenset({"site", "atom", "field"})
    tasks = frozenset({"value", "class"})
    needs = frozenset({"map"})

    fraction: float = 0.005

    def __post_init__(self) -> None:
        if not 0.0 < self.fraction < 1.0:
            raise VitreousError(
                f"ranking fraction is {self.fraction:g}; expected a fraction between 0 and 1"
            )

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, dict[str, Numbers]] = {}
        together: dict[str, list[Array]] = {}
        failing, classes = 0, False
        for sample, truth, maps in unseen_maps(run):
            labelled = sample.labels.mask
            sites = _event_sites(sample)
            true = truth.weakness[labelled]
            classes = sample.labels.task == "class"
            failing += self._count(sample, true)
            glasses[sample.name] = {}
            for each in (truth, *maps):
                weak = each.weakness
                together.setdefault(each.name, []).append(np.stack([true, weak[labelled]]))
                count = self._count(sample, weak)
                at_events = _at(weak, sites, count)
                glasses[sample.name][each.name] = {
                    **_at_weakest(true, weak[labelled], self._count(sample, true)),
                    "c_rank_events": at_events["c_rank"],
                    "overlap_events": at_events["overlap"],
                }
        numbers = {}
        for name, pairs in together.items():
            true, weak = np.concatenate(pairs, axis=1)
            pooled = _at_weakest(true, weak, failing if classes else self._share(true))
            numbers[name] = {**means(glasses, name, _NAMES), "pooled": pooled}
        share = 100.0 * self.fraction
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=_tables(numbers, glasses),
            title="Ranking of the sites that fail",
            text=("The sites of the last class" if classes else f"The weakest {share:g} % of them")
            + " fail; C_rank is 1 − their fraction at best, 0 by chance, and −1 + this fraction at "
            "worst.",
        )

    def _count(self, sample: Sample, values: Array) -> int:
        """Number of the sites of a glass that fail."""
        if sample.labels.task == "class":
            return int((sample.labels.values == len(sample.labels.classes) - 1).sum())
        return self._share(values)

    def _share(self, values: Array) -> int:
        return max(1, round(self.fraction * len(values)))


def _at_weakest(true: Array, weak: Array, count: int) -> dict[str, float | None]:
    """C_rank and overlap at the ``count`` weakest of the true map; both (K,), large meaning
    weak.
    """
    return _at(weak, weakest_share(true, count), count)


def _at(weak: Array, failing: Array, count: int) -> dict[str, float | None]:
    """C_rank and overlap of a map (M,) at the sites that fail, given by weights (M,)."""
    if len(weak) < 2 or not count or not failing.any():
        return {"c_rank": None, "overlap": None}
    chosen = weakest_share(weak, count)
    return {
        "c_rank": defined(np.average(ranks(weak), weights=failing)),
        "overlap": defined(np.average(chosen, weights=failing)),
    }


def ranks(weak: Array) -> Array:
    """2 CDF - 1 (M,) of every site, itself counted half: -1 + 1/M for the strongest, 1 - 1/M for
    the weakest.
    """
    return goodness_of_sites(weak, "high") * (len(weak) - 1) / len(weak)


def _event_sites(sample: Sample) -> Array:
    """Weights (M,): 1 for the sites nearest to an event, 0 for the others."""
    glass, labels = sample.configuration, sample.labels
    where = locate(event_sites(sample), labels.positions, glass.cell, glass.periodic, 0.0)
    weights = np.zeros(len(labels))
    weights[where.nearest] = 1.0
    return weights


def _tables(numbers: dict[str, Numbers], glasses: dict[str, dict[str, Numbers]]) -> list[Table]:
    heads = ("C_rank", "overlap", "C_rank, events", "overlap, events")
    columns = [Column(head, digits=3) for head in heads]
    pooled = [Column(f"pooled {head}", digits=3) for head in heads[:2]]
    rows = [
        [n, *(row[k] for k in _NAMES), row["pooled"]["c_rank"], row["pooled"]["overlap"]]
        for n, row in numbers.items()
    ]
    each = rows_by_glass(glasses, _NAMES)
    return [
        Table(
            title="Ranking, mean over test glasses",
            columns=[Column("ranking by map"), *columns, *pooled],
            rows=rows,
            summary=True,
        ),
        Table(
            title="Ranking per glass",
            columns=[Column("glass"), Column("map"), *columns],
            rows=each,
        ),
    ]
