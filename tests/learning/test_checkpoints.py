"""A training that is stopped goes on after its last finished epoch, and learns the same as one that
was not.
"""

import signal
from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.data import Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.atom_sequence import AtomSequence
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.plugins.descriptors.rendered_image import RenderedImage
from vitreous.plugins.models.cnn import CNN
from vitreous.plugins.models.gnn import GNN
from vitreous.plugins.models.graph_network import GraphNetwork
from vitreous.plugins.models.lstm import LSTM
from vitreous.testing.systems import shaken_honeycomb, some_sites

pytest.importorskip("torch")
pytest.importorskip("pytorch_lightning")

NETWORKS = [
    (
        GNN(
            hidden=4,
            coordinate_scale=6.0,
            reflections="average",
            schedule="cosine",
            epochs=4,
            batch_size=8,
        ),
        BondGraph(radius=6.0),
    ),
    (LSTM(units=8, epochs=4, batch_size=8), AtomSequence(radius=6.0)),
    (
        CNN(dropout=0.5, optimizer="muon", epochs=4, batch_size=8),
        RenderedImage(radius=6.0, pixels=44),
    ),
    (GraphNetwork(hidden=4, layers=1, epochs=4, batch_size=8), BondGraph(radius=6.0)),
]


def example(descriptor, seed):
    glass = shaken_honeycomb(seed=seed)
    sites = some_sites(glass, 20, seed)
    values = np.random.default_rng(seed).standard_normal(len(sites))
    labels = Labels(
        name="y",
        level="site",
        unit="1",
        values=values,
        mask=np.ones(len(sites), bool),
        positions=sites,
    )
    return descriptor.view(descriptor.describe(glass, Loading(), sites, "site")), labels


def fit(model, descriptor, told, stop=None, validated=True, seed=0):
    def log(name, value, epoch):
        told.append((name, value, epoch))
        if (name, epoch) == ("train_mse", stop):
            raise RuntimeError("stopped")

    validation = [example(descriptor, 1)] if validated else []
    return model.fit([example(descriptor, seed)], validation, np.random.default_rng(0), log)


@pytest.mark.parametrize(("model", "descriptor"), NETWORKS, ids=lambda part: type(part).__name__)
@pytest.mark.parametrize("validated", [True, False])
def test_it_learns_what_it_would_have_learnt_without_the_stop(
    model, descriptor, validated, tmp_path
):
    kept, first, second, whole = (
        replace(model, checkpoints=str(tmp_path / "new" / "folder")),
        [],
        [],
        [],
    )
    straight = fit(model, descriptor, whole, validated=validated)
    with pytest.raises(RuntimeError, match="stopped"):
        fit(kept, descriptor, first, stop=2, validated=validated)
    again = fit(kept, descriptor, second, validated=validated)
    again.stored()
    assert len(list(tmp_path.rglob("*"))) == 2  # the folders: nothing stays behind
    assert second == whole  # the epochs before the stop are told once more
    for name, array in straight.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
    assert "checkpoints" not in again.parameters


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_training_that_goes_on_stops_early_when_it_would_have(stop, tmp_path):
    model, descriptor = (
        replace(NETWORKS[0][0], epochs=12, learning_rate=0.3, patience=2),
        NETWORKS[0][1],
    )
    whole, told = [], []
    fit(model, descriptor, whole)
    assert 2 * stop < len(whole) < 2 * 12  # it stopped early, and after the interruption
    kept = replace(model, checkpoints=str(tmp_path))
    with pytest.raises(RuntimeError):
        fit(kept, descriptor, [], stop=stop)
    fit(kept, descriptor, told)
    assert told == whole


def test_only_the_epochs_that_were_missing_are_trained(tmp_path, monkeypatch):
    model, descriptor = replace(NETWORKS[0][0], checkpoints=str(tmp_path)), NETWORKS[0][1]
    with pytest.raises(RuntimeError):
        fit(model, descriptor, [], stop=2)
    from vitreous.learning.training import _Trained

    steps, step = [], _Trained.training_step
    monkeypatch.setattr(_Trained, "training_step", lambda *given: steps.append(1) or step(*given))
    fit(model, descriptor, [])
    assert len(steps) == 2 * 3  # of four epochs of three batches


@pytest.mark.parametrize("patience", [100, 1])
def test_a_finished_training_is_kept_until_its_model_is_stored(patience, tmp_path, monkeypatch):
    """What comes between the last epoch and the store, such as a full disk, costs no training,
    however that came to its end.
    """
    model, descriptor = (
        replace(
            NETWORKS[0][0],
            epochs=12,
            learning_rate=0.3,
            patience=patience,
            checkpoints=str(tmp_path),
        ),
        NETWORKS[0][1],
    )
    told, again = [], []
    first = fit(model, descriptor, told)
    assert patience == 100 or len(told) < 2 * 12  # it stopped early
    from vitreous.learning.training import _Trained

    monkeypatch.setattr(_Trained, "training_step", None)
    second = fit(model, descriptor, again)
    assert again == told
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(second.arrays[name], array)
    second.stored()
    assert not list(tmp_path.iterdir())


def test_a_state_of_another_format_is_begun_anew(tmp_path, monkeypatch):
    from vitreous.learning import checkpoints

    model, descriptor = replace(NETWORKS[0][0], checkpoints=str(tmp_path)), NETWORKS[0][1]
    whole, told = [], []
    monkeypatch.setattr(checkpoints, "FORMAT", 0)
    with pytest.raises(RuntimeError):
        fit(model, descriptor, [], stop=2)
    monkeypatch.undo()
    fit(replace(model, checkpoints=None), descriptor, whole)
    fit(model, descriptor, told, stop=None)
    assert told == whole


def test_an_interruption_stays_one(tmp_path):
    """Lightning would end the process without a word, and ignore further interruptions."""
    model, descriptor = replace(NETWORKS[0][0], checkpoints=str(tmp_path)), NETWORKS[0][1]
    before = signal.getsignal(signal.SIGINT)

    def log(name, value, epoch):
        if epoch == 1:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        model.fit([example(descriptor, 0)], [], np.random.default_rng(0), log)
    assert signal.getsignal(signal.SIGINT) is before
    assert len(list(tmp_path.iterdir())) == 1  # what was learnt is kept


def test_a_state_of_other_glasses_or_fields_is_not_taken_up_and_a_damaged_one_is_begun_anew(
    tmp_path,
):
    model, descriptor = replace(NETWORKS[0][0], checkpoints=str(tmp_path)), NETWORKS[0][1]
    with pytest.raises(RuntimeError):
        fit(model, descriptor, [], stop=2)
    (state,) = tmp_path.iterdir()
    for other, seed in ((model, 5), (replace(model, hidden=5), 0)):
        fit(other, descriptor, [], seed=seed).stored()
        assert state.is_file()
    state.write_bytes(state.read_bytes()[:1000])
    whole, told = [], []
    fit(replace(model, checkpoints=None), descriptor, whole)
    fit(model, descriptor, told)
    assert told == whole


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    model, descriptor = (
        replace(NETWORKS[0][0], checkpoints=str(tmp_path / "file" / "folder")),
        NETWORKS[0][1],
    )
    with pytest.raises(
        VitreousError, match=r"model.checkpoints cannot be used: .*; choose another folder, or null"
    ):
        fit(model, descriptor, [])
