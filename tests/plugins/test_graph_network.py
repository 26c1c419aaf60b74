"""The graph network: learns, keeps exact symmetries, does not depend on order, batching or the
global generator, and loads safely.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.data import Features, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.testing.systems import shaken_honeycomb, some_sites

torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")
from vitreous.plugins.models.graph_network import GraphNetwork  # noqa: E402

SMALL = GraphNetwork(hidden=16, layers=2, epochs=40, batch_size=16, learning_rate=0.01)
LOADING = Loading()


def example(seed: int, count: int = 120):
    """Graphs whose label is the mean projected Si-Si distance in the window: mirror-symmetric, and
    only visible through edges.
    """
    glass = shaken_honeycomb(seed=seed)
    sites = some_sites(glass, count, seed)
    graph = BondGraph(radius=6.0).describe(glass, LOADING, sites, "site")
    stretch = graph.edge_values[:, 2] * (graph.edge_values[:, 0] / graph.edge_values[:, 2]) ** 2
    values = np.array(
        [
            stretch[a:b].mean()
            for a, b in zip(graph.edge_offsets[:-1], graph.edge_offsets[1:], strict=True)
        ]
    )
    values[::9] = np.nan
    return graph, Labels(
        name="y",
        level="site",
        unit="length",
        values=values,
        mask=np.isfinite(values),
        positions=sites,
    )


@pytest.fixture(scope="module")
def trained():
    logged = []
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    model = SMALL.fit(
        [example(0), example(1)],
        [example(2)],
        np.random.default_rng(0),
        lambda *m: logged.append(m),
    )
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002
    return model, logged


def test_learns_and_logs_every_epoch(trained) -> None:
    model, logged = trained
    graph, labels = example(3)
    assert np.corrcoef(model.predict(graph)[labels.mask], labels.values[labels.mask])[0, 1] > 0.8
    steps = [step for name, _, step in logged if name == "validation_mse"]
    assert steps == list(range(len(steps))) and {name for name, _, _ in logged} == {
        "validation_mse",
        "train_mse",
    }


def test_keeps_the_epoch_that_was_best_on_validation(trained) -> None:
    plain = GraphNetwork(**{**trained[0].parameters, "reflections": "none"})
    kept = []
    model = plain.fit(
        [example(0)], [example(2)], np.random.default_rng(1), lambda *m: kept.append(m)
    )
    graph, labels = example(2)
    values = labels.values[labels.mask]
    train_values = example(0)[1].values
    error = np.mean((model.predict(graph)[labels.mask] - values) ** 2) / np.nanvar(train_values)
    assert error == pytest.approx(
        min(v for name, v, _ in kept if name == "validation_mse"), rel=1e-3
    )


def test_the_same_generator_gives_the_same_weights() -> None:
    once, again, other = (
        replace(SMALL, epochs=4).fit(
            [example(0)], [example(2)], np.random.default_rng(seed), lambda *_: None
        )
        for seed in (0, 0, 1)
    )
    for name, array in once.arrays.items():
        np.testing.assert_array_equal(array, again.arrays[name])
    assert any((other.arrays[name] != array).any() for name, array in once.arrays.items())


def test_mirrored_glasses_get_exactly_the_same_prediction(trained) -> None:
    glass = shaken_honeycomb(seed=7)
    sites = some_sites(glass, 10)
    wanted = trained[0].predict(BondGraph(radius=6.0).describe(glass, LOADING, sites, "site"))
    for mirror in ([-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]):
        flipped = glass.with_(positions=glass.positions * mirror)
        graph = BondGraph(radius=6.0).describe(flipped, LOADING, sites * mirror, "site")
        np.testing.assert_allclose(trained[0].predict(graph), wanted, rtol=1e-5)


def test_order_of_atoms_and_batching_do_not_matter(trained) -> None:
    glass = shaken_honeycomb(seed=8)
    sites = some_sites(glass, 150)
    wanted = trained[0].predict(BondGraph(radius=6.0).describe(glass, LOADING, sites, "site"))
    order = np.random.default_rng(5).permutation(len(glass))
    place = np.argsort(order)
    mixed = glass.with_(
        positions=glass.positions[order], species=glass.species[order], bonds=place[glass.bonds]
    )
    np.testing.assert_allclose(
        trained[0].predict(BondGraph(radius=6.0).describe(mixed, LOADING, sites, "site")),
        wanted,
        rtol=1e-5,
    )
    alone = trained[0].predict(
        BondGraph(radius=6.0).describe(glass, LOADING, sites[140:141], "site")
    )
    np.testing.assert_allclose(alone, wanted[140:141], rtol=1e-5)


def test_one_strange_bond_does_not_carry_a_prediction_away(trained) -> None:
    graph, labels = example(3)
    edge_values = graph.edge_values.copy()
    edge_values[::7, 2] *= 1000.0
    changed = trained[0].predict(replace(graph, edge_values=edge_values))
    assert np.abs(changed - np.nanmean(labels.values)).max() < 20 * np.nanstd(labels.values)


def test_saved_and_loaded_predictions_are_equal(trained, tmp_path) -> None:
    graph = example(3)[0]
    trained[0].save(tmp_path / "model")
    np.testing.assert_array_equal(
        SMALL.load(tmp_path / "model").predict(graph), trained[0].predict(graph)
    )
    assert not [
        p for p in (tmp_path / "model").iterdir() if p.suffix not in (".json", ".safetensors")
    ]


def test_damaged_and_foreign_folders_are_refused(trained, tmp_path) -> None:
    with pytest.raises(VitreousError, match=r"no readable model\.json"):
        SMALL.load(tmp_path)
    trained[0].save(tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text())
    for changed in ({**facts, "names": facts["names"][1:]}, {**facts, "parameters": {}}):
        (tmp_path / "model.json").write_text(json.dumps(changed))
        with pytest.raises(VitreousError, match="damaged"):
            SMALL.load(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(facts))
    data = (tmp_path / "weights.safetensors").read_bytes()
    (tmp_path / "weights.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(VitreousError, match="damaged"):
        SMALL.load(tmp_path)


def test_features_of_another_kind_are_refused(trained) -> None:
    with pytest.raises(VitreousError, match="expected 'graph'"):
        trained[0].predict(
            Features(form="vector", level="site", names=("a",), values=np.zeros((1, 1)))
        )


@pytest.mark.parametrize(
    "bad", [{"optimizer": "sgd"}, {"reflections": "some"}, {"epochs": 0}, {"weight_decay": -1.0}]
)
def test_refuses_parameters_out_of_range(bad: dict) -> None:
    with pytest.raises(VitreousError, match="expected"):
        GraphNetwork(**bad)


def test_companions_are_learnt_along_and_leave_no_trace_in_what_is_saved(trained):
    def told(seed):
        graph, labels = example(seed)
        return graph, replace(labels, columns={"double": np.nan_to_num(2.0 * labels.values)})

    model = replace(SMALL, companions=("double",)).fit(
        [told(0), told(1)], [told(2)], np.random.default_rng(0), lambda *_: None
    )
    assert {n: a.shape for n, a in model.arrays.items()} == {
        n: a.shape for n, a in trained[0].arrays.items()
    }
    assert any((model.arrays[n] != a).any() for n, a in trained[0].arrays.items())
    graph, labels = example(3)
    assert np.corrcoef(model.predict(graph)[labels.mask], labels.values[labels.mask])[0, 1] > 0.8


def test_a_companion_that_the_label_has_not_is_refused():
    with pytest.raises(
        VitreousError, match="companions names 'strain', but the label y comes with no columns"
    ):
        replace(SMALL, companions=("strain",)).fit(
            [example(0)], [], np.random.default_rng(0), lambda *_: None
        )


def test_muon_learns():
    model = replace(SMALL, optimizer="muon", learning_rate=0.003).fit(
        [example(0), example(1)], [example(2)], np.random.default_rng(0), lambda *_: None
    )
    graph, labels = example(3)
    assert np.corrcoef(model.predict(graph)[labels.mask], labels.values[labels.mask])[0, 1] > 0.8


@pytest.mark.parametrize(
    "column", [np.full(120, np.nan), np.zeros((120, 3)), np.array(["a"] * 120)]
)
def test_a_companion_that_is_not_a_number_for_each_site_is_refused(column):
    graph, labels = example(0)
    with pytest.raises(
        VitreousError,
        match="'c', but that column of y is not one finite number for each labelled site",
    ):
        replace(SMALL, companions=("c",)).fit(
            [(graph, replace(labels, columns={"c": column}))],
            [],
            np.random.default_rng(0),
            lambda *_: None,
        )


def test_without_a_compiler_nothing_begins(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(
        VitreousError, match=r"model.compiled needs the C\+\+ compiler no-such-compiler"
    ):
        replace(SMALL, compiled=True).refuse()
    SMALL.refuse()


def test_without_validation_glasses_all_epochs_are_run():
    history = []
    GraphNetwork(epochs=3, hidden=4, layers=1).fit(
        [example(0)],
        [],
        np.random.default_rng(0),
        lambda name, value, step: history.append((name, step)),
    )
    assert history == [("train_mse", 0), ("train_mse", 1), ("train_mse", 2)]


def test_the_number_of_threads_is_part_of_the_key_because_it_changes_the_weights():
    from vitreous.core.store import identity

    assert identity(GraphNetwork(threads=1)) != identity(GraphNetwork(threads=2))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_missed_before_anything_is_computed():
    with pytest.raises(VitreousError, match="but torch finds 0 here"):
        GraphNetwork(accelerator="gpu").refuse()
    GraphNetwork(accelerator="auto").refuse()
