"""A rose as a table, a picture, or arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vitreous.core.errors import VitreousError
from vitreous.direct.rose import Rose
from vitreous.io.tables import write_table

ENDINGS = (".csv", ".png", ".npz")  #: of the files that a rose is written to


def write_rose(found: Rose, path: Path) -> Path:
    """Write by the ending of ``path``: a table of angles (degrees) with D2min of the central atom
    at every strain and what the model says of it (.csv), a polar plot (.png), or these and D2min of
    all free atoms as arrays (.npz).

    Raises:
        VitreousError: it cannot be written, or a picture without what draws it.
    """
    columns: dict[str, Any] = {
        "angle": found.angles,
        **{f"d2min_{s:g}": found.d2min[:, k] for k, s in enumerate(found.strains)},
        **({} if found.predicted is None else {found.predicted_name: found.predicted}),
    }
    if path.suffix == ".csv":
        return write_table(path, columns)
    if path.suffix == ".npz":
        columns |= {"strains": np.array(found.strains), "atoms": found.atoms}
        np.savez(path, **columns, d2min_of_free=found.d2min_of_free)
        return path
    try:
        from vitreous.report.rose import draw_rose
    except ImportError as error:
        raise VitreousError(
            f"a picture needs {error.name}; install vitreous[ml], or write .csv"
        ) from error
    draw_rose(
        found.angles,
        {f"{100.0 * s:g} %": found.d2min[:, k] for k, s in enumerate(found.strains)},
        found.units,
        path,
        found.predicted,
        found.predicted_name,
    )
    return path
