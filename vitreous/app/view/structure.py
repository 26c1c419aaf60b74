"""A glass as the page draws it: plain lists, rounded to what a picture can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import UNITS, Configuration
from vitreous.core.errors import VitreousError

_DIGITS = 7  # significant ones
Answer = dict[str, Any]


def listed(values: Any) -> list[Any]:
    """Numbers as JSON has them: those that are not finite are null."""
    array = np.asarray(values)
    if array.dtype.kind in "iub":
        return array.tolist()
    return [float(f"{x:.{_DIGITS}g}") if np.isfinite(x) else None for x in array.tolist()]


def column(values: Any, unit: str = "", weak_is: str = "", diverging: bool = False) -> Answer:
    """Values of atoms or sites; ``weak_is``: "low" or "high" where a side marks weak ones;
    diverging: whether zero is the middle.
    """
    return {"values": listed(values), "unit": unit, "weak_is": weak_is, "diverging": diverging}


def of_file(columns: Mapping[str, NDArray[Any]]) -> dict[str, Answer]:
    """Columns of a file, whose units it does not tell; those with both signs about zero diverge."""
    return {name: column(values, diverging=_signed(values)) for name, values in columns.items()}


def _signed(values: NDArray[Any]) -> bool:
    known = values[np.isfinite(values)]
    if not len(known):
        return False
    low, high = np.quantile(known, [0.02, 0.98])
    return bool(low < 0.0 < high and min(-low, high) > 0.2 * max(-low, high))


def drawn(glass: Configuration, columns: Mapping[str, Answer]) -> Answer:
    """Everything of a glass, its rings where it is silica, and columns of its atoms by name."""
    glass, remarks = with_bonds(glass)
    rings, sizes = _rings(glass, remarks)
    count = np.bincount(glass.species, minlength=len(glass.names)).tolist()
    return {
        "name": str(glass.info.get("source", "glass")),
        "atoms": len(glass),
        "dimension": glass.dimension,
        "length": UNITS[glass.units][0],
        "cell": glass.cell.tolist(),
        "origin": glass.origin[: glass.dimension].tolist(),
        "periodic": list(glass.periodic),
        "names": list(glass.names),
        "counts": dict(zip(glass.names, count, strict=True)),
        "species": glass.species.tolist(),
        "ids": glass.ids.tolist(),
        "positions": [listed(axis) for axis in glass.positions.T],
        "bonds": [end.tolist() for end in glass.bonds.T],
        "rings": rings,
        "ring_sizes": sizes,
        "columns": {**columns, **_of_bonds(glass)},
        "remarks": remarks,
    }


def with_bonds(glass: Configuration) -> tuple[Configuration, list[str]]:
    """The glass with the bonds that silica has, and what is to be said of them."""
    if len(glass.bonds) or set(glass.names) != {"Si", "O"}:
        return glass, []
    from vitreous.io.bonds import bonded, miscoordinated

    try:
        glass = bonded(glass)
    except VitreousError as error:
        return glass, [f"no bonds are drawn: {error}"]
    odd = miscoordinated(glass, glass.bonds) if all(glass.periodic) else ()
    return glass, [f"{len(odd)} atoms have an unusual number of bonds"] if len(odd) else []


def _of_bonds(glass: Configuration) -> dict[str, Answer]:
    """What bonds tell of every atom: how many it has, and by how much its own are longer than the
    mean.
    """
    if not len(glass.bonds):
        return {}
    first, second = glass.bonds.T
    step = glass.minimum_image(glass.positions[second] - glass.positions[first])
    length = np.linalg.norm(step, axis=1)
    number = np.bincount(glass.bonds.ravel(), minlength=len(glass))
    with np.errstate(invalid="ignore"):
        mean = (
            np.bincount(first, length, len(glass)) + np.bincount(second, length, len(glass))
        ) / number
    unit = UNITS[glass.units][0]
    return {
        "coordination": column(number),
        "bond length - mean": column(mean - length.mean(), unit, diverging=True),
    }


def _rings(glass: Configuration, remarks: list[str]) -> tuple[list[Answer], dict[str, int]]:
    """Atoms and size of every ring, of a bilayer those of both layers; none of another glass."""
    if not len(glass.bonds) or set(glass.names) != {"Si", "O"}:
        return [], {}
    from vitreous.analysis.layers import layer_statistics, trace_layers

    try:
        layers = trace_layers(glass, glass.bonds)
        counts = layer_statistics(layers).counts
    except VitreousError as error:
        remarks.append(f"no rings are drawn: {error}")
        return [], {}
    found = [
        {"size": int(size), "atoms": np.asarray(members).tolist()}
        for layer in layers
        for size, members in zip(layer.sizes, layer.members, strict=True)
    ]
    return found, {str(size): n for size, n in counts.items()}


def sites(positions: NDArray[np.float64], grid: tuple[int, ...], glass: Configuration) -> Answer:
    """Where the sites of a map are, and the two edges of the cells of its grid; without a grid no
    edges.
    """
    steps: list[list[float]] = []
    if len(grid) == 2 and positions.shape[1] == 2:
        edges = glass.cell[:2, :2] / np.array(grid)[:, None]
        if min(grid) > 1:  # with a free boundary, sites fill the bounding box
            at = positions.reshape(*grid, 2)
            edges = np.stack([at[1, 0] - at[0, 0], at[0, 1] - at[0, 0]])
        steps = edges.tolist()
    return {"positions": [listed(axis) for axis in positions.T], "steps": steps}
