"""Watanabe silica: clusters worked out from the equations, a published bilayer atom by atom,
derivatives, symmetries.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.read import read_configuration
from vitreous.mechanics.watanabe.terms import softening
from vitreous.plugins.potentials.watanabe import Watanabe

POTENTIAL = Watanabe()
OLD = Watanabe(
    epsilon=2.16723825
)  # the rounded scale that the cluster energies below were computed with


def atoms(names, positions, cell=None):
    kinds = np.array([("Si", "O").index(name) for name in names])
    cell = 40.0 * np.eye(3) if cell is None else cell
    return Configuration(
        positions=positions,
        species=kinds,
        names=("Si", "O"),
        cell=cell,
        periodic=(True,) * 3,
        units="metal",
    )


def energy(glass, potential=POTENTIAL):
    return potential.surface(glass).energy_forces(glass.positions, glass.cell)[0]


def bilayer(columns=2, rows=1, a=5.321109, si=1.622335, outer=2.161812, height=20.0):
    """The perfect hexagonal bilayer: two honeycombs of Si face to face, joined through
    O at z = 0.
    """
    size = np.array([a, a * np.sqrt(3)])
    corners = (
        np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"), -1).reshape(
            -1, 1, 2
        )
        * size
    )
    d = a / np.sqrt(3)
    silicon = (
        corners + np.array([[0, 0], [0, d], [0.5 * a, 1.5 * d], [0.5 * a, 2.5 * d]])
    ).reshape(-1, 2)
    box = size * [columns, rows]
    mid = []
    for p in silicon[np.arange(len(silicon)) % 2 == 0]:
        mid += [
            p + 0.5 * d * np.array(u)
            for u in ([0, 1], [np.sqrt(0.75), -0.5], [-np.sqrt(0.75), -0.5])
        ]
    layers = [
        (silicon, si, "Si"),
        (silicon, -si, "Si"),
        (silicon, 0.0, "O"),
        (np.array(mid), outer, "O"),
        (np.array(mid), -outer, "O"),
    ]
    positions = np.vstack([np.column_stack([xy, np.full(len(xy), z)]) for xy, z, _ in layers])
    names = [name for xy, _, name in layers for _ in xy]
    return atoms(names, positions, np.diag([*box, height]))


def melt(n=60, seed=0, cell=None):
    """Atoms at random, none nearer than 1.3 A: every coordination and every term occurs."""
    rng = np.random.default_rng(seed)
    cell = np.array([[9.5, 0, 0], [1.7, 9.2, 0], [0.4, -0.9, 9.9]]) if cell is None else cell
    made, names = np.zeros((0, 3)), []
    while len(made) < n:
        x = rng.random(3) @ cell
        v = (made - x) @ np.linalg.inv(cell)
        if not len(made) or np.linalg.norm((v - np.rint(v)) @ cell, axis=1).min() > 1.3:
            made, names = np.vstack([made, x]), [*names, "Si" if len(made) % 3 == 0 else "O"]
    return atoms(names, made, cell)


def test_softening_has_its_published_values():
    soft = POTENTIAL.terms().soft
    silicon = [softening(0, z, soft)[0] for z in (0.0, 1.0, 2.0, 3.0, 3.5, 3.9, 4.0)]
    np.testing.assert_allclose(
        silicon,
        [0.61779078, 0.68916044, 0.75352795, 0.81226519, 0.83919995, 0.85583120, 0.85634483],
        atol=6e-9,
    )
    oxygen = [softening(1, z, soft)[0] for z in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)]
    np.testing.assert_allclose(
        oxygen, [0.50215223, 0.82583881, 1.07726797, 1.12184368, 1.00000448, 0.63553091], atol=6e-9
    )


@pytest.mark.parametrize("oxygen", [0, 1])
@pytest.mark.parametrize("z", [0.3, 1.7, 2.4, 3.2, 3.95])
def test_softening_derivatives(oxygen, z):
    soft, h = POTENTIAL.terms().soft, 1e-4
    g = [softening(oxygen, z + k * h, soft)[0] for k in (-1, 0, 1)]
    _, dg, ddg = softening(oxygen, z, soft)
    assert dg == pytest.approx((g[2] - g[0]) / (2 * h), abs=1e-6)
    assert ddg == pytest.approx((g[2] - 2 * g[1] + g[0]) / h**2, abs=1e-5)


@pytest.mark.parametrize(
    ("a", "b", "r", "expected"),
    [
        ("Si", "O", 1.50, -2.86064934),
        ("Si", "O", 1.65, -3.04454769),
        ("Si", "O", 2.00, -1.68412794),
        ("Si", "O", 2.45, -0.01837621),
        ("Si", "O", 2.55, -0.00012598),
        ("Si", "Si", 2.20, -2.03223413),
        ("Si", "Si", 2.35, -2.16723200),
        ("Si", "Si", 3.00, -0.86507823),
        ("Si", "Si", 3.50, -0.00622039),
        ("O", "O", 1.8, 2.89734322),
        ("O", "O", 2.3, 0.03028641),
    ],
)
def test_dimers(a, b, r, expected):
    assert energy(atoms([a, b], np.array([[0, 0, 0], [r, 0, 0]])), OLD) == pytest.approx(
        expected, abs=3e-8
    )


@pytest.mark.parametrize(
    ("names", "arms", "angle", "expected"),
    [
        (("O", "Si", "Si"), (1.62, 1.62), 144, -5.71378541),
        (("Si", "O", "O"), (1.62, 1.62), 105, -6.67914579),
        (("Si", "Si", "O"), (2.40, 1.70), 105, -5.11826166),
        (("Si", "Si", "Si"), (2.40, 2.50), 100, -4.18627659),
    ],
)
def test_trimers(names, arms, angle, expected):
    t = np.deg2rad(angle)
    positions = np.array(
        [[0, 0, 0], [arms[0], 0, 0], [arms[1] * np.cos(t), arms[1] * np.sin(t), 0]]
    )
    assert energy(atoms(names, positions), OLD) == pytest.approx(expected, abs=3e-8)


def test_perfect_bilayer_is_at_rest_at_its_known_energy():
    glass = bilayer()
    surface = POTENTIAL.surface(glass)
    e, forces = surface.energy_forces(glass.positions, glass.cell)
    assert 3 * e / len(glass) == pytest.approx(-14.07255864, abs=5e-8)
    assert np.abs(forces).max() < 1e-4
    assert np.abs(np.diag(surface.stress(glass.positions, glass.cell))[:2]).max() < 1e-5
    np.testing.assert_allclose(
        surface.coordinations(glass.positions, glass.cell), np.where(glass.species == 0, 4.0, 2.0)
    )


def test_published_bilayer_has_its_energies_atom_by_atom_and_is_at_rest(reference):
    path = reference / "font_clos" / "sio2_1_initial.dump"
    glass = read_configuration(path, species=("Si", "O"), units="metal")
    rows = np.loadtxt(path, skiprows=9)
    published = rows[np.argsort(rows[:, 0]), 5]
    surface = POTENTIAL.surface(glass)
    energies = surface.atom_energies(glass.positions, glass.cell)
    np.testing.assert_allclose(energies, published, atol=1e-7)
    assert energies.sum() == pytest.approx(-16038.230141, abs=2e-4)
    assert np.abs(surface.energy_forces(glass.positions, glass.cell)[1]).max() < 6e-10


@pytest.fixture(scope="module", params=[0, 1])
def disordered(request):
    glass = melt(seed=request.param)
    return glass, POTENTIAL.surface(glass)


def test_random_atoms_meet_fractional_coordination(disordered):
    glass, surface = disordered
    z = surface.coordinations(glass.positions, glass.cell)
    assert (np.abs(z - np.rint(z)) > 1e-3).sum() > 20


def _difference(function, h):
    """Fourth-order derivative at 0."""
    a, b, c, d = (function(k * h) for k in (-2, -1, 1, 2))
    return (8 * (c - b) - (d - a)) / (12 * h)


def test_forces_are_derivatives_of_the_energy(disordered):
    glass, surface = disordered
    forces = surface.energy_forces(glass.positions, glass.cell)[1]
    for seed in range(3):
        v = np.random.default_rng(seed).normal(size=forces.shape)
        slope = _difference(
            lambda h, v=v: surface.energy_forces(glass.positions + h * v, glass.cell)[0], 1e-5
        )
        assert slope == pytest.approx(-np.vdot(forces, v), rel=1e-6)


def test_hessian_is_the_derivative_of_the_forces(disordered):
    glass, surface = disordered
    v = np.random.default_rng(2).normal(size=glass.positions.shape)
    expected = -_difference(
        lambda h: surface.energy_forces(glass.positions + h * v, glass.cell)[1], 1e-5
    )
    response = surface.linearise(glass.positions, glass.cell)
    product = response.multiply(v)
    np.testing.assert_allclose(product, expected, atol=1e-7 * np.abs(expected).max())
    matrix = surface.hessian(glass.positions, glass.cell)
    np.testing.assert_allclose(
        (matrix @ v.ravel()).reshape(-1, 3), product, atol=1e-12 * np.abs(product).max()
    )
    assert abs(matrix - matrix.T).max() < 1e-12 * abs(matrix).max()


def test_stress_and_affine_force_are_strain_derivatives(disordered):
    glass, surface = disordered
    rate = np.array([[0.3, 0.2, 0.1], [-0.1, 0.2, 0.4], [0.05, -0.3, 0.1]])

    def strained(h):
        f = np.eye(3) + h * rate
        return surface.energy_forces(glass.positions @ f.T, glass.cell @ f.T)

    work = glass.volume * np.sum(surface.stress(glass.positions, glass.cell) * rate)
    assert _difference(lambda h: strained(h)[0], 1e-5) == pytest.approx(work, rel=1e-6)
    expected = _difference(lambda h: strained(h)[1], 1e-5)
    affine = surface.linearise(glass.positions, glass.cell).affine_force(rate)
    np.testing.assert_allclose(affine, expected, atol=1e-7 * np.abs(expected).max())


def test_bonded_network_is_symmetric_and_never_negative(disordered):
    glass, surface = disordered
    network = surface.linearise(glass.positions, glass.cell).network(surface.bond_range).toarray()
    np.testing.assert_allclose(network, network.T, atol=1e-10)
    assert np.linalg.eigvalsh(network).min() > -1e-9 * np.abs(network).max()


@settings(max_examples=15)
@given(seed=st.integers(0, 1000))
def test_rotation_translation_wrapping_and_order_change_nothing(seed):
    glass, rng = melt(n=24, cell=7.5 * np.eye(3)), np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    wrap = rng.integers(-2, 3, size=(24, 3)) @ glass.cell
    order = rng.permutation(24)
    positions = ((glass.positions + wrap + rng.normal(size=3)) @ turn.T)[order]
    moved = glass.with_(positions=positions, cell=glass.cell @ turn.T, species=glass.species[order])
    e, forces = POTENTIAL.surface(glass).energy_forces(glass.positions, glass.cell)
    again, turned = POTENTIAL.surface(moved).energy_forces(moved.positions, moved.cell)
    assert again == pytest.approx(e, rel=1e-11)
    np.testing.assert_allclose(turned, (forces @ turn.T)[order], atol=1e-9 * np.abs(forces).max())


def test_a_cell_repeated_has_twice_the_energy():
    glass = melt(n=24, cell=7.5 * np.eye(3))
    twice = glass.with_(
        positions=np.vstack([glass.positions, glass.positions + glass.cell[0]]),
        species=np.tile(glass.species, 2),
        cell=glass.cell * [[2], [1], [1]],
        ids=np.arange(1, 49),
    )
    assert energy(twice) == pytest.approx(2 * energy(glass), rel=1e-12)


def test_atoms_that_part_lose_their_energy_smoothly():
    """Across every cutoff of a Si-O-Si bridge pulled apart, energy and force have no jump."""
    r = np.arange(1.5, 4.0, 2e-4)
    surface = POTENTIAL.surface(
        atoms(["O", "Si", "Si"], np.array([[0, 0, 0], [1.6, 0, 0], [-1.6, 0.3, 0]]))
    )
    cell = 40.0 * np.eye(3)
    got = [surface.energy_forces(np.array([[0, 0, 0], [d, 0, 0], [-1.6, 0.3, 0]]), cell) for d in r]
    energies, pull = np.array([e for e, _ in got]), np.array([f[1, 0] for _, f in got])
    np.testing.assert_allclose(np.gradient(energies, r)[1:-1], -pull[1:-1], atol=1e-4)
    assert np.abs(np.diff(pull)).max() < 0.05


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"names": ("Si", "N")}, "knows Si and O, but the glass contains N"),
        ({"units": "lj"}, "works in metal units"),
    ],
)
def test_a_glass_of_another_kind_is_refused(change, says):
    with pytest.raises(VitreousError, match=says):
        POTENTIAL.surface(bilayer().with_(**change))


def test_thin_cells_overlaps_and_foolish_scales_are_refused():
    glass = bilayer()
    with pytest.raises(VitreousError, match=r"across, less than the potential's cutoff 3.77"):
        POTENTIAL.surface(glass.with_(cell=np.diag([*np.diag(glass.cell)[:2], 3.0])))
    with pytest.raises(VitreousError, match="atoms 1 and 2 overlap"):
        POTENTIAL.surface(atoms(["Si", "O"], np.array([[0, 0, 0], [0.1, 0, 0]])))
    with pytest.raises(VitreousError, match=r"watanabe\.sigma is -1"):
        Watanabe(sigma=-1.0)


def test_virials_of_atoms_add_up_where_bonds_break():
    """Every term, and every coordination."""
    glass = melt()
    surface = POTENTIAL.surface(glass)
    virials = surface.atom_virials(glass.positions, glass.cell)
    _, _, whole = surface.energy_forces_virial(glass.positions, glass.cell)
    np.testing.assert_allclose(virials.sum(axis=0), whole, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(virials, virials.transpose(0, 2, 1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("r", [1.6, 2.5])
def test_the_ends_of_a_bond_share_its_virial(r):
    """Also of one that is about to break, whose coordinations change with it."""
    pair = atoms(["Si", "O"], np.array([[0, 0, 0], [r, 0, 0]]))
    surface = POTENTIAL.surface(pair)
    virials = surface.atom_virials(pair.positions, pair.cell)
    force = surface.energy_forces(pair.positions, pair.cell)[1][0, 0]
    for virial in virials:
        np.testing.assert_allclose(virial, np.diag([0.5 * force * r, 0.0, 0.0]), atol=1e-12)


def test_the_three_atoms_of_a_bridge_share_what_bends_it():
    """An oxygen between two silicons; pairs by halves, from the forces without the bridge."""
    bridge = np.array([[0, 0, 0], [1.6, 0, 0], [-0.4, 1.55, 0]])
    names = ["O", "Si", "Si"]
    whole = POTENTIAL.surface(atoms(names, bridge)).atom_virials(bridge, 40.0 * np.eye(3))
    pairs = np.zeros((3, 3, 3))
    for a, b in ((0, 1), (0, 2), (1, 2)):
        pair = atoms([names[a], names[b]], bridge[[a, b]])
        # the oxygen keeps both bonds: softening depends on its coordination alone
        factor = softened(names[a], names[b])
        virials = POTENTIAL.surface(pair).atom_virials(pair.positions, pair.cell)
        pairs[[a, b]] += factor * virials
    rest = whole - pairs
    np.testing.assert_allclose(rest, np.broadcast_to(rest[0], rest.shape), atol=1e-10)
    assert np.abs(rest).max() > 0.1


def softened(a, b):
    """A pair's energy with an oxygen of two bonds, over that with one bond."""
    soft = POTENTIAL.terms().soft
    return softening(1, 2.0, soft)[0] / softening(1, 1.0, soft)[0] if a != b else 1.0
