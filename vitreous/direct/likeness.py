"""Is a glass like those that a model was trained on? Means and spreads of what the model sees, compared glass by glass.

For every column of the features (of nodes and of edges, for graphs) the mean and the standard deviation over a glass, and the number of
rows per place, are one number each; for sequences, which mean nothing in another order, so are those of the steps from atom to atom. Over
the training glasses, along every direction of loading that was learnt from, each has a mean m and a spread s; a new glass stands out by the
largest ``|v - m| / e``, where e is how far v may lie off by chance. It is unlike them when it stands out more than ``_MARGIN`` times as far
as any of them does when it is left out itself, along all directions, with e = s.

The chance that e allows for, if w windows of the places described hold an atom, so that they see n = (sum w)^2 / sum w^2 distinct atoms
and a single window sees k = sum w / places: it is s sqrt(N / n), n fewer than the N atoms of a training glass, or sigma sqrt(k / (n - k)),
whichever is more. sigma is the scatter of what single places add to v; windows that share atoms scatter less, hence
n - k. A part of a glass needs the second, because nothing holds its density and shape as the cell holds those of a whole one; it shrinks
to nothing as the windows come to see all atoms of a periodic glass. Some columns tell where places stand as much as what is there: where M
places of a whole glass are described instead of the P of training, e is no less than sqrt(1/M - 1/P) times their scatter in training.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Features

Array = NDArray[Any]
_MARGIN = 1.5
_APART = 1.25  # n / k, below which windows are nearly one and the same, and their scatter says nothing
_FLOOR = 1e-6  # of a value's size: a spread smaller than this is rounding


@dataclass(frozen=True)
class Likeness:
    """What training glasses are like: ``names`` of the numbers, their ``mean`` and ``spread``, the ``scatter`` of what single places
    add to them, the ``limit``, ``atoms`` and ``places`` per glass."""

    names: Sequence[str]
    mean: Sequence[float]
    spread: Sequence[float]
    scatter: Sequence[float]
    limit: float
    atoms: int
    places: int


def likeness_of(glasses: Mapping[int, Configuration], seen: Iterable[tuple[int, Features]]) -> Likeness:
    """From the training glasses and their features, each glass's as often as it was learnt from; with fewer than three of them nothing
    stands out. Features are looked at one by one, since together they may fill the memory."""
    owner, rows, scatters, names, places = [], [], [], [], []
    for glass, features in seen:
        numbers = summary(features)
        names = list(numbers)
        owner.append(glass)
        rows.append(list(numbers.values()))
        scatters.append([share.std() for share in _shares(features).values()])
        places.append(len(features))
    rows, owner, limit = np.array(rows), np.array(owner), float("inf")
    if len(glasses) > 2:
        left_out = [_stand_out(rows[owner == k], *_centre(rows[owner != k])).max() for k in glasses]
        limit = _MARGIN * float(max(left_out))
    mean, spread = _centre(rows)
    atoms = int(np.mean([len(glass) for glass in glasses.values()]))
    scatter = np.mean(scatters, axis=0)
    return Likeness(names, mean.tolist(), spread.tolist(), scatter.tolist(), limit, atoms, int(np.mean(places)))


def unlike(likeness: Likeness, glass: Configuration, features: Features, windows: Array) -> list[tuple[str, float, float]] | None:
    """(name, value, training mean) of what stands out beyond the limit, the worst first; empty for a glass like those of training.

    None where that cannot be told: fewer than three glasses were learnt from, or all windows together hold hardly more atoms than one.
    ``windows`` (N,) says how many of the described places have each atom in their window.
    """
    values = summary(features)
    if not set(likeness.names) <= set(values):
        return [("columns", float(len(values)), float(len(likeness.names)))]
    found, mean = np.array([values[name] for name in likeness.names]), np.array(likeness.mean)
    chance = _chance(likeness, glass, features, windows)
    if not np.isfinite(likeness.limit) or np.isinf(chance).all():
        return None
    far = _stand_out(found, mean, chance)
    worst = [int(k) for k in np.argsort(-far) if far[k] > likeness.limit]
    return [(likeness.names[k], float(found[k]), float(mean[k])) for k in worst]


def _chance(likeness: Likeness, glass: Configuration, features: Features, windows: Array) -> Array:
    """How far each number of a glass like those of training may lie off by chance, one standard deviation."""
    atoms, in_one = windows.sum() ** 2 / (windows.astype(float) ** 2).sum(), windows.sum() / len(features)
    spread = np.array(likeness.spread) * max(1.0, likeness.atoms / atoms) ** 0.5
    if atoms < _APART * in_one:
        return np.full(len(spread), np.inf)
    unseen, fewer = 1.0, 0.0
    if all(glass.periodic):
        unseen, fewer = max(0.0, 1.0 - atoms / len(glass)), max(0.0, 1.0 / len(features) - 1.0 / likeness.places)
    shares = _shares(features)
    scatter = np.array([shares[name].std() for name in likeness.names])
    by_part = scatter * (unseen * in_one / (atoms - in_one)) ** 0.5
    return np.maximum.reduce([spread, by_part, np.array(likeness.scatter) * fewer**0.5])


def summary(features: Features) -> dict[str, float]:
    """The numbers that stand for a glass, by name."""
    numbers: dict[str, float] = {}
    for names, values, _ in _tables(features):
        for k, name in enumerate(names):
            column = np.asarray(values[:, k], dtype=np.float64)
            numbers[f"mean of {name}"], numbers[f"spread of {name}"] = float(column.mean()), float(column.std())
    numbers["rows per place"] = len(features.values) / len(features)
    return numbers


def _tables(features: Features) -> tuple[tuple[Sequence[str], Array, Array], ...]:
    """Column names, rows and offsets of the nodes, or of all there is, and of the edges, whose columns may bear the same names; of the
    steps of sequences, over all but one atom of each place."""
    along = [f"{name} of links" for name in features.edge_names]
    tables = (features.names, features.values, features.offsets), (along, features.edge_values, features.edge_offsets)
    if features.form != "sequence":
        return tables
    inside = np.setdiff1d(np.arange(1, len(features.values)), features.offsets)
    steps = np.linalg.norm(features.values[inside, :2] - features.values[inside - 1, :2], axis=1)
    return *tables, (["step from atom to atom"], steps[:, None], features.offsets - np.arange(len(features.offsets)))


def _shares(features: Features) -> dict[str, Array]:
    """What each place adds to the numbers of ``summary``, to first order, (M,) by name; of a number off its mean, so that it vanishes."""
    places, shares = len(features), {}
    for names, values, offsets in _tables(features):
        for k, name in enumerate(names):
            column = np.asarray(values[:, k], dtype=np.float64).ravel()
            rows = np.diff(offsets) if len(offsets) else np.full(places, column.size // places)
            place, off, spread = np.repeat(np.arange(places), rows), column - column.mean(), column.std()
            weight = places / column.size
            shares[f"mean of {name}"] = weight * np.bincount(place, off, places)
            square = (off**2 - spread**2) / (2.0 * spread) if spread > 0.0 else 0.0 * off
            shares[f"spread of {name}"] = weight * np.bincount(place, square, places)
    shares["rows per place"] = np.diff(features.offsets).astype(float) if len(features.offsets) else np.ones(places)
    return shares


def _centre(rows: Array) -> tuple[Array, Array]:
    mean = rows.mean(axis=0)
    spread = rows.std(axis=0, ddof=1) if len(rows) > 1 else np.zeros(len(mean))
    return mean, np.maximum(spread, _FLOOR * (1.0 + np.abs(mean)))


def _stand_out(values: Array, mean: Array, chance: Array) -> Array:
    return np.abs(values - mean) / chance
