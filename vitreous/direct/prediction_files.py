"""A prediction written as a table, a picture, or the atoms with the value of the nearest place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vitreous.bundles import Prediction
from vitreous.bundles.columns import DOUBTFUL, atom_columns, place_columns
from vitreous.core.errors import VitreousError
from vitreous.io.tables import write_table
from vitreous.io.write import WITH_COLUMNS, write_configuration

ENDINGS = (".csv", ".png", *WITH_COLUMNS)  #: of files that a prediction is written to

__all__ = ["DOUBTFUL", "ENDINGS", "write_prediction"]


def write_prediction(found: Prediction, path: Path) -> None:
    """Write one file, by its ending: places as a table, a picture, or the atoms with columns.

    Raises:
        VitreousError: a picture without what draws it.
    """
    writers: dict[str, Callable[[Path, Prediction], None]] = {".csv": _csv, ".png": _picture}
    writers.get(path.suffix.lower(), _atoms)(path, found)


def _csv(path: Path, found: Prediction) -> None:
    write_table(path, place_columns(found))


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


def _atoms(path: Path, found: Prediction) -> None:
    """The glass with the value of the nearest place on every atom, for OVITO."""
    write_configuration(path, found.configuration, atom_columns(found))
