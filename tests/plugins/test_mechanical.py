"""Mechanical indicators: dense algebra, a glass that is really sheared, crystals and symmetries."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.core.store import identity
from vitreous.direct.ase_calculator import calculator
from vitreous.io.atoms import to_ase
from vitreous.io.glasses import read_glass
from vitreous.plugins.descriptors.mechanical import COLUMNS, Mechanical
from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.descriptors import repeated
from vitreous.testing.systems import LennardJones, binary_mixture

QUIET = AQS(relax_cell=False, force_tolerance=1e-11)
PLANE, SPACE = Loading(mode="simple_shear", angle=20.0), Loading(mode="uniaxial", dimension=3)
INDICATORS = {2: Mechanical(), 3: Mechanical(cutoff=1.9, fraction=0.04)}
STRAIN = 1e-6
VIBRATIONS = ("flexibility_volume", "soft_modes")
SECOND = ("nonaffine_growth", "nonaffine_acceleration")


@cache
def case(d):
    """A glass at rest, its potential, a loading; thermal motion frozen in."""
    if d == 2:
        potential = LennardJones2D()
        glass = read_glass(Path(__file__).parents[1] / "lennard_jones_glass.extxyz", potential)
        return QUIET.relax(glass, potential), potential, PLANE
    return QUIET.relax(binary_mixture(), LennardJones()), LennardJones(), SPACE


def columns(glass, potential, loading, indicators):
    found = indicators.describe(glass, loading, glass.positions, "atom", potential)
    assert found.names == indicators.columns
    return dict(zip(found.names, found.values.T, strict=True))


@cache
def described(d):
    return columns(*case(d), INDICATORS[d])


@cache
def response(d):
    """u (N, D) as a difference of two glasses that are strained a little and brought to rest."""
    glass, potential, loading = case(d)
    u = np.zeros_like(glass.positions)
    for sign in (1, -1):
        f = loading.deformation_gradient(sign * STRAIN)
        moved = glass.with_(positions=glass.positions @ f.T, cell=glass.cell @ f.T)
        u += sign * (QUIET.relax(moved, potential).positions - moved.positions) / (2.0 * STRAIN)
    return u - u.mean(axis=0)


@pytest.mark.parametrize("d", [2, 3])
def test_vibrations_and_soft_modes_are_those_of_the_dense_matrix(d):
    glass, potential, _ = case(d)
    hessian = potential.surface(glass).hessian(glass.positions, glass.cell).toarray()
    values, vectors = np.linalg.eigh(hessian)
    share = (vectors**2).reshape(len(glass), d, -1).sum(axis=1)  # of atom i in mode k
    vibration = 0.0299 * (share[:, d:] / values[d:]).sum(axis=1)
    spacing = described(d)["atomic_volume"] ** (1.0 / d)
    np.testing.assert_allclose(described(d)["flexibility_volume"], vibration * spacing, rtol=1e-7)
    softest = share[:, d : d + {2: 5, 3: 8}[d]]  # 1 % of 510, 4 % of 189
    np.testing.assert_allclose(described(d)["soft_modes"], softest.sum(axis=1), atol=1e-7)


@pytest.mark.parametrize("d", [2, 3])
def test_volumes_and_energies_add_up_to_the_glass(d):
    glass, potential, _ = case(d)
    energy, _ = potential.surface(glass).energy_forces(glass.positions, glass.cell)
    assert described(d)["energy"].sum() == pytest.approx(energy)
    assert described(d)["atomic_volume"].sum() == pytest.approx(np.linalg.det(glass.cell))


@pytest.mark.parametrize("d", [2, 3])
def test_the_response_is_that_of_the_strained_and_relaxed_glass(d):
    """Protects field, fit and projection: loops over a deformation without linear response."""
    glass, _, loading = case(d)
    u, found = response(d), described(d)
    np.testing.assert_allclose(found["nonaffine"], np.linalg.norm(u, axis=1), rtol=1e-3, atol=1e-3)
    rate = loading.velocity_gradient(0.0)
    along = 0.5 * (rate + rate.T)
    for atom in range(0, len(glass), 5):
        vector = glass.minimum_image(glass.positions - glass.positions[atom])
        distance = np.linalg.norm(vector, axis=1)
        near = (distance < INDICATORS[d].cutoff) & (distance > 0.0)
        apart = u[near] - u[atom]
        gradient = np.linalg.lstsq(vector[near], apart, rcond=None)[0].T
        miss = ((apart - vector[near] @ gradient.T) ** 2).sum()
        assert found["nonaffine_d2min"][atom] == pytest.approx(miss, rel=5e-3, abs=1e-3)
        share = (gradient * along).sum() / (along * along).sum()
        assert found["nonaffine_gradient"][atom] == pytest.approx(share, abs=2e-3)


def test_an_atom_in_soft_surroundings_strains_more_than_the_glass():
    """Protects the sign: where the glass yields first, the response is large and along the loading,
    already at rest.
    """
    glass, potential, loading = case(2)
    engine = AQS(strain_step=1e-4, strain_max=0.05, max_events=1, relax_cell=False)
    first = engine.deform(glass, potential, loading).events.atom[0]
    for name in ("nonaffine_gradient", "nonaffine_d2min", "nonaffine_gradient_near"):
        assert (described(2)[name] < described(2)[name][first]).mean() > 0.9, name
    assert described(2)["nonaffine_gradient"][first] > 0.5


def test_means_are_weighted_by_a_gaussian():
    glass, _, _ = case(2)
    for atom in range(0, len(glass), 50):
        vector = glass.minimum_image(glass.positions - glass.positions[atom])
        weight = np.exp(-0.5 * (vector**2).sum(axis=1))
        for name in ("nonaffine", "nonaffine_gradient"):
            mean = (weight * described(2)[name]).sum() / weight.sum()
            assert described(2)[f"{name}_near"][atom] == pytest.approx(mean, abs=2e-2)


def crystal(columns=6, rows=4, spacing=1.1):
    """A triangular lattice of one species."""
    unit = np.array([[0.0, 0.0], [0.5, 0.5 * np.sqrt(3)]])
    corners = np.stack(np.meshgrid(range(columns), range(rows), indexing="ij"), -1).reshape(
        -1, 1, 2
    )
    return Configuration(
        positions=((corners * [1.0, np.sqrt(3)] + unit) * spacing).reshape(-1, 2),
        species=[0] * (2 * columns * rows),
        names=("A", "B"),
        cell=np.diag([columns, rows * np.sqrt(3)]) * spacing,
        periodic=(True, True),
        units="lj",
    )


def test_every_atom_of_a_bravais_lattice_moves_with_it_and_is_like_any_other():
    found = columns(crystal(), LennardJones(), PLANE, INDICATORS[2])
    for name in ("nonaffine", "nonaffine_gradient", "nonaffine_d2min"):
        np.testing.assert_allclose(found[name], 0.0, atol=1e-9)
    np.testing.assert_allclose(found["atomic_volume"], 0.5 * np.sqrt(3) * 1.1**2)
    for name in ("flexibility_volume", "energy"):
        np.testing.assert_allclose(found[name], found[name][0], rtol=1e-9)


def test_a_quarter_turn_of_glass_and_loading_changes_nothing():
    glass, potential, loading = case(2)
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    turned = glass.with_(positions=glass.positions @ turn.T, cell=glass.cell @ turn.T)
    found = columns(turned, potential, replace(loading, angle=110.0), INDICATORS[2])
    for name in COLUMNS:
        np.testing.assert_allclose(found[name], described(2)[name], rtol=1e-6, atol=1e-6)


def test_columns_of_the_response_know_the_direction_and_no_rotation_and_growth_its_sense():
    """Simple shear is half of a pure shear at 45 degrees, and a rotation."""
    glass, potential, _ = case(2)
    pure, back, other = (
        columns(glass, potential, loading, INDICATORS[2])
        for loading in (Loading(angle=65.0), replace(PLANE, sign=-1), replace(PLANE, angle=60.0))
    )
    for name in COLUMNS:
        factor = {"nonaffine": 2.0, "nonaffine_near": 2.0, "nonaffine_d2min": 4.0}.get(name, 1.0)
        same = factor * described(2)[name]
        if name not in SECOND:  # to second order the two shears differ by more than a rotation
            np.testing.assert_allclose(pure[name], same, rtol=1e-5, atol=1e-5)
        reversed_ = -1.0 if name == "nonaffine_growth" else 1.0
        np.testing.assert_allclose(
            back[name], reversed_ * described(2)[name], rtol=1e-5, atol=1e-5, err_msg=name
        )
    of_loading = [c for c in COLUMNS if np.abs(other[c] - described(2)[c]).max() > 1e-6]
    assert of_loading == [c for c in COLUMNS if c.startswith("nonaffine")]


def test_other_numbers_of_the_atoms_permute_the_rows():
    glass, potential, loading = case(3)
    order = np.random.default_rng(1).permutation(len(glass))
    other = glass.with_(
        positions=glass.positions[order], species=glass.species[order], ids=glass.ids[order]
    )
    found = columns(other, potential, loading, INDICATORS[3])
    for name in COLUMNS:
        np.testing.assert_allclose(found[name], described(3)[name][order], rtol=1e-6, atol=1e-6)


def test_all_but_the_vibrations_are_those_of_a_glass_repeated():
    glass, potential, loading = case(2)
    local = Mechanical(columns=COLUMNS[2:])
    assert not local.bound_to_cell
    assert "waves" in Mechanical().bound_to_cell
    found = columns(repeated(glass, 2, 0), potential, loading, local)
    for name in COLUMNS[2:]:
        same = np.tile(described(2)[name], 2)
        np.testing.assert_allclose(found[name], same, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_alone_is_the_same(name):
    alone = columns(*case(3), replace(INDICATORS[3], columns=(name,)))
    np.testing.assert_allclose(alone[name], described(3)[name], rtol=1e-9, atol=1e-12)


def test_every_column_says_its_weak_side_and_a_model_may_have_them_in_any_order():
    assert dict(Mechanical.weak_is) == dict.fromkeys(COLUMNS, "high")
    two = columns(*case(2), Mechanical(columns=["energy", "nonaffine"]))
    np.testing.assert_array_equal(two["energy"], described(2)["energy"])


def test_warmer_atoms_vibrate_more():
    warm = Mechanical(columns=("flexibility_volume",), thermal_energy=0.0598)
    found = columns(*case(2), warm)["flexibility_volume"]
    np.testing.assert_allclose(found, 2.0 * described(2)["flexibility_volume"])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"columns": ["softness"]}, r"got columns=\['softness'\]; expected different ones of flex"),
        ({"columns": ["energy", "energy"]}, "expected different ones of"),
        ({"columns": []}, "expected different ones of"),
        ({"cutoff": 0.0}, "cutoff is 0; expected a positive number"),
        ({"smooth": -1.0}, "smooth is -1; expected a positive number"),
        ({"thermal_energy": np.inf}, "thermal_energy is inf; expected a positive number"),
        ({"fraction": 1.0}, "fraction is 1; expected a number between 0 and 1"),
    ],
)
def test_fields_out_of_range_are_refused(fields, told):
    with pytest.raises(VitreousError, match=told):
        Mechanical(**fields)


def test_what_cannot_be_described_is_refused():
    glass, potential, loading = case(2)

    def refused(told, indicators=INDICATORS[2], glass=glass, potential=potential):
        with pytest.raises(VitreousError, match=told):
            indicators.describe(glass, loading, glass.positions, "atom", potential)

    refused("needs the potential of the glass", potential=None)
    refused("knows S and L, but the glass contains X", glass=glass.with_(names=("S", "X")))
    refused(r"cutoff is 9, but the cell is 17\.6 across", Mechanical(cutoff=9.0))
    refused(r"has \d neighbours within 0\.9, .*use a larger cutoff", Mechanical(cutoff=0.9))
    aside = glass.with_(positions=glass.positions + 0.3 * np.sin(glass.positions[:, ::-1]))
    with pytest.raises(NotConverged, match="at no minimum of the potential"):
        Mechanical().describe(aside, loading, aside.positions, "atom", potential)


def test_a_cutoff_beyond_the_cell_is_no_matter_to_columns_without_a_gradient():
    described_without = columns(*case(2), Mechanical(cutoff=9.0, columns=("nonaffine",)))
    np.testing.assert_allclose(described_without["nonaffine"], described(2)["nonaffine"])


def test_logarithms_are_of_the_columns_that_cannot_be_negative():
    glass, potential, loading = case(2)
    found = columns(glass, potential, loading, replace(INDICATORS[2], logarithm=True))
    for name, plain in described(2).items():
        signed = name in ("energy", "nonaffine_gradient", "nonaffine_gradient_near")
        wanted = plain if signed else np.log(np.abs(plain))
        if name == "nonaffine_growth":
            wanted = np.sign(plain) * np.log(1.0 + np.abs(plain))
        np.testing.assert_allclose(found[name], wanted, rtol=1e-12, err_msg=name)


@cache
def cuzr():
    """54 atoms of copper and zirconium at rest, in no order: no two modes are alike."""
    potential, ordered = Eam.example(), Eam.example_glass()
    mixed = ordered.with_(species=np.random.default_rng(3).permutation(ordered.species))
    return AQS(relax_cell=False, force_tolerance=1e-9).relax(mixed, potential), potential, SPACE


def test_vibrations_of_two_masses_are_those_that_ase_finds(tmp_path):
    """By finite differences of forces, mass-weighted by ASE."""
    from ase.vibrations import Vibrations

    glass, potential, loading = cuzr()
    weighted = Mechanical(columns=VIBRATIONS, fraction=0.05, weighted=True)
    found = columns(glass, potential, loading, weighted)
    atoms = to_ase(glass)
    atoms.calc = calculator(potential)
    assert len(set(atoms.get_masses())) == 2
    vibrations = Vibrations(atoms, name=str(tmp_path / "vib"), delta=1e-3)
    vibrations.run()
    _, displacements = vibrations.get_vibrations().get_energies_and_modes()
    vectors = displacements * np.sqrt(atoms.get_masses())[:, None]
    count = round(0.05 * 3 * (len(glass) - 1))
    lowest = (
        vectors[3 : 3 + count] / np.linalg.norm(vectors[3 : 3 + count], axis=(1, 2))[:, None, None]
    )
    np.testing.assert_allclose(found["soft_modes"], (lowest**2).sum(axis=(0, 2)), atol=2e-3)


def test_masses_change_the_modes_but_hardly_how_far_atoms_move():
    """Classical vibrations know of masses only which point of the glass is held."""
    of = {
        weighted: columns(*cuzr(), Mechanical(columns=VIBRATIONS, fraction=0.05, weighted=weighted))
        for weighted in (False, True)
    }
    assert np.abs(of[True]["soft_modes"] - of[False]["soft_modes"]).max() > 0.02
    np.testing.assert_allclose(
        of[True]["flexibility_volume"], of[False]["flexibility_volume"], rtol=0.02
    )


def test_particles_of_equal_mass_vibrate_alike_however_they_are_weighted():
    glass, potential, loading = case(2)
    weighted = columns(glass, potential, loading, Mechanical(columns=VIBRATIONS, weighted=True))
    for name in VIBRATIONS:
        np.testing.assert_allclose(weighted[name], described(2)[name], rtol=1e-7, atol=1e-9)


def test_a_potential_that_tells_no_masses_is_refused_and_keys_from_before_hold():
    glass, potential, loading = case(3)
    with pytest.raises(VitreousError, match=r"needs the mass of .*set descriptor.weighted=false"):
        columns(glass, potential, loading, Mechanical(columns=VIBRATIONS, weighted=True))
    assert "weighted" not in identity(Mechanical())["fields"]
    assert identity(Mechanical(weighted=True))["fields"]["weighted"] is True
