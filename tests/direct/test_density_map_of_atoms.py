"""Density maps of ASE Atoms in one line, and by torch."""

import numpy as np
import pytest

from vitreous import to_ase
from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.direct import density_map
from vitreous.plugins.descriptors.density_map import DensityMap
from vitreous.testing.systems import binary_mixture


def test_atoms_give_the_maps_of_the_descriptor():
    pytest.importorskip("ase")
    glass = binary_mixture(side=6, dimension=3, names=("Cu", "Zr")).with_(units="metal")
    found = density_map(to_ase(glass), atoms=[3, 50], radius=2.0, width=0.25)
    component = DensityMap(species=("Cu", "Zr"), radius=2.0, width=0.25)
    loading = Loading(mode="simple_shear", dimension=3)
    described = component.describe(glass, loading, glass.positions[[3, 50]], "atom")
    assert found.shape == (2, 2, 16, 16, 16)
    np.testing.assert_allclose(found, component.view(described).take(np.arange(2)), atol=1e-6)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("mode", ["simple_shear", "pure_shear"])
def test_torch_draws_the_same_maps(dimension, mode):
    pytest.importorskip("torch")
    glass = binary_mixture(side=8 if dimension == 2 else 5, dimension=dimension)
    few = {"atoms": range(60), "radius": 2.0, "width": 0.25}
    np.testing.assert_allclose(
        density_map(glass, mode, device="cpu", **few), density_map(glass, mode, **few), atol=2e-6
    )


def test_torch_leaves_out_an_atom_just_outside_the_square():
    """It stands in for a neighbour that the atom to its right lacks and others have."""
    pytest.importorskip("torch")
    glass = Configuration(
        positions=[[1.0, 5.0], [3.05, 5.0], [8.0, 5.0], [8.5, 5.0]],
        species=[0, 0, 0, 0],
        names=("A",),
        cell=np.eye(2) * 12.0,
        periodic=(True, True),
        units="lj",
    )
    few = {"radius": 2.0, "width": 0.25}
    np.testing.assert_allclose(
        density_map(glass, device="cpu", **few), density_map(glass, **few), atol=2e-6
    )


def test_atoms_that_are_not_there_are_refused():
    with pytest.raises(VitreousError, match="atoms from 3 to 99, but the glass has 64"):
        density_map(binary_mixture(side=8, dimension=2), atoms=[3, 99])
