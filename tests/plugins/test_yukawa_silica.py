"""The Yukawa model of silica: against published values, closed forms, LAMMPS and finite
differences.
"""

import numpy as np
import pytest

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.mechanics.pair.table import energy_slope
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_honeycomb as crystal

POTENTIAL = YukawaSilica()


@pytest.mark.parametrize(
    ("pair", "distance", "energy", "force"),
    [
        ("Si-O", 1.50, -0.43571191, -0.27971682),
        ("Si-O", 1.65, -0.39027743, -0.30712539),
        ("Si-Si", 3.00, 0.25058626, 0.26966781),
        ("O-O", 2.60, 0.12783852, 0.08819482),
    ],
)
def test_pair_energies_equal_the_values_of_the_published_model(pair, distance, energy, force):
    table = POTENTIAL.table()
    kind = {"Si-Si": 0, "Si-O": 1, "O-O": 3}[pair]
    u, slope = energy_slope(table.coefficients, kind, distance, table.r_min, 1.0 / table.step)
    assert u == pytest.approx(energy, abs=1e-8)
    assert -slope == pytest.approx(force, abs=1e-8)


PAIRS = {"Si-Si": (0, 2.250, 1.500), "Si-O": (1, 1.075, -1.000), "O-O": (3, 0.900, 0.670)}


