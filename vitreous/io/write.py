"""Writing glasses for other programs: extended XYZ, LAMMPS data, LAMMPS dump; gzipped if the name
ends in .gz.

Numbers are written so that reading them gives back the same bits. Per-atom columns travel along in
extended XYZ and dumps, under names made of letters, digits and underscores, which OVITO, ASE and
LAMMPS all accept.
"""

from __future__ import annotations

import gzip
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError

Floats = NDArray[np.float64]

WITH_COLUMNS = (
    ".extxyz",
    ".xyz",
    ".dump",
    ".lammpstrj",
)  #: names of formats that hold further columns
FORMATS = (
    *WITH_COLUMNS,
    ".data",
    ".lmp",
)  #: names that ``write_configuration`` knows, also with .gz
_OWN = {"species", "pos", "id", "type", "element", "x", "y", "z"}


def safe_name(name: str) -> str:
    """``name`` in small letters (OVITO makes them so), digits and underscores.

    It does not start with a digit, and is none of the names that the formats use themselves.
    """
    safe = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "value"
    return f"v_{safe}" if safe[0].isdigit() or safe in _OWN else safe


def write_configuration(
    path: str | Path,
    configuration: Configuration,
    columns: Mapping[str, NDArray[Any]] | None = None,
) -> Path:
    """Write one glass; the name decides the format: .extxyz or .xyz, .data or .lmp, .dump or
    .lammpstrj, each also with .gz.

    Args:
        columns: further (N,) numbers per atom, such as a prediction. LAMMPS data files have no room
        for them.

    A glass whose first lattice vector is not along x, or whose second is not in the plane xy, is
    turned for the formats of LAMMPS, with a warning: loading directions and stresses turn with it.

    Raises:
        VitreousError: for another name, columns of another length, a place that cannot be written,
        or as ``refuse_format``.
    """
    path = Path(path)
    refuse_format(path, configuration)
    suffix = _suffix(path)
    columns = {
        safe_name(name): np.asarray(values, dtype=np.float64)
        for name, values in (columns or {}).items()
    }
    wrong = [name for name, values in columns.items() if values.shape != (len(configuration),)]
    if wrong:
        raise VitreousError(
            f"column '{wrong[0]}' has shape {columns[wrong[0]].shape}; expected "
            f"({len(configuration)},)"
        )
    if suffix in (".extxyz", ".xyz"):
        text = _extxyz(configuration, columns)
    elif suffix in (".dump", ".lammpstrj"):
        text = _dump(configuration, columns)
    elif suffix in (".data", ".lmp") and not columns:
        text = _data(configuration)
    else:
        reason = (
            "LAMMPS data files cannot hold columns"
            if columns and suffix in (".data", ".lmp")
            else f"'{suffix}' is not a format"
        )
        raise VitreousError(
            f"{path} cannot be written: {reason}; expected .extxyz, .xyz, .dump, .lammpstrj, "
            ".data or .lmp (no columns)"
        )
    return _written(path, text)


def refuse_format(path: Path, configuration: Configuration) -> None:
    """Raises VitreousError for a glass with a free boundary in a LAMMPS data file, which says
    nothing of boundaries.
    """
    if _suffix(path) in (".data", ".lmp") and not all(configuration.periodic):
        raise VitreousError(
            f"{path} cannot be written: the glass has a free boundary, which a LAMMPS data file "
            "does not tell; "
            "expected .extxyz, .xyz, .dump or .lammpstrj"
        )


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix if path.suffix == ".gz" else path.suffix


def write_extxyz_frames(
    path: str | Path, frames: Sequence[tuple[Configuration, Mapping[str, float]]]
) -> Path:
    """Write several states of a glass as extended XYZ, each with numbers of its own, such as its
    strain, in the comment line.

    Raises:
        VitreousError: for a place that cannot be written.
    """
    return _written(
        Path(path),
        "".join(_extxyz(configuration, {}, numbers) for configuration, numbers in frames),
    )


def _written(path: Path, text: str) -> Path:
    content = text.encode()
    try:
        path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    except OSError as error:
        raise VitreousError(f"{path} cannot be written: {error.strerror or error}") from None
    return path


def _solid(configuration: Configuration) -> tuple[Floats, Floats, tuple[bool, bool, bool]]:
    """Positions (N, 3), cell (3, 3) and periodicity; a plane glass lies at z = 0 in a cell of unit
    thickness.
    """
    if configuration.dimension == 3:
        x, y, z = configuration.periodic
        return configuration.positions, configuration.cell, (x, y, z)
    cell = np.eye(3)
    cell[:2, :2] = configuration.cell
    x, y = configuration.periodic
    return np.pad(configuration.positions, ((0, 0), (0, 1))), cell, (x, y, True)


