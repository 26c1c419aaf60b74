"""ASE Atoms made into a glass, and a glass into ASE Atoms.

A glass has two dimensions or three, species by any name and a right-handed cell; Atoms have three
dimensions, chemical elements and any cell. What a glass has no room for (the third lattice vector
of a plane glass, the hand of a cell) is kept in its ``info`` for the way back. A species that is no
element has the chemical symbol X, and its name in ``atoms.arrays["typelabel"]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.frame import Frame
from vitreous.io.read import configuration_of
from vitreous.io.solid import solid
from vitreous.io.through_ase import LABELS, from_atoms
from vitreous.io.write import safe_name

if TYPE_CHECKING:
    from ase import Atoms

CLOSEST = {"lj": 0.3}  #: sigma; 0.5 angstrom elsewhere: nearer atoms are refused
SOURCE = "the Atoms object"  #: what sentences call it
_LEFT, _OFF_PLANE = "left_handed", "off_plane"
#: entries of ``info`` that have a place of their own in Atoms
_OWN = {"origin", "Origin", "numbered", "types", "species_from", _LEFT, _OFF_PLANE}


def from_ase(
    atoms: Atoms,
    *,
    units: str = "metal",
    species: Sequence[str] | Mapping[str, str] | None = None,
    assumed: Sequence[str] | None = None,
    dimension: int | None = None,
) -> Configuration:
    """The glass that ASE Atoms hold, atoms in their order.

    Args:
        units: a key of UNITS; nothing is converted.
        species: the names that may occur, or the species that chemical symbols stand for, e.g.
            ``{"He": "S", "Ne": "L"}``.
        assumed: names, in the order that numbers in ``typelabel`` stand for.
        dimension: 2 or 3; None: 2 where all z are equal, else 3.

    Ids are those of ``atoms.arrays["id"]``, or rows counted from 1. Positions are relative to the
    origin of the cell (``celldisp``, or ``info["Origin"]``), which is kept. Numbers and strings of
    ``atoms.info`` stay with the glass.

    Raises:
        VitreousError: in one sentence, for Atoms that are no glass: none at all, without a cell,
        at positions that are not finite, on top of each other, or of other species.
    """
    _refuse(atoms)
    try:
        frame = from_atoms(atoms)
    except ValueError as error:
        raise VitreousError(f"{SOURCE}: {error}; mend atoms.arrays['id']") from None
    if isinstance(species, Mapping):
        kinds = np.array([species.get(kind, kind) for kind in frame.kinds], dtype=object)
        frame, species = replace(frame, kinds=kinds), None
    closest = CLOSEST.get(units, 0.5)
    glass = configuration_of(frame, SOURCE, species, assumed, units, dimension, closest)
    kept = {name: value for name, value in _plain(atoms.info).items() if name not in _OWN}
    return glass.with_(info={**glass.info, **kept, **_lost(frame, glass)})


def _refuse(atoms: Any) -> None:
    """Raises VitreousError for Atoms that are no glass whatever its species."""
    from ase import Atoms

    if not isinstance(atoms, Atoms):
        raise VitreousError(
            f"an object of type {type(atoms).__name__} was given; expected ASE Atoms"
        )
    if not len(atoms):
        raise VitreousError(f"{SOURCE} is empty; expected a glass")
    bad = np.flatnonzero(~np.isfinite(atoms.positions).all(axis=1))
    if len(bad):
        raise VitreousError(
            f"{SOURCE} has {len(bad)} positions that are not finite, the first is "
            f"atoms.positions[{bad[0]}]; mend them"
        )
    if np.linalg.matrix_rank(np.nan_to_num(np.array(atoms.cell))) < 2:
        raise VitreousError(
            f"{SOURCE} has no cell; expected lattice vectors: set atoms.cell and atoms.pbc, or "
            "atoms.center(vacuum=5) for a cluster"
        )


def _lost(frame: Frame, glass: Configuration) -> dict[str, Any]:
    """What the glass has no room for."""
    d = glass.dimension
    left = np.linalg.det(frame.cell[:d, :d]) < 0.0
    off_plane = {
        "vector": frame.cell[2].tolist(),
        "begins": float(frame.origin[2]),
        "periodic": frame.periodic[2],
    }
    return {**({_LEFT: True} if left else {}), **({_OFF_PLANE: off_plane} if d == 2 else {})}


def to_ase(
    configuration: Configuration, columns: Mapping[str, NDArray[Any]] | None = None
) -> Atoms:
    """ASE Atoms of a glass, in its order and in the coordinates of the file or Atoms that it came
    from.

    Args:
        columns: further arrays (N, ...) of the atoms, such as a prediction, under names that
            extended XYZ takes.

    A plane glass lies in a cell of unit thickness, or of the third lattice vector that it had. The
    origin of the cell is its ``celldisp`` and, for extended XYZ and OVITO, ``info["Origin"]``.
    Bonds are left out: they are found by distance where they are needed.

    Raises:
        VitreousError: for columns of another length.
    """
    from ase import Atoms

    positions, cell, begins, periodic = solid(configuration)
    info = configuration.info
    if configuration.dimension == 2 and _OFF_PLANE in info:
        lost = info[_OFF_PLANE]
        cell[2], begins = lost["vector"], np.append(begins[:2], lost["begins"])
        periodic = (*periodic[:2], lost["periodic"])
    if info.get(_LEFT, False):
        cell, periodic = cell[[1, 0, 2]], (periodic[1], periodic[0], periodic[2])
    symbols, labels = _symbols(configuration)
    atoms = Atoms(symbols, positions, cell=cell, pbc=periodic, celldisp=begins)
    atoms.info = {
        name: value
        for name, value in info.items()
        if name not in _OWN and (name, value) != ("source", SOURCE)
    }
    if begins.any():
        atoms.info["Origin"] = begins
    if labels is not None:
        atoms.set_array(LABELS, labels)
    if info.get("numbered", True):
        atoms.set_array("id", np.array(configuration.ids))
    for name, values in (columns or {}).items():
        if len(values) != len(atoms):
            raise VitreousError(
                f"column '{name}' has {len(values)} rows; expected {len(atoms)}, one per atom"
            )
        atoms.set_array(safe_name(name), np.array(values))
    return atoms


def _symbols(configuration: Configuration) -> tuple[list[str], NDArray[np.str_] | None]:
    """Chemical symbols, and the names of species where these are no elements; in reduced units
    none is.
    """
    from ase.data import atomic_numbers

    names = np.array(configuration.names)[configuration.species]
    if configuration.units != "lj" and set(names.tolist()) <= atomic_numbers.keys() - {"X"}:
        return names.tolist(), None
    return ["X"] * len(names), names


def _plain(info: Mapping[Any, Any]) -> dict[str, Any]:
    """Its numbers and strings."""
    values = {name: v.item() if isinstance(v, np.generic) else v for name, v in info.items()}
    return {
        name: value
        for name, value in values.items()
        if isinstance(name, str) and isinstance(value, str | bool | int | float)
    }
