"""A small synthetic run for checks of evaluations: silica glasses with labels, events, indicators
and predictions.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Attention, Configuration, Features, Labels, Loading
from vitreous.core.interfaces import Fitted
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.vocabulary import HAZARD_STRAINS, TASKS
from vitreous.testing.systems import shaken_honeycomb

Array = NDArray[np.float64]
Random = np.random.Generator
ROLES = ("train", "train", "validation", "test", "test", "test")
WEAK_IS = {"stretch": "high", "density": "low"}  #: of the indicators' columns
_GRID = (5, 4)


def run_of(cls: type[Any]) -> Run:
    """Six glasses with everything an evaluation may need, labelled at the alphabetically first of
    the levels that it scores, and of the first of TASKS that it scores.
    """
    task = next(task for task in TASKS if task in cls.tasks)
    samples = tuple(
        _sample(cls.example(), index, role, min(cls.levels), task)
        for index, role in enumerate(ROLES)
    )
    known = {"attention": _Looking, "contributions": _Summing}
    fitted = next((known[need]() for need in known if need in cls.needs), None)
    return Run(loadings=(Loading(),), samples=samples, weak_is=WEAK_IS, fitted=fitted)


class _Summing(Fitted):
    """A model in memory whose hazards are sums over columns."""

    def predict(self, features: Features) -> np.ndarray:
        return np.exp(-features.values.sum(axis=1))

    def contributions(self, features: Features) -> np.ndarray:
        return features.values

    def save(self, folder: Path) -> None:
        raise NotImplementedError("a model of synthetic runs is not saved")


class _Looking(Fitted):
    """A model in memory that looks at what is bright in the first channel of an image."""

    def predict(self, features: Features) -> np.ndarray:
        return features.values[:, 0].mean(axis=(1, 2))

    def attention(self, features: Features, copies: int) -> tuple[Attention, ...]:
        signed = features.values[:, :1] - 0.5
        coarse = signed.reshape(len(signed), 1, 4, 2, 4, 2).mean(axis=(3, 5))
        coarse = np.kron(coarse, np.ones((2, 2)))
        return tuple(
            Attention(resolution=pixels, weight=np.abs(of), signed=of)
            for pixels, of in ((8, signed), (4, coarse))
        )

    def save(self, folder: Path) -> None:
        raise NotImplementedError("a model of synthetic runs is not saved")


def _sample(evaluation: Any, index: int, role: str, level: str, task: str) -> Sample:
    glass = evaluation.example_glass() or shaken_honeycomb(4, 3, seed=index)
    rng = np.random.default_rng(index)
    labels = _position(rng, glass) if task == "position" else _labels(rng, glass, level)
    if task == "class":
        labels = _classes(labels)
    if task == "survival":
        labels = _failures(labels)
    values = np.nan_to_num(labels.values, nan=0.5)
    first = values[:, 0] if labels.components else values
    columns = np.stack(
        [first + rng.normal(0.0, 0.3, len(first)), rng.normal(size=len(first))], axis=1
    )
    return Sample.of(
        index=index,
        role=role,
        configuration=glass,
        trajectory=None,
        labels=labels,
        events=_events(rng, glass),
        features=_features(rng, evaluation, level, columns),
        indicators=Features(form="vector", level=level, names=tuple(WEAK_IS), values=columns),
        predicted=_classified(rng, values)
        if task == "class"
        else {
            "prediction": values + rng.normal(0.0, 0.1, values.shape),
            "uncertainty": rng.uniform(0.05, 0.2, values.shape),
            "hazards": np.exp(columns.sum(axis=1))[:, None] * HAZARD_STRAINS**4
            if task == "survival"
            else None,
        },
    )


def _classes(labels: Labels) -> Labels:
    """The large values as a class."""
    values = np.where(labels.mask, labels.values > 0.6, np.nan)
    return replace(labels, task="class", classes=("strong", "weak"), unit="1", values=values)


def _failures(labels: Labels) -> Labels:
    """The sites of large values failed in the first event of ``_events``, others held on."""
    strain = np.where(labels.values > 0.6, 0.01, -0.05)
    values = np.where(labels.mask, strain, np.nan)
    return replace(labels, task="survival", unit="strain", values=values)


def _classified(rng: Random, values: Array) -> dict[str, Any]:
    """Classes and their probabilities, most of them right."""
    weak = np.clip(0.25 + 0.5 * values + rng.normal(0.0, 0.2, values.shape), 0.0, 1.0)
    return {
        "prediction": (weak > 0.5).astype(float),
        "uncertainty": None,
        "probabilities": np.column_stack([1.0 - weak, weak]),
    }


def _labels(rng: Random, glass: Configuration, level: str) -> Labels:
    """Values around 0.5, one site in ten masked; on a grid, at the atoms, or one for the whole
    glass.
    """
    ticks = np.meshgrid(*((np.arange(n) + 0.5) / n for n in _GRID), indexing="ij")
    grid = np.stack(ticks, -1).reshape(-1, 2) @ glass.cell
    middle = 0.5 * glass.cell.sum(axis=0, keepdims=True)
    sites = {"atom": glass.positions, "sample": middle}.get(level, grid)
    mask = np.ones(len(sites), dtype=bool)
    mask[7::10] = False
    values = np.where(mask, rng.normal(0.5, 0.2, len(sites)), np.nan)
    return Labels(
        name="target",
        level=level,
        unit="energy/area",
        values=values,
        mask=mask,
        positions=sites,
        grid=_GRID if sites is grid else (),
    )


def _position(rng: Random, glass: Configuration) -> Labels:
    """One position in the plane for the whole glass."""
    values = rng.random((1, 2))
    return Labels(
        name="target",
        level="sample",
        task="position",
        unit="1",
        components=("x", "y"),
        values=values,
        mask=np.ones((1, 2), dtype=bool),
        positions=values @ glass.cell,
    )


def _features(rng: Random, evaluation: Any, level: str, columns: Array) -> Features | None:
    """What a model of the run looks at; None where it has none."""
    if "contributions" in evaluation.needs:
        return Features(form="vector", level=level, names=tuple(WEAK_IS), values=columns)
    return _image(rng, level) if "attention" in evaluation.needs else None


def _image(rng: Random, level: str) -> Features:
    values = rng.random((1, 1, 8, 8))
    return Features(form="image", level=level, names=("A",), values=values)


def _events(rng: Random, glass: Configuration) -> Labels:
    atoms = rng.choice(len(glass), 3, replace=False)
    strain = np.array([0.03, 0.01, 0.02])
    return Labels(
        name="events",
        level="event",
        unit="strain",
        values=strain,
        mask=np.ones(3, dtype=bool),
        positions=glass.positions[atoms],
        columns={"strain": strain},
    )


def unknown(sample: Sample) -> Sample:
    """The same glass, without any label or event."""
    labels, events = sample.labels, sample.events
    assert events is not None
    nothing = replace(
        labels,
        values=np.full(labels.values.shape, np.nan),
        mask=np.zeros(labels.mask.shape, dtype=bool),
    )
    none = replace(
        events, values=[], mask=[], positions=np.zeros((0, 2)), columns={"strain": np.zeros(0)}
    )
    return sample.with_(labels=nothing, events=none)
