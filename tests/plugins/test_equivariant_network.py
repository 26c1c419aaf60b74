"""The equivariant network: which symmetries leave its answer as it is, and which do not."""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.plugins.descriptors.glass_graph import GlassGraph
from vitreous.testing.synthetic import labels_of
from vitreous.testing.systems import binary_mixture

torch = pytest.importorskip("torch")
o3 = pytest.importorskip("e3nn.o3")
from vitreous.plugins.models.equivariant_network import (  # noqa: E402
    EquivariantNet,
    EquivariantNetwork,
    strain_of_shear,
)
from vitreous.plugins.models.glass_network import Glasses  # noqa: E402

MIXED = GlassGraph(species=("A", "B"), cutoff=1.8)


def graph(seed=0, side=6, dimension=2, angle=0.0):
    glass = binary_mixture(side=side, seed=seed, dimension=dimension)
    kinds = np.random.default_rng([seed, 1]).random(len(glass)) < 0.3
    glass = glass.with_(species=kinds.astype(int))
    loading = Loading(mode="simple_shear", dimension=dimension, angle=angle)
    return MIXED.describe(glass, loading, glass.positions, "atom")


def with_vectors(features, seed=2):
    """With a vector u of every atom and its differences along the edges."""
    dimension = features.edge_values.shape[1]
    axes = ("x", "y", "z")[:dimension]
    u = np.random.default_rng(seed).normal(size=(len(features.values), dimension))
    source, target = features.edges
    return replace(
        features,
        names=(*features.names, *(f"u_{axis}" for axis in axes)),
        values=np.hstack([features.values, u]),
        edge_names=(*features.edge_names, *(f"du_{axis}" for axis in axes)),
        edge_values=np.hstack([features.edge_values, u[target] - u[source]]),
    )


def turned(features, by):
    """Every vector of them, by a matrix (D, D)."""
    dimension, species = len(by), 2
    values, edges = np.array(features.values), np.array(features.edge_values)
    for block in (values[:, species:], edges[:, :dimension], edges[:, dimension:]):
        block[:] = block @ by.T
    return replace(features, values=values, edge_values=edges)


def untrained(features, seed=0):
    """With weights that let messages through: the library's begin at zero."""
    torch.manual_seed(seed)
    net = EquivariantNet(features.names, features.edge_names, 8, 2, 1).double()
    net.reach.fill_(1.8)
    net.crowd.fill_(features.edges.shape[1] / len(features.values))
    with torch.no_grad():
        for layer in net.messages.layers:
            getattr(layer, "first", layer).alpha.weight.normal_()
    return net


def answers(net, features, image=0):
    chosen = torch.arange(len(features))
    inputs = Glasses([features], torch.float64)
    return net(inputs.take(chosen, torch.full_like(chosen, image))).detach().numpy()[:, 0]


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_mirror_images_that_leave_a_shear_as_it_is_are_answered_alike(dimension):
    features = with_vectors(graph(dimension=dimension, side=6 if dimension == 2 else 4))
    net = untrained(features)
    first = answers(net, features)
    assert first.std() > 1e-2
    for image in range(1, 4 if dimension == 2 else 8):
        np.testing.assert_allclose(answers(net, features, image), first, atol=1e-9)


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_shear_and_its_reverse_are_told_apart(dimension):
    """Reversed, the glass is that whose x is mirrored."""
    features = with_vectors(graph(dimension=dimension, side=6 if dimension == 2 else 4))
    net = untrained(features)
    reverse = turned(features, np.diag([-1.0, 1.0, 1.0][:dimension]))
    assert np.abs(answers(net, reverse) - answers(net, features)).max() > 1e-3


def test_glass_and_strain_turned_together_leave_the_answer_as_it_is():
    """By a rotation in three dimensions that is no symmetry of the shear."""
    features = with_vectors(graph(dimension=3, side=4))
    net = untrained(features)
    first = answers(net, features)
    rotation = o3.matrix_x(torch.tensor(0.7)) @ o3.matrix_z(torch.tensor(0.4))
    other = turned(features, rotation.double().numpy())
    assert np.abs(answers(net, other) - first).max() > 1e-3
    net.loading.copy_(o3.Irrep("2e").D_from_matrix(rotation).double() @ net.loading)
    np.testing.assert_allclose(answers(net, other), first, atol=1e-5)


def test_the_strain_is_that_of_a_simple_shear():
    """Contracted with a direction n: n_x n_y, up to the norm of the harmonics."""
    n = torch.nn.functional.normalize(torch.randn(9, 3, generator=torch.Generator()), dim=1)
    along = o3.spherical_harmonics(2, n, normalize=True) @ strain_of_shear()
    wanted = n[:, 0] * n[:, 1]
    np.testing.assert_allclose(along / along[0], wanted / wanted[0], rtol=1e-4)


def beside(features):
    """Class 1: atoms whose neighbours of the second species lie rather along the elongation than
    across it.
    """
    source, target = features.edges
    x, y = features.edge_values.T
    pull = x * y / (x**2 + y**2) * features.values[target, 1]
    weak = np.bincount(source, pull, minlength=len(features.values)) > 0.3
    return labels_of(weak[features.site_nodes].astype(float), "atom", "class")


def test_it_learns_a_direction_and_knows_it_along_an_orientation_that_it_has_not_seen():
    angles = (0.0, 20.0, 50.0, 70.0, 110.0, 160.0)
    graphs = [graph(seed, side=12, angle=angle) for seed, angle in enumerate(angles)]
    *train, first, second = [(features, beside(features)) for features in graphs]
    model = EquivariantNetwork(hidden=8, rounds=2, epochs=40, patience=40, learning_rate=0.003)
    fitted = model.fit(train, [first, second], np.random.default_rng(0), lambda *_: None)
    features = graph(20, side=12, angle=35.0)
    found, wanted = fitted.probabilities(features)[:, 1], beside(features).values
    assert 0.1 < wanted.mean() < 0.9
    assert found[wanted == 1].mean() > found[wanted == 0].mean() + 0.5


def test_a_saved_network_answers_alike(tmp_path):
    features = graph()
    model = EquivariantNetwork(hidden=8, rounds=2, epochs=2, patience=2)
    pairs = [(features, beside(features))]
    fitted = model.fit(pairs, pairs, np.random.default_rng(0), lambda *_: None)
    fitted.save(tmp_path)
    again = model.load(tmp_path)
    np.testing.assert_array_equal(again.probabilities(features), fitted.probabilities(features))
