"""The graph network on whole glasses: what it sees, what it learns, how it is trained."""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.glass_graph import GlassGraph
from vitreous.testing.synthetic import labels_of
from vitreous.testing.systems import binary_mixture

torch = pytest.importorskip("torch")
from vitreous.learning.inputs import batches  # noqa: E402
from vitreous.plugins.models.glass_network import Glasses, GlassNet, GlassNetwork  # noqa: E402

SHEAR = Loading(mode="simple_shear")
MIXED = GlassGraph(species=("A", "B"), cutoff=1.8)


def silent(*_):
    pass


def graph(seed=0, side=6, dimension=2, sites=None, loading=None):
    glass = binary_mixture(side=side, seed=seed, dimension=dimension)
    kinds = np.random.default_rng([seed, 1]).random(len(glass)) < 0.1
    glass = glass.with_(species=kinds.astype(int))
    where = glass.positions if sites is None else glass.positions[sites]
    loading = loading or Loading(mode="simple_shear", dimension=dimension)
    return MIXED.describe(glass, loading, where, "atom")


def crowded(features):
    """Class 1: atoms with a neighbour of the second species along x, at no more than 1.3."""
    source, target = features.edges
    x, y = np.abs(features.edge_values).T
    beside = (x < 1.3) & (y < 0.5) & (features.values[target, 1] > 0.0)
    weak = np.bincount(source[beside], minlength=len(features.values)) > 0
    return labels_of(weak[features.site_nodes].astype(float), "atom", "class")


def untrained(dimension=2, rounds=2, outputs=2):
    torch.manual_seed(0)
    return GlassNet(2, dimension, 8, rounds, outputs)


def outputs(net, features, image=0):
    inputs = Glasses([features], torch.float64)
    chosen = torch.arange(len(features))
    return net.double()(inputs.take(chosen, torch.full_like(chosen, image))).detach().numpy()


def test_an_atom_hears_of_others_as_many_edges_away_as_there_are_rounds():
    features = graph(side=12)
    net = untrained(rounds=2)
    before = outputs(net, features)
    moved = np.array(features.values)
    moved[0] = moved[0][::-1]
    after = outputs(net, type(features)(**{**vars(features), "values": moved}))
    heard = np.abs(after - before).max(axis=1) > 1e-12
    distance = np.full(len(moved), 99)
    distance[0] = 0
    for step in (1, 2, 3):
        source, target = features.edges
        reached = target[distance[source] == step - 1]
        distance[reached] = np.minimum(distance[reached], step)
    assert heard[0] and heard[distance == 1].any() and heard[distance == 2].any()
    assert not heard[distance > 2].any()


@pytest.mark.parametrize("dimension", [2, 3])
def test_images_are_the_graphs_of_the_mirrored_glass(dimension):
    """About the direction of stretching, (1, 1): the glass with x and y exchanged."""
    glass = binary_mixture(side=6 if dimension == 2 else 4, seed=1, dimension=dimension)
    swap = np.eye(dimension)[[1, 0, 2][:dimension]]
    mirrored = glass.with_(positions=glass.positions @ swap, cell=swap @ glass.cell @ swap)
    loading = Loading(mode="simple_shear", dimension=dimension)
    net = untrained(dimension)
    ours, theirs = (MIXED.describe(g, loading, g.positions, "atom") for g in (glass, mirrored))
    np.testing.assert_allclose(outputs(net, ours, image=1), outputs(net, theirs), atol=1e-10)
    assert np.abs(outputs(net, ours, image=1) - outputs(net, ours)).max() > 1e-4
    assert Glasses([ours], torch.float64).images == (4 if dimension == 2 else 8)


def test_components_of_vectors_on_nodes_turn_with_the_mirror_and_others_do_not():
    features = graph()
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(len(features.values), 3))
    named = type(features)(
        **{**vars(features), "values": columns, "names": ("u_x", "u_y", "energy")}
    )
    chosen = torch.arange(4)
    seen = Glasses([named], torch.float64).take(chosen, torch.full_like(chosen, 1)).nodes.numpy()
    np.testing.assert_allclose(seen, columns[:, [1, 0, 2]])


def test_the_order_of_atoms_and_edges_does_not_matter():
    features = graph()
    order = np.random.default_rng(2).permutation(len(features.values))
    place = np.argsort(order)
    shuffled = np.random.default_rng(3).permutation(features.edges.shape[1])
    other = type(features)(
        **{
            **vars(features),
            "values": features.values[order],
            "edges": place[features.edges][:, shuffled],
            "edge_values": features.edge_values[shuffled],
            "site_nodes": place[features.site_nodes],
        }
    )
    net = untrained()
    np.testing.assert_allclose(outputs(net, other), outputs(net, features), atol=1e-10)


