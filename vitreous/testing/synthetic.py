"""Synthetic features and labels, in every form, for checks of models.

The label of a site is a smooth function of its features, so that any working model can learn it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Drawn, Features, Labels, Symmetry

Array = NDArray[Any]
#: of vector features: more than the eight sites of a glass, so that a linear model can fit all of
#: them
COLUMNS = 12
_SIDE = 64  #: pixels of the image of a glass


def examples(
    cls: type[Any],
    glasses: int,
    seed: int,
    form: str | None = None,
    sites: int = 8,
    task: str = "",
) -> list[tuple[Any, Labels]]:
    """``glasses`` pairs of features and labels that a model class accepts; one value per glass at
    level "sample". ``task``: "value", "class" or "survival", where all sites fail, each in an event
    of its own; by default the first of these that the class learns.
    """
    level = next(
        level for level in ("site", "atom", "sample", "field", "event") if level in cls.levels
    )
    count = 1 if level == "sample" else sites
    task = task or next(each for each in ("value", "class", "survival") if each in cls.tasks)
    made = []
    for index in range(glasses if level != "sample" else glasses * sites):
        rng = np.random.default_rng([seed, index])
        made.append(_MAKERS[form or min(cls.forms)](rng, count, level))
    middle = np.median(np.concatenate([values for _, values in made]))
    if task == "class":
        made = [(features, np.where(values > middle, 1.0, 0.0)) for features, values in made]
    if task == "survival":
        made = [(features, 0.1 * np.exp(0.2 * (values - middle))) for features, values in made]
    return [(features, labels_of(values, level, task)) for features, values in made]


def labels_of(values: Array, level: str, task: str = "value") -> Labels:
    """Labels with these values (M,); of task "class" numbers of two classes."""
    positions = np.arange(2.0 * len(values)).reshape(-1, 2)
    return Labels(
        name="target",
        level=level,
        unit={"class": "1", "survival": "strain"}.get(task, "energy"),
        task=task,
        classes=("strong", "weak") if task == "class" else (),
        values=values,
        mask=np.ones(len(values), dtype=bool),
        positions=positions,
        columns={"other": positions[:, 0]},
    )


def _vector(rng: np.random.Generator, count: int, level: str) -> tuple[Features, Array]:
    x = rng.normal(size=(count, COLUMNS)) * np.linspace(1.0, 3.0, COLUMNS) + 5.0
    names = tuple(f"column{i}" for i in range(COLUMNS))
    return Features(form="vector", level=level, names=names, values=x), 2.0 + x[:, 0] - 0.5 * x[
        :, 1
    ]


def _image(rng: np.random.Generator, count: int, level: str) -> tuple[Features, Array]:
    x = rng.normal(size=(count, 2, 48, 48)) + rng.normal(size=(count, 2, 1, 1))
    return Features(form="image", level=level, names=("A", "B"), values=x), 2.0 + x[:, 0].mean(
        axis=(1, 2)
    )


def _sequence(rng: np.random.Generator, count: int, level: str) -> tuple[Features, Array]:
    lengths = rng.integers(6, 12, count)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    x = rng.normal(size=(offsets[-1], 3)) + np.repeat(rng.normal(size=(count, 3)), lengths, axis=0)
    values = 2.0 + np.array([x[a:b, 0].mean() for a, b in pairwise(offsets)])
    return Features(
        form="sequence", level=level, names=("x", "y", "distance"), values=x, offsets=offsets
    ), values


def _graph(rng: np.random.Generator, count: int, level: str) -> tuple[Features, Array]:
    """Rings of 6 to 9 nodes; the label is the mean length of the edges of a site."""
    sizes = rng.integers(6, 10, count)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    swell = np.repeat(rng.uniform(0.6, 1.6, count), sizes)
    turn = 2 * np.pi * np.concatenate([np.arange(n) / n for n in sizes])
    place = (swell * (1 + 0.1 * rng.normal(size=len(swell))))[:, None] * np.column_stack(
        [np.cos(turn), np.sin(turn)]
    )
    source = np.arange(len(place))
    target = np.concatenate([np.roll(source[a:b], -1) for a, b in pairwise(offsets)])
    edges = np.stack(
        [np.column_stack([source, target]).ravel(), np.column_stack([target, source]).ravel()]
    )
    vector = place[edges[1]] - place[edges[0]]
    length = np.hypot(*vector.T)
    edge_offsets = 2 * offsets
    values = np.array([length[a:b].mean() for a, b in pairwise(edge_offsets)])
    features = Features(
        form="graph",
        level=level,
        names=("x", "y", "distance"),
        values=np.column_stack([place, np.hypot(*place.T)]),
        offsets=offsets,
        edges=edges,
        edge_values=np.column_stack([vector, length]),
        edge_names=("x", "y", "length"),
        edge_offsets=edge_offsets,
    )
    return features, values


def _glass_graph(rng: np.random.Generator, count: int, level: str) -> tuple[Features, Array]:
    """A ring of twice as many atoms as sites; the label is the mean length of an atom's edges."""
    n = 2 * count
    angle = 2 * np.pi * np.arange(n) / n
    length = rng.uniform(0.6, 1.6, n)
    source = np.arange(n)
    target = np.roll(source, -1)
    vector = length[:, None] * np.column_stack([-np.sin(angle), np.cos(angle)])
    features = Features(
        form="glass_graph",
        level=level,
        names=("A", "B"),
        values=np.column_stack([source % 2 == 0, source % 2 == 1]).astype(float),
        edges=np.stack([np.concatenate([source, target]), np.concatenate([target, source])]),
        edge_values=np.concatenate([vector, -vector]),
        edge_names=("x", "y"),
        site_nodes=rng.permutation(n)[:count],
    )
    mean = 0.5 * (length + np.roll(length, 1))
    return features, mean[features.site_nodes]


