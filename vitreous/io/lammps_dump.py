"""LAMMPS text dumps, read strictly: a snapshot that ends early or counts wrong is refused, never
shortened.
"""

from __future__ import annotations

import re
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.io.frame import Floats, Frame, floats, in_order, integers
from vitreous.io.species import by_mass, labels_of_types

#: columns of coordinates, the first kind that a dump has: (columns, scaled by the cell)
_COORDINATES = (
    (("x", "y", "z"), False),
    (("xu", "yu", "zu"), False),
    (("xs", "ys", "zs"), True),
    (("xsu", "ysu", "zsu"), True),
)
_ITEM = re.compile(r"^ITEM:[ \t]*(\w+)", re.MULTILINE)
_UNNAMED = "C"  # what LAMMPS writes as element of every type until dump_modify names them
_Box = tuple[Floats, Floats, tuple[bool, bool, bool]]


def split_dump(text: str, source: str) -> list[str]:
    """The text of each snapshot: a new one begins with the first item behind atoms.

    Raises:
        VitreousError: if there is none.
    """
    items = list(_ITEM.finditer(text))
    starts = [
        item.start()
        for before, item in zip([None, *items], items, strict=False)
        if before is None or before[1] == "ATOMS"
    ]
    if not starts:
        raise VitreousError(
            f"{source} holds no snapshot; expected a LAMMPS dump that begins with ITEM: TIMESTEP"
        )
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def parse_snapshot(text: str) -> Frame:
    """One snapshot, atoms in ascending id.

    Raises:
        ValueError: if a section is missing, cut short, or not numeric.
    """
    lines = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    count, box, at = -1, None, 0
    while at < len(lines):
        words = lines[at].split()
        if words[:1] != ["ITEM:"]:
            raise ValueError(f"expected an ITEM: line, found '{lines[at][:40]}'")
        item = " ".join(words[1:])
        if item == "NUMBER OF ATOMS":
            count = int(_line(lines, at + 1))
        elif item.startswith("BOX BOUNDS"):
            box = _box(words[3:], lines[at + 1 : at + 4])
            at += 2
        elif item.startswith("ATOMS"):
            break
        at += 2  # TIMESTEP, TIME, UNITS: one line each
    if count < 0 or box is None:
        raise ValueError("no number of atoms or no box bounds before the atoms")
    if at >= len(lines):
        raise ValueError("no ITEM: ATOMS")
    rows = [line.split() for line in lines[at + 1 :]]
    if len(rows) != count:
        found = "fewer found" if len(rows) < count else f"{len(rows)} lines found"
        raise ValueError(f"{count} atoms announced, {found}")
    if not count:
        raise ValueError("it holds no atoms")
    return in_order(_frame(lines[at].split()[2:], rows, box))


def _line(lines: list[str], at: int) -> str:
    if at >= len(lines):
        raise ValueError("it ends early")
    return lines[at]


def _box(words: list[str], rows: list[str]) -> _Box:
    """Cell, origin and periodicity from BOX BOUNDS: extents that enclose the tilted cell, or
    vectors and origin of a general one (LAMMPS manual, Howto triclinic).
    """
    values = [floats(row.split()) for row in rows]
    widths = {len(row) for row in values}
    general = "abc" in words
    if len(values) != 3 or len(widths) != 1 or not widths <= ({4} if general else {2, 3}):
        raise ValueError("box bounds need three rows of two or three numbers, of four with abc")
    bounds = np.array(values)
    flags = [word for word in words if word not in ("xy", "xz", "yz", "abc", "origin")]
    periodic = (
        (True, True, True)
        if len(flags) != 3
        else (flags[0] == "pp", flags[1] == "pp", flags[2] == "pp")
    )
    if general:
        return bounds[:, :3], bounds[:, 3], periodic
    xy, xz, yz = bounds[:, 2] if bounds.shape[1] == 3 else (0.0, 0.0, 0.0)
    low = bounds[:, 0] - [min(0.0, xy, xz, xy + xz), min(0.0, yz), 0.0]
    high = bounds[:, 1] - [max(0.0, xy, xz, xy + xz), max(0.0, yz), 0.0]
    cell = np.diag(high - low)
    cell[1, 0], cell[2, 0], cell[2, 1] = xy, xz, yz
    return cell, low, periodic


