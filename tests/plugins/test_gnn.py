"""The published graph network: attention over bonded neighbours, blind to the order of nodes."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from vitreous.core.data import Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.testing.systems import shaken_honeycomb, some_sites

torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")
from vitreous.learning.graphs import Batch  # noqa: E402
from vitreous.plugins.models.gnn import GNN, AttentionNet  # noqa: E402


def example(seed: int, count: int = 150):
    """Graphs whose label is the number of nodes plus their mean x."""
    glass = shaken_honeycomb(seed=seed)
    sites = some_sites(glass, count, seed)
    graph = BondGraph(radius=6.0).describe(glass, Loading(), sites, "site")
    values = np.diff(graph.offsets) + np.array(
        [graph.values[a:b, 0].mean() for a, b in pairwise(graph.offsets)]
    )
    return graph, Labels(
        name="y", level="site", unit="1", values=values, mask=np.ones(count, bool), positions=sites
    )


def test_it_learns_from_coordinates_and_bonds():
    model = GNN(epochs=30, batch_size=32, learning_rate=0.005, coordinate_scale=6.0).fit(
        [example(0), example(1)], [example(2)], np.random.default_rng(0), lambda *_: None
    )
    graph, labels = example(3)
    assert np.corrcoef(model.predict(graph), labels.values)[0, 1] > 0.8


def test_attention_is_equation_2():
    """One convolution by hand: alpha_ij = softmax_j((W_a h_i) . (W_b h_j) / sqrt d), then W_1 h_i +
    sum_j alpha_ij W_2 h_j.
    """
    net = AttentionNet(4, 1)
    layer = net.first[0]
    h, edges = (
        torch.randn(3, 2),
        torch.tensor([[1, 2, 0], [0, 0, 1]]),
    )  # 1 and 2 send to 0, 0 sends to 1
    query, key, value = layer.lin_query(h), layer.lin_key(h), layer.lin_value(h)
    alpha = torch.softmax(torch.stack([query[0] @ key[1], query[0] @ key[2]]) / 2.0, dim=0)
    by_hand = layer.lin_skip(h)[0] + alpha[0] * value[1] + alpha[1] * value[2]
    torch.testing.assert_close(layer(h, edges)[0], by_hand)


def test_the_order_of_nodes_does_not_matter():
    net = AttentionNet(8, 1).double()
    nodes, edges = (
        torch.randn(5, 2).double(),
        torch.tensor([[0, 1, 1, 2, 3, 4], [1, 0, 2, 1, 4, 3]]),
    )
    order = torch.tensor([3, 0, 4, 1, 2])
    back = torch.argsort(order)
    whole, none = torch.zeros(5, dtype=torch.long), torch.zeros(6, 1)
    a = net(Batch(nodes, edges, none, whole, whole, 1))
    b = net(Batch(nodes[order], back[edges], none, whole, whole, 1))
    torch.testing.assert_close(a, b)


def test_coordinates_are_angstroms_when_scaled_by_the_radius():
    """Windows of radius 6 and 5.9 that hold the same atoms give the same network and predictions,
    each scaled by its radius.
    """
    glass = shaken_honeycomb()
    sites = some_sites(glass, 60)
    counts = [
        np.diff(BondGraph(radius=r).describe(glass, Loading(), sites, "site").offsets)
        for r in (6.0, 5.9)
    ]
    sites = sites[counts[0] == counts[1]]
    count = len(sites)
    labels = Labels(
        name="y",
        level="site",
        unit="1",
        values=np.arange(float(count)),
        mask=np.ones(count, bool),
        positions=sites,
    )
    predicted = []
    for radius in (6.0, 5.9):
        graph = BondGraph(radius=radius).describe(glass, Loading(), sites, "site")
        fitted = GNN(epochs=2, coordinate_scale=radius).fit(
            [(graph, labels)], [], np.random.default_rng(0), lambda *_: None
        )
        predicted.append(fitted.predict(graph))
    assert count > 20
    np.testing.assert_allclose(*predicted, rtol=1e-4)


def test_a_scale_that_is_no_number_is_refused():
    with pytest.raises(
        VitreousError, match=r"gnn got hidden=32, coordinate_scale=-1; expected positive numbers"
    ):
        GNN(coordinate_scale=-1.0)


def test_no_start_is_silent():
    """Plain rectifiers in the last layers leave some starts, and more trainings, with the same
    answer to everything.
    """
    graph, _ = example(0, 20)
    nodes = torch.from_numpy(6.0 * graph.values[:, :2])
    owner = torch.from_numpy(np.repeat(np.arange(20), np.diff(graph.offsets)))
    batch = Batch(
        nodes,
        torch.from_numpy(graph.edges.copy()),
        torch.zeros(graph.edges.shape[1], 1),
        owner,
        owner[:0],
        20,
    )
    for seed in range(80):
        torch.manual_seed(seed)
        assert AttentionNet(8, 1).double()(batch).std() > 1e-10


@pytest.mark.parametrize(
    ("mode", "mirrors"),
    [("pure_shear", [[1, 1], [-1, 1], [1, -1], [-1, -1]]), ("simple_shear", [[1, 1], [-1, -1]])],
)
def test_averaged_over_reflections_a_window_and_its_images_are_one(mode, mirrors):
    glass, loading = shaken_honeycomb(), Loading(mode=mode)
    graph = BondGraph(radius=6.0).describe(glass, loading, some_sites(glass, 20), "site")
    labels = Labels(
        name="y",
        level="site",
        unit="1",
        values=graph.values[graph.offsets[:-1], 0],
        mask=np.ones(20, bool),
        positions=np.zeros((20, 2)),
    )
    fits = {
        r: GNN(reflections=r, epochs=2, batch_size=8).fit(
            [(graph, labels)], [], np.random.default_rng(0), print
        )
        for r in ("none", "predict", "augment", "average")
    }
    images = [replace(graph, values=graph.values * [*signs, 1, 1]) for signs in mirrors]
    alone = [fits["augment"].predict(image) for image in images]
    assert np.ptp(alone, axis=0).max() > 1e-5
    assert (
        np.abs(fits["none"].predict(graph) - alone[0]).max() > 1e-5
    )  # it was trained on the images
    for image in images:
        np.testing.assert_allclose(
            fits["average"].predict(image), np.mean(alone, axis=0), rtol=1e-9
        )
        plain = np.mean([fits["none"].predict(other) for other in images], axis=0)
        np.testing.assert_allclose(fits["predict"].predict(image), plain, rtol=1e-9)


def test_an_unknown_use_of_reflections_is_refused():
    with pytest.raises(
        VitreousError,
        match=r"model\.reflections is 'twice'; expected one of average, augment, predict, none",
    ):
        GNN(reflections="twice")
