"""A potential as a calculator of ASE, for its optimisers, dynamics and filters."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.core.surface import EnergySurface
from vitreous.io.atoms import SOURCE, from_ase
from vitreous.io.through_ase import LABELS

_FLAT = 0.01  # length: a plane glass may leave its plane this far, as finite differences do


class VitreousCalculator(Calculator):
    """Energy, forces and stress of a potential, energies and stresses of atoms, in its units.

    A plane glass has forces without z. Its stress is per volume, as everywhere in ASE: the stress
    per area divided by the height of the cell, in which filters and
    ``calculate_numerical_stress`` find the same work; with a third lattice vector of length one
    along z it is the stress per area.
    """

    implemented_properties: ClassVar[list[str]] = [
        "energy",
        "free_energy",
        "energies",
        "forces",
        "stress",
        "stresses",
    ]

    def __init__(self, potential: Potential, species: dict[str, str] | None = None) -> None:
        """``species``: what chemical symbols stand for, where the potential's species are no
        elements.
        """
        super().__init__()
        self.potential, self.species = potential, species
        self._labels: list[str] | None = None
        self._surface: EnergySurface | None = None
        self._of: Configuration | None = None

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        """What changed since the last calculation, names of species included."""
        changes = list(super().check_state(atoms, tol=tol))
        return changes if changes or self._labels == _labels(atoms) else ["numbers"]

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Raises VitreousError in one sentence for atoms that the potential does not know."""
        super().calculate(atoms, properties, system_changes)
        atoms = self.atoms
        assert atoms is not None  # the constructor of Calculator says so
        glass = self._glass(atoms)
        surface, state = self._surface_of(glass), (glass.positions, glass.cell)
        energy, forces, virial = surface.energy_forces_virial(*state)
        if not (np.isfinite(energy) and np.isfinite(forces).all()):
            raise VitreousError(
                "the energy or a force of the glass is not a finite number; check the "
                "potential's fields and tables, and the units of the Atoms"
            )
        self._labels = _labels(atoms)
        self.results = {
            "energy": float(energy),
            "free_energy": float(energy),
            "forces": np.pad(forces, ((0, 0), (0, 3 - glass.dimension))),
        }
        if "energies" in (properties or ()):
            self.results["energies"] = np.array(surface.atom_energies(*state))
        if atoms.cell.rank == 3:
            self.results["stress"] = _voigt(virial / atoms.cell.volume)
            if "stresses" in (properties or ()):
                shares = surface.atom_virials(*state) / atoms.cell.volume
                self.results["stresses"] = np.array([_voigt(share) for share in shares])

    def get_stress(self, atoms: Atoms | None = None) -> NDArray[np.float64]:
        """(6,) xx, yy, zz, yz, xz, xy. Raises VitreousError for a cell without volume."""
        _refuse_flat(atoms)
        return np.array(super().get_stress(atoms))

    def get_stresses(self, atoms: Atoms | None = None) -> NDArray[np.float64]:
        """(N, 6) shares of the stress that add up to it, as ASE asks: each atom's virial over the
        volume of the cell. Raises VitreousError for a cell without volume.
        """
        _refuse_flat(atoms)
        return np.array(super().get_stresses(atoms))

    def _glass(self, atoms: Atoms) -> Configuration:
        planes = self.potential.dimensions
        dimension = min(planes) if len(planes) == 1 else None
        glass = from_ase(
            atoms,
            units=self.potential.units,
            species=self.species,
            assumed=self.potential.elements,
            dimension=dimension,
        )
        low, high = atoms.positions[:, 2].min(), atoms.positions[:, 2].max()
        if dimension == 2 and high - low > _FLAT:
            raise VitreousError(
                f"{SOURCE} lies between z = {low:.4g} and {high:.4g}, but "
                f"{type(self.potential).__name__} is a model of atoms in one plane; use another "
                "potential, or hold them there: ase.constraints.FixCartesian(range(len(atoms)), "
                "(False, False, True))"
            )
        return glass

    def _surface_of(self, glass: Configuration) -> EnergySurface:
        """The surface of these atoms, as long as neither they nor the boundaries change."""
        if self._surface is None or self._of is None or not _alike(glass, self._of):
            self._surface, self._of = self.potential.surface(glass), glass
        return self._surface


def _refuse_flat(atoms: Atoms | None) -> None:
    """Raises VitreousError for a cell without volume."""
    if atoms is not None and atoms.cell.rank < 3:
        raise VitreousError(
            f"{SOURCE} has a cell without volume, but a stress is per volume; give it a third "
            "lattice vector, e.g. atoms.cell[2] = (0, 0, 1) for the stress per area"
        )


def _alike(a: Configuration, b: Configuration) -> bool:
    return (
        a.names == b.names
        and a.periodic == b.periodic
        and a.dimension == b.dimension
        and np.array_equal(a.species, b.species)
        and np.array_equal(a.ids, b.ids)
    )


def _labels(atoms: Atoms) -> list[str] | None:
    return atoms.arrays[LABELS].tolist() if LABELS in atoms.arrays else None


def _voigt(stress: NDArray[np.float64]) -> NDArray[np.float64]:
    """(6,) of a stress (D, D); without z components in a plane."""
    whole = np.zeros((3, 3))
    whole[: len(stress), : len(stress)] = stress
    return whole.ravel()[[0, 4, 8, 5, 2, 1]]


def calculator(
    potential: str | Potential, *, species: dict[str, str] | None = None, **fields: Any
) -> VitreousCalculator:
    """A potential as an ASE calculator, e.g. ``atoms.calc = calculator("watanabe")``.

    Args:
        potential: the name of an installed one, with its ``fields``, or a Potential.
        species: what chemical symbols stand for in a potential of other species, e.g.
            ``{"He": "S", "Ne": "L"}``; without it ``atoms.arrays["typelabel"]`` names atoms of
            symbol X.

    Raises:
        VitreousError: an unknown name or field, a missing one, or a value of the wrong type.
    """
    from vitreous.direct.glasses import potential as named

    if isinstance(potential, str):
        return VitreousCalculator(named(potential, **fields), species)
    if fields:
        raise VitreousError(
            f"fields {', '.join(fields)} were given with a potential that is already made; give "
            "its name, or leave them out"
        )
    return VitreousCalculator(potential, species)
