"""Prediction goodness: scores of a map of weakness at the actual events.

    C = 1 - 2 F(e),    F(e) = (W + E / 2) / (M - 1)

with W the number of map values weaker than the one at the event, and E the number equal to it,
excluding itself (Bachhav et al. 2025, eq. 1; ties at mid-rank). C = 1: no site of the map is weaker
than the event's; 0: chance; -1: none is stronger. An event lies between grid points, so C is given
at the nearest grid point and at the weakest one within a stated radius. The latter can only be
larger, also for noise: ``chance_within`` gives its expectation for a random map.

A masked site (NaN) counts as a blind guess: it is as likely weaker as stronger than any other, so
it adds one half to W of every other site, and its own C is 0. With K values among M sites, no C
exceeds (K - 1) / (M - 1), and a map of noise that is masked according to its own values, to the
truth, or to the events has a mean C of 0. Masking that depends on both the values and the truth
makes the map a partial answer, which no score can distinguish from noise whose errors were hidden:
every score is therefore accompanied by the coverage.
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
    """``values`` with the sign chosen so that large means weak. ``weak_is`` is "low" or "high"."""
    if weak_is not in ("low", "high"):
        raise VitreousError(f"weak_is is '{weak_is}'; expected 'low' or 'high'")
    return (
        -np.asarray(values, dtype=np.float64)
        if weak_is == "low"
        else np.asarray(values, dtype=np.float64)
    )


def goodness_of_sites(values: Array, weak_is: str) -> Array:
    """C (M,) that an event at each site of a map would have: 0 where masked, NaN in a map of
    one site.
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
    """Sites near E events: the ``nearest`` (E,), and all within a radius,
    sites[offsets[e]:offsets[e+1]] for event e.
    """

    nearest: NDArray[np.int64]
    sites: NDArray[np.int64]
    offsets: NDArray[np.int64]


def locate(
    events: Array, sites: Array, cell: Array, periodic: tuple[bool, ...], radius: float
) -> Neighbourhood:
    """Find the site nearest to each event (E, D), and those within ``radius`` (length), among sites
    (M, D), including periodic images.

    Raises:
        VitreousError: if there is no site, or the radius is negative.
    """
    if not len(sites) or radius < 0:
        raise VitreousError(
            f"cannot locate events on a map with {len(sites)} sites and radius {radius:g}; "
            "expected at least one site and a radius of zero or more"
        )
    reach = max(radius, 1.0)
    while True:
        pairs = pairs_within(events, sites, cell, periodic, reach)
        if (len(pairs.site) and np.all(np.diff(pairs.offsets) > 0)) or not len(events):
            break
        reach *= 2.0
    order = np.lexsort((pairs.distance, pairs.site))
    nearest = pairs.atom[order[pairs.offsets[:-1]]] if len(events) else np.zeros(0, dtype=np.int64)
    inside = pairs.distance <= radius
    offsets = np.concatenate(
        [[0], np.cumsum(np.bincount(pairs.site[inside], minlength=len(events)))]
    ).astype(np.int64)
    return Neighbourhood(nearest=nearest, sites=pairs.atom[inside], offsets=offsets)


def event_goodness(values: Array, weak_is: str, where: Neighbourhood) -> tuple[Array, Array]:
    """C of each event (E,), at the nearest site and at the weakest within the radius (always
    including the nearest).

    A masked site is a blind guess in both: 0 at the nearest site, and within the radius one more
    random draw that may be the weakest.
    """
    of_sites, known = goodness_of_sites(values, weak_is), np.isfinite(values)
    nearest = of_sites[where.nearest]
    within = nearest.copy()
    for e in range(len(nearest)):
        around = where.sites[where.offsets[e] : where.offsets[e + 1]]
        if len(around):
            within[e] = _weakest(of_sites[around[known[around]]], int((~known[around]).sum()))
    return nearest, within


def _weakest(known: Array, guesses: int) -> float:
    """Expected maximum of the ``known`` C and of ``guesses`` draws uniform between -1 and 1."""
    largest = float(known.max(initial=-1.0))
    return (
        1.0 - 2.0 / (guesses + 1) * (1.0 - (0.5 + 0.5 * largest) ** (guesses + 1))
        if guesses
        else largest
    )


def chance_within(where: Neighbourhood) -> Array:
    """Expected C (E,) at the weakest of the k sites within the radius for independent noise: (k -
    1) / (k + 1).

    This holds for noise with a value everywhere and for a fully masked map; a partially masked map
    of noise has less, never more.
    """
    k = np.maximum(np.diff(where.offsets), 1)
    return (k - 1.0) / (k + 1.0)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Input of the scores for one glass.

    Fields:
        index: its name. truth: (M,) true values, NaN where masked. weak_is: their orientation.
        sites: (M, D).
        cell, periodic: of the undeformed glass. events: (E, D) positions of the events, in order of
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
    """Scores of one map on one glass: C of the first events at the nearest site and within the
    radius (NaN: no such event).

    ``coverage`` is the fraction of sites with a value, ``event_coverage`` that of the first events
    whose nearest site has one (NaN: no event).
    """

    glass: str
    name: str
    nearest: Array
    within: Array
    coverage: float
    event_coverage: float


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of all maps on all glasses, the ``radius`` used, and the ``chance`` level of the
    within-radius C by event.
    """

    radius: float
    events: int
    rows: tuple[MapScore, ...]
    chance: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the maps, the true map first, in order of appearance."""
        return tuple(dict.fromkeys(row.name for row in self.rows))

    def mean(self, name: str) -> MapScore:
        """The mean over glasses of one map's scores, excluding NaN."""
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

    All maps of a glass are scored on all of its sites, so that their C can be compared; the true
    map, too, may be masked at some.
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
    """Score one map of one glass at the events located by ``where``."""
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
    """Column means excluding NaN; NaN for a column without values."""
    table = np.array(rows)
    known = np.isfinite(table)
    count = known.sum(axis=0)
    return np.where(count, np.where(known, table, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def weakest_share(weak: Array, count: int) -> Array:
    """Weights (K,) of the sites among the ``count`` weakest, adding up to ``count``; large ``weak``
    means weak.

    Sites that tie at the limit share the remaining weight, as in an average over all ways to break
    the tie. A masked site (NaN) has weight 0, so the weights add up to less if fewer than ``count``
    sites have a value.
    """
    known = np.isfinite(weak)
    if known.sum() <= count:
        return known.astype(np.float64)
    border = np.sort(weak[known])[-count]
    above, tied = known & (weak > border), known & (weak == border)
    return above + tied * ((count - above.sum()) / tied.sum())
