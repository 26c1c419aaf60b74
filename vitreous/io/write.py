"""Writing glasses for other programs: extended XYZ, LAMMPS data, LAMMPS dump; gzipped if the name
ends in .gz.

Numbers are written so that reading them gives back the same bits. Per-atom columns travel along in
extended XYZ and dumps, under names made of letters, digits and underscores, which OVITO, ASE and
LAMMPS all accept.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.solid import rows, solid
from vitreous.io.text import write_whole
from vitreous.io.write_lammps import data, dump

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
#: of species in reduced units, sigma: OVITO takes S for sulphur and L for a point
_RADII = {"S": 0.31, "L": 0.59}
_RADIUS = 0.5  # sigma, of others
_OWN = {"species", "pos", "id", "type", "element", "x", "y", "z"}


def safe_name(name: str) -> str:
    """``name`` in small letters (OVITO makes them so), digits and underscores.

    It does not start with a digit, and is none of the names that the formats use themselves.
    """
    safe = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "value"
    return f"v_{safe}" if safe[0].isdecimal() or safe in _OWN else safe


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

    Coordinates are those of the file that the glass came from: its origin and orientation are kept.
    LAMMPS data files of a cell that does not begin along x have a general cell, with a warning.

    Raises:
        VitreousError: for another name, columns of another length, a path that cannot be written,
        or as ``refuse_format``.
    """
    path = Path(path)
    refuse_format(path, configuration)
    suffix = _suffix(path)
    columns = {safe_name(name): _numeric(values) for name, values in (columns or {}).items()}
    wrong = [name for name, values in columns.items() if values.shape != (len(configuration),)]
    if wrong:
        raise VitreousError(
            f"column '{wrong[0]}' has shape {columns[wrong[0]].shape}; expected "
            f"({len(configuration)},)"
        )
    if suffix in (".extxyz", ".xyz"):
        text = _extxyz(configuration, columns)
    elif suffix in (".dump", ".lammpstrj"):
        text = dump(configuration, {**_radii(configuration), **columns})
    elif suffix in (".data", ".lmp") and not columns:
        text = data(configuration)
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


def _numeric(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers stay whole; everything else becomes float."""
    array = np.asarray(values)
    return array if array.dtype.kind == "i" else array.astype(np.float64)


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


def _radii(configuration: Configuration) -> dict[str, Floats]:
    """Radii by which OVITO draws atoms in reduced units; it knows those of elements."""
    if configuration.units != "lj":
        return {}
    radii = np.array([_RADII.get(name, _RADIUS) for name in configuration.names])
    return {"radius": radii[configuration.species]}


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix if path.suffix == ".gz" else path.suffix


def write_extxyz_frames(
    path: str | Path,
    frames: Sequence[tuple[Configuration, Mapping[str, float]]],
    columns: Mapping[str, NDArray[Any]] | None = None,
) -> Path:
    """Write several states of a glass as extended XYZ, each with numbers of its own, such as its
    strain, in the comment line, and with the same ``columns`` per atom.

    Raises:
        VitreousError: for a path that cannot be written.
    """
    safe = {safe_name(name): np.asarray(values) for name, values in (columns or {}).items()}
    return _written(
        Path(path),
        "".join(_extxyz(configuration, safe, numbers) for configuration, numbers in frames),
    )


def _written(path: Path, text: str) -> Path:
    content = text.encode()
    return write_whole(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def _extxyz(
    configuration: Configuration,
    columns: Mapping[str, NDArray[Any]],
    numbers: Mapping[str, float] | None = None,
) -> str:
    positions, cell, origin, periodic = solid(configuration)
    columns = {**_radii(configuration), **columns}
    lattice = " ".join(repr(v) for v in cell.ravel().tolist())
    begins = " ".join(repr(v) for v in origin.tolist())
    properties = "species:S:1:pos:R:3:id:I:1" + "".join(
        f":{name}:{'I' if values.dtype.kind in 'iu' else 'R'}:1" for name, values in columns.items()
    )
    comment = (
        f'Lattice="{lattice}" Properties={properties} '
        f'pbc="{" ".join("T" if p else "F" for p in periodic)}"'
    )
    comment += f' Origin="{begins}"' if origin.any() else ""
    comment += "".join(f" {name}={float(value)!r}" for name, value in (numbers or {}).items())
    names = [configuration.names[s] for s in configuration.species]
    return f"{len(configuration)}\n{comment}\n" + rows(
        names, *positions.T, configuration.ids, *columns.values()
    )
