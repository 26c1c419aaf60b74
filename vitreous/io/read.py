"""Reading glasses: LAMMPS dumps and data files, extended XYZ, and whatever else ASE reads; gzipped
or not.
"""

from __future__ import annotations

import gzip
import io
import re
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.bonds import refuse_overlaps
from vitreous.io.lammps_dump import Frame, parse_dump

_DUMP = (".lammpstrj", ".dump", ".lammpsdump")
_DATA = (".data", ".lmp", ".lammps", ".lammps-data")
# ASE keeps a column of this name as it is; of one called species it takes chemical elements alone
_NAMES = "species_by_name"
_SPECIES = re.compile(r'(\bProperties="?(?:[^\s":]+:[A-Z]:\d+:)*)species:S:1\b')
_KNOWN = (
    "a LAMMPS dump (.lammpstrj, .dump), LAMMPS data (.data, .lmp), extended XYZ (.extxyz, "
    ".xyz), each also .gz, or a text format ASE reads"
)


def read_configuration(
    path: str | Path,
    *,
    species: Sequence[str] | None = None,
    units: str = "silica2d",
    dimension: int | None = None,
    frame: int = -1,
    minimum_distance: float = 0.5,
) -> Configuration:
    """One glass from a file; ``read_configurations`` says how. ``frame`` counts from the end when
    negative.

    Raises:
        VitreousError: in one sentence, for a file or frame that is missing, damaged, or not a
        glass.
    """
    frames = read_frames(path)
    if not -len(frames) <= frame < len(frames):
        raise VitreousError(
            f"{path} has {len(frames)} frames; frame {frame} was asked for, expected "
            f"{-len(frames)} to {len(frames) - 1}"
        )
    return _configuration(frames[frame], str(path), species, units, dimension, minimum_distance)


def read_configurations(
    path: str | Path,
    *,
    species: Sequence[str] | None = None,
    units: str = "silica2d",
    dimension: int | None = None,
    minimum_distance: float = 0.5,
) -> list[Configuration]:
    """All frames of a file, which must have the same number of atoms.

    Args:
        species: names; LAMMPS type t becomes ``species[t - 1]``, an element its place in
            ``species``. None: the elements of the file in order of appearance, or "1", "2", ... for
            LAMMPS types.
        units: a key of UNITS; nothing is converted.
        dimension: 2 or 3; None: 2 where all z are equal, else 3.
        minimum_distance: closer atoms are refused; length unit.

    Atoms are in ascending id, which is kept in ``ids``; positions are relative to the cell's
    origin, and unwrapped where the file has them so.
    """
    frames = read_frames(path)
    counts = sorted({len(frame.ids) for frame in frames})
    if len(counts) > 1:
        raise VitreousError(
            f"{path} has frames of {counts[0]} to {counts[-1]} atoms; expected the same number in "
            "every frame"
        )
    return [
        _configuration(frame, str(path), species, units, dimension, minimum_distance)
        for frame in frames
    ]


