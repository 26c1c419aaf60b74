"""One graph of the whole glass, in the frame of the shear."""

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.glass_graph import GlassGraph
from vitreous.testing.systems import binary_mixture

SHEAR = Loading(mode="simple_shear")


def mixture(dimension):
    return binary_mixture(side=7 if dimension == 2 else 4, dimension=dimension, seed=5)


def graph(glass, loading=SHEAR, cutoff=2.0):
    component = GlassGraph(species=("A", "B"), cutoff=cutoff)
    return component.describe(glass, loading, glass.positions, "atom")


@pytest.mark.parametrize("cutoff", [1.4, 2.0, 5.0])
@pytest.mark.parametrize("dimension", [2, 3])
def test_edges_are_the_neighbours_that_ase_finds_with_their_images(dimension, cutoff):
    glass = mixture(dimension)
    found = graph(glass, Loading(mode="simple_shear", dimension=dimension), cutoff)
    cell, where = 50.0 * np.eye(3), np.zeros((len(glass), 3))
    cell[:dimension, :dimension], where[:, :dimension] = glass.cell, glass.positions
    pbc = [axis < dimension for axis in range(3)]
    atoms = Atoms(numbers=np.ones(len(glass)), positions=where, cell=cell, pbc=pbc)
    source, target, vector = neighbor_list("ijD", atoms, cutoff)
    ours = np.column_stack([*found.edges, found.edge_values])
    theirs = np.column_stack([source, target, vector[:, :dimension]])
    assert len(ours) == len(theirs)
    order = [np.lexsort(np.round(rows, 6).T) for rows in (ours, theirs)]
    np.testing.assert_allclose(ours[order[0]], theirs[order[1]], atol=1e-9)


def test_nodes_are_the_species_in_the_order_asked_for():
    glass = mixture(2)
    of = GlassGraph(species=("B", "A")).describe(glass, SHEAR, glass.positions, "atom")
    is_a = np.array([glass.names[k] == "A" for k in glass.species])
    assert of.names == ("B", "A")
    np.testing.assert_array_equal(of.values, np.column_stack([~is_a, is_a]))


@pytest.mark.parametrize("angle", [0.0, 30.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_edges_are_seen_along_the_shear_and_its_normal(angle, sign):
    """Along the direction in which the shear stretches, (1, 1) of its axes, whatever its sign."""
    glass, loading = mixture(2), Loading(mode="simple_shear", angle=angle, sign=sign)
    found, at_rest = graph(glass, loading), graph(glass)
    along = at_rest.edge_values @ loading.extension_direction
    np.testing.assert_allclose(np.abs(found.edge_values @ [1.0, 1.0]) / np.sqrt(2), np.abs(along))


def test_sites_are_the_atoms_asked_for_in_a_graph_of_all():
    glass = mixture(2)
    some = GlassGraph(species=("A", "B")).describe(glass, SHEAR, glass.positions[[7, 3]], "atom")
    assert len(some) == 2 and some.site_nodes.tolist() == [7, 3]
    assert len(some.values) == len(glass)


def test_what_it_cannot_describe_is_refused():
    glass = mixture(2)
    with pytest.raises(VitreousError, match=r"set descriptor.species=\[A,B\]"):
        GlassGraph().describe(glass, SHEAR, glass.positions, "atom")
    with pytest.raises(VitreousError, match=r"no two atoms within 0\.1"):
        graph(glass, cutoff=0.1)
    with pytest.raises(VitreousError, match="is not on an atom"):
        GlassGraph(species=("A", "B")).describe(glass, SHEAR, glass.positions[:1] + 0.3, "atom")
    with pytest.raises(VitreousError, match="cutoff is -1; expected a positive length"):
        GlassGraph(cutoff=-1.0)
    with pytest.raises(VitreousError, match="name each once"):
        GlassGraph(species=("A", "A"))


def test_features_with_edges_to_atoms_that_are_not_there_are_refused():
    found = graph(mixture(2))
    with pytest.raises(VitreousError, match="none of their"):
        type(found)(**{**vars(found), "site_nodes": np.array([len(found.values)])})
