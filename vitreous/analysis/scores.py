"""How good a map of weakness is at the events that happened.

    C = 1 - 2 F(e),    F(e) = (W + E / 2) / (M - 1)

with W the number of map values weaker than the one at the event, and E those equal to it, itself
left out

(Bachhav et al. 2025, eq. 1; ties at mid-rank). C = 1: no place of the map is weaker than the
event's; 0: chance; -1: none is stronger. An event lies between grid points, so C is given twice: at
the nearest grid point, and at the weakest within a stated radius. The second can only be larger,
also for a map of noise: ``chance_within`` says how large it would be on average if the map knew
nothing.

A place without a value (NaN) counts as not known: it is as likely weaker as stronger than any
other, so half of it is added to F of every other place, and its own C is 0, the mean of a blind
guess. Of K values among M places, no C then exceeds (K - 1) / (M - 1), and a map of noise that is
silent by its own values, by the truth, or by the events has a mean C of 0. A silence that knows
both the values and the truth makes the map a partial answer, which no score can tell from noise
whose errors were hidden: the coverage that stands beside every score says how much was answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.core.errors import VitreousError

Array = NDArray[np.float64]


def weakness(values: Array, weak_is: str) -> Array:
    """``values`` turned so that large means weak. ``weak_is`` is "low" or "high"."""
    if weak_is not in ("low", "high"):
        raise VitreousError(f"weak_is is '{weak_is}'; expected 'low' or 'high'")
    return (
        -np.asarray(values, dtype=np.float64)
        if weak_is == "low"
        else np.asarray(values, dtype=np.float64)
    )


def goodness_of_places(values: Array, weak_is: str) -> Array:
    """C (M,) of every place of a map, if an event happened there: 0 where it has no value, NaN in a
    map of one place.
    """
    weak = weakness(values, weak_is)
    known = np.isfinite(weak)
    if len(weak) < 2:
        return np.full(len(weak), np.nan)
    ranked, result = np.sort(weak[known]), np.zeros(len(weak))
    silent = len(weak) - len(ranked)
    weaker = len(ranked) - np.searchsorted(ranked, weak[known], side="right")
    equal = len(ranked) - weaker - np.searchsorted(ranked, weak[known], side="left") - 1
    result[known] = 1.0 - 2.0 * (weaker + 0.5 * (equal + silent)) / (len(weak) - 1)
    return result


@dataclass(frozen=True, kw_only=True, eq=False)
class Neighbourhood:
    """Where E events lie on a map: the nearest place (E,), and all within a radius:
    places[offsets[e]:offsets[e+1]] for event e.
    """

    nearest: NDArray[np.int64]
    places: NDArray[np.int64]
    offsets: NDArray[np.int64]


def locate(
    events: Array, sites: Array, cell: Array, periodic: tuple[bool, ...], radius: float
) -> Neighbourhood:
    """Nearest place, and those within ``radius``, of events (E, D) among sites (M, D), every
    periodic image counted.

    Raises:
        VitreousError: no place at all, or a negative radius.
    """
    if not len(sites) or radius < 0:
        raise VitreousError(
            f"cannot place events on a map with {len(sites)} places and radius {radius:g}"
        )
    reach = max(radius, 1.0)
    while True:
        pairs = pairs_within(events, sites, cell, periodic, reach)
        if (len(pairs.place) and np.all(np.diff(pairs.offsets) > 0)) or not len(events):
            break
        reach *= 2.0
    order = np.lexsort((pairs.distance, pairs.place))
    nearest = pairs.atom[order[pairs.offsets[:-1]]] if len(events) else np.zeros(0, dtype=np.int64)
    inside = pairs.distance <= radius
    offsets = np.concatenate(
        [[0], np.cumsum(np.bincount(pairs.place[inside], minlength=len(events)))]
    ).astype(np.int64)
    return Neighbourhood(nearest=nearest, places=pairs.atom[inside], offsets=offsets)


def event_goodness(values: Array, weak_is: str, where: Neighbourhood) -> tuple[Array, Array]:
    """C of each event (E,), at the nearest place and at the weakest within the radius (the nearest
    place always counts among these).

    A place without a value is a blind guess in both: 0 at the nearest place, and within the radius
    one more draw that may be the weakest.
    """
    of_places, known = goodness_of_places(values, weak_is), np.isfinite(values)
    nearest = of_places[where.nearest]
    within = nearest.copy()
    for e in range(len(nearest)):
        around = where.places[where.offsets[e] : where.offsets[e + 1]]
        if len(around):
            within[e] = _weakest(of_places[around[known[around]]], int((~known[around]).sum()))
    return nearest, within


def _weakest(known: Array, guesses: int) -> float:
    """Expected largest C of some ``known`` ones and of ``guesses`` that are uniform between -1 and
    1.
    """
    largest = float(known.max(initial=-1.0))
    return (
        1.0 - 2.0 / (guesses + 1) * (1.0 - (0.5 + 0.5 * largest) ** (guesses + 1))
        if guesses
        else largest
    )


def chance_within(where: Neighbourhood) -> Array:
    """Expected C (E,) at the weakest of the k places within the radius for a map of independent
    noise: (k - 1) / (k + 1).

    Noise with a value everywhere gets this, and so does a map without any; one that is silent here
    and there gets less, never more.
    """
    k = np.maximum(np.diff(where.offsets), 1)
    return (k - 1.0) / (k + 1.0)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One glass as scoring sees it.

    Fields:
        index: its name. truth: (M,) true values, NaN where unknown. weak_is: their orientation.
        sites: (M, D).
        cell, periodic: of the undeformed glass. events: (E, D) places of the events, in order of
        strain.
        maps: other values (M,) by name (model, indicators). orientation: weak_is of each of them.
    """

    index: str
    truth: Array
    weak_is: str
    sites: Array
    cell: Array
    periodic: tuple[bool, ...]
    events: Array
    maps: Mapping[str, Array] = field(default_factory=dict)
    orientation: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class MapScore:
    """One map on one glass: C of the first events at the nearest place and within the radius (NaN:
    no such event).

    ``coverage`` is the share of the places at which the map has a value, ``event_coverage`` that of
    the first events whose nearest place is one of them (NaN: no event).
    """

    glass: str
    name: str
    nearest: Array
    within: Array
    coverage: float
    event_coverage: float


