"""What attention maps tell: how far they spread, and what of the glass they follow (Font-Clos et
al. 2022, Methods).

Maps are (H, W) images of the periodic cell: row 0 at the lowest y, pixel centres at half-integer
fractions of the sides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from vitreous.analysis.layers import trace_layers
from vitreous.analysis.rings import Rings
from vitreous.core.configuration import Configuration

Array = NDArray[np.float64]


def participation(weight: Array) -> float:
    """phi = (sum G^2)^2 / (N sum G^4) over the N pixels, eq. 15: 1 for a constant map, 1 / N for a
    single pixel; NaN where G is zero everywhere.
    """
    square = (weight / max(float(np.abs(weight).max()), np.finfo(float).tiny)) ** 2
    top = float((square**2).sum())
    return float(square.sum()) ** 2 / (square.size * top) if top > 0.0 else np.nan


def peak(weight: Array) -> Array:
    """(2,) x and y of the brightest pixel's centre, in fractions of the sides."""
    row, column = np.unravel_index(int(weight.argmax()), weight.shape)
    return np.array([(column + 0.5) / weight.shape[1], (row + 0.5) / weight.shape[0]])


def at_places(weight: Array, fractions: Array) -> Array:
    """(N,) the map at places (N, 2), x and y in fractions of the sides; bilinear, periodic."""
    x, y = (fractions % 1.0).T
    rows, columns = y * weight.shape[0] - 0.5, x * weight.shape[1] - 0.5
    return np.asarray(map_coordinates(weight, [rows, columns], order=1, mode="grid-wrap"))


def divergence(field: Array, sides: Sequence[float]) -> Array:
    """(H, W) dGx/dx + dGy/dy of a periodic field (2, H, W) over an area with these ``sides``
    (length), by central differences.
    """
    height, width = field.shape[1:]
    along_x = np.roll(field[0], -1, axis=1) - np.roll(field[0], 1, axis=1)
    along_y = np.roll(field[1], -1, axis=0) - np.roll(field[1], 1, axis=0)
    return along_x * width / (2.0 * sides[0]) + along_y * height / (2.0 * sides[1])


def defects(glass: Configuration, height: int, width: int) -> Array:
    """(H, W) 1 where a pixel's centre lies in a ring of other than six silicons, else 0; of a
    bilayer the mean of both layers.

    Raises:
        VitreousError: a glass that is no plane silica network, nor a bilayer.
    """
    cell = glass.cell[:2, :2]
    fractional = glass.positions[:, :2] @ np.linalg.inv(cell)
    layers = trace_layers(glass, glass.bonds)
    return np.mean([_defects(found, fractional, height, width) for found in layers], axis=0)


def _defects(rings: Rings, fractional: Array, height: int, width: int) -> Array:
    marked = np.zeros((height, width))
    for members in (m for m in rings.members if len(m) != 6):
        corners = fractional[members]
        corners = corners[0] + np.vstack(
            [np.zeros(2), np.cumsum(_nearest(np.diff(corners, axis=0)), axis=0)]
        )
        _fill(corners * np.array([width, height]) - 0.5, marked)
    return marked


def _nearest(steps: Array) -> Array:
    return steps - np.rint(steps)


def _fill(corners: Array, marked: Array) -> None:
    """Set to 1, through the periodic boundaries, what lies in a polygon of ``corners`` (n, 2) in
    pixels: where a ray along x crosses its sides an odd number of times.
    """
    low, high = np.ceil(corners.min(axis=0)), np.floor(corners.max(axis=0))
    x, y = (np.arange(a, b + 1).astype(np.int64) for a, b in zip(low, high, strict=True))
    if not len(x) or not len(y):
        return
    (x0, y0), (x1, y1) = corners.T[:, :, None], np.roll(corners, -1, axis=0).T[:, :, None]
    spans = (y0 > y) != (y1 > y)  # (n, rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        where = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    crossed = (spans[:, :, None] & (x < where[:, :, None])).sum(axis=0) % 2 == 1
    rows, columns = np.nonzero(crossed)
    marked[y[rows] % marked.shape[0], x[columns] % marked.shape[1]] = 1.0
