"""Metals by the embedded-atom method, from tables in the eam/alloy (setfl) and eam/fs formats that
LAMMPS and NIST use.

Daw & Baskes, Phys. Rev. B 29, 6443 (1984); Finnis & Sinclair, Philos. Mag. A 50, 45 (1984).
Angstrom and eV. The file defines the elements.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.io.lammps import potentials_folder
from vitreous.mechanics.eam.file import EamFile, read_content, read_eam
from vitreous.mechanics.eam.surface import EamSurface
from vitreous.mechanics.species import species_of

EXAMPLE = Path(__file__).with_name("example.eam.alloy")  #: analytic tables, included in the package
_ELEMENTS = (
    "H",
    "He",
    "Li",
    "Be",
    "B",
    "C",
    "N",
    "O",
    "F",
    "Ne",
    "Na",
    "Mg",
    "Al",
    "Si",
    "P",
    "S",
    "Cl",
    "Ar",
    "K",
    "Ca",
    "Sc",
    "Ti",
    "V",
    "Cr",
    "Mn",
    "Fe",
    "Co",
    "Ni",
    "Cu",
    "Zn",
    "Ga",
    "Ge",
    "As",
    "Se",
    "Br",
    "Kr",
    "Rb",
    "Sr",
    "Y",
    "Zr",
    "Nb",
    "Mo",
    "Tc",
    "Ru",
    "Rh",
    "Pd",
    "Ag",
    "Cd",
    "In",
    "Sn",
    "Sb",
    "Te",
    "I",
    "Xe",
    "Cs",
    "Ba",
    "La",
    "Ce",
    "Pr",
    "Nd",
    "Pm",
    "Sm",
    "Eu",
    "Gd",
    "Tb",
    "Dy",
    "Ho",
    "Er",
    "Tm",
    "Yb",
    "Lu",
    "Hf",
    "Ta",
    "W",
    "Re",
    "Os",
    "Ir",
    "Pt",
    "Au",
    "Hg",
    "Tl",
    "Pb",
    "Bi",
    "Po",
    "At",
    "Rn",
    "Fr",
    "Ra",
    "Ac",
    "Th",
    "Pa",
    "U",
    "Np",
    "Pu",
    "Am",
    "Cm",
    "Bk",
    "Cf",
    "Es",
    "Fm",
    "Md",
    "No",
    "Lr",
)
_CLOSEST = 0.7  # angstrom; closer atoms are refused as overlapping


@lru_cache(maxsize=4)
def _tables(path: str, _content: str) -> EamFile:
    return read_eam(path)


@dataclass(frozen=True, kw_only=True)
class Eam(Potential):
    """An embedded-atom model in three dimensions.

    Fields:
        path: the table file; its content, not its name, enters the keys of results.
        smooth_end: end the tables with zero slope. Otherwise as LAMMPS reads them, with the
            difference of the last two values, so that forces jump (Sheng's Cu-Zr table: about 1e-3
            eV/A) where a pair crosses the cutoff, and no state converges below that; ``lammps_aqs``
            then runs LAMMPS's own eam/alloy or eam/fs on the file.
    """

    species: ClassVar = _ELEMENTS  # possible ones; those of the file: ``elements``
    dimensions: ClassVar = frozenset({3})
    units: ClassVar = "metal"

    path: str = field(metadata={"affects_result": False})
    smooth_end: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | Path) or not str(self.path):
            raise VitreousError(
                f"the path of eam is {self.path!r}; expected that of an eam/alloy or eam/fs file: "
                "potential.path=FILE in a run, --set path=FILE with --potential eam"
            )

        if not isinstance(self.smooth_end, bool):
            raise VitreousError(f"eam.smooth_end is {self.smooth_end!r}; expected true or false")

    @classmethod
    def example(cls) -> Self:
        return cls(path=str(EXAMPLE))

    @classmethod
    def example_glass(cls) -> Configuration:
        """Copper and zirconium near the two sublattices of a body-centred cubic crystal."""
        side, spacing = 3, 2.9
        corners = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), -1).reshape(-1, 3)
        positions = np.vstack([corners, corners + 0.5]) * spacing
        return Configuration(
            positions=positions + 0.1 * np.random.default_rng(0).normal(size=positions.shape),
            species=np.repeat([0, 1], len(corners)),
            names=("Cu", "Zr"),
            cell=side * spacing * np.eye(3),
            periodic=(True, True, True),
            units="metal",
        )

    @property
    def file(self) -> Path:
        """``path``; a bare name that is not in the current folder stands for the file of that name
        that LAMMPS ships.
        """
        given, folder = Path(self.path), potentials_folder()
        shipped = given if folder is None else folder / given.name
        alone = given.name == str(given) and not given.exists()
        return shipped if alone and shipped.exists() else given

    def fingerprint(self) -> str:
        """sha256 of the file's content. Raises VitreousError if it cannot be read."""
        return hashlib.sha256(read_content(self.file)).hexdigest()

    def tables(self) -> EamFile:
        """The tables of the file. Raises VitreousError if it is missing, of another format or
        damaged.
        """
        return _tables(str(self.file), self.fingerprint())

    @property
    def elements(self) -> tuple[str, ...]:
        """The elements of the file, in its order. Raises VitreousError for a bad file."""
        return self.tables().elements

    @property
    def masses(self) -> dict[str, float]:
        """Those of the file, g/mol. Raises VitreousError for a bad file."""
        tables = self.tables()
        return dict(zip(tables.elements, tables.masses, strict=True))

    def surface(self, configuration: Configuration) -> EamSurface:
        """The energy surface of these atoms.

        Raises:
            VitreousError: for a bad file, another dimension, units or elements, overlapping atoms,
            or a cell thinner than the cutoff.
        """
        tables = self.tables()
        species = species_of(
            configuration, f"eam with {Path(self.path).name}", tables.elements, 3, self.units
        )
        return EamSurface(configuration, species, tables, _CLOSEST, self.smooth_end)

    def lammps_commands(self, configuration: Configuration) -> tuple[str, ...]:
        """LAMMPS's own style on the same file; none with ``smooth_end``, which LAMMPS cannot
        reproduce.

        Raises:
            VitreousError: for a bad file.
        """
        if self.smooth_end:
            return ()
        tables = self.tables()
        # LAMMPS also requires tables for names without atoms: any element serves
        names = [
            name if name in tables.elements else tables.elements[0] for name in configuration.names
        ]
        return (f"pair_style {tables.style}", f'pair_coeff * * "{self.file}" {" ".join(names)}')
