"""Predicted classes of atoms or sites beside the true ones (Font-Clos et al. 2022, Fig. 3A): per
glass, then averaged; and pooled over all sites of all glasses.

The class that is scored is ``positive``, the last one by default ("breaks" of
``labeler=first_break``). A map ranks sites by the probability of this class, or, without
probabilities, by whether it predicts it; an indicator ranks them by its weak side.

=================  ====================================================================  ======
number             meaning                                                               unit
=================  ====================================================================  ======
sensitivity        sites of the class that are predicted to be of it                     1
specificity        other sites that are predicted not to be of it                        1
balanced_accuracy  mean of the two                                                       1
precision          sites of the class among those predicted to be of it                  1
mcc                Matthews correlation coefficient                                      1
average_precision  area under the precision-recall curve of the ranking                  1
precision_at_k     sites of the class among the first k of the ranking of a glass        1
prevalence         fraction of the sites that are of the class                           1
distance           from the first of the ranking to the nearest site of the class,       length
                   nearest images
near               fraction of glasses in which this is at most ``radius``               1
pooled             the same of all sites of all test glasses at once, and their numbers  1
                   ``true_positives``, ``false_positives``, ...
=================  ====================================================================  ======

With two positive atoms of 3456, a sensitivity of 99.4 % and a specificity of 96 % mean a precision
of 1.4 %: read the numbers of the ranking beside them. The map "random" gives what a random ranking
has on average; its average precision lies above the prevalence where sites of the class are few
(Bestgen, Proc. Corpus Linguistics, 1 (2015)). The formulae are scikit-learn's; sites that tie share
what is left.

Conventions: sites without a label are excluded; a glass without sites of the class, or of others,
has only a prevalence and is excluded from the other means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import image_distance
from vitreous.analysis.run_maps import MODEL, compared_maps, likelihood
from vitreous.analysis.scores import weakest_share
from vitreous.core.data import UNITS
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, defined, means
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
RANDOM = "random"
_CALLED = ("sensitivity", "specificity", "balanced_accuracy", "precision", "mcc")
_COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class Ranked(NamedTuple):
    """Labelled sites (K,): ``true`` ones of the class; ``called`` so by the map, None where it only
    ranks; ``score``, large where the class is likely.
    """

    true: Mask
    called: Mask | None
    score: Array


@dataclass(frozen=True, kw_only=True)
class Classes(Evaluation):
    """Sensitivity, specificity, balanced accuracy, precision, MCC, average precision and
    precision@k, all without a unit.

    Fields:
        positive: the class that is scored; empty for the last. k: numbers of sites, the first of
        the ranking of each glass, for precision_at_k. radius: of ``near``, length.

    Raises:
        VitreousError: numbers of sites below 1, a radius that is no length, or a class that the
        labels do not have.
    """

    levels = frozenset({"site", "atom"})
    tasks = frozenset({"class"})
    needs = frozenset({"map"})

    positive: str = ""
    k: tuple[int, ...] = (2, 10, 50)
    radius: float = 10.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", tuple(self.k))
        if min(self.k, default=1) < 1 or not 0.0 < self.radius < np.inf:
            raise VitreousError(
                f"classes got k={self.k}, radius={self.radius:g}; expected numbers of sites of at "
                "least 1, and a positive length"
            )

    @property
    def _of_ranking(self) -> tuple[str, ...]:
        return ("average_precision", *(f"precision_at_{k}" for k in self.k))

    @property
    def _names(self) -> tuple[str, ...]:
        return (*_CALLED, *self._of_ranking, "prevalence", "distance", "near")

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, dict[str, Numbers]] = {}
        together: dict[str, list[Ranked]] = {}
        positive = length = ""
        for sample in run.role("test"):
            if not sample.labels.mask.any():
                continue
            positive = self._positive(sample)
            length = UNITS[sample.configuration.units][0]
            away = _distances(sample, _number(sample, positive))
            glasses[sample.name] = {}
            for name, ranked in self._rankings(sample, run.weak_is, positive).items():
                together.setdefault(name, []).append(ranked)
                glasses[sample.name][name] = self._scores(ranked) | self._place(ranked, away)
            true = (sample.labels.values == _number(sample, positive))[sample.labels.mask]
            glasses[sample.name][RANDOM] = self._by_chance(true, away)
        numbers = {}
        for name in dict.fromkeys(name for of in glasses.values() for name in of):
            pooled = {} if name == RANDOM else self._pooled(together[name])
            numbers[name] = {**means(glasses, name, self._names), "pooled": pooled}
        confusion = numbers.get(MODEL, {}).get("pooled", {})
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=self._tables(numbers, glasses, length),
            figures={"confusion": lambda: draw(confusion, positive)}
            if None not in [confusion.get(name) for name in _COUNTS]
            else {},
            title=f"Predicted class “{positive}”" if positive else "Predicted classes",
            text="Balanced is the mean of sensitivity and specificity, AP average precision, P@k "
            "the precision among the first k of a glass. Where sites of the class are few, "
            "precision is low whatever the others are: compare the ranking with a random "
            "one.",
        )

    def _positive(self, sample: Sample) -> str:
        classes = sample.labels.classes
        if self.positive and self.positive not in classes:
            raise VitreousError(
                f"classes positive is '{self.positive}'; expected one of {', '.join(classes)}"
            )
        return self.positive or classes[-1]

    def _rankings(
        self, sample: Sample, weak_is: Mapping[str, str], positive: str
    ) -> dict[str, Ranked]:
        """By map: that of the model, and those of the indicators."""
        labels, number, found = sample.labels, _number(sample, positive), {}
        true = (labels.values == number)[labels.mask]
        for each in compared_maps(sample, weak_is):
            called, score = None, each.weakness[labels.mask]
            if each.name == MODEL:
                called = (np.asarray(sample.prediction) == number)[labels.mask]
                score = likelihood(sample, number)[labels.mask]
            found[each.name] = Ranked(true, called, score)
        return found

    def _scores(self, ranked: Ranked) -> dict[str, float | None]:
        """All numbers but distance and near; None except the prevalence without sites of the class,
        or of others.
        """
        from sklearn import metrics

        true, called, score = ranked
        share = float(true.mean())
        found: dict[str, float | None] = {**dict.fromkeys(self._names), "prevalence": share}
        if share in (0.0, 1.0):
            return found
        found["average_precision"] = defined(metrics.average_precision_score(true, score))
        for k in self.k:
            found[f"precision_at_{k}"] = defined(weakest_share(score, k) @ true / min(k, len(true)))
        if called is not None:
            found["sensitivity"] = defined(called[true].mean())
            found["specificity"] = defined((~called[~true]).mean())
            found["balanced_accuracy"] = defined(metrics.balanced_accuracy_score(true, called))
            found["precision"] = defined(true[called].mean()) if called.any() else None
            found["mcc"] = defined(metrics.matthews_corrcoef(true, called))
        return found

    def _pooled(self, parts: Sequence[Ranked]) -> dict[str, float | None]:
        """Of all sites at once; the first k of a ranking are those of one glass, so they have none
        here.
        """
        called = [part.called for part in parts if part.called is not None]
        whole = Ranked(
            np.concatenate([part.true for part in parts]),
            np.concatenate(called) if len(called) == len(parts) else None,
            np.concatenate([part.score for part in parts]),
        )
        found = self._scores(whole)
        counts: dict[str, float | None] = dict.fromkeys(_COUNTS)
        if whole.called is not None:
            for name, sites in (
                ("true_positives", whole.true & whole.called),
                ("false_positives", ~whole.true & whole.called),
                ("true_negatives", ~whole.true & ~whole.called),
                ("false_negatives", whole.true & ~whole.called),
            ):
                counts[name] = float(sites.sum())
        kept = (*_CALLED, "average_precision", "prevalence")
        return {name: found[name] for name in kept} | counts

    def _place(self, ranked: Ranked, away: Array) -> dict[str, float | None]:
        """Where the first of the ranking lies; ``away`` (K,) are distances to the class."""
        if not np.isfinite(away).all():
            return dict.fromkeys(("distance", "near"))
        first = weakest_share(ranked.score, 1)
        return {
            "distance": defined(first @ away),
            "near": defined(first @ (away <= self.radius)),
        }

    def _by_chance(self, true: Mask, away: Array) -> dict[str, float | None]:
        """What a random ranking has on average."""
        share, n = float(true.mean()), len(true)
        found: dict[str, float | None] = {**dict.fromkeys(self._names), "prevalence": share}
        if share in (0.0, 1.0):
            return found
        harmonic = float((1.0 / np.arange(1, n + 1)).sum())
        pairs = (float(true.sum()) - 1.0) / (n - 1.0)
        return {
            **found,
            **{f"precision_at_{k}": share for k in self.k},
            "average_precision": (pairs * (n - harmonic) + harmonic) / n,
            "balanced_accuracy": 0.5,
            "mcc": 0.0,
            "distance": defined(away.mean()),
            "near": defined((away <= self.radius).mean()),
        }

    def _tables(
        self,
        numbers: Mapping[str, Numbers],
        glasses: Mapping[str, Mapping[str, Numbers]],
        length: str,
    ) -> list[Table]:
        heads = {
            "sensitivity": Column("sens.", form="percent"),
            "specificity": Column("spec.", form="percent"),
            "balanced_accuracy": Column("balanced", digits=3),
            "precision": Column("precision", digits=4),
            "mcc": Column("MCC", digits=3),
            "average_precision": Column("AP", digits=4),
            **{f"precision_at_{k}": Column(f"P@{k}", digits=3) for k in self.k},
            "distance": Column("distance", length, digits=1),
            "near": Column(f"≤ {self.radius:g}", form="percent"),
        }
        rows = [[name, *(row[key] for key in heads)] for name, row in numbers.items()]
        for name, row in numbers.items():
            if row["pooled"]:
                rows.append([f"{name}, pooled", *(row["pooled"].get(key) for key in heads)])
        each = [
            [glass, name, *(row[key] for key in heads)]
            for glass, of in glasses.items()
            for name, row in of.items()
            if name != RANDOM
        ]
        columns = list(heads.values())
        return [
            Table(
                title="Classes, mean over test glasses",
                columns=[Column("class by map"), *columns],
                rows=rows,
                summary=True,
            ),
            Table(
                title="Classes per glass",
                columns=[Column("glass"), Column("map"), *columns],
                rows=each,
            ),
        ]


def _number(sample: Sample, positive: str) -> int:
    return sample.labels.classes.index(positive)


def _distances(sample: Sample, number: int) -> Array:
    """(K,) from every labelled site to the nearest one of the class, nearest images, length;
    infinite where there is none.
    """
    labels, glass = sample.labels, sample.configuration
    sites = labels.positions[labels.mask]
    away = np.full(len(sites), np.inf)
    for place in labels.positions[labels.values == number]:
        away = np.minimum(away, image_distance(sites, place, glass.cell, glass.periodic))
    return away


def draw(counts: Numbers, positive: str) -> object:
    """The confusion matrix of all sites of the test glasses, with shares of each row, as a
    matplotlib figure.
    """
    from matplotlib.figure import Figure

    names = (
        ("true_negatives", "false_positives"),
        ("false_negatives", "true_positives"),
    )
    number = np.array([[counts[name] for name in row] for row in names])
    share = number / np.maximum(number.sum(axis=1, keepdims=True), 1.0)
    figure = Figure(figsize=(4.2, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0.0, vmax=1.0)
    for (row, column), value in np.ndenumerate(share):
        axes.text(
            column,
            row,
            f"{100.0 * value:.2f} %\n{number[row, column]:,.0f}",
            ha="center",
            va="center",
            color="white" if value > 0.5 else "#222222",
        )
    ticks = ["other", positive]
    axes.set_xticks([0, 1], ticks)
    axes.set_yticks([0, 1], ticks)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    return figure
