"""Dumps and data files of LAMMPS as text."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.io.solid import Floats, rows, solid


def _turned(cell: Floats) -> bool:
    """Whether a does not lie along x, or b not in the plane xy: a general cell to LAMMPS."""
    return bool(np.any(np.triu(cell, 1) != 0.0) or np.any(np.diag(cell) <= 0.0))


def dump(configuration: Configuration, columns: Mapping[str, NDArray[Any]]) -> str:
    """The text of a dump of one snapshot. A plane at z = 0 has no column z: OVITO then opens it as
    two-dimensional.
    """
    positions, cell, origin, periodic = solid(configuration)
    flags = " ".join("pp" if p else "ff" for p in periodic)
    corner = origin - [0.0, 0.0, 0.5] if configuration.dimension == 2 else origin
    if _turned(cell):
        form, box = f"abc origin {flags}", np.column_stack([cell, corner])
    else:
        form, box = f"xy xz yz {flags}", _bounds(cell, corner)
    bounds = "".join(" ".join(repr(v) for v in row) + "\n" for row in box.tolist())
    head = (
        f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{len(configuration)}\nITEM: BOX BOUNDS "
        f"{form}\n{bounds}"
    )
    flat = configuration.dimension == 2 and not origin[2]
    axes = "xy" if flat else "xyz"
    head += " ".join(["ITEM: ATOMS id type element", *axes, *columns]) + "\n"
    names = [configuration.names[s] for s in configuration.species]
    return head + rows(
        configuration.ids,
        configuration.species + 1,
        names,
        *positions.T[: len(axes)],
        *columns.values(),
    )


def _bounds(cell: Floats, origin: Floats) -> Floats:
    """Rows of BOX BOUNDS: extents that enclose a tilted cell, and its tilts."""
    xy, xz, yz = float(cell[1, 0]), float(cell[2, 0]), float(cell[2, 1])
    low = np.array([min(0.0, xy, xz, xy + xz), min(0.0, yz), 0.0])
    high = np.diag(cell) + np.array([max(0.0, xy, xz, xy + xz), max(0.0, yz), 0.0])
    return np.column_stack([origin + low, origin + high, [xy, xz, yz]])


def data(configuration: Configuration) -> str:
    """The text of a data file of style atomic, with the masses and names of its types."""
    positions, cell, origin, _ = solid(configuration)
    corner = origin - [0.0, 0.0, 0.5] if configuration.dimension == 2 else origin
    if _turned(cell):
        warnings.warn(
            "the first lattice vector does not lie along x, or the second not in the plane xy: the "
            "file has a general cell, which LAMMPS reads since April 2024",
            stacklevel=4,
        )
        lines, words = [*cell, corner], ("avec", "bvec", "cvec", "abc origin")
    else:
        ends = np.column_stack([corner, corner + np.diag(cell)])
        lines = [*ends, np.array([cell[1, 0], cell[2, 0], cell[2, 1]])]
        words = ("xlo xhi", "ylo yhi", "zlo zhi", "xy xz yz")
    box = "".join(
        f"{' '.join(repr(v) for v in line.tolist())} {word}\n"
        for line, word in zip(lines, words, strict=True)
    )
    masses = "".join(
        f"{t} {_mass(name, configuration.units)!r} # {name}\n"
        for t, name in enumerate(configuration.names, start=1)
    )
    head = (
        f"Vitreous glass of {' '.join(configuration.names)}, types in this order\n\n"
        f"{len(configuration)} atoms\n{len(configuration.names)} atom types\n\n{box}\n"
        f"Masses\n\n{masses}\nAtoms # atomic\n\n"
    )
    return head + rows(configuration.ids, configuration.species + 1, *positions.T)


def _mass(name: str, units: str) -> float:
    """Of an element; 1 in reduced units, and for a species that is no element."""
    from ase.data import atomic_masses, atomic_numbers

    return float(atomic_masses[atomic_numbers.get(name, 0)]) if units != "lj" else 1.0
