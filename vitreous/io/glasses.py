"""A glass for a potential, from whatever holds one: a file, ASE Atoms, a Configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.io.atoms import CLOSEST, SOURCE, from_ase
from vitreous.io.read import read_configuration
from vitreous.io.through_ase import LABELS

if TYPE_CHECKING:
    from ase import Atoms

    Given = Configuration | Atoms | str | Path  #: what functions of one glass take


def as_glass(
    given: Given, model: Potential | None = None, *, assumed: Sequence[str] | None = None
) -> Configuration:
    """The glass that a function is given: a Configuration as it is; ASE Atoms, or the last frame of
    a file, in the units and species of ``model``.

    Args:
        assumed: without a model, species of types 1, 2, ... where a file does not tell them.

    Raises:
        VitreousError: in one sentence, for what is no such glass.
    """
    if isinstance(given, Configuration):
        return given
    if isinstance(given, str | Path):
        if model is not None:
            return read_glass(given, model)
        return read_configuration(given, assumed=assumed, units="metal")
    if model is None:
        return from_ase(given, assumed=assumed)
    glass = from_ase(given, units=model.units, assumed=model.elements)
    return _known(glass, model, SOURCE, f"name the species in atoms.arrays['{LABELS}'] (symbol X)")


def in_given(places: NDArray, glass: Configuration, given: Given) -> NDArray:
    """Places (..., D) in ``glass`` in the coordinates of what it was made from: those of the Atoms
    or the file, whose cell may begin anywhere.
    """
    return places if given is glass else glass.in_file(places)


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
        minimum_distance=CLOSEST.get(units, 0.5),
        atom_style=atom_style,
    )
    return _known(glass, model, str(file), "name the species with --species (in Python: species=)")


def _known(glass: Configuration, model: Potential | None, source: str, how: str) -> Configuration:
    """The glass itself, if the potential knows its species; ``how`` says what else to do."""
    present = {glass.names[k] for k in glass.species}
    if model is not None and not present <= set(model.elements):
        raise VitreousError(
            f"{source} holds {', '.join(sorted(present))}, but {type(model).__name__} knows "
            f"{' and '.join(model.elements)}; choose another potential, or {how}"
        )
    return glass
