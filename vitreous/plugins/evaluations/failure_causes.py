"""Why glasses fail where they do, as a model of failures accounts for it.

The hazard of site i is exp(b + sum_c w_c z_ic) times a law of the strain; the columns c of one
meaning (``Descriptor.meanings``) together set the site apart from the median site of its glass by a
factor

    f_i = exp(sum_c w_c z_ic - median_j sum_c w_c z_jc)

=============  =============================================================================  ======
number         by meaning                                                                     unit
=============  =============================================================================  ======
factor         f of the site that failed first, geometric mean over glasses                   1
likeliest      the same of the site that the model takes for the likeliest                    1
strongest      share of the glasses in which no other meaning has a larger f at the site      1
               that failed
=============  =============================================================================  ======

The site that failed is the likeliest of those around the first event: where in its core the event
began is not known. Of the failures that the model placed worst the table names what spoke for the
site that failed and what for the one expected. Columns that say the same share what it says between
them, as the penalty of the weights lets them; what a factor says holds for the model, and for the
glass as far as the model predicts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.causes import causes, in_digits, strongest
from vitreous.analysis.first_passage import quantile, shares
from vitreous.analysis.run_maps import failed, first_strain
from vitreous.core.data import UNITS
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.vocabulary import HAZARD_STRAINS
from vitreous.plugins.evaluations import _cause_figures as figures

Array = NDArray[np.float64]
_WORST = 3  #: misses that the table explains


@dataclass(frozen=True, kw_only=True)
class FailureCauses(Evaluation):
    """Factors by which each meaning raises the hazard of the sites that failed, dimensionless.

    Fields:
        shown: number of failures that are drawn, at most.

    Raises:
        VitreousError: a negative number.
    """

    levels = frozenset({"atom", "site"})
    tasks = frozenset({"survival"})
    needs: ClassVar = frozenset({"contributions", "events"})

    shown: int = 20

    def __post_init__(self) -> None:
        if self.shown < 0:
            raise VitreousError(f"failure_causes shown={self.shown}; expected zero or more")

    def evaluate(self, run: Run) -> Evaluated:
        failures = [_explained(run, sample) for sample in run.role("test") if failed(sample)]
        if not failures:
            return Evaluated(title=_TITLE, text="No test glass has an event.")
        numbers = _by_meaning(failures)
        unit = UNITS[failures[0].sample.configuration.units][0]
        worst = sorted(failures, key=lambda of: -of.weaker)[:_WORST]
        drawn = failures[: self.shown]
        return Evaluated(
            numbers=numbers,
            glasses={of.sample.name: of.numbers for of in failures},
            tables=[_means(numbers), _misses(worst, unit)],
            figures={"failure_causes": lambda: figures.drawn(drawn, unit)} if drawn else {},
            title=_TITLE,
            text=_TEXT,
        )


class Explained(NamedTuple):
    """One first failure: sites ``failed`` and ``likeliest``; ``hazard`` (M,) and ``causes`` by
    meaning, logarithms of what sets each site apart from the median; ``weaker``: percentage of the
    sites whose hazard is larger than that of the one that failed; strains of event and prediction.
    """

    sample: Sample
    failed: int
    likeliest: int
    hazard: Array
    causes: Mapping[str, Array]
    weaker: float
    strain: float
    median: float

    @property
    def away(self) -> float:
        """Between both sites, length."""
        sites = self.sample.labels.positions
        step = sites[self.likeliest] - sites[self.failed]
        return float(np.linalg.norm(self.sample.configuration.minimum_image(step)))

    @property
    def numbers(self) -> dict[str, Numbers]:
        return {
            "model": {"weaker": self.weaker, "away": self.away},
            **{
                meaning: {
                    "factor": float(np.exp(of[self.failed])),
                    "likeliest": float(np.exp(of[self.likeliest])),
                }
                for meaning, of in self.causes.items()
            },
        }


def _explained(run: Run, sample: Sample) -> Explained:
    features, hazards = run.shown(sample), sample.hazards
    given = None if run.model is None else run.model.contributions(features)
    assert given is not None and hazards is not None, "it declares that it needs them"
    assert sample.features is not None
    hazard = given.sum(axis=1) - np.median(given.sum(axis=1))
    values = sample.labels.values
    around = np.flatnonzero(values == values[values > 0.0].min())
    site = int(around[np.argmax(hazard[around])])
    return Explained(
        sample=sample,
        failed=site,
        likeliest=int(np.argmax(shares(hazards))),
        hazard=hazard,
        causes=causes(given, sample.features.names, run.meanings),
        weaker=100.0 * float(np.mean(hazard > hazard[site])),
        strain=first_strain(sample),
        median=quantile(hazards, HAZARD_STRAINS, 0.5),
    )


def _by_meaning(failures: Sequence[Explained]) -> dict[str, dict[str, float]]:
    found = {}
    first = [max(of.causes, key=lambda name, of=of: of.causes[name][of.failed]) for of in failures]
    for meaning in failures[0].causes:
        failed = [of.causes[meaning][of.failed] for of in failures]
        likeliest = [of.causes[meaning][of.likeliest] for of in failures]
        found[meaning] = {
            "factor": float(np.exp(np.mean(failed))),
            "likeliest": float(np.exp(np.mean(likeliest))),
            "strongest": first.count(meaning) / len(first),
        }
    return found


def because(of: Explained, site: int) -> str:
    """What raises the hazard of a site, in words."""
    found = strongest(of.causes, site)
    return ", ".join(f"{meaning} (× {in_digits(factor)})" for meaning, factor in found) or "nothing"


_TITLE = "Why glasses fail where they do"
_TEXT = (
    "By how much each meaning raises the hazard over that of the median site of the glass: at the "
    "sites that failed first, and where the model expected it."
)


def _means(numbers: Mapping[str, Mapping[str, float]]) -> Table:
    return Table(
        title="What raises the hazard of the first failure",
        columns=[
            Column("meaning"),
            Column("factor, failed site", digits=3),
            Column("factor, expected site", digits=3),
            Column("strongest", form="percent"),
        ],
        rows=[[name, *(row[k] for k in _KEYS)] for name, row in _sorted(numbers)],
    )


_KEYS = ("factor", "likeliest", "strongest")


def _sorted(numbers: Mapping[str, Mapping[str, float]]) -> list[tuple[str, Any]]:
    return sorted(numbers.items(), key=lambda item: -item[1]["factor"])


def _misses(worst: Sequence[Explained], unit: str) -> Table:
    return Table(
        title="The worst misses",
        columns=[
            Column("glass"),
            Column("weaker sites", "%", digits=3),
            Column("distance", unit, digits=1),
            Column("strain", digits=4),
            Column("predicted", digits=4),
            Column("for the site that failed"),
            Column("for the one expected"),
        ],
        rows=[
            [
                of.sample.title,
                of.weaker,
                of.away,
                of.strain,
                of.median,
                because(of, of.failed),
                because(of, of.likeliest),
            ]
            for of in worst
        ],
    )
