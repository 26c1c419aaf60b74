"""The maps of a glass in a run: the true map, the model's, and one for each indicator with a
declared weak side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import heights
from vitreous.analysis.scores import TRUE_MAP, weakness
from vitreous.core.errors import VitreousError
from vitreous.core.run import Run
from vitreous.core.sample import Sample

Array = NDArray[np.float64]
_BEYOND = 1.0 + 1e-9
MODEL = "model"  #: the name of the predicted map, beside those of the indicators


@dataclass(frozen=True, kw_only=True, eq=False)
class Map:
    """Values (M,) at the sites of one glass, NaN where masked. ``weak_is``: whether "low" or "high"
    values are weak.
    """

    name: str
    values: Array
    weak_is: str

    @property
    def weakness(self) -> Array:
        """The values, with the sign chosen so that large means weak."""
        return weakness(self.values, self.weak_is)


def true_map(sample: Sample) -> Map:
    """The labels, NaN where masked; of failures their strain, and for sites that held one beyond
    the last.
    """
    labels = sample.labels
    values = labels.values
    if labels.task == "survival":
        values = np.where(values < 0.0, np.nanmax(np.abs(values)) * _BEYOND, values)
    return Map(name=TRUE_MAP, values=values, weak_is=labels.weak_is)


def compared_maps(sample: Sample, weak_is: Mapping[str, str]) -> list[Map]:
    """The maps compared with the true map: the prediction, if any (of classes the probability of
    the last), and every indicator column named in ``weak_is``.
    """
    found = []
    if sample.prediction is not None:
        found.append(
            Map(
                name=MODEL,
                values=likelihood(sample, -1)
                if sample.labels.task == "class"
                else np.asarray(sample.prediction, dtype=np.float64),
                weak_is=sample.labels.weak_is,
            )
        )
    indicators = sample.indicators
    if indicators is not None:
        for name, column in zip(indicators.names, indicators.values.T, strict=True):
            if name in weak_is:
                found.append(
                    Map(
                        name=name,
                        values=np.asarray(column, dtype=np.float64),
                        weak_is=weak_is[name],
                    )
                )
    return found


def likelihood(sample: Sample, number: int) -> Array:
    """(M,) probability of class ``number`` (-1: the last); of a model that gives none, 1 where it
    predicts this class.
    """
    number %= len(sample.labels.classes)
    if sample.probabilities is not None:
        return np.asarray(sample.probabilities[:, number], dtype=np.float64)
    return (np.asarray(sample.prediction) == number).astype(np.float64)


def unseen_maps(run: Run) -> Iterator[tuple[Sample, Map, list[Map]]]:
    """Iterate over the test glasses with at least one label: the glass, its true map, and the maps
    compared with it.
    """
    for sample in run.role("test"):
        if sample.labels.mask.any():
            yield sample, true_map(sample), compared_maps(sample, run.weak_is)


def event_sites(sample: Sample) -> Array:
    """Positions (E, D) of the events in the undeformed glass, in order of strain; (0, D) if there
    are none.
    """
    events = sample.events
    if events is None or not len(events):
        return np.zeros((0, sample.configuration.dimension))
    strain = events.columns.get("strain")
    order = np.arange(len(events)) if strain is None else np.argsort(strain, kind="stable")
    return events.positions[order]


def grid_spacing(sample: Sample) -> float:
    """The largest spacing of the grid of sites, length unit; without a grid, the mean distance
    between sites.
    """
    cell, grid = sample.configuration.cell, sample.labels.grid
    if grid:
        return float(np.max(np.linalg.norm(cell, axis=1) / np.array(grid)))
    return float(np.prod(heights(cell)) / max(len(sample.labels), 1)) ** (1.0 / len(cell))


def first_strain(sample: Sample) -> float:
    """Strain of the first event of a glass that had one.

    Raises:
        VitreousError: labels of failures count another event as the first.
    """
    assert sample.events is not None
    first, labels = float(np.min(sample.events.values)), sample.labels
    if labels.task == "survival":
        counted = float(np.min(labels.values[labels.values > 0.0], initial=np.inf))
        if counted not in (first, np.inf):
            raise VitreousError(
                f"{sample.title}: the first event comes at strain {first:g}, the first that the "
                f"labels count at {counted:g}; give labeler and events the same kind and "
                "smallest"
            )
    return first


def failed(sample: Sample) -> bool:
    """Whether it had an event, and its labels, if they are of failures, count one."""
    survived = sample.labels.task == "survival" and not np.any(sample.labels.values > 0.0)
    return len(event_sites(sample)) > 0 and not survived
