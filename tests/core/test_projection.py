"""A bilayer seen from above: which atoms, bonds, sites and loading the plane view keeps."""

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.projection import Projection

HEIGHTS = np.array([1.5, 1.5, -1.5, -1.5, 0.0])


def bilayer(middle=5.0, periodic=(True, True, True), cell=(10.0, 8.0, 20.0)):
    """Two atoms above, two below, one between; bonds within the layers and through the middle."""
    places = np.array([[1.0, 2.0], [3.0, 2.5], [1.0, 2.0], [3.0, 2.5], [1.1, 2.0]])
    return Configuration(
        positions=np.column_stack([places, HEIGHTS + middle]),
        species=[0, 1, 0, 1, 1],
        names=("Si", "O"),
        cell=np.diag(cell),
        periodic=periodic,
        units="metal",
        bonds=[[0, 1], [2, 3], [0, 4], [2, 4]],
    )


def test_all_atoms_are_seen_where_they_are_with_their_bonds():
    seen = Projection().glass(bilayer())
    np.testing.assert_array_equal(seen.positions, bilayer().positions[:, :2])
    np.testing.assert_array_equal(seen.cell, np.diag([10.0, 8.0]))
    assert seen.dimension == 2 and len(seen.bonds) == 4


@pytest.mark.parametrize("middle", [5.0, 0.1, 19.5])
def test_a_layer_is_one_side_of_the_middle_also_across_the_boundary(middle):
    glass = bilayer(middle)
    glass = glass.with_(
        positions=np.column_stack([glass.positions[:, :2], glass.positions[:, 2] % 20.0])
    )
    assert Projection(layer="upper").glass(glass).ids.tolist()[:2] == [1, 2]
    lower = Projection(layer="lower").glass(glass)
    assert {3, 4} <= set(lower.ids.tolist()) and not {1, 2} & set(lower.ids.tolist())
    assert [0, 1] in lower.bonds.tolist()


def test_a_free_surface_has_its_middle_at_the_mean_height():
    seen = Projection(layer="lower").glass(bilayer(19.0, periodic=(True, True, False)))
    assert seen.ids.tolist() == [3, 4]


def test_other_planes_turn_with_their_axes():
    glass = bilayer()
    seen = Projection(plane="zx").glass(glass)
    np.testing.assert_array_equal(seen.positions, glass.positions[:, [2, 0]])
    np.testing.assert_array_equal(seen.cell, np.diag([20.0, 10.0]))
    np.testing.assert_array_equal(Projection(plane="yz").sites(glass.positions[:1]), [[2.0, 6.5]])


def test_the_loading_of_the_plane_is_the_same_deformation():
    loading = Loading(mode="simple_shear", plane="yz", angle=20.0, sign=-1, dimension=3)
    flat = Projection(plane="yz").loading(loading)
    np.testing.assert_allclose(
        flat.deformation_gradient(0.1), loading.deformation_gradient(0.1)[np.ix_([1, 2], [1, 2])]
    )
    with pytest.raises(VitreousError, match=r"acts in the plane yz, .* set projection\.plane=yz"):
        Projection().loading(loading)


def test_what_cannot_be_projected_is_refused():
    tilted = bilayer().with_(cell=np.array([[10.0, 0, 0], [0, 8.0, 0], [1.0, 0, 20.0]]))
    with pytest.raises(VitreousError, match="cannot be projected on xy: its cell is tilted"):
        Projection().glass(tilted)
    with pytest.raises(VitreousError, match="this one has 2; leave it out with projection=null"):
        Projection().glass(Projection().glass(bilayer()))
    with pytest.raises(
        VitreousError, match=r"projection\.plane is 'zy'; expected one of xy, yz, zx"
    ):
        Projection(plane="zy")
    with pytest.raises(VitreousError, match=r"projection\.layer is 'top'; expected one of upper"):
        Projection(layer="top")