def test_a_batch_holds_whole_glasses_and_balances_each():
    pairs = [graph(seed) for seed in range(3)]
    labels = [crowded(features) for features in pairs]
    values = torch.from_numpy(np.concatenate([each.values for each in labels])).float()
    inputs, order = Glasses(pairs, torch.float32), torch.Generator().manual_seed(0)
    loader = batches(
        inputs, values, 2, order, shuffle=True, mirrored=True, balanced=True, first=inputs.first
    )
    sizes, fertile = [], 0
    for graphs, wanted in loader:
        assert wanted.mean() == 0.5
        sizes.append(len(graphs.nodes) // len(pairs[0].values))
        fertile += int(wanted.sum())
    assert sizes == [2, 1] and len(loader) == 2
    assert fertile == int(values.sum())


def test_it_finds_a_rare_class_in_glasses_it_has_not_seen():
    train = [(f, crowded(f)) for f in (graph(seed, side=10) for seed in range(4))]
    held = [(f, crowded(f)) for f in (graph(seed, side=10) for seed in (10, 11))]
    model = GlassNetwork(
        hidden=16, rounds=1, epochs=40, patience=40, learning_rate=0.005, reflections="none"
    )
    fitted = model.fit(train, held, np.random.default_rng(0), silent)
    features = graph(20, side=10)
    found, wanted = fitted.probabilities(features)[:, 1], crowded(features).values
    assert found[wanted == 1].mean() > 0.8
    assert found[wanted == 0].mean() < 0.2


def test_reflections_that_are_averaged_leave_predictions_as_they_are_under_a_mirror():
    pairs = [(f, crowded(f)) for f in (graph(seed) for seed in range(2))]
    model = GlassNetwork(hidden=8, rounds=2, epochs=2, patience=2, reflections="average")
    fitted = model.fit(pairs, pairs, np.random.default_rng(0), silent)
    glass = binary_mixture(side=6, seed=4, dimension=2)
    swapped = glass.with_(positions=glass.positions[:, ::-1], cell=glass.cell[::-1, ::-1])
    ours, theirs = (
        fitted.probabilities(MIXED.describe(g, SHEAR, g.positions, "atom"))
        for g in (glass, swapped)
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_glasses_without_a_class_are_refused_where_all_are_so():
    features = graph()
    none = labels_of(np.zeros(len(features)), "atom", "class")
    with pytest.raises(VitreousError, match="no glass holds sites of every class"):
        values = torch.from_numpy(np.concatenate([none.values, crowded(features).values])).float()
        values[len(none) :] = 1.0
        inputs = Glasses([features, features], torch.float32)
        order = torch.Generator().manual_seed(0)
        batches(inputs, values, 1, order, shuffle=True, balanced=True, first=inputs.first)


def test_numbers_out_of_range_are_refused():
    with pytest.raises(VitreousError, match="at least one of each"):
        GlassNetwork(rounds=0)
    with pytest.raises(VitreousError, match=r"model\.reflections is .all."):
        GlassNetwork(reflections="all")


def beside(features):
    """Classes with a positive column that says as much as they do."""
    labels = crowded(features)
    return replace(labels, columns={"size": np.exp(2.0 * labels.values)})


def test_companions_are_learnt_beside_the_classes_and_dropped():
    pairs = [(f, beside(f)) for f in (graph(seed) for seed in range(2))]
    alone, helped = (
        GlassNetwork(
            hidden=8, rounds=1, epochs=3, patience=3, balanced=balanced, companions=companions
        ).fit(pairs, pairs, np.random.default_rng(0), silent)
        for companions, balanced in (((), False), (("size",), False))
    )
    features = graph(7)
    assert sorted(alone.arrays) == sorted(helped.arrays)
    assert alone.arrays["target"].shape == helped.arrays["target"].shape == (2,)
    assert not np.allclose(alone.probabilities(features), helped.probabilities(features))


def test_a_companion_is_learnt_in_balanced_visits_too():
    pairs = [(f, beside(f)) for f in (graph(seed) for seed in range(2))]
    model = GlassNetwork(hidden=8, rounds=1, epochs=2, patience=2, companions=("size",))
    fitted = model.fit(pairs, pairs, np.random.default_rng(0), silent)
    assert fitted.probabilities(graph(7)).shape == (36, 2)


def test_a_companion_that_has_no_logarithm_is_refused():
    features = graph()
    labels = replace(crowded(features), columns={"size": np.zeros(len(features))})
    model = GlassNetwork(epochs=1, patience=1, companions=("size",))
    with pytest.raises(VitreousError, match="learns the logarithm of 'size'"):
        model.fit([(features, labels)], [(features, labels)], np.random.default_rng(0), silent)
