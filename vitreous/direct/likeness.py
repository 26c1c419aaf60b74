"""Is a glass like those that a model was trained on? Means and spreads of what the model sees, compared glass by glass.

For every column of the features (of nodes and of edges, for graphs) the mean and the standard deviation over a glass, and the number of
rows per place, are one number each. Over the training glasses each has a mean m and a spread s; a new glass stands out by the largest
``|v - m| / s``, with s widened by sqrt(n / N) for a glass of N atoms, fewer than the n of training. It is unlike them when it stands out
more than ``_MARGIN`` times as far as any of them does when left out itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Features

Array = NDArray[Any]
_MARGIN = 1.5
_FLOOR = 1e-6  # of a value's size: a spread smaller than this is rounding


@dataclass(frozen=True)
class Likeness:
    """What training glasses are like: ``names`` of the numbers, their ``mean`` and ``spread``, the ``limit``, and ``atoms`` per glass."""

    names: Sequence[str]
    mean: Sequence[float]
    spread: Sequence[float]
    limit: float
    atoms: int


def likeness_of(glasses: Sequence[tuple[Configuration, Features]]) -> Likeness:
    """From the training glasses and their features; with fewer than three of them nothing stands out."""
    rows = np.array([list(summary(features).values()) for _, features in glasses])
    names = list(summary(glasses[0][1]))
    limit = float("inf")
    if len(rows) > 2:
        left_out = [_stand_out(rows[k], *_centre(np.delete(rows, k, axis=0)), 1.0).max() for k in range(len(rows))]
        limit = _MARGIN * float(max(left_out))
    mean, spread = _centre(rows)
    atoms = int(np.mean([len(glass) for glass, _ in glasses]))
    return Likeness(names, mean.tolist(), spread.tolist(), limit, atoms)


def unlike(likeness: Likeness, glass: Configuration, features: Features) -> list[tuple[str, float, float]]:
    """(name, value, training mean) of what stands out beyond the limit, the worst first; empty for a glass like those of training."""
    values = summary(features)
    if list(values) != list(likeness.names):
        return [("columns", float(len(values)), float(len(likeness.names)))]
    found, mean = np.array(list(values.values())), np.array(likeness.mean)
    widened = max(1.0, likeness.atoms / len(glass)) ** 0.5
    far = _stand_out(found, mean, np.array(likeness.spread), widened)
    worst = [k for k in np.argsort(-far) if far[k] > likeness.limit]
    names = list(values)
    return [(names[k], float(found[k]), float(mean[k])) for k in worst]


def summary(features: Features) -> dict[str, float]:
    """The numbers that stand for a glass, by name."""
    numbers: dict[str, float] = {}
    for names, values in ((features.names, features.values), (features.edge_names, features.edge_values)):
        for k, name in enumerate(names):
            column = np.asarray(values[:, k], dtype=np.float64)
            numbers[f"mean of {name}"], numbers[f"spread of {name}"] = float(column.mean()), float(column.std())
    numbers["rows per place"] = len(features.values) / len(features)
    return numbers


def _centre(rows: Array) -> tuple[Array, Array]:
    mean = rows.mean(axis=0)
    spread = rows.std(axis=0, ddof=1) if len(rows) > 1 else np.zeros(len(mean))
    return mean, np.maximum(spread, _FLOOR * (1.0 + np.abs(mean)))


def _stand_out(values: Array, mean: Array, spread: Array, widened: float) -> Array:
    return np.abs(values - mean) / (widened * spread)
