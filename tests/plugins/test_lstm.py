"""The recurrent network: padding is masked, and the order of the atoms matters to it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError

torch = pytest.importorskip("torch")
from vitreous.plugins.models.lstm import LSTM, SequenceNet  # noqa: E402


def sequences(seed: int, count: int = 200):
    """Sequences of 3 to 7 places whose label is the mean x."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 8, count)
    rows, offsets = (
        rng.uniform(-1, 1, (lengths.sum(), 2)),
        np.concatenate([[0], np.cumsum(lengths)]),
    )
    values = np.array([rows[a:b, 0].mean() for a, b in pairwise(offsets)])
    features = Features(
        form="sequence", level="site", names=("x", "y"), values=rows, offsets=offsets
    )
    labels = Labels(
        name="y",
        level="site",
        unit="1",
        values=values,
        mask=np.ones(count, bool),
        positions=np.zeros((count, 2)),
    )
    return features, labels


def test_it_learns_from_sequences_of_any_length():
    model = LSTM(units=16, epochs=20, batch_size=16, learning_rate=0.01).fit(
        [sequences(0), sequences(1)], [sequences(2)], np.random.default_rng(0), lambda *_: None
    )
    features, labels = sequences(3)
    assert np.corrcoef(model.predict(features), labels.values)[0, 1] > 0.9


def test_padding_changes_nothing():
    net = SequenceNet(8, 4, 1).eval()
    rows = torch.randn(2, 5, 2)
    short = net((rows[:, :3], torch.tensor([3, 3])))
    padded = torch.cat([rows[:, :3], torch.full((2, 9, 2), 77.0)], dim=1)
    torch.testing.assert_close(net((padded, torch.tensor([3, 3]))), short)


def test_the_layers_are_those_of_the_paper():
    net = SequenceNet(128, 10, 1)
    assert sum(p.numel() for p in net.parameters()) == 4 * 128 * (2 + 128 + 2) + (128 * 10 + 10) + (
        10 + 1
    )


def test_features_without_coordinates_are_refused():
    features, labels = sequences(0)
    foreign = Features(
        form="sequence",
        level="site",
        names=("a", "b"),
        values=features.values,
        offsets=features.offsets,
    )
    with pytest.raises(
        VitreousError,
        match="lstm reads coordinates from the columns x and y, but the features begin with",
    ):
        LSTM().fit([(foreign, labels)], [], np.random.default_rng(0), lambda *_: None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("precision", "8-bit"),
        ("optimizer", "sgd"),
        ("epochs", 0),
        ("units", 0),
        ("reflections", "twice"),
    ],
)
def test_impossible_fields_are_refused(field, value):
    with pytest.raises(VitreousError, match=f"{field}"):
        LSTM(**{field: value})


def test_two_devices_learn_the_same_task_and_report_every_epoch_once():
    logged = []
    model = LSTM(units=16, epochs=20, batch_size=8, learning_rate=0.01, devices=2).fit(
        [sequences(0), sequences(1)],
        [sequences(2)],
        np.random.default_rng(0),
        lambda *m: logged.append(m),
    )
    features, labels = sequences(3)
    assert np.corrcoef(model.predict(features), labels.values)[0, 1] > 0.9
    assert [step for name, _, step in logged if name == "validation_mse"] == list(range(20))


def test_two_processes_learn_what_one_does_to_rounding():
    """A batch of all examples is the mean of the batches of two processes, half of them each."""
    data, found = [sequences(0), sequences(1)], []
    count = sum(len(labels.values) for _, labels in data)
    for devices in (1, 2):
        fields = {"units": 8, "epochs": 3, "learning_rate": 0.01, "devices": devices}
        LSTM(batch_size=count // devices, **fields).fit(
            data, [sequences(2)], np.random.default_rng(0), lambda _, v, __: found.append(v)
        )
    assert len(found) == 2 * 6
    np.testing.assert_allclose(found[:6], found[6:], rtol=1e-5)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused_in_words():
    with pytest.raises(
        VitreousError, match="accelerator=gpu, devices=1, precision=32-true cannot be had here"
    ):
        LSTM(accelerator="gpu").fit([sequences(0)], [], np.random.default_rng(0), lambda *_: None)


def test_another_precision_than_the_one_asked_for_is_never_taken():
    with pytest.raises(
        VitreousError, match=r"precision=16-mixed cannot be had here \(it would be bf16-mixed\)"
    ):
        LSTM(precision="16-mixed").fit(
            [sequences(0)], [], np.random.default_rng(0), lambda *_: None
        )
    with pytest.raises(
        VitreousError,
        match=r"precision is 16-mixed, which needs a GPU; on the CPU take bf16-mixed or 32-true",
    ):
        LSTM(precision="16-mixed").refuse()


def test_half_precision_learns_too():
    model = LSTM(
        units=16, epochs=20, batch_size=16, learning_rate=0.01, precision="bf16-mixed"
    ).fit([sequences(0), sequences(1)], [sequences(2)], np.random.default_rng(0), lambda *_: None)
    features, labels = sequences(3)
    assert np.corrcoef(model.predict(features), labels.values)[0, 1] > 0.9


def test_averaged_over_the_half_turn_a_sequence_and_the_one_from_its_other_end_are_one():
    features, labels = sequences(0)
    fits = {
        r: LSTM(reflections=r, units=8, epochs=2).fit(
            [(features, labels)], [], np.random.default_rng(0), print
        )
        for r in ("none", "augment", "average")
    }
    reversed_rows = np.concatenate(
        [-features.values[a:b][::-1] for a, b in pairwise(features.offsets)]
    )
    turned = replace(features, values=reversed_rows)
    both = fits["augment"].predict(features), fits["augment"].predict(turned)
    assert np.abs(both[0] - both[1]).max() > 1e-3
    assert (
        np.abs(fits["none"].predict(features) - both[0]).max() > 1e-3
    )  # it was trained on the images
    for image in (features, turned):
        np.testing.assert_allclose(fits["average"].predict(image), np.mean(both, axis=0), rtol=1e-9)