def _frame(columns: list[str], rows: list[list[str]], box: _Box) -> Frame:
    cell, origin, periodic = box
    wrong = next((row for row in rows if len(row) != len(columns)), None)
    if wrong is not None:
        raise ValueError(f"expected {len(columns)} values per atom, found '{' '.join(wrong)[:40]}'")
    table = dict(zip(columns, zip(*rows, strict=True), strict=True))
    positions, planar = _positions(table, cell, origin)
    ids = integers(table["id"], "the id") if "id" in table else np.arange(1, len(rows) + 1)
    kinds, labels, named_by, notes = _kinds(table)
    return Frame(
        positions=positions,
        cell=cell,
        origin=origin,
        periodic=periodic,
        ids=ids,
        kinds=kinds,
        labels=labels,
        named_by=named_by,
        numbered="id" in table,
        planar=planar,
        notes=notes,
        columns=_further(table),
    )


def _further(table: dict[str, tuple[str, ...]]) -> dict[str, Floats]:
    """Columns of numbers that say neither what an atom is nor where."""
    known = {"id", "type", "element", "typelabel", "mol"}
    known |= {name for names, _ in _COORDINATES for name in names}
    found = {}
    for name in table.keys() - known:
        with suppress(ValueError):
            found[name] = floats(table[name])
    return {name: found[name] for name in table if name in found}


def _positions(
    table: dict[str, tuple[str, ...]], cell: Floats, origin: Floats
) -> tuple[Floats, bool]:
    """(N, 3) from the first kind of coordinates that the dump has for each axis, and whether z is
    missing; users of LAMMPS write ``xu yu z``.
    """
    whole = next((kind for kind in _COORDINATES if table.keys() >= set(kind[0])), None)
    plane = next((kind for kind in _COORDINATES if table.keys() >= set(kind[0][:2])), None)
    found: list[tuple[str, bool] | None] = [
        next(
            (
                (names[axis], scaled)
                for names, scaled in (*filter(None, (whole, plane)), *_COORDINATES)
                if names[axis] in table
            ),
            None,
        )
        for axis in range(3)
    ]
    x, y, z = found
    if x is None or y is None:
        raise ValueError(f"no coordinates among the columns {' '.join(table)}")
    flat = whole is None and plane is not None and not cell[2, :2].any()
    if whole is None and not flat and np.any(cell != np.diag(np.diag(cell))):
        raise ValueError(f"coordinates of different kinds in a tilted cell: {' '.join(table)}")
    scaled = np.array([x[1], y[1], False if z is None else z[1]])
    columns = [np.zeros(len(table[x[0]])) if a is None else floats(table[a[0]]) for a in found]
    read = np.column_stack(columns)
    fractional = np.where(scaled, read, 0.0) @ cell
    placed = fractional + np.where(scaled, 0.0, read - origin)
    if z is None:
        placed[:, 2] = -origin[2]  # LAMMPS keeps a plane at z = 0
    return placed, z is None


def _kinds(
    table: dict[str, tuple[str, ...]],
) -> tuple[NDArray[np.generic], dict[int, str], str, tuple[str, ...]]:
    """Types or names of atoms, the names of types, what tells them, and what should be said."""
    types = integers(table["type"], "the type") if "type" in table else None
    notes: tuple[str, ...] = ()
    for column in ("element", "typelabel"):
        if column not in table:
            continue
        words = np.array(table[column], dtype=object)
        if types is not None and set(words) == {_UNNAMED} and len(np.unique(types)) > 1:
            notes = (
                f"the column element says {_UNNAMED} of every type, as LAMMPS does where it was "
                "named no species: types count instead",
            )
            continue
        labels = {} if types is None else labels_of_types(types, words)
        return words, labels, f"column {column}", notes
    if types is not None and "mass" in table:
        masses = labels_of_types(types, floats(table["mass"]))
        return types, by_mass(masses), "column mass", notes
    if types is not None:
        return types, {}, "", notes
    return np.zeros(len(next(iter(table.values()))), dtype=np.int64), {}, "", notes
