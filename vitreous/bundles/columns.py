"""A prediction as columns with names: what tables, atoms, pictures and printed lines show alike.

========  =============================================  ========================================
task      columns                                        beside them
========  =============================================  ========================================
value,    NAME, or NAME_COMPONENT for each component     uncertainty, low_50, high_50, low_95, ...
image
class     NAME, the number of the likeliest class        probability_CLASS for each class
position  NAME_COMPONENT, in fractions of the cell       uncertainty
survival  NAME, the strain of cumulative hazard 1        probability_first, to be the first to fail
========  =============================================  ========================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import nearest_site
from vitreous.bundles.bundle import VALUED
from vitreous.bundles.failing import first_failure
from vitreous.bundles.prediction import Prediction
from vitreous.io.write import safe_name

Array = NDArray[Any]
DOUBTFUL = "doubtful"  #: a column of the files


@dataclass(frozen=True, kw_only=True)
class Column:
    """``values`` (M,), their unit, and the side that marks weak sites: "low" or "high"."""

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
    """Of each class, or of each site to be the first to fail; empty where there are none."""
    failure = first_failure(found)
    if failure is not None:
        return {"probability_first": Column(values=failure.shares, unit="", weak_is="high")}
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


def where(found: Prediction) -> dict[str, Array]:
    """Coordinates of each site as in the file or Atoms, and of an atom its id and species; nothing
    of a whole glass.
    """
    labels, glass = found.labels, found.configuration
    if labels.level == "sample":
        return {}
    atom = {"id": glass.ids, "species": np.array(glass.names)[glass.species]}
    at = dict(zip("xyz", found.sites.T, strict=False))
    return {**(atom if labels.level == "atom" else {}), **at}


def numbers(found: Prediction) -> dict[str, Array]:
    """Answers, probabilities, uncertainties and intervals; an uncertainty that nobody knows is NaN
    for values, and left out of other tasks.
    """
    unknown = {"uncertainty": np.full(len(found.labels), np.nan)}
    known = {name: column.values for name, column in uncertainties(found).items()}
    return {
        **{name: column.values for name, column in answers(found).items()},
        **{name: column.values for name, column in probabilities(found).items()},
        **(known or (unknown if found.labels.task in VALUED else {})),
        **bounds(found),
    }


def site_columns(found: Prediction) -> dict[str, Array]:
    """Every site in a row: where it is, what was predicted, why not, and whether to trust it."""
    return {
        **where(found),
        **numbers(found),
        **classes(found),
        "predicted": found.reasons == "",
        "masked_because": found.reasons,
        **_trust(found, len(found.labels)),
    }


def atom_columns(found: Prediction) -> dict[str, Array]:
    """For every atom what was found at the nearest site: answer, uncertainty, for each reason why
    sites have no value a column of 0 and 1, and whether to trust it; under names that extended XYZ
    takes.
    """
    glass, labels = found.configuration, found.labels
    site = nearest_site(labels.positions, glass.positions, glass.cell, glass.periodic)
    found_there = {**answers(found), **probabilities(found), **uncertainties(found)}
    columns = {
        **{name: column.values[site] for name, column in found_there.items()},
        **{reason: (found.reasons == reason)[site].astype(float) for reason in found.masked},
        **_trust(found, len(glass)),
    }
    return {safe_name(name): values for name, values in columns.items()}


def _trust(found: Prediction, rows: int) -> dict[str, Array]:
    """Columns that tell whether to trust the prediction, the same in every row: NaN where that is
    not known.
    """
    known = {
        "expected_correlation": np.nan if found.correlation is None else found.correlation,
        DOUBTFUL: np.nan if found.doubtful is None else float(found.doubtful),
        "at_rest": np.nan if np.isnan(found.largest_force) else float(found.at_rest),
    }
    return {name: np.full(rows, value) for name, value in known.items()}
