"""A prediction as columns: of its places, as in tables, and of its atoms, as other programs show
them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import nearest_place
from vitreous.bundles.prediction import Prediction
from vitreous.io.write import safe_name

Columns = dict[str, NDArray[Any]]
DOUBTFUL = "doubtful"  #: a column of the files


def place_columns(found: Prediction) -> Columns:
    """x, y (and z) of every place in the coordinates of the file or Atoms that the glass came from,
    its value under the label's name, its uncertainty, the ends of its intervals, why it has no
    value, and whether to trust the map.
    """
    labels = found.labels
    unknown = np.full(len(labels.mask), np.nan)
    return {
        **dict(zip("xyz", found.places.T, strict=False)),
        labels.name: labels.values,
        "uncertainty": unknown if found.uncertainty is None else found.uncertainty,
        **_bounds(found),
        "predicted": labels.mask,
        "masked_because": found.reasons,
        **_trust(found, len(labels.mask)),
    }


def atom_columns(found: Prediction) -> Columns:
    """For every atom what was found at the nearest place: value, uncertainty, for each reason why
    places have no value a column of 0 and 1, and whether to trust the map; under names that
    extended XYZ takes.
    """
    glass, labels = found.configuration, found.labels
    place = nearest_place(labels.positions, glass.positions, glass.cell, glass.periodic)
    known = {} if found.uncertainty is None else {"uncertainty": found.uncertainty[place]}
    why = {reason: (found.reasons == reason)[place].astype(float) for reason in found.masked}
    columns = {labels.name: labels.values[place], **known, **why, **_trust(found, len(glass))}
    return {safe_name(name): values for name, values in columns.items()}


def _bounds(found: Prediction) -> Columns:
    """Ends of the intervals, e.g. ``low_95`` and ``high_95``."""
    ends = {p: dict(zip(("low", "high"), of, strict=True)) for p, of in found.bounds.items()}
    return {
        f"{side}_{100 * p:.0f}": values for p, of in ends.items() for side, values in of.items()
    }


def _trust(found: Prediction, rows: int) -> Columns:
    """Columns that tell whether to trust the map, the same in every row: NaN where that is not
    known.
    """
    known = {
        "expected_correlation": np.nan if found.correlation is None else found.correlation,
        DOUBTFUL: np.nan if found.doubtful is None else float(found.doubtful),
        "at_rest": np.nan if np.isnan(found.largest_force) else float(found.at_rest),
    }
    return {name: np.full(rows, value) for name, value in known.items()}
