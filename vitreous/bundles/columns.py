"""A prediction as columns with names: what tables, atoms, pictures and printed lines show alike.

========  =============================================  ========================================
task      columns                                        beside them
========  =============================================  ========================================
value,    NAME, or NAME_COMPONENT for each component     uncertainty, low_50, high_50, low_95, ...
image
class     NAME, the number of the likeliest class        probability_CLASS for each class
position  NAME_COMPONENT, in fractions of the cell       uncertainty
========  =============================================  ========================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.bundles.prediction import Prediction

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Column:
    """``values`` (M,), their unit, and the side that marks weak places: "low" or "high"."""

    values: Array
    unit: str
    weak_is: str


def answers(found: Prediction) -> dict[str, Column]:
    """What was predicted, by the names of its columns."""
    labels = found.labels
    return {
        name: Column(values=values, unit=labels.unit, weak_is=labels.weak_is)
        for name, values in _each(labels.name, labels.values, found).items()
    }


def probabilities(found: Prediction) -> dict[str, Column]:
    """Of each class; empty where there are none."""
    if found.probabilities is None:
        return {}
    return {
        f"probability_{name}": Column(values=values, unit="", weak_is="high")
        for name, values in zip(found.labels.classes, found.probabilities.T, strict=True)
    }


def uncertainties(found: Prediction) -> dict[str, Column]:
    """Deviation of each column of ``answers``; empty from a model that does not know."""
    if found.uncertainty is None:
        return {}
    return {
        name: Column(values=values, unit=found.labels.unit, weak_is="high")
        for name, values in _each("uncertainty", found.uncertainty, found).items()
    }


def bounds(found: Prediction) -> dict[str, Array]:
    """Ends of the intervals, e.g. ``low_95`` and ``high_95``; empty where none are known."""
    ends = {
        f"{side}_{100 * p:.0f}": values
        for p, of in found.bounds.items()
        for side, values in zip(("low", "high"), of, strict=True)
    }
    return {
        name: column
        for end, values in ends.items()
        for name, column in _each(end, values, found).items()
    }


def classes(found: Prediction) -> dict[str, Array]:
    """``class``: the name of the likeliest, empty where masked; empty of other tasks."""
    labels = found.labels
    if labels.task != "class":
        return {}
    names = np.array([*labels.classes, ""])
    return {"class": names[np.where(labels.mask, labels.values, -1).astype(int)]}


def _each(name: str, values: Array, found: Prediction) -> Mapping[str, Array]:
    components = found.labels.components
    if not components:
        return {name: values}
    return {f"{name}_{of}": column for of, column in zip(components, values.T, strict=True)}