def _turned(positions: Floats, cell: Floats) -> tuple[Floats, Floats]:
    """Positions and cell turned so that a lies along x and b in the xy plane, as LAMMPS asks; as
    they are if they do so already.
    """
    if np.all(np.triu(cell, 1) == 0.0) and np.all(np.diag(cell) > 0.0):
        return positions, cell
    q, r = np.linalg.qr(cell.T)
    sign = np.where(np.diag(r) < 0.0, -1.0, 1.0)
    angle = np.degrees(np.arccos(np.clip((np.trace(q * sign) - 1.0) / 2.0, -1.0, 1.0)))
    if angle > 1e-6:
        warnings.warn(
            f"the glass is turned by {angle:.4g} degrees in the file, since LAMMPS wants its "
            "first lattice vector along x; loading "
            "directions and stresses turn with it. Extended XYZ keeps it as it is",
            stacklevel=4,
        )
    return positions @ (q * sign), np.tril((r * sign[:, None]).T)


def _rows(*columns: NDArray[Any] | list[str]) -> str:
    words = [
        [str(v) for v in column] if isinstance(column, list) else [repr(v) for v in column.tolist()]
        for column in columns
    ]
    return "\n".join(" ".join(row) for row in zip(*words, strict=True)) + "\n"


def _extxyz(
    configuration: Configuration,
    columns: Mapping[str, Floats],
    numbers: Mapping[str, float] | None = None,
) -> str:
    positions, cell, periodic = _solid(configuration)
    lattice = " ".join(repr(v) for v in cell.ravel().tolist())
    properties = "species:S:1:pos:R:3:id:I:1" + "".join(f":{name}:R:1" for name in columns)
    comment = (
        f'Lattice="{lattice}" Properties={properties} '
        f'pbc="{" ".join("T" if p else "F" for p in periodic)}"'
    )
    comment += "".join(f" {name}={float(value)!r}" for name, value in (numbers or {}).items())
    names = [configuration.names[s] for s in configuration.species]
    return f"{len(configuration)}\n{comment}\n" + _rows(
        names, *positions.T, configuration.ids, *columns.values()
    )


def _dump(configuration: Configuration, columns: Mapping[str, Floats]) -> str:
    solid, cell, periodic = _solid(configuration)
    positions, cell = _turned(solid, cell)
    xy, xz, yz = float(cell[1, 0]), float(cell[2, 0]), float(cell[2, 1])
    low = [min(0.0, xy, xz, xy + xz), min(0.0, yz), 0.0]
    high = [
        float(cell[0, 0]) + max(0.0, xy, xz, xy + xz),
        float(cell[1, 1]) + max(0.0, yz),
        float(cell[2, 2]),
    ]
    flat = configuration.dimension == 2
    if flat:
        low[2], high[2] = -0.5, 0.5
    flags = " ".join("pp" if p else "ff" for p in periodic)
    bounds = "".join(
        f"{a!r} {b!r} {tilt!r}\n" for a, b, tilt in zip(low, high, (xy, xz, yz), strict=True)
    )
    head = (
        f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{len(configuration)}\nITEM: BOX BOUNDS xy "
        f"xz yz {flags}\n{bounds}"
    )
    head += " ".join(["ITEM: ATOMS id type element x y z", *columns]) + "\n"
    names = [configuration.names[s] for s in configuration.species]
    return head + _rows(
        configuration.ids, configuration.species + 1, names, *positions.T, *columns.values()
    )


def _data(configuration: Configuration) -> str:
    solid, cell, _ = _solid(configuration)
    positions, cell = _turned(solid, cell)
    names = " ".join(configuration.names)
    z = ("-0.5", "0.5") if configuration.dimension == 2 else ("0.0", repr(float(cell[2, 2])))
    head = (
        f"Vitreous glass of {names}, types in this order\n\n{len(configuration)} "
        f"atoms\n{len(configuration.names)} atom types\n\n"
    )
    head += (
        f"0.0 {float(cell[0, 0])!r} xlo xhi\n0.0 {float(cell[1, 1])!r} ylo yhi\n{z[0]} {z[1]} "
        "zlo zhi\n"
    )
    head += (
        f"{float(cell[1, 0])!r} {float(cell[2, 0])!r} {float(cell[2, 1])!r} xy xz yz\n\nAtoms "
        "# atomic\n\n"
    )
    return head + _rows(configuration.ids, configuration.species + 1, *positions.T)
