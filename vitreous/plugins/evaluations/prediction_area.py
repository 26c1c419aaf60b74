"""How often failure begins inside the riskiest part of a glass, against the area of that part
(Font-Clos et al. 2022, Fig. 6B).

===============  =================================================================================
number           meaning, by map; no unit
===============  =================================================================================
found_in_X       fraction of glasses whose location of failure lies in the riskiest X % of the area
low_in_X,        95 % bootstrap interval of it, over glasses (percentiles of 2000 samples)
high_in_X
least_in_X,      95 % binomial interval (Wilson 1927), which has a width even where all or none of
most_in_X        few glasses agree
area             mean share of the area that is riskier than the location of failure; 0.5 by chance
glasses          number of glasses scored
===============  =================================================================================

The location of failure is, in this order: the position in the target ``location``, if that is
named; the sites of class ``positive``, for labels of task "class" (their mean if there are several:
both ends of a bond); the first event. A glass without any is not scored.

Risk is the probability of the class, or the weak side of a map. Area, not sites, is counted: every
point of the plane has the risk of its nearest site (on a grid, cells are equally large; of atoms,
they are Voronoi cells), and atoms of a bilayer that lie above one another are one point with the
largest risk of theirs (vitreous.analysis.areas). Sites without a value are marked last. Where risk
ties at the limit, as much as fits is marked at random, so a constant map finds what a random one
does: X %. In space, read volume for area. Of labels of whole glasses (level "sample") the map is
the attention of the network at each resolution, bright for risky. There is one location per glass,
hence no pooled value; of a glass with several loadings the mean counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.areas import ahead, columns, found_within, from_above
from vitreous.analysis.axes import GREY, plain, series
from vitreous.analysis.neighborhoods import nearest_site
from vitreous.analysis.run_maps import MODEL, compared_maps, event_sites, likelihood
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.mechanics.voronoi import voronoi_volumes

Array = NDArray[np.float64]
RANDOM = "random"
_CURVE = np.geomspace(1e-4, 1.0, 161)  #: shares of the area at which curves are drawn
_SAMPLES, _TAIL, _DEVIATIONS = 2000, 2.5, 1.959964  #: of the intervals of 95 %


class Tiled(NamedTuple):
    """The sites of a glass as cells: ``of`` (M,) the cell of each, ``places`` (C, P), their
    ``area`` (C,), and the periodic ``cell`` (P, P).
    """

    of: NDArray[np.int64]
    places: Array
    area: Array
    cell: Array


@dataclass(frozen=True, kw_only=True)
class PredictionArea(Evaluation):
    """Fraction of glasses (no unit) whose location of failure lies in the riskiest part of the
    area, by the size of that part.

    Fields:
        areas: shares of the area, between 0 and 1. positive: the class that fails; empty for the
        last. location: name of the run's target that holds the location of failure; empty for none.
        copies: images of each glass over which attention is averaged, at most.

    Raises:
        VitreousError: shares out of range, no copies; when evaluating, a class or target that the
        run does not have, a glass that is periodic in fewer than two directions, or labels of whole
        glasses with a model without attention.
    """

    levels = frozenset({"atom", "site", "sample"})
    tasks = frozenset({"value", "class"})
    needs = frozenset({"map"})

    areas: tuple[float, ...] = (0.001, 0.01, 0.05, 0.25)
    positive: str = ""
    location: str = ""
    copies: int = 16

    def __post_init__(self) -> None:
        object.__setattr__(self, "areas", tuple(float(x) for x in self.areas))
        if not self.areas or not all(0.0 < x < 1.0 for x in self.areas) or self.copies < 1:
            raise VitreousError(
                f"prediction_area got areas={list(self.areas)}, copies={self.copies}; expected "
                "shares between 0 and 1, and at least one image"
            )

    def evaluate(self, run: Run) -> Evaluated:
        shares = np.array(self.areas)
        glasses: dict[str, dict[str, Numbers]] = {}
        found: dict[str, dict[int, list[Array]]] = {}  # by map and glass: of shares, curve, area
        for sample in sorted(run.role("test"), key=lambda s: (s.index, s.case.loading)):
            places = self._places(sample)
            if not len(places):
                continue
            glasses[sample.name] = {}
            for name, riskier, tied in self._ranked(run, sample, places):
                at, curve = (found_within(x, riskier, tied).mean(axis=1) for x in (shares, _CURVE))
                area = float((riskier + 0.5 * tied).mean())
                row = np.concatenate([at, curve, [area]])
                found.setdefault(name, {}).setdefault(sample.index, []).append(row)
                keyed = dict(zip(self._keys("found"), map(float, at), strict=True))
                glasses[sample.name][name] = {**keyed, "area": area}
        rows = {
            name: np.array([np.mean(of, axis=0) for of in by.values()])
            for name, by in found.items()
        }
        numbers = {name: self._numbers(each) for name, each in rows.items()}
        if not numbers:
            return Evaluated(
                title=_TITLE, text="No test glass has a map and a known location of failure."
            )
        curves = {name: each[:, len(shares) : -1].mean(axis=0) for name, each in rows.items()}
        numbers[RANDOM] = self._by_chance()
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=self._tables(numbers, glasses),
            figures={"prediction_area": lambda: draw(curves)},
            title=_TITLE,
            text="Fraction of the glasses whose location of failure lies in the riskiest part of "
            "the area, by its size. The binomial interval has a width even where all glasses "
            "agree.",
            headline=self._headline(numbers),
        )

    def _keys(self, what: str) -> list[str]:
        return [f"{what}_in_{100.0 * x:g}" for x in self.areas]

    def _places(self, sample: Sample) -> Array:
        """(K, D) where failure begins; none if it is not known."""
        glass, labels = sample.configuration, sample.labels
        if self.location:
            place = sample.target(self.location)
            if place.task != "position":
                raise VitreousError(
                    f"prediction_area location is '{self.location}', whose labels have task "
                    f"{place.task}; expected a target of positions such as fracture_location"
                )
            axes = len(place.components)
            known = place.mask.all(axis=-1)
            middle = np.tile(glass.cell.sum(axis=0) / 2.0, (int(known.sum()), 1))
            middle[:, :axes] = place.values[known] @ glass.cell[:axes, :axes]
            return middle
        if labels.task == "class":
            return labels.positions[labels.values == self._number(sample)]
        return event_sites(sample)[:1]

    def _number(self, sample: Sample) -> int:
        classes = sample.labels.classes
        if self.positive and self.positive not in classes:
            raise VitreousError(
                f"prediction_area positive is '{self.positive}'; expected one of "
                f"{', '.join(classes)}"
            )
        return classes.index(self.positive or classes[-1])

    def _ranked(
        self, run: Run, sample: Sample, places: Array
    ) -> Iterator[tuple[str, Array, Array]]:
        """By map: its name, and for each place the share of the area that is riskier, and that
        ties.
        """
        glass = sample.configuration
        whole = sample.labels.level == "sample"
        risks, sites = _attention(run, sample, self.copies) if whole else self._risks(run, sample)
        tiled = _tiled(sites, sample, whole or bool(sample.labels.grid))
        seen = from_above(places, glass.cell, glass.periodic)[0]
        here = nearest_site(tiled.places, seen, tiled.cell, (True,) * len(tiled.cell))
        for name, risk in risks.items():
            of_cells = np.full(len(tiled.area), -np.inf)
            np.maximum.at(of_cells, tiled.of, np.where(np.isfinite(risk), risk, -np.inf))
            yield name, *ahead(of_cells, tiled.area, here)

    def _risks(self, run: Run, sample: Sample) -> tuple[dict[str, Array], Array]:
        """Risk (M,) by map, and the sites."""
        found = {each.name: each.weakness for each in compared_maps(sample, run.weak_is)}
        if MODEL in found and sample.labels.task == "class":
            found[MODEL] = likelihood(sample, self._number(sample))
        return found, sample.labels.positions

    def _numbers(self, rows: Array) -> dict[str, float | None]:
        """Of glasses (G, X + curve + 1)."""
        x, count = len(self.areas), len(rows)
        mean = rows.mean(axis=0)
        drawn = np.random.default_rng(0).integers(count, size=(_SAMPLES, count))
        again = rows[:, :x][drawn].mean(axis=1)
        low, high = np.percentile(again, [_TAIL, 100.0 - _TAIL], axis=0)
        least, most = wilson(mean[:x], count)
        found: dict[str, float | None] = {"area": float(mean[-1]), "glasses": float(count)}
        for what, values in (
            ("found", mean[:x]),
            ("low", low),
            ("high", high),
            ("least", least),
            ("most", most),
        ):
            found |= dict(zip(self._keys(what), map(float, values), strict=True))
        return found

    def _by_chance(self) -> dict[str, float | None]:
        found: dict[str, float | None] = {"area": 0.5, "glasses": None}
        for what in ("low", "high", "least", "most"):
            found |= dict.fromkeys(self._keys(what))
        return found | dict(zip(self._keys("found"), self.areas, strict=True))

    def _headline(self, numbers: Mapping[str, Numbers]) -> str:
        if MODEL not in numbers:
            return ""
        key, of = f"{100.0 * self.areas[-1]:g}", numbers[MODEL]
        return (
            f"In {100 * of[f'found_in_{key}']:.0f} % of {of['glasses']:.0f} test glasses failure "
            f"begins in the riskiest {key} % of the area."
        )

    def _tables(
        self, numbers: Mapping[str, Numbers], glasses: Mapping[str, Mapping[str, Numbers]]
    ) -> list[Table]:
        keys = self._keys("found")
        heads = [Column(f"{100.0 * x:g} %", form="percent") for x in self.areas]
        area = Column("area ahead", form="percent")
        intervals = [
            [name, f"{100.0 * x:g} %", *(of[f"{what}_in_{100.0 * x:g}"] for what in _WHAT)]
            for name, of in numbers.items()
            for x in self.areas
        ]
        each = [
            [glass, name, *(row[key] for key in keys), row["area"]]
            for glass, of in glasses.items()
            for name, row in of.items()
        ]
        return [
            Table(
                title="Position of failure in the riskiest part of the area, share of test glasses",
                columns=[Column("area by map"), *heads, area],
                rows=[[n, *(of[k] for k in keys), of["area"]] for n, of in numbers.items()],
                summary=True,
            ),
            Table(
                title="Intervals of 95 %: bootstrap over glasses, and binomial",
                columns=[Column("map"), Column("area")]
                + [Column(head, form="percent") for head in _HEADS],
                rows=intervals,
            ),
            Table(
                title="Prediction areas per glass",
                columns=[Column("glass"), Column("map"), *heads, area],
                rows=each,
            ),
        ]


_TITLE = "Failure in the riskiest part of the area"
_WHAT = ("found", "low", "high", "least", "most")
_HEADS = ("found", "bootstrap from", "to", "binomial from", "to ")


def wilson(share: Array, count: int) -> tuple[Array, Array]:
    """95 % interval of a binomial probability that was found as ``share`` of ``count`` (Wilson, J.
    Am. Stat. Assoc. 22, 209 (1927)).
    """
    z = _DEVIATIONS**2 / count
    middle = (share + 0.5 * z) / (1.0 + z)
    half = np.sqrt(z * share * (1.0 - share) + 0.25 * z**2) / (1.0 + z)
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)


def _tiled(sites: Array, sample: Sample, regular: bool) -> Tiled:
    """``sites`` (M, D) as cells; those of a ``regular`` grid are equally large."""
    glass = sample.configuration
    points, cell = from_above(sites, glass.cell, glass.periodic)
    if regular:
        return Tiled(np.arange(len(points)), points, np.ones(len(points)), cell)
    of = columns(points, cell)
    places = points[np.unique(of, return_index=True)[1]]
    return Tiled(of, places, voronoi_volumes(places, cell, (True,) * len(cell)), cell)


def _attention(run: Run, sample: Sample, copies: int) -> tuple[dict[str, Array], Array]:
    """The attention of the model at each resolution (H W,), and the centres of the pixels in the
    plane of the first two axes.
    """
    maps = () if run.model is None else run.model.attention(run.shown(sample), copies)
    if not maps:
        raise VitreousError(
            "prediction_area of labels of whole glasses needs a model that tells where it looks: "
            "resnet or cnn"
        )
    height, width = maps[0].weight.shape[2:]
    y, x = (np.indices((height, width)).reshape(2, -1) + 0.5) / [[height], [width]]
    centres = np.column_stack([x, y]) @ sample.configuration.cell[:2]
    return {f"attention, r = {of.resolution}": of.weight[0].sum(axis=0).ravel() for of in maps}, (
        centres
    )


def draw(curves: Mapping[str, Array]) -> object:
    """Fraction of glasses against the share of the area, of every map, as a matplotlib figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.8), layout="constrained")
    axes = figure.subplots()
    for k, (name, curve) in enumerate(curves.items(), start=1):
        axes.plot(
            100.0 * _CURVE, 100.0 * curve, label=name, **series(k), markevery=12, markersize=4
        )
    axes.plot(100.0 * _CURVE, 100.0 * _CURVE, color=GREY, linestyle=":", label=RANDOM)
    axes.set_xscale("log")
    axes.set_xlim(0.01, 100.0)
    axes.set_ylim(0.0, 102.0)
    axes.set_xlabel("riskiest part of the area, %")
    axes.set_ylabel("failure begins there, % of glasses")
    axes.legend(fontsize=8.5, frameon=False)
    plain(axes)
    return figure