@pytest.mark.parametrize("cutoff", [10.0, 6.0])
@pytest.mark.parametrize("pair", PAIRS)
def test_the_tables_are_the_shifted_formula_and_its_slope(pair, cutoff):
    """U(r) = V(r) - V(Rc) - V'(Rc) (r - Rc), differentiated by mpmath."""
    mp = pytest.importorskip("mpmath")
    kind, sigma, q = PAIRS[pair]
    table = YukawaSilica(cutoff=cutoff).table()

    def v(r):
        return (sigma / r) ** 12 + q / r * mp.exp(-r / mp.mpf("5.649"))

    def u(r):
        return v(r) - v(cutoff) - mp.diff(v, cutoff) * (r - cutoff)

    for r in np.linspace(1.2, cutoff - 0.1, 12):
        energy, slope = energy_slope(table.coefficients, kind, r, table.r_min, 1.0 / table.step)
        assert energy == pytest.approx(float(u(r)), rel=1e-7, abs=1e-9)
        assert slope == pytest.approx(float(mp.diff(u, r)), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(("distance", "bound"), [(1.65, True), (9.99, True), (10.01, False)])
def test_two_atoms_have_the_energy_of_their_pair_and_opposite_forces(distance, bound):
    pair = Configuration(
        positions=[[29.0, 15.0], [29.0 + distance, 15.0]],
        species=[0, 1],
        names=("Si", "O"),
        units="silica2d",
        cell=30.0 * np.eye(2),
        periodic=(True, True),
    )
    table = POTENTIAL.table()
    u, slope = (
        energy_slope(table.coefficients, 1, distance, table.r_min, 1.0 / table.step)
        if bound
        else (0.0, 0.0)
    )
    energy, forces = POTENTIAL.surface(pair).energy_forces(pair.positions, pair.cell)
    assert energy == pytest.approx(u, abs=1e-12)
    np.testing.assert_allclose(forces, [[slope, 0.0], [-slope, 0.0]], atol=1e-12)


def test_energy_and_force_end_together_at_the_cutoff():
    """The force shift: both go to zero there, the energy as the square of what is left."""
    table = POTENTIAL.table()
    near, nearer = (
        energy_slope(table.coefficients, 0, 10.0 - gap, table.r_min, 1.0 / table.step)
        for gap in (0.02, 0.01)
    )
    assert near[0] / nearer[0] == pytest.approx(4.0, rel=0.02)
    assert near[1] / nearer[1] == pytest.approx(2.0, rel=0.02)
    assert abs(nearer[1]) < 1e-4


@pytest.mark.parametrize("fields", [{"cutoff": 1.2}, {"cutoff": -1.0}, {"screening_length": 0.0}])
def test_a_model_without_reach_is_refused(fields):
    with pytest.raises(VitreousError, match=r"expected positive, cutoff above 1\.2"):
        YukawaSilica(**fields)


def test_perfect_hexagonal_monolayer_has_the_known_energy_and_spacing():
    def energy_per_atom(si_si):
        glass = crystal(si_si=si_si)
        return POTENTIAL.surface(glass).energy_forces(glass.positions, glass.cell)[0] / len(glass)

    assert energy_per_atom(3.014649) == pytest.approx(-0.32805226, abs=1e-8)
    assert energy_per_atom(3.014649) < min(energy_per_atom(3.0136), energy_per_atom(3.0156))


@pytest.fixture(scope="module")
def rattled():
    glass = crystal(shake=0.05)
    return glass, POTENTIAL.surface(glass)


def test_forces_and_hessian_are_derivatives_of_the_energy(rattled):
    glass, surface = rattled
    rng = np.random.default_rng(2)
    v = rng.normal(size=glass.positions.shape)
    h = 1e-5
    e = [surface.energy_forces(glass.positions + s * h * v, glass.cell) for s in (-1, 1)]
    _, forces = surface.energy_forces(glass.positions, glass.cell)
    assert (e[1][0] - e[0][0]) / (2 * h) == pytest.approx(-np.vdot(forces, v), rel=1e-6)
    by_difference = (e[0][1] - e[1][1]) / (2 * h)
    hessian = surface.hessian(glass.positions, glass.cell)
    np.testing.assert_allclose((hessian @ v.ravel()).reshape(-1, 2), by_difference, atol=1e-5)
    np.testing.assert_allclose(
        surface.linearise(glass.positions, glass.cell).multiply(v).ravel(),
        hessian @ v.ravel(),
        atol=1e-12,
    )


def test_stress_is_the_strain_derivative_of_the_energy(rattled):
    glass, surface = rattled
    rate = np.array([[0.3, 0.1], [0.1, -0.5]])
    h = 1e-6
    energies = [
        surface.energy_forces(
            glass.positions @ (np.eye(2) + s * h * rate), glass.cell @ (np.eye(2) + s * h * rate)
        )[0]
        for s in (-1, 1)
    ]
    work = glass.volume * np.sum(surface.stress(glass.positions, glass.cell) * rate)
    assert (energies[1] - energies[0]) / (2 * h) == pytest.approx(work, rel=1e-6)


def test_atom_energies_sum_to_the_energy(rattled):
    glass, surface = rattled
    energy, _ = surface.energy_forces(glass.positions, glass.cell)
    assert surface.atom_energies(glass.positions, glass.cell).sum() == pytest.approx(
        energy, rel=1e-13
    )


def test_published_networks_are_at_rest_with_the_force_shift(reference):
    from vitreous.plugins.generators.file import File

    for sample in (0, 2, 3, 4):
        glass = File(
            path=str(reference / "jumol" / f"sig1.00_sample_{sample}.lammpstrj.gz")
        ).generate(0, np.random.default_rng(0))
        surface = POTENTIAL.surface(glass)
        stress = surface.stress(glass.positions, glass.cell)
        assert np.abs(np.diag(stress)).max() < 2e-6  # 4e-4 without the shift
        assert (
            np.abs(surface.energy_forces(glass.positions, glass.cell)[1]).max() < 4e-3
        )  # of bond forces of 0.3


@pytest.mark.lammps
def test_energy_forces_and_stress_equal_those_of_lammps(rattled, tmp_path):
    pytest.importorskip("lammps")
    from lammps_yukawa import lammps_energy_forces_stress

    glass, surface = rattled
    energy, forces, stress = lammps_energy_forces_stress(glass, POTENTIAL, tmp_path)
    ours = surface.energy_forces(glass.positions, glass.cell)
    assert ours[0] == pytest.approx(energy, rel=1e-8)
    np.testing.assert_allclose(ours[1], forces, atol=1e-6)
    np.testing.assert_allclose(surface.stress(glass.positions, glass.cell), stress, atol=1e-8)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"names": ("Si", "N")}, "knows Si and O, but the glass contains N"),
        ({"units": "metal"}, "works in silica2d units"),
    ],
)
def test_a_glass_of_another_kind_is_refused(change, says):
    with pytest.raises(VitreousError, match=says):
        POTENTIAL.surface(crystal().with_(**change))


def test_a_cell_thinner_than_the_cutoff_is_refused():
    with pytest.raises(VitreousError, match=r"across, less than the potential's cutoff 10"):
        POTENTIAL.surface(crystal(columns=1, rows=1))
