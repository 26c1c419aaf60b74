"""A glass as files hold it: three-dimensional, in the coordinates of the file it came from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration

Floats = NDArray[np.float64]


def solid(configuration: Configuration) -> tuple[Floats, Floats, Floats, tuple[bool, ...]]:
    """Positions (N, 3) and origin as in the file that the glass came from, cell (3, 3) and
    periodicity; a plane glass lies in a cell of unit thickness.
    """
    origin, cell, flat = configuration.origin, np.eye(3), 3 - configuration.dimension
    cell[: 3 - flat, : 3 - flat] = configuration.cell
    positions = np.pad(configuration.positions, ((0, 0), (0, flat))) + origin
    return positions, cell, origin, (*configuration.periodic, *(True,) * flat)


def rows(*columns: NDArray[Any] | list[str]) -> str:
    """Lines of the values that stand side by side; reading them gives the same bits."""
    words = [
        [str(v) for v in column] if isinstance(column, list) else [repr(v) for v in column.tolist()]
        for column in columns
    ]
    return "\n".join(" ".join(row) for row in zip(*words, strict=True)) + "\n"
