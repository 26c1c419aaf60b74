"""Where and when a glass fails first: the predicted position and strain against the first event.

============  =============================================================================  ======
number        meaning                                                                        unit
============  =============================================================================  ======
inside_X      fraction of the glasses whose first event lies in the weakest X % of the       1
              sites
three_X       the same of the first three events, of all glasses                             1
spot          fraction whose weakest site lies within ``distance`` of the first event        1
bits          log2 of the probability of the sites around the event over their share, mean   bit
strain.r2     1 - sum (g' - g)^2 / sum (g - mean g)^2, g' the predicted median               1
strain.mae    mean \\|g' - g\\|                                                               strain
strain.crps   continuous ranked probability score of the predicted distribution              strain
strain.in_Y   fraction of the glasses whose strain lies in the central Y % interval          1
spots.said    mean probability of the three likeliest spots of a glass                       1
spots.hit     fraction of these spots that the first event lies in                           1
spots.off     \\|hit - said\\| of spots of like probability, mean over spots                 1
============  =============================================================================  ======

Spots are discs of ``distance`` around the likeliest site, then around the likeliest that is left,
less what lies in a spot before; spots of like probability are those of one row of the table.
Of several weakest sites each counts alike: a flat map says nothing of the place. An event lies at
the site nearest to its atom. Its rank is the fraction of the others that are
weaker, ties counted half (``vitreous.analysis.scores``). Of labels of failures the model's map is
its probability that a site is the first to fail, and the distribution of the strain is that of the
weakest of all sites (``vitreous.analysis.first_passage``); indicators have neither bits nor strain.
Glasses without an event are left out of what is about places, and counted; their strain is not
known, but for being beyond the deformation, and left out too. ``low`` and ``high`` bound the middle
95 % of what samples of the glasses, drawn with replacement, each with all its loadings, have
(bootstrap).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.first_passage import crps, quantile, shares, total_hazard
from vitreous.analysis.likely_spots import by_probability, likeliest_spots, reliability
from vitreous.analysis.run_maps import MODEL, compared_maps, event_sites, failed, first_strain
from vitreous.analysis.scores import goodness_of_sites, locate, weakness
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, defined, mean
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.vocabulary import HAZARD_STRAINS

Array = NDArray[np.float64]
AREAS = (0.1, 1.0, 5.0)  #: percent
INTERVALS = (50, 90)  #: percent
SPOTS = 3  #: of each glass
_RESAMPLED = 2000


@dataclass(frozen=True, kw_only=True)
class FirstFailure(Evaluation):
    """Position and strain of the first event, by the model and by each indicator.

    Fields:
        distance: at which a predicted spot counts as that of the event, length.

    Raises:
        VitreousError: a distance that is not positive.
    """

    levels = frozenset({"atom", "site"})
    tasks = frozenset({"value", "class", "survival"})
    needs: ClassVar = frozenset({"events"})

    distance: float = 8.0

    def __post_init__(self) -> None:
        if not 0.0 < self.distance < np.inf:
            raise VitreousError(
                f"first_failure distance is {self.distance:g}; expected a positive length"
            )

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, dict[str, Numbers]] = {}
        strains: list[Strain] = []
        spots: list[tuple[float, bool]] = []
        silent, owners = 0, list[int]()
        for sample in run.role("test"):
            if not failed(sample):
                silent += 1
                continue
            glasses[sample.name] = self._places(run, sample, event_sites(sample))
            owners.append(sample.index)
            if sample.hazards is not None:
                strains.append(Strain.of(sample))
                spots += self._spots(sample)
                of_model = {**glasses[sample.name][MODEL], **strains[-1].numbers()}
                glasses[sample.name][MODEL] = of_model
        if not glasses:
            return Evaluated(title=_TITLE, text="No test glass has an event.")
        numbers: dict[str, Any] = _over_glasses(glasses, owners)
        if strains:
            numbers |= {"strain": _when(strains), "spots": reliability(spots)}
        return Evaluated(
            numbers={**numbers, "glasses_without_event": float(silent)},
            glasses=glasses,
            tables=[*_tables(numbers, self.distance), *_spot_table(spots, self.distance)],
            figures={"first_failure": lambda: drawn(strains)} if strains else {},
            title=_TITLE,
            text=_TEXT,
            headline=_headline(numbers, self.distance),
        )

    def _places(self, run: Run, sample: Sample, places: Array) -> dict[str, Numbers]:
        glass, labels = sample.configuration, sample.labels
        nearest = locate(places, labels.positions, glass.cell, glass.periodic, 0.0).nearest
        found: dict[str, Numbers] = {}
        for each in compared_maps(sample, run.weak_is):
            weak = each.weakness
            if each.name == MODEL and sample.hazards is not None:
                weak = shares(sample.hazards)
            weaker = 50.0 * (1.0 - goodness_of_sites(weakness(weak, "high"), "high")[nearest])
            weakest = np.flatnonzero(weak == np.nanmax(weak))  # several: any of them may be meant
            step = glass.minimum_image(labels.positions[weakest] - places[0])
            away = np.linalg.norm(step, axis=1)
            found[each.name] = {
                "weaker": float(weaker[0]),
                **{f"inside_{area:g}": float(weaker[0] <= area) for area in AREAS},
                **{f"three_{area:g}": float(np.mean(weaker[:3] <= area)) for area in AREAS},
                "spot": float(np.mean(away <= self.distance)),
                "away": float(away.mean()),
            }
            if each.name == MODEL and labels.task == "survival" and sample.hazards is not None:
                around = _around_first(sample)
                gain = weak[around].sum() / around.mean() if around.any() else np.nan
                found[each.name] = {**found[each.name], "bits": defined(np.log2(gain))}
        return found

    def _spots(self, sample: Sample) -> Iterator[tuple[float, bool]]:
        """Of each of the likeliest spots: its probability, and whether the first event lies in it
        and in none before.
        """
        assert sample.hazards is not None
        glass, sites = sample.configuration, sample.labels.positions
        known = np.flatnonzero(sample.labels.mask)
        chance = shares(sample.hazards[known])
        to_event = glass.minimum_image(sites[known] - event_sites(sample)[0])
        nearest = int(np.argmin(np.linalg.norm(to_event, axis=1)))
        for _, around in likeliest_spots(chance, glass, sites[known], self.distance, SPOTS):
            yield float(chance[around].sum()), bool(around[nearest])


class Strain(NamedTuple):
    """Of one glass: the strain of its first event, the predicted median, the continuous ranked
    probability score, and the probability given to an earlier event.
    """

    true: float
    median: float
    score: float
    earlier: float
    bounds: tuple[float, float]

    @classmethod
    def of(cls, sample: Sample) -> Strain:
        assert sample.hazards is not None
        true, hazards = first_strain(sample), sample.hazards
        total = total_hazard(hazards, HAZARD_STRAINS, np.array([true]))[0]
        low, median, high = (quantile(hazards, HAZARD_STRAINS, q) for q in (0.05, 0.5, 0.95))
        return cls(
            true=true,
            median=median,
            score=crps(hazards, HAZARD_STRAINS, true),
            earlier=float(-np.expm1(-total)),
            bounds=(low, high),
        )

    def numbers(self) -> Numbers:
        low, high = self.bounds
        return {"strain": self.true, "median": self.median, "from": low, "to": high}


def _around_first(sample: Sample) -> NDArray[np.bool_]:
    """(M,) the sites around the first event."""
    values = sample.labels.values
    failed = values[sample.labels.mask & (values > 0.0)]
    return values == failed.min() if len(failed) else np.zeros(len(values), dtype=bool)


def _over_glasses(
    glasses: Mapping[str, Mapping[str, Numbers]], owners: Sequence[int]
) -> dict[str, Numbers]:
    """Means over cases by map, with bounds of the middle 95 % of resampled means; ``owners``: the
    glass of each case.
    """
    names = dict.fromkeys(name for of in glasses.values() for name in of)
    found = {}
    for name in names:
        known = [name in of for of in glasses.values()]
        rows = [of[name] for of in glasses.values() if name in of]
        keys = [key for key in rows[0] if key not in ("strain", "median", "from", "to")]
        found[name] = {key: mean([row[key] for row in rows]) for key in keys}
        for key in ("inside_1", "inside_0.1", "spot"):
            values = np.array([row[key] for row in rows])
            low, high = _bounds(values, np.array(owners)[known])
            found[name][f"{key}_low"], found[name][f"{key}_high"] = low, high
    return found


def _bounds(values: Array, owners: NDArray[np.int64]) -> tuple[float, float]:
    """Of the mean of ``values``, one per case: glasses are drawn, each with all its cases."""
    group = np.unique(owners, return_inverse=True)[1]
    size = np.bincount(group)
    drawn = np.random.default_rng(0).integers(len(size), size=(_RESAMPLED, len(size)))
    means = np.bincount(group, values)[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def _when(strains: list[Strain]) -> dict[str, float | None]:
    true, median = (np.array([getattr(s, of) for s in strains]) for of in ("true", "median"))
    earlier = np.array([s.earlier for s in strains])
    spread = float(((true - true.mean()) ** 2).sum())
    return {
        "r2": defined(1.0 - float(((median - true) ** 2).sum()) / spread) if spread > 0.0 else None,
        "mae": float(np.abs(median - true).mean()),
        "crps": float(np.mean([s.score for s in strains])),
        **{
            f"in_{level}": float(np.mean(np.abs(earlier - 0.5) <= level / 200.0))
            for level in INTERVALS
        },
    }


def _spot_table(spots: Sequence[tuple[float, bool]], distance: float) -> list[Table]:
    """The probabilities of spots against how often they were hit, if there are any."""
    columns = [
        Column(f"probability of a spot of {distance:g}", form="percent"),
        Column("hit by the first event", form="percent"),
        Column("spots", digits=0),
    ]
    rows = [[*row] for row in by_probability(spots)]
    return [Table(title="Probabilities of spots", columns=columns, rows=rows)] if rows else []


_TITLE = "Where and when the first failure comes"
_TEXT = (
    "Shares of the test glasses whose first event lies in the weakest sites of a map, and of those "
    "whose weakest site lies close to it; strain: of the first event, by the model."
)


def _tables(numbers: Mapping[str, Any], distance: float) -> list[Table]:
    maps = {name: row for name, row in numbers.items() if name not in ("strain", "spots")}
    columns = [Column(f"in weakest {area:g} %", form="percent") for area in AREAS]
    three = [Column(f"first three in {area:g} %", form="percent") for area in AREAS]
    keys = [f"inside_{area:g}" for area in AREAS] + ["spot"]
    keys += [f"three_{area:g}" for area in AREAS] + ["bits"]
    tables = [
        Table(
            title="Position of the first event",
            columns=[
                Column("position of first event"),
                *columns,
                Column(f"weakest site within {distance:g}", form="percent"),
                *three,
                Column("gain", "bit"),
            ],
            rows=[[name, *(row.get(key) for key in keys)] for name, row in maps.items()],
            summary=True,
        )
    ]
    if "strain" in numbers:
        when = numbers["strain"]
        inside = [f"in_{level}" for level in INTERVALS]
        tables.append(
            Table(
                title="Strain of the first event",
                columns=[
                    Column("strain of first event"),
                    Column("R²", digits=3),
                    Column("mean abs. error", digits=4),
                    Column("CRPS", digits=4),
                    *(Column(f"in {level} % interval", form="percent") for level in INTERVALS),
                ],
                rows=[[MODEL, *(when[key] for key in ("r2", "mae", "crps", *inside))]],
                summary=True,
            )
        )
    return tables


def _headline(numbers: Mapping[str, Any], distance: float) -> str:
    if MODEL not in numbers:
        return ""
    others = {
        n: row["inside_1"] for n, row in numbers.items() if n not in (MODEL, "strain", "spots")
    }
    best = max(others, key=lambda name: others[name], default="")
    beside = f" ({best.replace('_', ' ')}: {100.0 * others[best]:.0f} %)" if best else ""
    return (
        f"The first event lies in the likeliest 1 % of the sites in "
        f"{100.0 * numbers[MODEL]['inside_1']:.0f} % of the test glasses{beside}."
    )


def drawn(strains: list[Strain]) -> object:
    """Predicted median and 90 % interval of the strain against that of the first event."""
    from matplotlib.figure import Figure

    from vitreous.analysis.axes import GREY, MODEL_COLOUR, plain

    true, median = (np.array([getattr(s, of) for s in strains]) for of in ("true", "median"))
    low, high = np.array([s.bounds for s in strains]).T
    figure = Figure(figsize=(5.2, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.errorbar(
        true,
        median,
        yerr=[np.maximum(median - low, 0.0), np.maximum(high - median, 0.0)],
        fmt="o",
        color=MODEL_COLOUR,
        markersize=5,
        elinewidth=0.8,
        alpha=0.8,
    )
    ends = [min(true.min(), low.min()), max(true.max(), high.max())]
    axes.plot(ends, ends, color=GREY, linewidth=1.2)
    axes.set_xlabel("strain of the first event")
    axes.set_ylabel("predicted median, 90 % interval")
    plain(axes)
    return figure
