"""What else ASE reads: formats that hold text and run nothing, and its own trajectories."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.io.announced import refuse_announced
from vitreous.io.cif import read_cif
from vitreous.io.frame import Frame, integers, numbered_once
from vitreous.io.text import KNOWN

TRAJECTORY = b"- of UlmASE-Trajectory"  #: how an ASE trajectory begins
LABELS = "typelabel"  #: the array of names of species that are no elements
_NO_ELEMENT = "X"  # ASE's chemical symbol of these
_SAYS_PERIODIC = ("extxyz", "json")  # of those below: formats that tell free boundaries
#: ASE's names of the formats that are read
FORMATS = frozenset(
    {
        "abinit-in",
        "aims",
        "cfg",
        "cif",
        "cmdft",
        "crystal",
        "cube",
        "dftb",
        "dlp4",
        "dmol-car",
        "eon",
        "espresso-in",
        "extxyz",
        "gen",
        "gpumd",
        "gromacs",
        "json",
        "lammps-data",
        "lammps-dump-text",
        "mustem",
        "prismatic",
        "proteindatabank",
        "rmc6f",
        "struct",
        "struct_out",
        "sys",
        "turbomole",
        "v-sim",
        "vasp",
        "vasp-xdatcar",
        "xsd",
        "xsf",
        "xyz",
    }
)


def format_of(path: Path) -> str:
    """ASE's name of a file's format. Raises VitreousError if it is unknown."""
    from ase.io.formats import filetype

    try:
        found = filetype(str(path), read=True, guess=True)
    except Exception:  # ASE's guesses raise whatever their parsing meets
        found = ""
    if found not in FORMATS:
        raise VitreousError(f"{path} is of an unknown type; expected {KNOWN}")
    return found


def through_ase(path: Path, text: str, form: str) -> list[Callable[[], Frame]]:
    """For each frame of a file, whose text is known, what makes it. Raises VitreousError if ASE
    cannot read it.
    """
    from ase.io.formats import ioformats

    try:
        refuse_announced(text, form)
        images = read_images(text if ioformats[form].acceptsfd else path, form)
    except ValueError as error:
        raise VitreousError(
            f"{path} cannot be read as {form}: damaged or cut short ({error})"
        ) from None
    return [partial(_repeating, atoms, form) for atoms in images]


def _repeating(atoms: Any, form: str) -> Frame:
    """A frame of a format with a cell but no word for periodicity repeats, which is noted."""
    frame = from_atoms(atoms)
    if form in _SAYS_PERIODIC or atoms.pbc.any() or not atoms.cell.volume > 0.0:
        return frame
    return replace(frame, periodic=(True, True, True)).noting(
        f"{form} does not say whether the glass repeats: it is taken to, along all of its cell"
    )


def trajectory(path: Path) -> list[Callable[[], Frame]]:
    """For each frame of an ASE trajectory what reads it. Raises VitreousError if it is damaged."""
    from ase.io.trajectory import Trajectory

    try:
        with Trajectory(str(path)) as frames:
            count = len(frames)
    except Exception as error:  # ASE's readers raise whatever their parsing meets
        raise VitreousError(
            f"{path} cannot be read as an ASE trajectory: damaged or cut short ({_reason(error)})"
        ) from None
    return [partial(_image, path, k) for k in range(count)]


def _image(path: Path, frame: int) -> Frame:
    return from_atoms(_read(str(path), "traj", frame)[0])


def read_images(source: str | Path, form: str) -> list[Any]:
    """ASE Atoms of every frame of a text or a file. Raises ValueError, in few words, whatever ASE's
    parsers meet.
    """
    return _read(io.StringIO(source) if isinstance(source, str) else str(source), form, ":")


def _read(source: Any, form: str, index: Any) -> list[Any]:
    from ase import Atoms
    from ase.io import read

    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            of_text = form == "cif" and isinstance(source, io.StringIO)
            images = read_cif(source) if of_text else read(source, index=index, format=form)
    except Exception as error:  # ASE's readers raise whatever their parsing meets
        raise ValueError(_reason(error)) from None
    images = images if isinstance(images, list) else [images]
    if not images or not all(isinstance(atoms, Atoms) and len(atoms) for atoms in images):
        raise ValueError("it holds no atoms")
    return images


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, MemoryError):
        return "it announces more than memory holds"
    return " ".join(str(error).split())[:120] or type(error).__name__


def from_atoms(atoms: Any, names: str = "", named_by: str = "chemical symbols") -> Frame:
    """A frame from ASE Atoms; ``names``: the column of species as the file has them, if there is.
    Species that are no elements (X) have their names in ``arrays["typelabel"]``.

    Raises:
        ValueError: for ids that are no whole numbers.
    """
    count, arrays = len(atoms), atoms.arrays
    origin = np.asarray(atoms.get_celldisp(), dtype=np.float64).reshape(3)
    given = atoms.info.get("Origin")
    if given is not None and np.shape(given) == (3,):
        origin = np.asarray(given, dtype=np.float64)
    strain = atoms.info.get("strain")
    numbered = "id" in arrays and np.ndim(arrays["id"]) == 1
    kinds = _kinds(atoms, names)
    named = _by_label(atoms, kinds)
    frame = Frame(
        positions=np.asarray(atoms.positions, dtype=np.float64) - origin,
        cell=np.array(atoms.cell),
        origin=origin,
        periodic=(bool(atoms.pbc[0]), bool(atoms.pbc[1]), bool(atoms.pbc[2])),
        ids=_ids(arrays["id"]) if numbered else np.arange(1, count + 1),
        kinds=kinds if named is None else named,
        named_by=named_by if named is None else f"column {LABELS}",
        numbered=numbered,
        strain=float(strain) if isinstance(strain, int | float) else None,
        columns=_columns(atoms, {"numbers", "positions", "id", names}),
    )
    return numbered_once(frame)


def _columns(atoms: Any, known: Set[str]) -> dict[str, NDArray[np.float64]]:
    """Further numbers of every atom, a column for each component; ASE keeps forces and the like
    apart, as results of a calculation.
    """
    results = {} if atoms.calc is None else atoms.calc.results
    found = {}
    for name, of in {**atoms.arrays, **results}.items():
        if name in known or np.ndim(of) not in (1, 2) or len(of) != len(atoms):
            continue
        if np.asarray(of).dtype.kind in "biuf":
            each = np.asarray(of, dtype=np.float64).reshape(len(atoms), -1).T
            marks = [""] if len(each) == 1 else [f"_{k}" for k in _marks(len(each))]
            found |= {f"{name}{mark}": values for mark, values in zip(marks, each, strict=True)}
    return found


def _marks(count: int) -> Sequence[str]:
    """What tells the components of a column apart."""
    return "xyz"[:count] if count <= 3 else [str(k + 1) for k in range(count)]


def _ids(given: NDArray[Any]) -> NDArray[np.int64]:
    """As text, where they are no integers: 0.5 as a number would become 0."""
    return integers((given if given.dtype.kind == "i" else given.astype(str)).tolist(), "the id")


def _kinds(atoms: Any, names: str) -> NDArray[Any]:
    words = atoms.arrays.get(names)
    if words is None or np.ndim(words) != 1:
        return np.array(atoms.get_chemical_symbols(), dtype=object)
    return np.array([str(word) for word in words], dtype=object)


def _by_label(atoms: Any, kinds: NDArray[Any]) -> NDArray[Any] | None:
    """The kinds with names from ``typelabel`` where they are no elements; None if there are none
    such.
    """
    labels, unknown = atoms.arrays.get(LABELS), kinds == _NO_ELEMENT
    if labels is None or np.ndim(labels) != 1 or not unknown.any():
        return None
    return np.where(unknown, np.array([str(word) for word in labels], dtype=object), kinds)
