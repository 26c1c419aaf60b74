"""Components by name, and glasses read for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vitreous.core.build import construct
from vitreous.core.data import Configuration
from vitreous.core.interfaces import Potential, Simulator
from vitreous.core.registry import discover
from vitreous.io.glasses import read_glass
from vitreous.io.read import read_configuration, read_configurations

__all__ = ["potential", "read_glass", "read_glasses", "read_silica", "simulator"]

_GIVEN = "--set {0}=VALUE (in Python: {0}=VALUE)"  #: a field of a potential
_CLOSEST_OF_ANY = 0.3  # where the units do not matter


def potential(name: str, **fields: Any) -> Potential:
    """An installed potential, e.g. ``potential("yukawa_silica", cutoff=9.0)``.

    Raises:
        VitreousError: an unknown name or field, a missing one, or a value of the wrong type.
    """
    return construct(discover().resolve("potential", name), name, fields, _GIVEN)


def simulator(name: str, **fields: Any) -> Simulator:
    """An installed simulator, e.g. ``simulator("aqs", minimiser="fire")``. Raises VitreousError as
    ``potential`` does.
    """
    return construct(discover().resolve("simulator", name), name, fields, "{}=VALUE")


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
