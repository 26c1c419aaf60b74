"""Reading glasses: LAMMPS dumps and data files, extended XYZ, and whatever else ASE reads; gzipped
or not.

The format is that of the content: a dump begins with ITEM:, a data file has lines xlo xhi, extended
XYZ begins with a number of atoms. Only the frames that are asked for are parsed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.bonds import refuse_cell, refuse_overlaps
from vitreous.io.extxyz import parse_extxyz, split_extxyz
from vitreous.io.frame import Floats, Frame, right_handed
from vitreous.io.lammps_data import named_types, parse_data
from vitreous.io.lammps_dump import parse_snapshot, split_dump
from vitreous.io.species import Named, listed, name_species
from vitreous.io.text import begins_with, read_text, refuse_special
from vitreous.io.through_ase import TRAJECTORY, format_of, through_ase, trajectory

_DUMP = (".lammpstrj", ".dump", ".lammpsdump")
_DATA = (".data", ".lmp", ".lammps", ".lammps-data")
_XYZ = (".xyz", ".extxyz")
#: of files that are read, also with .gz; what else ASE reads has names without a fixed ending
ENDINGS = (
    *_XYZ,
    *_DUMP,
    *_DATA,
    *(".cif", ".cube", ".gro", ".json", ".pdb", ".poscar", ".rmc6f", ".traj"),
)
_HEAD = 20_000  # letters that tell the format
_BOX = re.compile(r"^[^#\n]*\s(?:[xX]lo\s+[xX]hi|[aA]vec)\b", re.MULTILINE)
_EXTXYZ = re.compile(r"\d+[ \t]*\n.*\bLattice=")
_FLAT = 1e-9  # of z: atoms in one plane
Parse = Callable[[], Frame]


def read_configuration(
    path: str | Path,
    *,
    species: Sequence[str] | None = None,
    assumed: Sequence[str] | None = None,
    units: str = "silica2d",
    dimension: int | None = None,
    frame: int = -1,
    minimum_distance: float = 0.5,
    atom_style: str | None = None,
) -> Configuration:
    """One glass from a file; ``read_configurations`` says how. ``frame`` counts from the end when
    negative.

    Raises:
        VitreousError: in one sentence, for a file or frame that is missing, damaged, or not a
        glass.
    """
    found = read_frames(path, frame, atom_style)[0]
    return configuration_of(found, str(path), species, assumed, units, dimension, minimum_distance)


def read_configurations(
    path: str | Path,
    *,
    species: Sequence[str] | None = None,
    assumed: Sequence[str] | None = None,
    units: str = "silica2d",
    dimension: int | None = None,
    minimum_distance: float = 0.5,
    atom_style: str | None = None,
) -> list[Configuration]:
    """All frames of a file, which must have the same number of atoms.

    Args:
        species: names; LAMMPS type t is ``species[t - 1]``, an element has its place in
            ``species``; a file that says otherwise is refused. None: what the file says.
        assumed: names of the types where neither ``species`` nor the file tells them. None: they
            are called "1", "2", ...
        units: a key of UNITS; nothing is converted.
        dimension: 2 or 3; None: 2 where all z are equal, else 3.
        minimum_distance: closer atoms are refused; length unit.
        atom_style: of a LAMMPS data file. None: what the file says, or the look of its rows.

    Atoms are in ascending id, which is kept in ``ids``; positions are relative to the cell's
    origin, which is kept in ``info["origin"]``, and otherwise as they stand in the file.
    """
    frames = read_frames(path, None, atom_style)
    counts = sorted({len(frame.ids) for frame in frames})
    if len(counts) > 1:
        raise VitreousError(
            f"{path} has frames of {counts[0]} to {counts[-1]} atoms; expected the same number in "
            "every frame"
        )
    return [
        configuration_of(frame, str(path), species, assumed, units, dimension, minimum_distance)
        for frame in frames
    ]


def read_frames(
    path: str | Path, frame: int | None = None, atom_style: str | None = None
) -> list[Frame]:
    """Frames of a file as they stand there, three-dimensional, kinds unnamed: all, or one."""
    path = Path(path)
    refuse_special(path)
    if begins_with(path, TRAJECTORY):
        form, parses = "ASE trajectory", trajectory(path)
    else:
        form, parses = _parses(path, read_text(path), atom_style)
    numbers = range(len(parses)) if frame is None else [_place(path, frame, len(parses))]
    return [_parsed(path, form, parses, number) for number in numbers]


def read_columns(path: str | Path, frame: int = -1) -> dict[str, Floats]:
    """Further numbers of every atom in a file (N,), by their names there, in the order of the atoms
    of ``read_configuration``; of vectors a column for each component. Errors are those of
    ``read_configuration``.
    """
    return dict(read_frames(path, frame)[0].columns)


def reading_changed(path: Path, species: Sequence[str]) -> tuple[bytes, ...]:
    """What of this file was read otherwise up to version 0.1, when results of glasses were first
    kept under its digest: species by the numbers of their types though the file says others,
    ``typelabel`` left out, ``xu yu z`` taken for a plane, an Origin passed over.
    """
    if begins_with(path, TRAJECTORY):
        return ()
    head = (text := read_text(path))[:_HEAD]
    if head.lstrip().startswith("ITEM:"):
        columns = head.partition("ITEM: ATOMS")[2].partition("\n")[0].split()
        labels = "typelabel" in columns and "element" not in columns
        mixed = "xu" in columns and "zu" not in columns and "z" in columns and "x" not in columns
        return (b"typelabel",) * labels + (b"xu yu z",) * mixed
    if _BOX.search(head):
        labels = named_types(text)
        given = dict(enumerate(species, start=1))
        return () if labels.items() <= given.items() else (repr(sorted(labels.items())).encode(),)
    return (b"Origin",) if re.search(r"\bOrigin=", head) else ()


def _place(path: Path, frame: int, count: int) -> int:
    if not -count <= frame < count:
        raise VitreousError(
            f"{path} has {count} frames; frame {frame} was asked for, expected {-count} to "
            f"{count - 1}"
        )
    return frame % count


def _parsed(path: Path, form: str, parses: Sequence[Parse], number: int) -> Frame:
    """One frame; where it is the last of several and cut short, the error names the one before."""
    try:
        return parses[number]()
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
    several, last = len(parses) > 1, number == len(parses) - 1
    place = f", frame {number} (of 0 to {len(parses) - 1})," if several else ""
    earlier = f"ask for an earlier one, --frame {number - 1}, or " if several and last else ""
    raise VitreousError(
        f"{path}{place} cannot be read as {form}: damaged or cut short ({reason}); "
        f"{earlier}write it again"
    )


def _parses(path: Path, text: str, atom_style: str | None) -> tuple[str, list[Parse]]:
    """The format, and for each frame what parses it."""
    if not text.strip():
        raise VitreousError(f"{path} is empty; expected a glass")
    source, name = str(path), path.name.lower().removesuffix(".gz")
    head = text[:_HEAD].lstrip()
    if head.startswith("ITEM:") or name.endswith(_DUMP):
        chunks = split_dump(text, source)
        return "a LAMMPS dump", [partial(parse_snapshot, chunk) for chunk in chunks]
    if name.endswith(_DATA) or (_BOX.search(head) and not name.endswith(_XYZ)):
        return "LAMMPS data", [partial(parse_data, text, source, atom_style)]
    if name.endswith(_XYZ) or _EXTXYZ.match(head):
        chunks = split_extxyz(text.lstrip(), source)
        return "extxyz", [partial(parse_extxyz, chunk) for chunk in chunks]
    form = format_of(path)
    return form, through_ase(path, text, form)


def configuration_of(
    frame: Frame,
    source: str,
    species: Sequence[str] | None,
    assumed: Sequence[str] | None,
    units: str,
    dimension: int | None,
    minimum_distance: float,
) -> Configuration:
    """The glass of a frame, which errors call ``source``; ``read_configurations`` says how."""
    if dimension not in (None, 2, 3):
        raise VitreousError(f"dimension {dimension!r} was asked for; expected 2 or 3")
    bad = np.flatnonzero(~np.isfinite(frame.positions).all(axis=1))
    if len(bad):
        raise VitreousError(
            f"{source}: {len(bad)} positions are not finite, first that of atom "
            f"{frame.ids[bad[0]]}; mend the file"
        )
    z = frame.positions[:, 2]
    flat = frame.planar or (len(z) > 1 and float(z.max()) - float(z.min()) < _FLAT)
    d = dimension or (2 if flat else 3)
    frame = right_handed(frame, d)
    if np.abs(frame.cell[:d, d:]).max(initial=0.0) > 1e-4 * np.abs(frame.cell).max():
        raise VitreousError(
            f"{source}: its atoms lie in a plane of constant z, but its lattice vectors leave that "
            "plane; rotate the glass and its cell into the xy plane, or give dimension 3"
        )
    positions, cell = frame.positions[:, :d], frame.cell[:d, :d]
    refuse_cell(positions, cell, frame.ids, source)
    named = name_species(frame, source, species, assumed)
    for note in (*frame.notes, *named.notes):
        warnings.warn(note, stacklevel=3)
    origin = frame.origin if d == 3 else np.append(frame.origin[:2], frame.origin[2] + z[0])
    configuration = Configuration(
        positions=positions,
        species=named.indices,
        names=named.names,
        cell=cell,
        periodic=frame.periodic[:d],
        units=units,
        ids=frame.ids,
        info=_info(frame, named, source, origin),
    )
    refuse_overlaps(configuration, minimum_distance, source)
    return configuration


def _info(frame: Frame, named: Named, source: str, origin: Floats) -> dict[str, Any]:
    """What the file says beyond the atoms. Without an entry: the origin is zero, the file numbers
    its atoms and tells no strain.
    """
    return {
        "source": Path(source).name,
        **({} if frame.strain is None else {"strain": frame.strain}),
        **({"origin": origin.tolist()} if origin.any() else {}),
        **({} if frame.numbered else {"numbered": False}),
        **({"types": listed(named.types)} if named.types else {}),
        "species_from": named.by,
    }
