"""What a run knows of one glass, as columns with names: of viewer and export alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Labels, in_units
from vitreous.core.sample import Sample

PREDICTED = "predicted "  #: before the names of labels
ERROR = "error"
Array = NDArray[np.float64]


class Known(NamedTuple):
    """Values (M,) at the sites of a glass, NaN where there is none. ``weak_is``: "low", "high", or
    empty where no side marks weak sites. ``like``: the column on whose scale it is seen; empty for
    its own.
    """

    values: Array
    unit: str = ""
    weak_is: str = ""
    like: str = ""


def columns_of(sample: Sample, weak_is: Mapping[str, str]) -> dict[str, Known]:
    """Labels, predictions, errors, uncertainties, probabilities and indicators of a sample, by
    name; ``weak_is``: that of indicators.
    """
    labels = sample.labels
    unit = in_units(labels.unit, sample.configuration.units)
    columns = {}
    for name, values, side, like in _of_labels(sample):
        several = np.reshape(values, (len(labels), -1)).T
        for part, of in zip(_parts(labels), several, strict=True):
            columns[f"{name}{part}"] = Known(of, unit, side, f"{like}{part}" if like else "")
    if sample.probabilities is not None:
        for name, of in zip(labels.classes, sample.probabilities.T, strict=True):
            columns[f"{PREDICTED}probability of {name}"] = Known(np.asarray(of), "", "high")
    if sample.indicators is not None:
        for name, of in zip(sample.indicators.names, sample.indicators.values.T, strict=True):
            values = np.asarray(of, dtype=np.float64)
            columns[name.replace("_", " ")] = Known(values, "", weak_is.get(name, ""))
    return columns


def _parts(labels: Labels) -> list[str]:
    return [f" {part.replace('_', ' ')}" for part in labels.components] or [""]


def _of_labels(sample: Sample) -> Iterator[tuple[str, Any, str, str]]:
    """Name, values, weak side, and the column on whose scale they are seen."""
    labels, title = sample.labels, sample.labels.name.replace("_", " ")
    truth = np.where(labels.mask, labels.values, np.nan)
    yield title, truth, labels.weak_is, ""
    if sample.prediction is not None:
        yield f"{PREDICTED}{title}", sample.prediction, labels.weak_is, title
        if labels.task == "value":
            yield ERROR, np.asarray(sample.prediction) - truth, "", ""
    if sample.uncertainty is not None:
        yield "uncertainty", sample.uncertainty, "", ""
