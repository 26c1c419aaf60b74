"""Components by name, and glasses read for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vitreous.core.build import construct
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential, Simulator
from vitreous.core.registry import discover
from vitreous.io.read import read_configuration, read_configurations

_CLOSEST = {"lj": 0.3}  # sigma; 0.5 angstrom elsewhere: nearer atoms are refused while reading
_CLOSEST_OF_ANY = 0.3  # where the units do not matter


def potential(name: str, **fields: Any) -> Potential:
    """An installed potential, e.g. ``potential("yukawa_silica", cutoff=9.0)``.

    Raises:
        VitreousError: an unknown name or field, a missing one, or a value of the wrong type.
    """
    return construct(discover().resolve("potential", name), name, fields)


def simulator(name: str, **fields: Any) -> Simulator:
    """An installed simulator, e.g. ``simulator("aqs", minimiser="fire")``. Raises VitreousError as
    ``potential`` does.
    """
    return construct(discover().resolve("simulator", name), name, fields)


def read_glass(
    file: str | Path,
    model: Potential | None = None,
    *,
    species: Sequence[str] | None = None,
    dimension: int | None = None,
    frame: int = -1,
    atom_style: str | None = None,
) -> Configuration:
    """One glass from a file: LAMMPS dump or data, extended XYZ, or what else ASE reads, gzipped or
    not.

    Args:
        model: the potential it is meant for: it says the units, and what LAMMPS types 1, 2, ...
        stand for where neither the file (masses, labels, elements) nor ``species`` tells it.
        species: names of the types; a file that says otherwise is refused.
        dimension: 2 or 3; None: 2 where all z are equal.
        frame: which one; counts from the end when negative.
        atom_style: of a LAMMPS data file that does not say it.

    Raises:
        VitreousError: in one sentence, for a file that is missing, damaged, or not such a glass.
    """
    units = model.units if model is not None else "metal"
    if model is not None and species:
        unknown = sorted(set(species) - set(model.elements))
        if unknown:
            raise VitreousError(
                f"species {', '.join(unknown)} were given, but {type(model).__name__} knows "
                f"{' and '.join(model.elements)}; name the "
                "species of types 1, 2, ... in this order"
            )
    glass = read_configuration(
        file,
        species=species,
        assumed=None if model is None else model.elements,
        units=units,
        dimension=dimension,
        frame=frame,
        minimum_distance=_CLOSEST.get(units, 0.5),
        atom_style=atom_style,
    )
    present = {glass.names[k] for k in glass.species}
    if model is not None and not present <= set(model.elements):
        raise VitreousError(
            f"{file} holds {', '.join(sorted(present))}, but {type(model).__name__} knows "
            f"{' and '.join(model.elements)}; choose another "
            "potential, or name the species with --species"
        )
    return glass


def read_silica(
    file: str | Path,
    *,
    species: Sequence[str] | None = None,
    dimension: int | None = None,
    frame: int = -1,
    atom_style: str | None = None,
) -> Configuration:
    """A glass of silicon and oxygen, types 1 and 2 unless the file or ``species`` says otherwise.
    Arguments and errors are those of ``read_glass``.
    """
    return read_configuration(
        file,
        species=species,
        assumed=("Si", "O"),
        units="metal",
        dimension=dimension,
        frame=frame,
        atom_style=atom_style,
    )


def read_glasses(
    file: str | Path,
    *,
    species: Sequence[str] | None = None,
    dimension: int | None = None,
    atom_style: str | None = None,
) -> list[Configuration]:
    """All frames of a file as states of one glass; ``species``, ``dimension`` and ``atom_style`` as
    for ``read_glass``.

    A strain that extended XYZ gives for a frame is kept in its ``info``.

    Raises:
        VitreousError: in one sentence, for a file that is missing, damaged, or whose frames differ
        in their number of atoms.
    """
    return read_configurations(
        file,
        species=species,
        units="metal",
        dimension=dimension,
        minimum_distance=_CLOSEST_OF_ANY,
        atom_style=atom_style,
    )
