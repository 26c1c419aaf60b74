"""The smoothed binary Lennard-Jones glass former, and potentials from a scalar function alone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.io.read import read_configuration
from vitreous.mechanics.pair.scalar import ScalarPair
from vitreous.mechanics.pair.table import energy_slope, slope_curvature
from vitreous.plugins.potentials.lennard_jones_2d import (
    _PAIRS,
    LennardJones2D,
    lennard_jones,
    smoothing,
)
from vitreous.plugins.simulators.aqs import AQS

POTENTIAL = LennardJones2D()


def glass(n=12, shake=0.1, tilt=0.0, seed=0):
    """A shaken square lattice of S and L in turn."""
    a = 1.05
    x = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), -1).reshape(-1, 2) * a
    x += shake * np.random.default_rng(seed).normal(size=x.shape)
    cell = np.array([[n * a, 0.0], [tilt, n * a]])
    return Configuration(
        positions=x,
        species=np.indices((n, n)).sum(axis=0).ravel() % 2,
        names=("S", "L"),
        cell=cell,
        periodic=(True, True),
        units="lj",
    )


@pytest.mark.parametrize(
    ("pair", "shift", "c"),
    [
        (
            ("S", "S"),
            0.0008158556,
            (-0.0009241308, 0.0052154099, -0.0091133197, 0.0034405460, 0.0026350005),
        ),
        (
            ("S", "L"),
            0.0289916992,
            (-0.0325317383, 0.1816406250, -0.3090820312, 0.0976562500, 0.1083984375),
        ),
        (
            ("L", "L"),
            0.0375989884,
            (-0.0414783960, 0.2270280350, -0.3666867071, 0.0697190790, 0.1747387258),
        ),
    ],
)
def test_smoothing_has_the_coefficients_of_the_published_form(pair, shift, c):
    a, found = smoothing(*_PAIRS[pair])
    assert a == pytest.approx(shift, abs=1e-10)
    np.testing.assert_allclose(found, c, atol=1e-10)


@pytest.mark.parametrize("pair", list(_PAIRS))
def test_table_equals_the_formula_on_both_sides_of_the_inner_distance(pair):
    table, kind = POTENTIAL.table(), ("S", "L").index(pair[0]) * 2 + ("S", "L").index(pair[1])
    shift, c = smoothing(*_PAIRS[pair])
    for r in (0.9, 1.3, 1.9995, 2.0, 2.0005, 2.3, 2.4999):
        u, du = energy_slope(table.coefficients, kind, r, table.r_min, 1 / table.step)
        _, ddu = slope_curvature(table.coefficients, kind, r, table.r_min, 1 / table.step)
        if r < 2.0:
            exact = [float(v[0]) for v in lennard_jones(np.array([r]), *_PAIRS[pair])]
            exact[0] += shift
        else:
            exact = [Polynomial(c).deriv(k)(r - 2.0) for k in range(3)]
        scale = np.maximum(1.0, np.abs(exact))
        assert np.all(np.abs(np.array([u, du, ddu]) - exact) / scale < [1e-11, 1e-9, 1e-6])


def test_energy_slope_and_stiffness_vanish_at_the_cutoff():
    for a, b in _PAIRS:
        u, du, ddu = POTENTIAL.pair_function(a, b)(np.array([2.5]))
        np.testing.assert_allclose([u[0], du[0], ddu[0]], 0.0, atol=1e-15)


@pytest.fixture(scope="module")
def published(reference):
    """The Falk group's glass of 10,000 particles."""
    return read_configuration(
        reference / "lj" / "falkgroup_LJ_10000.data",
        species=("S", "L"),
        units="lj",
        dimension=2,
        minimum_distance=0.3,
    )


def test_a_published_inherent_structure_has_its_energy_and_is_at_rest(published):
    made = published
    energy, forces = POTENTIAL.surface(made).energy_forces(made.positions, made.cell)
    assert energy / len(made) == pytest.approx(-2.3933269163, abs=5e-10)
    assert np.abs(forces).max() < 1.1e-3  # 0.14 to 0.17 with other smoothings


def test_forces_and_hessian_are_derivatives_of_the_energy():
    made = glass()
    surface, v, h = (
        POTENTIAL.surface(made),
        np.random.default_rng(1).normal(size=made.positions.shape),
        1e-5,
    )
    e = [surface.energy_forces(made.positions + s * h * v, made.cell) for s in (-1, 1)]
    forces = surface.energy_forces(made.positions, made.cell)[1]
    assert (e[1][0] - e[0][0]) / (2 * h) == pytest.approx(-np.vdot(forces, v), rel=1e-6)
    product = surface.linearise(made.positions, made.cell).multiply(v)
    np.testing.assert_allclose(
        product, (e[0][1] - e[1][1]) / (2 * h), atol=1e-6 * np.abs(product).max()
    )


