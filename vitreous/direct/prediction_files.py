"""A prediction written as a table, a picture, arrays on a grid, or the atoms with the value of the
nearest place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.analysis.neighborhoods import nearest_place
from vitreous.bundles import Bundle, Prediction
from vitreous.bundles.bundle import VALUED
from vitreous.bundles.columns import answers, bounds, classes, probabilities, uncertainties
from vitreous.core.errors import VitreousError
from vitreous.io.tables import write_table
from vitreous.io.write import WITH_COLUMNS, write_configuration

DOUBTFUL = "doubtful"  #: a column of the files
#: endings of the files that a prediction of each level is written to
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "sample": (".csv",),
    "atom": (".csv", ".png", *WITH_COLUMNS),
    "site": (".csv", ".png", ".npz", *WITH_COLUMNS),
    "field": (".csv", ".png", ".npz", *WITH_COLUMNS),
}


def endings(bundle: Bundle) -> tuple[str, ...]:
    """Of the files that this bundle's predictions are written to; pictures are of plane glasses, or
    of what a projection sees.
    """
    plane = bundle.glasses["dimension"] == 2 or bundle.projection is not None
    found = _ENDINGS[bundle.label["level"]]
    return tuple(ending for ending in found if plane or ending != ".png")


def write_prediction(found: Prediction, path: Path) -> None:
    """Write one file, by its ending: places as a table, a picture, arrays on a grid, or the atoms
    with columns.

    Raises:
        VitreousError: a picture without what draws it.
    """
    writers: dict[str, Callable[[Path, Prediction], None]] = {
        ".csv": _csv,
        ".png": _picture,
        ".npz": _arrays,
    }
    writers.get(path.suffix.lower(), _atoms)(path, found)


def _csv(path: Path, found: Prediction) -> None:
    write_table(
        path,
        {
            **_where(found),
            **_numbers(found),
            **classes(found),
            "predicted": found.reasons == "",
            "masked_because": found.reasons,
            **_trust(found, len(found.labels)),
        },
    )


def _where(found: Prediction) -> dict[str, Any]:
    """Coordinates of each place, and of an atom its id and species; nothing of a whole glass."""
    labels, glass = found.labels, found.configuration
    if labels.level == "sample":
        return {}
    atom = {"id": glass.ids, "species": np.array(glass.names)[glass.species]}
    places = dict(zip("xyz", glass.in_file(labels.positions).T, strict=False))
    return {**(atom if labels.level == "atom" else {}), **places}


def _numbers(found: Prediction) -> dict[str, Any]:
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


def _arrays(path: Path, found: Prediction) -> None:
    """Every column on the grid of the places, (nx, ny); without a grid as it is."""
    shape = found.labels.grid or (len(found.labels),)
    columns = {**_where(found), **_numbers(found), "predicted": found.reasons == ""}
    arrays: dict[str, Any] = {n: np.reshape(of, shape) for n, of in columns.items()}
    np.savez(path, **arrays)


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
    varying = {
        name: column
        for name, column in uncertainties(found).items()
        if np.nanmin(column.values) < np.nanmax(column.values)
    }  # the same everywhere, there is nothing to draw
    panels = {**(probabilities(found) or answers(found)), **varying}
    draw_prediction(
        found.seen,
        replace(found.labels, positions=found.seen_sites),
        {name: (column.values, column.unit, column.weak_is) for name, column in panels.items()},
        path,
        doubts=doubts,
        masked=found.masked,
    )


def _trust(found: Prediction, rows: int) -> dict[str, Any]:
    """Columns that tell whether to trust the prediction, the same in every row: NaN where that is
    not known.
    """
    known = {
        "expected_correlation": np.nan if found.correlation is None else found.correlation,
        DOUBTFUL: np.nan if found.doubtful is None else float(found.doubtful),
        "at_rest": np.nan if np.isnan(found.largest_force) else float(found.at_rest),
    }
    return {name: np.full(rows, value) for name, value in known.items()}


def _atoms(path: Path, found: Prediction) -> None:
    """The glass with the answer at the nearest place on every atom, its uncertainty, for each
    reason why places have no value a column of 0 and 1, and whether to trust it, for OVITO.
    """
    glass, labels = found.configuration, found.labels
    place = nearest_place(labels.positions, glass.positions, glass.cell, glass.periodic)
    columns = {**answers(found), **probabilities(found), **uncertainties(found)}
    why = {reason: (found.reasons == reason)[place] for reason in found.masked}
    write_configuration(
        path,
        glass,
        {
            **{name: column.values[place] for name, column in columns.items()},
            **why,
            **_trust(found, len(glass)),
        },
    )