def _glass_image(rng: np.random.Generator, count: int, level: str) -> tuple[Drawn, Array]:
    """A bright spot at every site; the label is its brightness."""
    places, bright = rng.random((count, 2)), rng.uniform(0.5, 1.5, count)
    y, x = (np.indices((_SIDE, _SIDE)) + 0.5) / _SIDE
    away = np.stack([x, y], axis=-1) - places[:, None, None]
    away -= np.rint(away)
    spots = np.exp(-0.5 * (away**2).sum(axis=-1) * (_SIDE / 2.0) ** 2)
    source = Features(
        form="vector",
        level=level,
        names=("x", "y"),
        values=places,
        shared={"image": np.tensordot(bright, spots, 1).astype(np.float32)},
    )
    features = Drawn(
        form="glass_image",
        names=("A",),
        shape=(1, _SIDE, _SIDE),
        copies=1,
        source=source,
        recipe={},
        draw=_as_stored,
        symmetries=_unmoved,
    )
    return features, 2.0 + bright


def _as_stored(source: Features, indices: Array, copies: Array) -> Array:
    return np.repeat(source.shared["image"][None, None], len(indices), axis=0)


def _unmoved(source: Features, indices: Array, copies: Array) -> Symmetry:
    return Symmetry()


_MAKERS: dict[str, Callable[[np.random.Generator, int, str], tuple[Any, Array]]] = {
    "vector": _vector,
    "image": _image,
    "sequence": _sequence,
    "graph": _graph,
    "glass_graph": _glass_graph,
    "glass_image": _glass_image,
}


def some_sites(features: Any, chosen: Sequence[int]) -> Any:
    """The features of the ``chosen`` sites, in this order."""
    if features.form in ("vector", "image"):
        return replace(features, values=features.values[list(chosen)])
    if features.form == "glass_graph":
        return replace(features, site_nodes=features.site_nodes[list(chosen)])
    if isinstance(features, Drawn):
        values = features.source.values[list(chosen)]
        return replace(features, source=replace(features.source, values=values))
    rows = [np.arange(features.offsets[m], features.offsets[m + 1]) for m in chosen]
    offsets = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    if features.form == "sequence":
        return replace(features, values=features.values[np.concatenate(rows)], offsets=offsets)
    columns = [np.arange(features.edge_offsets[m], features.edge_offsets[m + 1]) for m in chosen]
    edges = [
        features.edges[:, c] - features.offsets[m] + start
        for m, c, start in zip(chosen, columns, offsets[:-1], strict=True)
    ]
    return replace(
        features,
        values=features.values[np.concatenate(rows)],
        offsets=offsets,
        edges=np.concatenate(edges, axis=1),
        edge_values=features.edge_values[np.concatenate(columns)],
        edge_offsets=np.concatenate([[0], np.cumsum([len(c) for c in columns])]),
    )


def spoilt_sites(features: Any, chosen: Sequence[int]) -> Any:
    """The same features, with absurd values at the ``chosen`` sites; of a glass_graph or a
    glass_image none, whose other sites see them.
    """
    if features.form in ("glass_graph", "glass_image"):
        return features
    rows = list(chosen)
    if features.form in ("graph", "sequence"):
        rows = [r for m in chosen for r in range(features.offsets[m], features.offsets[m + 1])]
    values = np.array(features.values)
    values[rows] = 1e3 + 7.0 * values[rows]
    return replace(features, values=values)
