"""The shear modulus against finite differences of the stress of glasses at rest."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.mechanics.elasticity import elastic_constants
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.newton import newton
from vitreous.plugins.labelers.shear_modulus import ShearModulus
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import binary_mixture, silica_glass


def lennard_jones():
    glass = binary_mixture(side=20, dimension=2).with_(names=("S", "L"))
    return AQS(relax_cell=False, minimiser="fire").relax(glass, LennardJones2D()), LennardJones2D()


@pytest.fixture(scope="module", params=["silica", "lennard_jones"])
def system(request):
    return (silica_glass(), YukawaSilica()) if request.param == "silica" else lennard_jones()


def modulus(system, loading):
    glass, potential = system
    return ShearModulus().label(glass, potential, loading, None)


def stress_at(system, gradient):
    """Stress (D, D) of the glass at rest in the strained cell, by Newton from the affine state."""
    glass, potential = system
    surface, f = potential.surface(glass), np.eye(len(gradient)) + gradient
    state = newton(
        surface,
        glass.positions @ f.T,
        glass.cell @ f.T,
        Preconditioner(surface.bond_range),
        1e-11,
        0.1,
    )
    return state.stress


@pytest.mark.parametrize("angle", [0.0, 20.0, 45.0])
def test_it_is_the_slope_of_the_stress_of_the_glass_at_rest(system, angle):
    loading, h = Loading(mode="simple_shear", angle=angle), 1e-6
    n, m = loading.frame
    gradient = 0.5 * h * (np.outer(n, m) + np.outer(m, n))  # engineering shear strain h
    ahead, behind = (n @ stress_at(system, s * gradient) @ m for s in (1.0, -1.0))
    right = (ahead - behind) / (2.0 * h)
    assert modulus(system, loading).values[0] == pytest.approx(right, rel=1e-4)


def test_pure_shear_is_simple_shear_at_45_degrees_of_twice_the_strain(system):
    pure = modulus(system, Loading(mode="pure_shear", angle=30.0)).values[0]
    simple = modulus(system, Loading(mode="simple_shear", angle=-15.0)).values[0]
    assert pure == pytest.approx(simple, rel=1e-9)


def test_the_mean_of_the_four_shears_is_the_average_over_directions(system):
    glass, potential = system
    cases = [
        Loading(mode="simple_shear", angle=angle, sign=sign)
        for angle in (0.0, 45.0)
        for sign in (1, -1)
    ]
    found = np.mean([modulus(system, loading).values[0] for loading in cases])
    average = elastic_constants(potential.surface(glass), glass.positions, glass.cell).shear
    assert found == pytest.approx(average, rel=1e-9)


def test_it_is_one_number_in_units_of_stress(system):
    labels = modulus(system, Loading(mode="simple_shear"))
    assert (labels.level, labels.unit, len(labels)) == ("sample", "energy/length^2", 1)
    assert labels.values[0] > 0.0


def test_stretching_has_no_shear_modulus(system):
    with pytest.raises(VitreousError, match="the loading is uniaxial; use loading=simple_shear"):
        modulus(system, Loading(mode="uniaxial"))
