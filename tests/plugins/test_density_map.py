"""Density maps of the surroundings of atoms, in the frame of the shear."""

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.density_map import DensityMap
from vitreous.testing.systems import binary_mixture

SHEAR = Loading(mode="simple_shear")
SMALL = {"species": ("A", "B"), "radius": 3.0, "width": 0.25}


def mixture(dimension):
    return binary_mixture(side=7 if dimension == 2 else 4, dimension=dimension, seed=5)


def maps(component, glass, loading=SHEAR, atoms=None, copies=None):
    atoms = np.arange(len(glass)) if atoms is None else np.asarray(atoms)
    features = component.describe(glass, loading, glass.positions[atoms], "atom")
    drawn = component.view(features)
    which = None if copies is None else np.full(len(atoms), copies)
    return drawn.take(np.arange(len(atoms)), which)


def direct_sum(component, glass, axes, atom):
    """Eq. 1 or 2 term by term, over 5^D images of the cell."""
    d, centres = glass.dimension, np.arange(round(2 * component.radius / component.width))
    grid = -component.radius + component.width * (centres + 0.5)
    total = np.zeros((len(component.species), *[len(grid)] * d))
    steps = np.stack(np.meshgrid(*[np.arange(-2, 3)] * d, indexing="ij"), -1).reshape(-1, d)
    for j, position in enumerate(glass.positions):
        for away in (position + steps @ glass.cell - glass.positions[atom]) @ axes.T:
            if np.abs(away).max() < component.radius:
                planes = [np.exp(-((grid - a) ** 2) / (2 * component.width**2)) for a in away]
                channel = component.species.index(glass.names[glass.species[j]])
                # [z,] y, x
                total[channel] += (
                    np.multiply.outer(planes[2], np.multiply.outer(planes[1], planes[0]))
                    if d == 3
                    else np.multiply.outer(planes[1], planes[0])
                )
    return total


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("tilt", [0.0, 1.3])
def test_maps_are_the_direct_sum_to_one_part_in_a_million(dimension, tilt):
    glass = mixture(dimension)
    cell = glass.cell.copy()
    cell[1, 0] += tilt
    glass = glass.with_(cell=cell)
    component, loading = DensityMap(**SMALL), Loading(mode="simple_shear", dimension=dimension)
    found = maps(component, glass, loading, [0, 17])
    for k, atom in enumerate((0, 17)):
        wanted = direct_sum(component, glass, np.eye(dimension), atom)
        np.testing.assert_allclose(found[k], wanted, rtol=0.0, atol=1e-6 * wanted.max())


def test_the_atom_itself_is_in_the_middle_of_its_own_channel():
    glass = Configuration(
        positions=[[0.0, 0.0], [9.0, 9.0]],
        species=[0, 1],
        names=("S", "L"),
        cell=np.eye(2) * 20.0,
        periodic=(True, True),
        units="lj",
    )
    small, large = maps(DensityMap(), glass, atoms=[0])[0]
    assert small.shape == (50, 50)
    corner = np.exp(-2 * 0.1**2 / (2 * 0.2**2))  # centre of the four pixels around the site
    np.testing.assert_allclose(small[24:26, 24:26], corner, rtol=1e-6)
    assert small.sum() == pytest.approx(2 * np.pi, rel=1e-3)  # integral over Delta^2
    assert not large.any()


@pytest.mark.parametrize(
    "loading",
    [
        Loading(mode="simple_shear", sign=-1),
        Loading(mode="simple_shear", angle=30.0),
        Loading(mode="pure_shear"),
        Loading(mode="pure_shear", sign=-1),
        Loading(mode="uniaxial", angle=10.0),
    ],
)
def test_every_loading_stretches_along_the_rising_diagonal(loading):
    axes = loading.shear_axes
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-12)
    rate = axes @ loading.velocity_gradient(0.0) @ axes.T
    strain = 0.5 * (rate + rate.T)
    deviator = strain - np.trace(strain) / 2 * np.eye(2)
    assert deviator[0, 1] > 0.0
    np.testing.assert_allclose(np.diag(deviator), 0.0, atol=1e-12)


def test_simple_shear_of_either_sign_is_shear_along_x_of_planes_with_normal_y():
    for loading in (SHEAR, Loading(mode="simple_shear", sign=-1)):
        axes = loading.shear_axes
        rate = axes @ (loading.deformation_gradient(0.1) - np.eye(2)) @ axes.T
        np.testing.assert_allclose(rate, [[0.0, 0.1], [0.0, 0.0]], atol=1e-12)


def test_turning_the_loading_turns_the_map():
    glass = mixture(2)
    along = maps(DensityMap(**SMALL), glass, Loading(mode="pure_shear"), [3])
    across = maps(DensityMap(**SMALL), glass, Loading(mode="pure_shear", angle=90.0), [3])
    np.testing.assert_allclose(across, np.rot90(along, axes=(2, 3)), atol=1e-6)
    assert np.abs(across - along).max() > 0.1


@pytest.mark.parametrize("dimension", [2, 3])
def test_copies_are_mirror_images_that_leave_pure_shear_as_it_is(dimension):
    glass = mixture(dimension)
    loading = Loading(mode="pure_shear", angle=20.0, dimension=dimension)
    component = DensityMap(**SMALL)
    drawn = component.view(component.describe(glass, loading, glass.positions[:1], "atom"))
    assert drawn.copies == {2: 4, 3: 8}[dimension]
    each, first = np.arange(drawn.copies), np.zeros(drawn.copies, dtype=np.int64)
    turns = drawn.symmetry(first, each).turn
    assert turns is not None
    rate = loading.frame @ loading.velocity_gradient(0.0) @ loading.frame.T
    for turn in turns:
        np.testing.assert_allclose(turn @ rate @ turn.T, rate, atol=1e-12)
    # the same glass mirrored beforehand gives the copy
    for k, turn in enumerate(turns):
        into = loading.frame.T @ turn @ loading.frame
        cell = glass.cell @ into.T
        cell[0] *= np.sign(np.linalg.det(cell))  # the same lattice, right-handed
        mirrored = glass.with_(positions=glass.positions @ into.T, cell=cell)
        np.testing.assert_allclose(
            maps(component, mirrored, loading, [0])[0],
            drawn.take(first[:1], each[k : k + 1])[0],
            atol=1e-6,
        )


def test_a_species_without_a_channel_is_named_with_what_to_type():
    with pytest.raises(VitreousError, match=r"contains A, B; set descriptor.species=\[A,B\]"):
        maps(DensityMap(), mixture(2))


@pytest.mark.parametrize(
    "fields",
    [{"radius": -1.0}, {"width": 6.0}, {"width": 0.3}, {"species": ()}, {"width": 0.001}],
)
def test_fields_out_of_range_are_refused(fields):
    with pytest.raises(VitreousError, match="density_map"):
        DensityMap(**fields)
