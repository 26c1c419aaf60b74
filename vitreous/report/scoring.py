"""From a run's samples to scores: which maps are compared, on which glasses, with which orientation and radius."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vitreous.analysis.neighborhoods import heights
from vitreous.analysis.scores import Measured, Scores, score_run
from vitreous.core.sample import Sample
from vitreous.plugins.descriptors.physical import PhysicalIndicators

MODEL = "model"


def measured(sample: Sample, orientation: Mapping[str, str]) -> Measured:
    """One sample as scoring sees it: the true map, the model's map, and every indicator column whose orientation is known."""
    glass, labels = sample.configuration, sample.labels
    maps, sides = {}, {}
    if sample.prediction is not None:
        maps[MODEL], sides[MODEL] = sample.prediction, labels.weak_is
    if sample.indicators is not None:
        for name, column in zip(sample.indicators.names, sample.indicators.values.T, strict=True):
            if name in orientation:
                maps[name], sides[name] = np.asarray(column, dtype=np.float64), orientation[name]
    return Measured(
        index=sample.index,
        truth=labels.values,
        weak_is=labels.weak_is,
        sites=labels.positions,
        cell=glass.cell,
        periodic=glass.periodic,
        events=event_places(sample),
        maps=maps,
        orientation=sides,
    )


def event_places(sample: Sample) -> np.ndarray:
    """(E, D) places of the events in the undeformed glass, in order of strain; (0, D) when none is known."""
    if sample.events is None or not len(sample.events):
        return np.zeros((0, sample.configuration.dimension))
    strain = sample.events.columns.get("strain")
    order = np.arange(len(sample.events)) if strain is None else np.argsort(strain, kind="stable")
    return sample.events.positions[order]


def default_radius(sample: Sample) -> float:
    """The largest spacing of the grid of sites, length unit; without a grid, the mean distance between sites."""
    cell, grid = sample.configuration.cell, sample.labels.grid
    if grid:
        return float(np.max(np.linalg.norm(cell, axis=1) / np.array(grid)))
    return float(np.prod(heights(cell)) / max(len(sample.labels), 1)) ** (1.0 / len(cell))


def score_samples(samples: Sequence[Sample], *, radius: float | None = None, orientation: Mapping[str, str] | None = None) -> Scores | None:
    """Scores of these glasses; None when there is none at a spatial level. One without a single label counts, too: nothing is known of it.

    ``radius`` defaults to one grid spacing; ``orientation`` (weak_is by indicator) to that of the built-in physical indicators.
    """
    spatial = [sample for sample in samples if sample.labels.level in ("site", "atom") and len(sample.labels)]
    if not spatial:
        return None
    sides = PhysicalIndicators.weak_is if orientation is None else orientation
    return score_run([measured(sample, sides) for sample in spatial], default_radius(spatial[0]) if radius is None else radius)
