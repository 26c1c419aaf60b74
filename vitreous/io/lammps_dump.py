"""LAMMPS text dumps, read strictly: a dump that ends early or counts wrong is refused, never
shortened.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError

Floats = NDArray[np.float64]

#: column prefixes for coordinates: (columns, scaled by the cell)
_COORDINATES = (
    (("x", "y", "z"), False),
    (("xu", "yu", "zu"), False),
    (("xs", "ys", "zs"), True),
    (("xsu", "ysu", "zsu"), True),
)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One snapshot in three dimensions.

    Positions (N, 3) are relative to the origin (3,) of the cell (3, 3); ids and kinds are (N,).
    ``kinds`` are the LAMMPS types, or element names where the file gives them. ``planar`` is True
    when the file knows no third dimension. ``strain`` if it says so.
    """

    positions: Floats
    cell: Floats
    origin: Floats
    periodic: tuple[bool, bool, bool]
    ids: NDArray[np.int64]
    kinds: NDArray[np.generic]
    planar: bool = False
    strain: float | None = None


def parse_dump(text: str, source: str) -> list[Frame]:
    """All snapshots of a dump, atoms in ascending id.

    Raises:
        VitreousError: if a section is missing, cut short, or not numeric.
    """
    lines = text.splitlines()
    frames: list[Frame] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        try:
            frame, at = _snapshot(lines, at)
        except (IndexError, ValueError) as error:
            where = f"snapshot {len(frames) + 1}, near line {at + 1}"
            raise VitreousError(
                f"{source}: {where}, is damaged or cut short ({error}); write it again"
            ) from None
        frames.append(frame)
    if not frames:
        raise VitreousError(
            f"{source} holds no snapshot; expected a LAMMPS dump that begins with ITEM: TIMESTEP"
        )
    return frames


def _snapshot(lines: list[str], at: int) -> tuple[Frame, int]:
    count, box, header = -1, None, ""
    while not header:
        words = lines[at].split()
        if words[:1] != ["ITEM:"]:
            raise ValueError(f"expected an ITEM: line, found '{lines[at][:40]}'")
        item = " ".join(words[1:])
        if item == "NUMBER OF ATOMS":
            count = int(lines[at + 1])
            at += 2
        elif item.startswith("BOX BOUNDS"):
            box = _box(item.split()[2:], lines[at + 1 : at + 4])
            at += 4
        elif item.startswith("ATOMS"):
            header = item
            at += 1
        else:  # TIMESTEP, TIME, UNITS: one line each
            at += 2
    if count < 0 or box is None:
        raise ValueError("no number of atoms or no box bounds before the atoms")
    rows = [line.split() for line in lines[at : at + count]]
    if len(rows) < count or any(row[0] == "ITEM:" for row in rows if row):
        raise ValueError(f"{count} atoms announced, fewer found")
    return _frame(header.split()[1:], rows, box), at + count


def _box(words: list[str], rows: list[str]) -> tuple[Floats, Floats, tuple[bool, bool, bool]]:
    """Cell, origin and periodicity from BOX BOUNDS, whose extents enclose the tilted cell (LAMMPS
    manual, Howto triclinic).
    """
    values = [[float(word) for word in row.split()] for row in rows]
    if (
        len(values) != 3
        or any(len(row) != len(values[0]) for row in values)
        or len(values[0]) not in (2, 3)
    ):
        raise ValueError("box bounds need three rows of two or three numbers")
    bounds = np.array(values)
    flags = [word for word in words if word not in ("xy", "xz", "yz")]
    xy, xz, yz = bounds[:, 2] if bounds.shape[1] == 3 else (0.0, 0.0, 0.0)
    low = bounds[:, 0] - [min(0.0, xy, xz, xy + xz), min(0.0, yz), 0.0]
    high = bounds[:, 1] - [max(0.0, xy, xz, xy + xz), max(0.0, yz), 0.0]
    cell = np.diag(high - low)
    cell[1, 0], cell[2, 0], cell[2, 1] = xy, xz, yz
    periodic = (
        (True, True, True)
        if len(flags) != 3
        else (flags[0] == "pp", flags[1] == "pp", flags[2] == "pp")
    )
    return cell, low, periodic


def _frame(
    columns: list[str], rows: list[list[str]], box: tuple[Floats, Floats, tuple[bool, bool, bool]]
) -> Frame:
    cell, origin, periodic = box
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"expected {len(columns)} numbers per atom")
    table = dict(zip(columns, zip(*rows, strict=True), strict=True))
    present = [
        (names, scaled) for names, scaled in _COORDINATES if names[0] in table and names[1] in table
    ]
    if not present:
        raise ValueError(f"no coordinates among the columns {' '.join(columns)}")
    names, scaled = present[0]
    positions = np.column_stack(
        [np.array(table.get(name, ["0"] * len(rows)), dtype=np.float64) for name in names]
    )
    positions = positions @ cell if scaled else positions - origin
    ids = np.array(table["id"], dtype=np.int64) if "id" in table else np.arange(1, len(rows) + 1)
    kinds = (
        np.array(table["element"])
        if "element" in table
        else np.array(table.get("type", ["1"] * len(rows)), dtype=np.int64)
    )
    order = np.argsort(ids, kind="stable")
    if len(np.unique(ids)) != len(ids):
        raise ValueError("an atom id occurs twice")
    return Frame(
        positions=positions[order],
        cell=cell,
        origin=origin,
        periodic=periodic,
        ids=ids[order],
        kinds=kinds[order],
        planar=names[2] not in table,
    )
