"""Periodic distance of the weakest site of a map from an event (Font-Clos et al. 2022, Fig. 5C).

    error = \\|x' - x\\|_periodic / L,    L = V^(1/D)

L is the side of a square (cubic) cell of the glass's area (volume).

======  =====================================================================  ===================
number  meaning                                                                unit
======  =====================================================================  ===================
error   distance from the map's weakest site to the event, mean                sides L of the cell
median  its median over the glasses                                            sides L of the cell
chance  the same of a site drawn at random, mean                               sides L of the cell
======  =====================================================================  ===================

Conventions: there is one value per glass, hence no pooled value; a glass without such an event, or
with a fully masked map, is excluded; sites that tie for the weakest count with their mean distance,
so a constant map has the error of chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import image_distance
from vitreous.analysis.run_maps import MODEL, Map, compared_maps, event_sites, true_map
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, mean
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PositionError(Evaluation):
    """Periodic distance, in units of the cell's side, from the weakest site of a map to an event.

    Fields:
        event: number of the event, in order of strain; 1 is the first.

    Raises:
        VitreousError: an event below 1.
    """

    levels = frozenset({"site", "atom", "field"})
    needs = frozenset({"map", "events"})

    event: int = 1

    def __post_init__(self) -> None:
        if self.event < 1:
            raise VitreousError(
                f"position_error event is {self.event}; expected 1 for the first, or more"
            )

    def evaluate(self, run: Run) -> Evaluated:
        glasses: dict[str, dict[str, Numbers]] = {}
        for sample in run.role("test"):
            events = event_sites(sample)
            if len(events) >= self.event and len(sample.labels):
                glasses[sample.name] = _errors(sample, events[self.event - 1], run)
        names = dict.fromkeys(name for of in glasses.values() for name in of)
        found = {
            name: [of[name]["error"] for of in glasses.values() if name in of] for name in names
        }
        chance = {
            name: [of[name]["chance"] for of in glasses.values() if name in of] for name in names
        }
        numbers = {
            name: {"error": mean(of), "median": _median(of), "chance": mean(chance[name])}
            for name, of in found.items()
        }
        drawn = {name: sorted(e for e in of if e is not None) for name, of in found.items()}
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=_tables(numbers, glasses, self.event),
            figures={"position_error": lambda: draw(drawn)} if any(drawn.values()) else {},
            title=f"Distance from the weakest site to event {self.event}",
            text="Periodic, in units of the side of the cell; a site drawn at random has the "
            "error of chance.",
        )


def _errors(sample: Sample, event: Array, run: Run) -> dict[str, Numbers]:
    """Error of every map of a glass, and the error of chance over its sites."""
    glass, labels = sample.configuration, sample.labels
    distance = image_distance(labels.positions, event, glass.cell, glass.periodic)
    distance /= abs(np.linalg.det(glass.cell)) ** (1.0 / glass.dimension)
    return {
        each.name: {"error": _of_weakest(each, distance), "chance": float(distance.mean())}
        for each in (true_map(sample), *compared_maps(sample, run.weak_is))
    }


def _of_weakest(each: Map, distance: Array) -> float | None:
    """Mean distance of the sites (M,) at which the map is weakest; None for a fully masked map."""
    weak = each.weakness
    known = np.isfinite(weak)
    return float(distance[known & (weak == weak[known].max())].mean()) if known.any() else None


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _tables(
    numbers: Mapping[str, Numbers], glasses: Mapping[str, Mapping[str, Numbers]], event: int
) -> list[Table]:
    unit = "cell sides"
    columns = [Column(name, unit, digits=3) for name in ("error", "median", "chance")]
    rows = [[name, row["error"], row["median"], row["chance"]] for name, row in numbers.items()]
    each = [
        [str(i), name, row["error"], row["chance"]]
        for i, of in glasses.items()
        for name, row in of.items()
    ]
    head = Column(f"weakest site to event {event}")
    return [
        Table(
            title="Position error, over test glasses",
            columns=[head, *columns],
            rows=rows,
            summary=True,
        ),
        Table(
            title="Position error per glass",
            columns=[Column("glass"), Column("map"), columns[0], columns[2]],
            rows=each,
        ),
    ]


def draw(errors: dict[str, list[float]]) -> object:
    """The cumulative distribution of the error over glasses, by map, as a matplotlib figure."""
    from matplotlib.figure import Figure

    from vitreous.analysis.axes import plain, series

    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axes = figure.subplots()
    others = count(2)
    for name, values in errors.items():
        width = 2.0 if name == MODEL else 1.0
        share = np.arange(len(values) + 1) / max(len(values), 1)
        axes.step(
            [0.0, *values],
            share,
            where="post",
            linewidth=width,
            **series(1 if name == MODEL else next(others)),
            markersize=4,
            label=name.replace("_", " "),
        )
    axes.set_xlabel("position error (sides of the cell)")
    axes.set_ylabel("fraction of glasses")
    axes.legend(fontsize=8.5, frameon=False)
    plain(axes)
    return figure
