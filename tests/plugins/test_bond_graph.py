"""The bond graph: every node, edge and column checked against loops over atoms, and its
symmetries.
"""

import numpy as np
import pytest

from vitreous.core.data import Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.plugins.descriptors.physical import PhysicalIndicators
from vitreous.testing.systems import shaken_honeycomb, some_sites

LOADING = Loading(angle=20.0)


def by_loops(glass, loading, site, radius):
    """Nodes {atom: place} and edges {(i, j): (vector, oxygen offset)} in the loading frame, written
    as slowly as can be.
    """
    nodes = {}
    for i in np.flatnonzero(glass.species == 0):
        v = glass.minimum_image(glass.positions[i] - site)
        if np.hypot(*v) <= radius:
            nodes[i] = loading.frame @ v
    edges = {}
    for o in np.flatnonzero(glass.species == 1):
        ends = [int(a) for bond in glass.bonds for a in bond if o in bond and a != o]
        for i, j in (ends, ends[::-1]):
            if i in nodes and j in nodes:
                to_o = loading.frame @ glass.minimum_image(glass.positions[o] - glass.positions[i])
                edges[i, j] = (
                    nodes[j] - nodes[i],
                    to_o - 0.5 * (nodes[j] - nodes[i]),
                    np.hypot(*to_o),
                )
    return nodes, edges


def test_equals_loops_over_atoms() -> None:
    glass = shaken_honeycomb()
    sites = some_sites(glass, 3)
    graph = BondGraph(radius=8.0).describe(glass, LOADING, sites, "site")
    for m, site in enumerate(sites):
        nodes, edges = by_loops(glass, LOADING, site, 8.0)
        atoms = sorted(nodes)
        rows = slice(graph.offsets[m], graph.offsets[m + 1])
        np.testing.assert_allclose(
            graph.values[rows, :2] * 8.0, [nodes[i] for i in atoms], atol=1e-12
        )
        assert graph.values[rows, 3].tolist() == [
            sum(i == source for source, _ in edges) for i in atoms
        ]
        columns = slice(graph.edge_offsets[m], graph.edge_offsets[m + 1])
        local = graph.edges[:, columns] - graph.offsets[m]
        found = {
            (atoms[a], atoms[b]): row
            for a, b, row in zip(*local, graph.edge_values[columns], strict=True)
        }
        assert found.keys() == edges.keys()
        for key, (vector, offset, bond) in edges.items():
            np.testing.assert_allclose(
                found[key][:6], [*vector, np.hypot(*vector), *offset, bond], atol=1e-12
            )


def test_angle_of_a_straight_bridge_is_pi() -> None:
    graph = BondGraph(radius=8.0).describe(
        shaken_honeycomb(shake=0.0), LOADING, np.zeros((1, 2)), "site"
    )
    np.testing.assert_allclose(graph.edge_values[:, 6], np.pi, atol=1e-6)
    np.testing.assert_allclose(graph.edge_values[:, 2], 3.014649)


def sorted_graph(graph: Features) -> np.ndarray:
    """One row per edge, with both its nodes' columns, in an order that does not know about atom
    numbers.
    """
    rows = np.column_stack(
        [graph.values[graph.edges[0]], graph.values[graph.edges[1]], graph.edge_values]
    )
    return rows[np.lexsort(rows.round(6).T)]


def test_unchanged_by_translation_permutation_and_common_rotation() -> None:
    glass = shaken_honeycomb()
    site = some_sites(glass, 1)
    method = BondGraph(radius=8.0)
    wanted = sorted_graph(method.describe(glass, LOADING, site, "site"))
    order = np.random.default_rng(5).permutation(len(glass))
    place = np.argsort(order)
    moved = glass.with_(
        positions=glass.positions[order] + 7.7,
        species=glass.species[order],
        bonds=place[glass.bonds],
    )
    np.testing.assert_allclose(
        sorted_graph(method.describe(moved, LOADING, site + 7.7, "site")), wanted, atol=1e-9
    )
    turn = Loading(angle=65.0).frame.T
    turned = glass.with_(positions=glass.positions @ turn.T, cell=glass.cell @ turn.T)
    np.testing.assert_allclose(
        sorted_graph(method.describe(turned, Loading(angle=85.0), site @ turn.T, "site")),
        wanted,
        atol=1e-9,
    )


def test_refuses_a_window_larger_than_the_cell_and_a_glass_without_bonds() -> None:
    glass = shaken_honeycomb(3, 2)
    with pytest.raises(VitreousError, match="smaller radius or a larger glass"):
        BondGraph().describe(glass, LOADING, glass.positions, "atom")
    with pytest.raises(VitreousError, match="no bonds"):
        BondGraph(radius=3.0).describe(
            glass.with_(bonds=np.zeros((0, 2))), LOADING, glass.positions, "atom"
        )
    with pytest.raises(VitreousError, match="no 'Ge'"):
        BondGraph(centre="Ge").describe(shaken_honeycomb(), LOADING, glass.positions, "atom")


def test_under_simple_shear_no_column_claims_to_be_mirrored() -> None:
    from vitreous.learning.graphs import reflection_signs

    glass = shaken_honeycomb()
    sheared = BondGraph(radius=8.0).describe(
        glass, Loading(mode="simple_shear"), some_sites(glass, 3), "site"
    )
    stretched = BondGraph(radius=8.0).describe(glass, Loading(), some_sites(glass, 3), "site")
    assert sheared.names == ("n", "m", "distance", "links")
    assert np.array_equal(sheared.values, stretched.values)
    assert (reflection_signs(sheared.names) > 0).all()
    assert (reflection_signs(sheared.edge_names) > 0).all()
    assert not (reflection_signs(stretched.edge_names) > 0).all()


@pytest.mark.parametrize("descriptor", [BondGraph(radius=8.0), PhysicalIndicators()])
def test_a_bond_that_broke_is_refused_with_its_length(descriptor) -> None:
    glass = shaken_honeycomb()
    positions = glass.positions.copy()
    i, j = glass.bonds[7]
    positions[j] = positions[i] + [1.9, 1.9]
    first, second = sorted(glass.ids[[i, j]])
    with pytest.raises(
        VitreousError,
        match=rf"bond between atoms {first} and {second} is 2.687 long, .* find the bonds again",
    ):
        descriptor.describe(glass.with_(positions=positions), LOADING, np.zeros((1, 2)), "site")
