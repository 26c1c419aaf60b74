"""Classification of weak sites by a map: per glass, then averaged; and pooled over all sites of all
glasses.

Weak are the weakest ``fraction`` of the labelled sites of a glass, or those beyond a ``threshold``
of the label; predicted weak are the same fraction of the map, or the predictions beyond the
threshold.

=================  ===========================================================================  ====
number             meaning                                                                      unit
=================  ===========================================================================  ====
balanced_accuracy  mean of the recalls of weak and of other sites         1
average_precision  area under the precision-recall curve of the map; chance level:       1
                   ``weak``
mcc                Matthews correlation coefficient                                             1
precision_at_k     fraction of weak sites among the weakest ``k`` of the map                 1
weak               prevalence: fraction of the sites that are weak                            1
sites              fraction of the labelled sites at which the map has a value                     1
pooled             the same of all sites of all test glasses at once, classed glass by glass    1
=================  ===========================================================================  ====

Balanced accuracy hides imbalance (96 % at a prevalence of 0.5 % may mean a precision of 11 %), so
the others are given beside it. The formulae are scikit-learn's; precision_at_k averages over the
ways to break a tie.

Conventions: sites without a label or a value are excluded; ``sites`` is the fraction used. Sites
that tie at the limit of a fraction all belong to it. A glass whose sites are all weak, or none, has
only the score ``weak`` and is excluded from the other means; a map with a single class (a constant
map) has mcc 0 and balanced accuracy 1/2. An indicator has another unit than the label: with a
threshold it has no classes, only average_precision and precision_at_k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.run_maps import MODEL, Map, unseen_maps
from vitreous.analysis.scores import weakest_share, weakness
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, defined, means, rows_by_glass
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_NAMES = ("balanced_accuracy", "average_precision", "mcc", "precision_at_k", "weak", "sites")


class Classed(NamedTuple):
    """Sites (K,) of a map: truly ``weak``; ``called`` weak by the map, None without classes; the
    map's ``weakness``.
    """

    weak: Mask
    called: Mask | None
    weakness: Array


@dataclass(frozen=True, kw_only=True)
class Classification(Evaluation):
    """Balanced accuracy, average precision, MCC and precision@k, all without a unit.

    Fields:
        fraction: fraction of the sites of a glass that is weak, in the true and in the predicted
        map; None with a threshold. threshold: of the label, in its unit: sites at or beyond it, on
        the weak side, are weak. Give this or ``fraction``. predicted_threshold: the same for
        predictions; None: ``threshold``.
        k: fraction of the sites, the weakest of the map, used for precision_at_k.

    Raises:
        VitreousError: both or neither of fraction and threshold, or fractions that are not between
        0 and 1.
    """

    levels = frozenset({"site", "atom", "field"})
    needs = frozenset({"map"})

    fraction: float | None = 0.05
    threshold: float | None = None
    predicted_threshold: float | None = None
    k: float = 0.01

    def __post_init__(self) -> None:
        if (self.fraction is None) == (self.threshold is None):
            raise VitreousError(
                f"classification has fraction {self.fraction} and threshold {self.threshold}; "
                "expected one of them, and null for the other"
            )
        if self.predicted_threshold is not None and self.threshold is None:
            raise VitreousError(
                "classification has a predicted_threshold, but no threshold; give both, or "
                "fraction alone"
            )
        for name, share in (("fraction", self.fraction), ("k", self.k)):
            if share is not None and not 0.0 < share < 1.0:
                raise VitreousError(
                    f"classification {name} is {share:g}; expected a fraction between 0 and 1"
                )

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, dict[str, Numbers]] = {}
        together: dict[str, list[Classed]] = {}
        for sample, truth, maps in unseen_maps(run):
            labelled = sample.labels.mask
            weak = self._weak(truth.values[labelled], truth.weak_is, self.threshold)
            glasses[sample.name] = {}
            for each in maps:
                known = np.isfinite(each.values[labelled])
                classed = self._classed(weak[known], each, labelled)
                together.setdefault(each.name, []).append(classed)
                glasses[sample.name][each.name] = {
                    **self._scores(classed),
                    "sites": float(known.mean()),
                }
        numbers = {}
        for name, parts in together.items():
            pooled = self._scores(_joined(parts))
            numbers[name] = {**means(glasses, name, _NAMES), "pooled": pooled}
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=self._tables(numbers, glasses),
            title="Classification of weak sites",
            text=f"{self._rule()} By chance, average precision equals that fraction, MCC 0, "
            "balanced accuracy 1/2.",
        )

    def _weak(self, values: Array, weak_is: str, threshold: float | None) -> Mask:
        """Whether each site (K,) is weak, by the fraction or by a threshold."""
        weak = weakness(values, weak_is)
        if threshold is not None:
            return weak >= weakness(np.array(threshold), weak_is)
        assert self.fraction is not None
        if not len(weak):
            return np.zeros(0, dtype=bool)
        count = max(1, round(self.fraction * len(weak)))
        return weak >= np.sort(weak)[-count]

    def _classed(self, weak: Mask, each: Map, labelled: Mask) -> Classed:
        values = each.values[labelled]
        values = values[np.isfinite(values)]
        threshold = self.threshold if self.predicted_threshold is None else self.predicted_threshold
        foreign = threshold is not None and each.name != MODEL
        called = None if foreign else self._weak(values, each.weak_is, threshold)
        return Classed(weak, called, weakness(values, each.weak_is))

    def _scores(self, classed: Classed) -> dict[str, float | None]:
        """The scores of a set of sites; None except ``weak`` if all or none of them are weak."""
        from sklearn import metrics

        weak, called, ranked = classed
        none: dict[str, float | None] = dict.fromkeys(_NAMES[:-1])
        if not len(weak):
            return none
        share = float(weak.mean())
        if share in (0.0, 1.0):
            return {**none, "weak": share}
        count = max(1, round(self.k * len(weak)))
        return {
            "balanced_accuracy": None
            if called is None
            else defined(metrics.balanced_accuracy_score(weak, called)),
            "average_precision": defined(metrics.average_precision_score(weak, ranked)),
            "mcc": None if called is None else defined(metrics.matthews_corrcoef(weak, called)),
            "precision_at_k": defined(weakest_share(ranked, count) @ weak / count),
            "weak": share,
        }

    def _rule(self) -> str:
        if self.threshold is not None:
            return f"Weak are sites at or beyond {self.threshold:g}, in the unit of the label."
        return (
            f"Weak are the weakest {100.0 * (self.fraction or 0.0):g} % of the sites of each glass."
        )

    def _tables(
        self, numbers: dict[str, Numbers], glasses: dict[str, dict[str, Numbers]]
    ) -> list[Table]:
        columns = [
            Column("balanced accuracy", digits=3),
            Column("average precision", digits=3),
            Column("MCC", digits=3),
            Column(f"precision at {100.0 * self.k:g} %", digits=3),
            Column("weak", form="percent"),
            Column("sites", form="percent"),
        ]
        averaged = [[name, *(row[key] for key in _NAMES)] for name, row in numbers.items()]
        pooled = [
            [f"{name}, pooled", *(row["pooled"].get(key) for key in _NAMES)]
            for name, row in numbers.items()
        ]
        each = rows_by_glass(glasses, _NAMES)
        return [
            Table(
                title="Classification of weak sites, test glasses",
                columns=[Column("classes by map"), *columns],
                rows=averaged + pooled,
                summary=True,
            ),
            Table(
                title="Classification of weak sites, per glass",
                columns=[Column("glass"), Column("map"), *columns],
                rows=each,
            ),
        ]


def _joined(parts: list[Classed]) -> Classed:
    """The sites of all glasses, each with the class assigned within its glass."""
    called = [part.called for part in parts if part.called is not None]
    return Classed(
        np.concatenate([part.weak for part in parts]),
        np.concatenate(called) if len(called) == len(parts) else None,
        np.concatenate([part.weakness for part in parts]),
    )
