"""Each potential as a calculator of ASE: its energies, forces and stress are those of ``energy``,
of finite differences, and of ASE's own optimisers.
"""

import numpy as np
import pytest
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress
from ase.constraints import FixCartesian
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS, FIRE

from vitreous import calculator, to_ase
from vitreous.core.errors import VitreousError
from vitreous.direct import energy, potential, relax
from vitreous.plugins.potentials.eam import EXAMPLE, Eam
from vitreous.testing.systems import binary_mixture, shaken_honeycomb, silica_crystal

MODELS = ("yukawa_silica", "watanabe", "lennard_jones_2d", "eam")
SHEAR = np.array([[1.01, 0.03, 0.0], [0.0, 0.98, 0.0], [0.0, 0.0, 1.0]])


def model_of(name):
    return potential(name, **({"path": str(EXAMPLE)} if name == "eam" else {}))


def glass_of(name):
    """A glass that is neither at rest nor symmetric."""
    if name == "yukawa_silica":
        glass = shaken_honeycomb(4, 3)
    elif name == "watanabe":
        glass = silica_crystal()
    elif name == "lennard_jones_2d":
        glass = binary_mixture(side=8, dimension=2, names=("S", "L"))
    else:
        glass = Eam.example_glass()
    shear = SHEAR[: glass.dimension, : glass.dimension]
    return glass.with_(positions=glass.positions @ shear, cell=glass.cell @ shear)


@pytest.fixture(scope="module", params=MODELS)
def system(request):
    """(glass, potential, Atoms with the calculator)."""
    glass, model = glass_of(request.param), model_of(request.param)
    return glass, model, with_calculator(glass, model)


def with_calculator(glass, model):
    atoms = to_ase(glass)
    atoms.calc = calculator(model)
    return atoms


def test_the_numbers_are_those_of_the_potential(system):
    glass, model, atoms = system
    report = energy(glass, model)
    assert atoms.get_potential_energy() == pytest.approx(report.energy, rel=1e-12)
    assert atoms.get_potential_energy(force_consistent=True) == atoms.get_potential_energy()
    np.testing.assert_allclose(atoms.get_potential_energies(), report.atom_energies, rtol=1e-12)
    assert np.abs(atoms.get_forces()).max() == pytest.approx(report.largest_force, rel=1e-9)
    d = glass.dimension
    np.testing.assert_allclose(atoms.get_stress(voigt=False)[:d, :d], report.stress, atol=1e-12)


def test_stresses_of_atoms_add_up_to_the_stress(system):
    glass, model, atoms = system
    shares = atoms.get_stresses()
    assert shares.shape == (len(atoms), 6)
    np.testing.assert_allclose(shares.sum(axis=0), atoms.get_stress(), rtol=1e-9, atol=1e-12)
    volume, d = np.linalg.det(glass.cell), glass.dimension
    np.testing.assert_allclose(
        atoms.get_stresses(voigt=False)[:, :d, :d] * volume,
        energy(glass, model).atom_virials,
        rtol=1e-9,
        atol=1e-12,
    )


