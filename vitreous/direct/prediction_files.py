"""A prediction written as a table, a picture, or the atoms with the value of the nearest place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.analysis.neighborhoods import nearest_place
from vitreous.bundles import Prediction
from vitreous.core.errors import VitreousError
from vitreous.io.tables import write_table
from vitreous.io.write import WITH_COLUMNS, write_configuration

ENDINGS = (".csv", ".png", *WITH_COLUMNS)  #: of files that a prediction is written to
DOUBTFUL = "doubtful"  #: a column of the files


def write_prediction(found: Prediction, path: Path) -> None:
    """Write one file, by its ending: places as a table, a picture, or the atoms with columns.

    Raises:
        VitreousError: a picture without what draws it.
    """
    writers: dict[str, Callable[[Path, Prediction], None]] = {".csv": _csv, ".png": _picture}
    writers.get(path.suffix.lower(), _atoms)(path, found)


def _csv(path: Path, found: Prediction) -> None:
    labels = found.labels
    unknown = np.full(len(labels.mask), np.nan)
    write_table(
        path,
        {
            **dict(zip("xyz", found.configuration.in_file(labels.positions).T, strict=False)),
            labels.name: labels.values,
            "uncertainty": unknown if found.uncertainty is None else found.uncertainty,
            **_bounds(found),
            "predicted": labels.mask,
            "masked_because": found.reasons,
            **_trust(found, len(labels.mask)),
        },
    )


def _picture(path: Path, found: Prediction) -> None:
    try:
        from vitreous.report.predicted import draw_prediction
    except ImportError as error:
        raise VitreousError(
            f"a picture needs {error.name}; install vitreous[ml], or write .csv"
        ) from error
    doubts = [] if found.at_rest else ["the glass is not at rest"]
    if found.doubtful and found.correlation is not None:
        doubts = [
            f"it is expected to correlate with the true one by {found.correlation:.2f}",
            *doubts,
        ]
    elif found.doubtful:
        doubts = ["the glass is unlike those of the training", *doubts]
    draw_prediction(
        found.configuration,
        found.labels,
        found.uncertainty,
        path,
        doubts=doubts,
        masked=found.masked,
    )


def _bounds(found: Prediction) -> dict[str, Any]:
    """Ends of the intervals, e.g. ``low_95`` and ``high_95``."""
    ends = {p: dict(zip(("low", "high"), of, strict=True)) for p, of in found.bounds.items()}
    return {
        f"{side}_{100 * p:.0f}": values for p, of in ends.items() for side, values in of.items()
    }


def _trust(found: Prediction, rows: int) -> dict[str, Any]:
    """Columns that tell whether to trust the map, the same in every row: NaN where that is not
    known.
    """
    known = {
        "expected_correlation": np.nan if found.correlation is None else found.correlation,
        DOUBTFUL: np.nan if found.doubtful is None else float(found.doubtful),
        "at_rest": np.nan if np.isnan(found.largest_force) else float(found.at_rest),
    }
    return {name: np.full(rows, value) for name, value in known.items()}


def _atoms(path: Path, found: Prediction) -> None:
    """The glass with the value of the nearest place on every atom, its uncertainty, for each reason
    why places have no value a column of 0 and 1, and whether to trust the map, for OVITO.
    """
    glass, labels = found.configuration, found.labels
    place = nearest_place(labels.positions, glass.positions, glass.cell, glass.periodic)
    known = {} if found.uncertainty is None else {"uncertainty": found.uncertainty[place]}
    why = {reason: (found.reasons == reason)[place] for reason in found.masked}
    write_configuration(
        path,
        glass,
        {labels.name: labels.values[place], **known, **why, **_trust(found, len(glass))},
    )
