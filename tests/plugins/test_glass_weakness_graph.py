"""The graph of the whole glass with the stretch of bonds on its nodes."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.glass_response_graph import GlassResponseGraph
from vitreous.plugins.descriptors.glass_weakness_graph import GlassWeaknessGraph
from vitreous.plugins.descriptors.network_weakness import NetworkWeakness
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS

LOADING, MODEL = Loading(mode="pure_shear", angle=25.0), YukawaSilica()
FIELDS = {"radii": (3.0, 5.0), "ahead": 0.03}


@pytest.fixture(scope="module")
def glass():
    made = DualSwitch(rings_x=8, rings_y=8, variance=0.6, steps=2000)
    return AQS().relax(made.generate(0, np.random.default_rng(2)), MODEL)


@pytest.mark.parametrize("order", [slice(None), [40, 3, 17]])
def test_nodes_have_the_columns_of_both_and_edges_those_of_the_response(glass, order):
    """Also where sites are a few atoms: nodes are all of them."""
    sites = glass.positions[order]
    found = GlassWeaknessGraph(**FIELDS).describe(glass, LOADING, sites, "atom", MODEL)
    graph = GlassResponseGraph(species=("Si", "O"), cutoff=3.3, smooth=4.0).describe(
        glass, LOADING, sites, "atom", MODEL
    )
    columns = NetworkWeakness(**FIELDS).describe(glass, LOADING, glass.positions, "atom", MODEL)
    assert found.names == (*graph.names, *columns.names)
    np.testing.assert_array_equal(found.values, np.hstack([graph.values, columns.values]))
    np.testing.assert_array_equal(found.edge_values, graph.edge_values)
    np.testing.assert_array_equal(found.edges, graph.edges)
    np.testing.assert_array_equal(found.site_nodes, np.arange(len(glass))[order])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"radii": [0.0]}, "radii are .*; expected different positive lengths"),
        ({"ahead": 0.0}, "expected a positive strain"),
        ({"smooth": 0.0}, "smooth is 0; expected a positive length"),
    ],
)
def test_what_either_refuses_is_refused_before_a_glass_is_made(fields, said):
    with pytest.raises(VitreousError, match=said):
        GlassWeaknessGraph(**fields)
