"""Prediction goodness: the rank of each event's site in a map of weakness (Bachhav et al. 2025, eq.
1, Figs. 3, 7 and 8).

    C = 1 - 2 F(e)

F(e) is the fraction of the map that is weaker than the site of event e, ties counted half
(vitreous.analysis.scores).

==============  ==============================================================================  ====
number          meaning                                                                         unit
==============  ==============================================================================  ====
nearest         C at the site nearest to the event                                              1
within          C at the weakest site within ``radius`` of the event                            1
chance_within   expectation of ``within`` for a map of noise                                    1
coverage        fraction of the sites, and of the events' nearest sites, with a value           1
pooled.nearest  C of the event's site in one ranking of all sites of all glasses                1
==============  ==============================================================================  ====

Conventions: a masked site (NaN) is a blind guess with C = 0, also in the true map; a constant map
has C = 0 everywhere; a map of one site has no C. Events that a glass did not have are excluded from
the mean; a glass whose sites are all masked counts as blind guesses. ``pooled`` also ranks glasses:
it can be high for a map that finds no site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.run_maps import MODEL, compared_maps, event_sites, grid_spacing, true_map
from vitreous.analysis.scores import (
    TRUE_MAP,
    MapScore,
    Measured,
    Scores,
    goodness_of_sites,
    locate,
    score_run,
)
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Draw, Evaluated, Numbers, Table, defined, mean, percent
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.vocabulary import UNITS

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Goodness(Evaluation):
    """Goodness C of the true map, the model's and the indicators' at the first events of each
    glass.

    Fields:
        events: number of events. radius: around an event, in the glass's unit of length; None: one
        grid spacing.

    Raises:
        VitreousError: fewer than one event, or a negative radius.
    """

    levels = frozenset({"site", "atom", "field"})
    tasks = frozenset({"value", "survival"})
    needs = frozenset({"events"})

    events: int = 6
    radius: float | None = None

    def __post_init__(self) -> None:
        if self.events < 1:
            raise VitreousError(f"goodness events is {self.events}; expected at least 1")
        if self.radius is not None and self.radius < 0:
            raise VitreousError(
                f"goodness radius is {self.radius:g}; expected zero or more, or null for one grid "
                "spacing"
            )

    def evaluate(self, run: Run) -> Evaluated:
        test = [sample for sample in run.role("test") if len(sample.labels)]
        if not test:
            return Evaluated(title=_TITLE, text="No test glass has labelled sites.")
        scores = self.scores(test, run.weak_is)
        pooled = self._pooled(test, run.weak_is)
        numbers: dict[str, Numbers | float | None] = {
            "radius": scores.radius,
            "chance_within": by_event(scores.chance),
        }
        for name in scores.names:
            numbers[name] = {**_plain(scores.mean(name)), "pooled": {"nearest": pooled[name]}}
        glasses: dict[str, dict[str, Numbers]] = {}
        for row in scores.rows:
            glasses.setdefault(row.glass, {})[row.name] = _plain(row)
        shown = int(_happened(scores).sum())
        unit = UNITS[test[0].configuration.units][0]
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=_tables(scores, shown, unit) if shown else (),
            figures=self._figures(run, scores, unit) if shown else {},
            title=_TITLE,
            text=_TEXT if shown else _NONE,
            headline=_headline(scores) if shown else _NONE,
        )

    def scores(self, samples: Sequence[Sample], weak_is: Mapping[str, str]) -> Scores:
        """C of every map of these glasses, one glass in memory at a time; the default radius is the
        grid spacing of the first.
        """
        radius = grid_spacing(samples[0]) if self.radius is None else self.radius
        return score_run((_measured(sample, weak_is) for sample in samples), radius, self.events)

    def _pooled(self, samples: Iterable[Sample], weak_is: Mapping[str, str]) -> dict[str, Numbers]:
        """C by event and map in one ranking of all sites of all glasses, mean over the glasses."""
        values: dict[str, list[Array]] = {}
        at, start = [], 0
        for sample in samples:
            glass, labels = sample.configuration, sample.labels
            where = locate(
                event_sites(sample)[: self.events],
                labels.positions,
                glass.cell,
                glass.periodic,
                0.0,
            )
            at.append(where.nearest + start)
            start += len(labels)
            for each in (true_map(sample), *compared_maps(sample, weak_is)):
                values.setdefault(each.name, []).append(each.weakness)
        found = {}
        for name, parts in values.items():
            of_sites = goodness_of_sites(np.concatenate(parts), "high")
            each_glass = [of_sites[sites] for sites in at]
            means = [
                mean([defined(c[k]) for c in each_glass if k < len(c)]) for k in range(self.events)
            ]
            found[name] = {f"event_{k}": c for k, c in enumerate(means, 1)}
        return found

    def _figures(self, run: Run, scores: Scores, unit: str) -> dict[str, Draw]:
        def boxes() -> object:
            from vitreous.plugins.evaluations._goodness_figures import goodness_boxes

            return goodness_boxes(self._groups(run, scores))

        def curves() -> object:
            from vitreous.plugins.evaluations._goodness_figures import goodness_curves

            return goodness_curves(scores, unit)

        return {"goodness": curves, "goodness_boxes": boxes}

    def _groups(self, run: Run, scores: Scores) -> dict[str, dict[str, Array]]:
        """C per glass of the true map, the model's and the best indicator's, for the glasses used
        in training and for test glasses.
        """
        seen = [s for role in ("train", "validation") for s in run.role(role) if len(s.labels)]
        others = [name for name in scores.names if name not in (TRUE_MAP, MODEL)]
        best = sorted(
            others, key=lambda name: -np.nan_to_num(scores.mean(name).nearest[0], nan=-1.0)
        )[:1]
        names = [name for name in (TRUE_MAP, MODEL, *best) if name in scores.names]
        groups = {"test glasses" if MODEL in names else "all glasses": scores}
        if seen:
            groups = {
                "training and validation glasses": self.scores(seen, run.weak_is),
                **groups,
            }
        known = {
            title: {name: nearest_by_glass(of, name) for name in names}
            for title, of in groups.items()
        }
        return {
            title: maps
            for title, maps in known.items()
            if any(np.isfinite(rows).any() for rows in maps.values())
        }


_TITLE = "Prediction goodness by event"
_TEXT = (
    "C = 1 − 2F, with F the fraction of the map that is weaker than the site of the event: 1 is "
    "perfect, 0 is chance, −1 is perfectly wrong. A search radius raises C even for a random map; "
    "the row and the dotted line of chance show by how much. A masked site counts as a blind "
    "guess; the tables give the coverage of sites and events by each map."
)


_NONE = (
    "No event came in the test glasses, so that the maps cannot be scored at events; strain them "
    "further (simulator.strain_max)."
)


def _happened(scores: Scores) -> NDArray[np.bool_]:
    """(events,) whether some glass had an event of that number."""
    rows = np.array([row.nearest for row in scores.rows])
    return np.asarray(np.isfinite(rows).any(axis=0))


def nearest_by_glass(scores: Scores, name: str) -> Array:
    """C (glasses, events) of one map at the nearest site; NaN if there was no such event."""
    return np.array([row.nearest for row in scores.rows if row.name == name])


def by_event(values: Iterable[float]) -> dict[str, float | None]:
    """Numbers by event: event_1, event_2, ..."""
    return {f"event_{k}": defined(value) for k, value in enumerate(values, 1)}


def _measured(sample: Sample, weak_is: Mapping[str, str]) -> Measured:
    """The input of the scores for one sample."""
    maps = compared_maps(sample, weak_is)
    return Measured(
        index=sample.name,
        truth=true_map(sample).values,
        weak_is=sample.labels.weak_is,
        sites=sample.labels.positions,
        cell=sample.configuration.cell,
        periodic=sample.configuration.periodic,
        events=event_sites(sample),
        maps={each.name: each.values for each in maps},
        orientation={each.name: each.weak_is for each in maps},
    )


def _plain(row: MapScore) -> dict[str, Numbers]:
    return {
        "nearest": by_event(row.nearest),
        "within": by_event(row.within),
        "coverage": {"sites": defined(row.coverage), "events": defined(row.event_coverage)},
    }


def _tables(scores: Scores, count: int, unit: str) -> list[Table]:
    """Tables of means and of every glass at the first ``count`` events, at the nearest site and
    within the radius, of this unit, with the chance level.
    """
    events = [Column(f"C {k + 1}") for k in range(count)]

    def cells(values: Iterable[float]) -> list[float | None]:
        return [defined(value) for value in values][:count]

    covered = [Column("sites", form="percent"), Column("events", form="percent")]
    means = [scores.mean(name) for name in scores.names]
    chance: list[list[str | float | None]] = [["chance", *cells(scores.chance)]]
    within = f"at the weakest site within {scores.radius:.3g} {unit} of the event"
    return [
        Table(
            title="Prediction goodness, mean over test glasses, at the site nearest to the event",
            columns=[Column("map, on test glasses"), *events, *covered],
            rows=[
                [r.name, *cells(r.nearest), defined(r.coverage), defined(r.event_coverage)]
                for r in means
            ],
            summary=True,
        ),
        Table(
            title=f"Prediction goodness, mean over test glasses, {within}",
            columns=[Column("map"), *events],
            rows=[[r.name, *cells(r.within)] for r in means] + chance,
        ),
        Table(
            title="Prediction goodness per glass, at the site nearest to the event",
            columns=[Column("glass"), Column("map"), *events, *covered],
            rows=[
                [
                    str(r.glass),
                    r.name,
                    *cells(r.nearest),
                    defined(r.coverage),
                    defined(r.event_coverage),
                ]
                for r in scores.rows
            ],
        ),
        Table(
            title=f"Prediction goodness per glass, {within}",
            columns=[Column("glass"), Column("map"), *events],
            rows=[[str(r.glass), r.name, *cells(r.within)] for r in scores.rows],
        ),
    ]


def _headline(scores: Scores) -> str:
    """Goodness of the model's map at the first event, beside the best indicator's and the true
    map's; how many events each is better at.
    """
    mean = {name: scores.mean(name).nearest for name in scores.names}
    others = [name for name in mean if name not in (TRUE_MAP, MODEL)]
    best = max(others, key=lambda name: _over_events(mean[name]), default="")
    parts = []
    if MODEL in mean and (covered := scores.mean(MODEL).coverage) < 1.0:
        parts.append(
            f"The model's map covers {percent(covered)} of the sites; masked sites count as "
            "blind guesses."
        )
    if np.isfinite(mean[TRUE_MAP][0]):
        shown = {
            "the model": mean.get(MODEL),
            f"{best.replace('_', ' ')}, the best indicator that needs no learning": mean.get(best),
            "the true map": mean[TRUE_MAP],
        }
        listed = [f"{c[0]:.2f} for {name}" for name, c in shown.items() if c is not None]
        parts.append(f"Goodness at the first event (1 is perfect, 0 chance): {'; '.join(listed)}.")
    if best and MODEL in mean:
        parts.append(_beside(best, mean[best], mean[MODEL]))
    return " ".join(parts)


def _beside(best: str, indicator: Array, model: Array) -> str:
    """At how many events the best indicator has the higher goodness."""
    known = np.isfinite(indicator) & np.isfinite(model)
    above, count = int((indicator > model)[known].sum()), int(known.sum())
    if count < 2:
        return ""
    return f"{best.replace('_', ' ').capitalize()} is above the model at {above} of {count} events."


def _over_events(values: Array) -> float:
    """The mean over the events that came."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else -2.0