def test_forces_are_differences_of_the_energy(system):
    atoms = system[2]
    some = [0, len(atoms) // 3, len(atoms) - 1]
    differences = calculate_numerical_forces(atoms, eps=1e-5, iatoms=some)
    scale = np.abs(atoms.get_forces()).max()
    np.testing.assert_allclose(atoms.get_forces()[some], differences, atol=1e-6 * scale)


@pytest.mark.parametrize("height", [1.0, 17.0])
def test_stress_is_the_difference_of_the_energy_per_volume(system, height):
    """Of a plane glass, too: whatever the height of its cell, as ASE's filters need it."""
    glass, model, _ = system
    atoms = with_calculator(glass, model)
    if glass.dimension == 2:
        atoms.cell[2] = (0.0, 0.0, height)
    numerical = calculate_numerical_stress(atoms, eps=1e-5)
    np.testing.assert_allclose(atoms.get_stress(), numerical, atol=1e-5 * np.abs(numerical).max())


@pytest.mark.parametrize("optimiser", [FIRE, BFGS])
def test_optimisers_of_ase_find_the_minimum_that_relax_finds(system, optimiser):
    glass, model, _ = system
    rest = relax(glass, model).configuration
    far = 0.005 if glass.units == "lj" else 0.02
    shake = np.random.default_rng(1).normal(scale=far, size=rest.positions.shape)
    shaken = rest.with_(positions=rest.positions + shake)
    atoms = with_calculator(shaken, model)
    assert optimiser(atoms, maxstep=0.05, logfile=None).run(fmax=1e-4, steps=1000)
    found = relax(shaken, model)
    assert found.before.energy - found.after.energy > 0.01
    assert atoms.get_potential_energy() == pytest.approx(found.after.energy, abs=1e-4)


def test_a_filter_of_ase_finds_the_cell_that_relax_finds():
    """Lengths along x and y of a plane glass, whose cell is 17 high for no reason."""
    whole, model = shaken_honeycomb(4, 3), model_of("yukawa_silica")
    glass = whole.with_(positions=1.02 * whole.positions, cell=1.02 * whole.cell)
    atoms = with_calculator(glass, model)
    atoms.cell[2] = (0.0, 0.0, 17.0)
    cell = FrechetCellFilter(atoms, mask=[1, 1, 0, 0, 0, 0])
    assert FIRE(cell, logfile=None).run(fmax=1e-5, steps=5000)
    rest = relax(glass, model, cell="xy").configuration
    np.testing.assert_allclose(np.diag(atoms.cell)[:2], np.diag(rest.cell), rtol=5e-5)
    assert atoms.cell[2, 2] == 17.0


def test_atoms_of_a_left_handed_cell_have_the_same_energy_forces_and_stress():
    atoms = with_calculator(silica_crystal(), model_of("watanabe"))
    turned = atoms.copy()
    turned.set_cell(atoms.cell[[1, 0, 2]])
    turned.calc = calculator("watanabe")
    with pytest.warns(UserWarning, match="left-handed"):
        assert turned.get_potential_energy() == pytest.approx(atoms.get_potential_energy())
    np.testing.assert_allclose(turned.get_forces(), atoms.get_forces(), atol=1e-9)
    np.testing.assert_allclose(turned.get_stress(), atoms.get_stress(), atol=1e-12)


def test_what_changes_is_computed_again():
    """Positions, cells, boundaries, the names of species, and how many atoms there are."""
    model = model_of("lennard_jones_2d")
    atoms = with_calculator(glass_of("lennard_jones_2d"), model)
    seen = [atoms.get_potential_energy()]

    def now():
        fresh = atoms.copy()
        fresh.calc = calculator(model)
        assert atoms.get_potential_energy() == pytest.approx(
            fresh.get_potential_energy(), rel=1e-12
        )
        seen.append(atoms.get_potential_energy())

    atoms.positions[3, 0] += 0.05
    now()
    atoms.set_cell(1.01 * atoms.cell, scale_atoms=True)
    now()
    atoms.pbc = (True, False, True)
    now()
    atoms.arrays["typelabel"][:5] = "L"
    now()
    atoms.arrays["typelabel"][10:15] = "L"
    now()
    del atoms[7]
    now()
    assert len(set(seen)) == len(seen)


def test_chemical_symbols_may_stand_for_species():
    glass, model = glass_of("lennard_jones_2d"), model_of("lennard_jones_2d")
    atoms = to_ase(glass)
    labels = atoms.arrays.pop("typelabel")
    atoms.set_chemical_symbols([{"S": "He", "L": "Ne"}[name] for name in labels])
    atoms.calc = calculator("lennard_jones_2d", species={"He": "S", "Ne": "L"})
    assert atoms.get_potential_energy() == pytest.approx(energy(glass, model).energy)


def test_a_plane_potential_refuses_atoms_beside_its_plane():
    atoms = with_calculator(shaken_honeycomb(), model_of("yukawa_silica"))
    atoms.positions[0, 2] = 0.5
    with pytest.raises(VitreousError, match=r"between z = 0 and 0\.5, .*FixCartesian"):
        atoms.get_potential_energy()
    atoms.positions[0, 2] = 0.0
    atoms.set_constraint(FixCartesian(range(len(atoms)), (False, False, True)))
    atoms.set_positions(atoms.positions + np.outer(np.arange(len(atoms)), (0.0, 0.0, 1.0)))
    assert np.isfinite(atoms.get_potential_energy())


def test_a_plane_cell_without_height_has_energy_and_forces_but_no_stress():
    atoms = with_calculator(shaken_honeycomb(), model_of("yukawa_silica"))
    per_area = atoms.get_stress()
    atoms.cell[2] = 0.0
    atoms.pbc = (True, True, False)
    assert np.isfinite(atoms.get_potential_energy()) and not atoms.get_forces()[:, 2].any()
    with pytest.raises(VitreousError, match=r"atoms.cell\[2\] = \(0, 0, 1\)"):
        atoms.get_stress()
    atoms.cell[2] = (0, 0, 1)
    np.testing.assert_allclose(atoms.get_stress(), per_area, rtol=1e-12)


@pytest.mark.parametrize("apart", [0.0, 0.1])
def test_atoms_on_top_of_each_other_are_refused_whenever_they_get_there(apart):
    atoms = with_calculator(silica_crystal(), model_of("watanabe"))
    atoms.get_forces()
    atoms.positions[3] = atoms.positions[4] + [apart, 0.0, 0.0]
    with pytest.raises(VitreousError, match="the worst 4 and 5"):
        atoms.get_forces()


def test_foreign_atoms_and_foolish_fields_are_refused_in_one_sentence():
    atoms = with_calculator(silica_crystal(), model_of("watanabe"))
    atoms.symbols[3] = "Xe"
    with pytest.raises(VitreousError, match="knows Si and O, but the glass contains Xe"):
        atoms.get_potential_energy()
    with pytest.raises(VitreousError, match="did you mean 'watanabe'"):
        calculator("watanab")
    with pytest.raises(VitreousError, match=r"unknown field watanabe\.foo"):
        calculator("watanabe", foo=1)
    with pytest.raises(VitreousError, match="fields foo were given with a potential"):
        calculator(model_of("watanabe"), foo=1)