@pytest.mark.lammps
@pytest.mark.parametrize("tilt", [0.0, 1.7])
def test_energy_forces_and_stress_equal_those_of_lammps(tilt):
    from lammps_engine import energy_forces_stress

    made = glass(tilt=tilt)
    style = ["pair_style lj/smooth 2.0 2.5", "pair_modify shift yes"]
    for (a, b), (sigma, epsilon) in _PAIRS.items():
        style.append(
            f"pair_coeff {'SL'.index(a) + 1} {'SL'.index(b) + 1} {epsilon} {sigma:.16g} 2.0 2.5"
        )
    energy, forces, stress = energy_forces_stress(made, style, units="lj")
    surface = POTENTIAL.surface(made)
    ours = surface.energy_forces(made.positions, made.cell)
    assert ours[0] == pytest.approx(energy, rel=1e-10)
    np.testing.assert_allclose(ours[1], forces, atol=1e-9 * np.abs(forces).max())
    np.testing.assert_allclose(
        surface.stress(made.positions, made.cell), stress[:2, :2], atol=1e-9 * np.abs(stress).max()
    )


def test_another_composition_units_or_dimension_is_refused():
    with pytest.raises(VitreousError, match="knows S and L, but the glass contains A"):
        POTENTIAL.surface(glass().with_(names=("S", "A")))
    with pytest.raises(VitreousError, match="works in lj units, but the glass is in metal"):
        POTENTIAL.surface(glass().with_(units="metal"))


@dataclass(frozen=True, kw_only=True)
class Rational(ScalarPair):
    """(r^2 - 4)^4 / r: what a third party writes."""

    species: ClassVar = ("A",)
    dimensions: ClassVar = frozenset({2, 3})
    units: ClassVar = "lj"
    cutoff: ClassVar = 2.0
    closest: ClassVar = 0.4
    bond_range: ClassVar = 1.5

    def energy(self, a, b, r):
        return (r * r - 4.0) ** 4 / r


def test_a_scalar_function_alone_makes_a_potential():
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), -1).reshape(-1, 3) * 1.1
    made = Configuration(
        positions=grid + 0.05 * rng.normal(size=grid.shape),
        species=np.zeros(64, int),
        names=("A",),
        cell=4.4 * np.eye(3),
        periodic=(True,) * 3,
        units="lj",
    )
    surface = Rational().surface(made)
    vectors = made.minimum_image(made.positions[None] - made.positions[:, None])
    r = np.linalg.norm(vectors, axis=-1)
    pairs = np.triu(r < 2.0, 1)
    energy, forces = surface.energy_forces(made.positions, made.cell)
    assert energy == pytest.approx(((r[pairs] ** 2 - 4) ** 4 / r[pairs]).sum(), rel=1e-10)
    np.fill_diagonal(r, 9.0)
    slope = np.where(r < 2.0, 8 * (r**2 - 4) ** 3 - (r**2 - 4) ** 4 / r**2, 0.0)
    np.testing.assert_allclose(forces, np.einsum("ij,ijx->ix", slope / r, vectors), atol=1e-7)
    v, h = rng.normal(size=grid.shape), 1e-5
    ends = [surface.energy_forces(made.positions + s * h * v, made.cell)[1] for s in (-1, 1)]
    product = surface.linearise(made.positions, made.cell).multiply(v)
    np.testing.assert_allclose(
        product, (ends[0] - ends[1]) / (2 * h), atol=1e-5 * np.abs(product).max()
    )


@pytest.mark.slow
def test_a_glass_published_on_the_brink_of_an_event_yields_where_lammps_says(published):
    """It was stored 8.5e-6 of strain before an instability.

    LAMMPS ``fire``, steps of 5e-6 to forces of 1e-7, from the same minimum: elastic at 5e-6 (energy
    +0.02635293), at 1e-5 an event (energy -0.59174219, shear stress 0.53790568, largest
    displacement at atom 2048). On the way the lowest eigenvalue squared falls linearly to zero, as
    it does at a fold (Maloney & Lemaitre 2006).
    """
    at_rest = AQS(relax_cell=False)
    glass = at_rest.relax(published, POTENTIAL)
    run = AQS(strain_step=1e-6, strain_max=1e-5, stride=1, relax_cell=False).deform(
        glass, POTENTIAL, Loading(mode="simple_shear")
    )
    np.testing.assert_allclose(run.strain, 1e-6 * np.arange(11), atol=1e-12)
    np.testing.assert_allclose(
        run.energy[[5, 10]] - run.energy[0], [0.02635293, -0.59174219], atol=5e-8
    )
    assert run.stress[10, 0, 1] == pytest.approx(0.53790568, abs=5e-8)
    np.testing.assert_allclose(run.events.strain, [9e-6])
    assert run.events.atom[0] == 2048
    slope, at_zero = np.polyfit(run.strain[6:9], run.lowest_eigenvalue[6:9] ** 2, 1)
    assert -at_zero / slope == pytest.approx(
        8.477e-6, abs=1e-7
    )  # continuation in steps of 5e-9 ends there
