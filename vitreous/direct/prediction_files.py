"""A prediction written as a table, a picture, arrays on a grid, or the atoms with the value of the
nearest site.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.bundles import Bundle, Prediction
from vitreous.bundles.columns import (
    answers,
    atom_columns,
    numbers,
    probabilities,
    site_columns,
    uncertainties,
    where,
)
from vitreous.bundles.failing import FirstFailure, first_failure
from vitreous.core.errors import VitreousError
from vitreous.core.loading import PLANES
from vitreous.core.projection import Projection
from vitreous.io.tables import write_table
from vitreous.io.write import WITH_COLUMNS, write_configuration

#: endings of the files that a prediction of each level is written to
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "sample": (".csv",),
    "atom": (".csv", ".png", *WITH_COLUMNS),
    "site": (".csv", ".png", ".npz", *WITH_COLUMNS),
    "field": (".csv", ".png", ".npz", *WITH_COLUMNS),
}


def endings(bundle: Bundle) -> tuple[str, ...]:
    """Of the files that this bundle's predictions are written to; pictures are of plane glasses, of
    what a projection sees, and of layers seen along the axis across them.
    """
    plane = (
        bundle.glasses["dimension"] == 2
        or bundle.projection is not None
        or _across(bundle.glasses["periodic"]) is not None
    )
    found = _ENDINGS[bundle.label["level"]]
    return tuple(ending for ending in found if plane or ending != ".png")


def write_prediction(found: Prediction, path: Path) -> None:
    """Write one file, by its ending: sites as a table, a picture, arrays on a grid, or the atoms
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
    write_table(path, site_columns(found))


def _arrays(path: Path, found: Prediction) -> None:
    """Every column on the grid of the sites, (nx, ny); without a grid as it is."""
    shape = found.labels.grid or (len(found.labels),)
    columns = {**where(found), **numbers(found), "predicted": found.reasons == ""}
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
    seen, sites = found.seen, found.seen_sites
    across = _across(seen.periodic)
    if across is not None:
        seen, sites = across.glass(seen), across.sites(sites)
    varying = {
        name: column
        for name, column in uncertainties(found).items()
        if np.nanmin(column.values) < np.nanmax(column.values)
    }  # the same everywhere, there is nothing to draw
    chances = probabilities(found)
    if len(chances) == 2:  # the one is what the other leaves
        chances = dict(list(chances.items())[1:])
    failure = first_failure(found)
    panels = {**(chances if chances and failure is None else answers(found)), **varying}
    draw_prediction(
        seen,
        replace(found.labels, positions=sites),
        {name: (column.values, column.unit, column.weak_is) for name, column in panels.items()},
        path,
        chances=bool(chances) and failure is None,
        spots=[] if failure is None else [(sites[s.site], s.probability) for s in failure.spots],
        title="" if failure is None else _when(failure),
        doubts=doubts,
        masked=found.masked,
    )


def _when(failure: FirstFailure) -> str:
    if failure.beyond is not None:
        return f"first failure beyond strain {failure.beyond:.3f}: when is not known"
    low, high = failure.bounds[0.9]
    return f"first failure at strain {failure.strain:.3f} (90 %: {low:.3f} to {high:.3f})"


def _across(periodic: Sequence[bool]) -> Projection | None:
    """The view of a layer, which repeats along two of three axes; None of another glass."""
    if len(periodic) != 3 or sum(periodic) != 2:
        return None
    axis = list(periodic).index(False)
    return Projection(plane=next(name for name, axes in PLANES.items() if axes[2] == axis))


def _atoms(path: Path, found: Prediction) -> None:
    """The glass with the answer at the nearest site on every atom, for OVITO."""
    write_configuration(path, found.configuration, atom_columns(found))