def read_text(path: str | Path) -> str:
    """The text of a file, unpacked if gzipped. Raises VitreousError if it is missing, unreadable or
    cut short.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8")
    except FileNotFoundError:
        raise VitreousError(f"there is no file {path}; check the path") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise VitreousError(f"{path} is gzipped but damaged or cut short; copy it again") from None
    except UnicodeDecodeError:
        raise VitreousError(f"{path} is not a text file; expected {_KNOWN}") from None
    except OSError as error:
        raise VitreousError(f"{path} cannot be read: {error.strerror or error}") from None


def read_frames(path: str | Path) -> list[Frame]:
    """All frames of a file as they stand there, three-dimensional, kinds unnamed."""
    path = Path(path)
    text = read_text(path)
    if not text.strip():
        raise VitreousError(f"{path} is empty; expected a glass")
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if suffix in _DUMP or text.lstrip().startswith("ITEM:"):
        return parse_dump(text, str(path))
    if suffix in _DATA:
        if "xlo xhi" not in text and "avec" not in text:
            raise VitreousError(
                f"{path} has no cell; expected a LAMMPS data file with xlo xhi, ylo yhi, zlo zhi"
            )
        frames = _through_ase(
            text, "lammps-data", str(path), {"units": "metal", "sort_by_id": True}
        )
        origin = _data_origin(text)
        return [
            replace(frame, positions=frame.positions - origin, origin=origin) for frame in frames
        ]
    form = _ase_format(path, suffix)
    return _through_ase(
        _SPECIES.sub(rf"\1{_NAMES}:S:1", text) if form == "extxyz" else text, form, str(path), {}
    )


def _data_origin(text: str) -> NDArray[np.float64]:
    """Lower corner of the cell of a LAMMPS data file, which ASE leaves in the positions."""
    general = re.search(r"^\s*(\S+)\s+(\S+)\s+(\S+)\s+abc\s+origin", text, re.MULTILINE)
    if general:
        return np.array([float(word) for word in general.groups()])
    corners = [
        re.search(rf"^\s*(\S+)\s+\S+\s+{axis}lo\s+{axis}hi", text, re.MULTILINE) for axis in "xyz"
    ]
    return np.array(
        [float(corner[1]) if corner else -0.5 for corner in corners]
    )  # -0.5 is LAMMPS's own default


def _ase_format(path: Path, suffix: str) -> str:
    from ase.io.formats import UnknownFileTypeError, filetype, ioformats

    if suffix in (".xyz", ".extxyz"):
        return "extxyz"
    try:
        found = filetype(str(path))
    except (UnknownFileTypeError, OSError):
        found = ""
    if found not in ioformats:
        raise VitreousError(f"{path} is of an unknown type; expected {_KNOWN}")
    return found


def _through_ase(text: str, form: str, source: str, options: dict[str, Any]) -> list[Frame]:
    from ase.io import read

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            images = read(io.StringIO(text), index=":", format=form, **options)
    except Exception as error:  # ASE's readers raise whatever their parsing meets
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise VitreousError(
            f"{source} cannot be read as {form}: damaged or cut short ({reason})"
        ) from None
    if not images:
        raise VitreousError(f"{source} holds no glass; expected at least one frame of {form}")
    return [_from_atoms(atoms, form) for atoms in images]


def _from_atoms(atoms: Any, form: str) -> Frame:
    count, arrays = len(atoms), atoms.arrays
    origin = np.asarray(atoms.get_celldisp(), dtype=np.float64).reshape(3)
    strain = atoms.info.get("strain")
    return Frame(
        positions=np.asarray(atoms.positions) - origin,
        cell=np.asarray(atoms.cell),
        origin=origin,
        periodic=(bool(atoms.pbc[0]), bool(atoms.pbc[1]), bool(atoms.pbc[2])),
        ids=np.asarray(arrays.get("id", np.arange(1, count + 1)), dtype=np.int64),
        kinds=_kinds(atoms, form),
        strain=float(strain) if isinstance(strain, int | float) else None,
    )


def _kinds(atoms: Any, form: str) -> NDArray[np.generic]:
    """(N,) LAMMPS types, or names: of elements, in whatever letters, and of species that are none,
    such as the L of Lennard-Jones.
    """
    from ase.data import atomic_numbers

    if form == "lammps-data" and "type" in atoms.arrays:
        return np.asarray(atoms.arrays["type"], dtype=np.int64)
    words = [str(word) for word in atoms.arrays.get(_NAMES, atoms.get_chemical_symbols())]
    return np.array(
        [word.capitalize() if word.capitalize() in atomic_numbers else word for word in words]
    )


def _configuration(
    frame: Frame,
    source: str,
    species: Sequence[str] | None,
    units: str,
    dimension: int | None,
    minimum_distance: float,
) -> Configuration:
    if dimension not in (None, 2, 3):
        raise VitreousError(f"dimension {dimension!r} was asked for; expected 2 or 3")
    bad = np.flatnonzero(~np.isfinite(frame.positions).all(axis=1))
    if len(bad):
        raise VitreousError(
            f"{source}: {len(bad)} positions are not finite, first that of atom "
            f"{frame.ids[bad[0]]}; mend the file"
        )
    flat = frame.planar or (len(frame.ids) > 1 and float(np.ptp(frame.positions[:, 2])) < 1e-9)
    d = dimension or (2 if flat else 3)
    cell = frame.cell[:d, :d]
    if not np.isfinite(cell).all() or np.linalg.det(cell) <= 1e-12:
        raise VitreousError(
            f"{source} has no cell, or one without volume; expected {d} lattice vectors: write it "
            "with its cell"
        )
    indices, names = _named(frame.kinds, source, species)
    configuration = Configuration(
        positions=frame.positions[:, :d],
        species=indices,
        names=names,
        cell=cell,
        periodic=frame.periodic[:d],
        units=units,
        ids=frame.ids,
        info={
            "source": Path(source).name,
            **({} if frame.strain is None else {"strain": frame.strain}),
        },
    )
    refuse_overlaps(configuration, minimum_distance, source)
    return configuration


def _named(
    kinds: NDArray[Any], source: str, species: Sequence[str] | None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Species indices and names from LAMMPS types (integers) or element names (words)."""
    if kinds.dtype.kind == "i":
        names = (
            tuple(species)
            if species is not None
            else tuple(str(t) for t in range(1, int(kinds.max()) + 1))
        )
        if kinds.min() < 1 or kinds.max() > len(names):
            raise VitreousError(
                f"{source} has atom types {kinds.min()} to {kinds.max()}; expected 1 to "
                f"{len(names)} for {', '.join(names)}"
            )
        return kinds - 1, names
    names = (
        tuple(species) if species is not None else tuple(dict.fromkeys(str(kind) for kind in kinds))
    )
    unknown = sorted({str(kind) for kind in kinds} - set(names))
    if unknown:
        raise VitreousError(
            f"{source} has atoms of {', '.join(unknown)}; expected only {', '.join(names)}: "
            "change species or the file"
        )
    return np.array([names.index(str(kind)) for kind in kinds], dtype=np.int64), names
