"""The convolutional network: what it sees is the network, drawn."""

import numpy as np
import pytest

from vitreous.analysis.drawing import draw
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.testing.systems import shaken_honeycomb, some_sites

torch = pytest.importorskip("torch")
from vitreous.plugins.models.cnn import CNN, ImageNet  # noqa: E402


def drawn(nodes, edges, pixels=64, dot=0.1, line=0.03):
    image = np.zeros((1, pixels, pixels), dtype=np.float32)
    draw(
        np.array(nodes, float),
        np.zeros(len(nodes), int),
        np.array(edges, int).reshape(-1, 2).T.copy(),
        dot,
        line,
        image,
    )
    return image[0]


def test_a_disc_has_its_area_and_place():
    image = drawn([[0.5, -0.25]], [])
    y, x = np.indices(image.shape)
    assert image.sum() == pytest.approx(np.pi * (0.1 * 32) ** 2, rel=0.05)
    assert (image * x).sum() / image.sum() == pytest.approx(1.5 * 32 - 0.5, abs=1e-3)
    assert (image * y).sum() / image.sum() == pytest.approx(0.75 * 32 - 0.5, abs=1e-3)


def test_a_bond_is_a_line_between_its_nodes():
    image = drawn([[-0.5, 0.0], [0.5, 0.0]], [[0, 1], [1, 0]], dot=0.031)
    assert image.sum() == pytest.approx(32 * 2 * 0.03 * 32, rel=0.1)
    assert image[32, 20:44].min() > 0.4
    assert image[:28].max() == 0.0


def test_greys_lie_between_0_and_1_and_mirrors_are_mirrors():
    glass = shaken_honeycomb()
    graph = BondGraph(radius=6.0).describe(glass, Loading(), some_sites(glass, 1), "site")
    edges = graph.edges.T
    image = drawn(graph.values[:, :2], edges)
    assert image.min() == 0.0 and image.max() == 1.0
    np.testing.assert_allclose(
        drawn(graph.values[:, :2] * [-1, 1], edges), image[:, ::-1], atol=1e-5
    )


def test_the_layers_are_those_of_the_paper():
    net = ImageNet(1, (220, 220), 0.2, 1)
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [(c.out_channels, c.kernel_size) for c in convolutions] == [
        (32, (5, 5)),
        (64, (5, 5)),
        (32, (5, 5)),
    ]
    assert [m.out_features for m in net.modules() if isinstance(m, torch.nn.Linear)] == [
        10,
        10,
        10,
        1,
    ]
    assert net(torch.zeros(1, 1, 220, 220)).shape == (1, 1)


def test_images_need_not_be_square():
    assert ImageNet(2, (44, 100), 0.0, 3)(torch.zeros(5, 2, 44, 100)).shape == (5, 3)


def test_a_share_of_dropout_out_of_range_is_refused():
    with pytest.raises(VitreousError, match="cnn got dropout=1; expected a share below 1"):
        CNN(dropout=1)