@dataclass(frozen=True, kw_only=True)
class Scores:
    """All maps on all glasses, ``radius`` used, and the ``chance`` level of the within-radius C by
    event.
    """

    radius: float
    events: int
    rows: tuple[MapScore, ...]
    chance: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The maps, true map first, in the order met."""
        return tuple(dict.fromkeys(row.name for row in self.rows))

    def mean(self, name: str) -> MapScore:
        """The mean over glasses of one map's scores, leaving out what is NaN."""
        rows = [row for row in self.rows if row.name == name]

        def single(of: str) -> float:
            return float(_mean([np.array([getattr(row, of)]) for row in rows])[0])

        return MapScore(
            glass="",
            name=name,
            nearest=_mean([row.nearest for row in rows]),
            within=_mean([row.within for row in rows]),
            coverage=single("coverage"),
            event_coverage=single("event_coverage"),
        )


TRUE_MAP = "true map"


def score_run(glasses: Iterable[Measured], radius: float, events: int = 6) -> Scores:
    """Score the true map and every other map of each glass at its first ``events`` events.

    All maps of a glass are judged on all of its places, each by what it knows there, so that their
    C can be compared; the true map, too, may be silent at some.
    """
    rows, chance = [], []
    for glass in glasses:
        where = locate(glass.events[:events], glass.sites, glass.cell, glass.periodic, radius)
        chance.append(_pad(chance_within(where), events))
        for name, values in {TRUE_MAP: glass.truth, **glass.maps}.items():
            side = glass.weak_is if name == TRUE_MAP else glass.orientation.get(name, glass.weak_is)
            rows.append(_score(glass, name, values, side, where, events))
    return Scores(
        radius=radius,
        events=events,
        rows=tuple(rows),
        chance=tuple(float(c) for c in _mean(chance)) if chance else (),
    )


def _score(
    glass: Measured, name: str, values: Array, weak_is: str, where: Neighbourhood, events: int
) -> MapScore:
    """One map of one glass, at the events that ``where`` places."""
    known = np.isfinite(values)
    nearest, within = event_goodness(values, weak_is, where)
    return MapScore(
        glass=glass.index,
        name=name,
        nearest=_pad(nearest, events),
        within=_pad(within, events),
        coverage=float(known.mean()),
        event_coverage=float(known[where.nearest].mean()) if len(where.nearest) else float("nan"),
    )


def _pad(values: Array, length: int) -> Array:
    return np.concatenate([values, np.full(length - len(values), np.nan)])


def _mean(rows: Sequence[Array]) -> Array:
    """Column means that leave out NaN; NaN where a column holds nothing else."""
    table = np.array(rows)
    known = np.isfinite(table)
    count = known.sum(axis=0)
    return np.where(count, np.where(known, table, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def weakest_share(weak: Array, count: int) -> Array:
    """Which places (K,) are among the ``count`` weakest, as weights that add up to ``count``; large
    ``weak`` means weak.

    Places that tie at the border share what is left, as on average over all ways to break the tie.
    A place without a value (NaN) is never among them, so that the weights add up to less where
    fewer than ``count`` are known.
    """
    known = np.isfinite(weak)
    if known.sum() <= count:
        return known.astype(np.float64)
    border = np.sort(weak[known])[-count]
    above, tied = known & (weak > border), known & (weak == border)
    return above + tied * ((count - above.sum()) / tied.sum())
