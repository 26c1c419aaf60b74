"""Logistic regression: probabilities that add up, of chosen columns, stored without loss."""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.plugins.models.logistic import Logistic

NAMES = ("rate", "angle", "noise")


def glass(seed, rows=2000, classes=("intact", "breaks")):
    """One site in a hundred or so breaks, where rate and angle are large."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)) * [0.1, 0.3, 1e3] + [0.0, 2.4, 0.0]
    odds = -6.0 + 15.0 * x[:, 0] + 3.0 * (x[:, 1] - 2.4)
    y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-odds))).astype(float)
    y[::50] = np.nan
    labels = Labels(
        name="first_break",
        level="atom",
        unit="1",
        values=y,
        mask=np.isfinite(y),
        positions=np.zeros((rows, 2)),
        task="class",
        classes=classes,
        weak_is="high",
    )
    return Features(form="vector", level="atom", names=NAMES, values=x), labels, odds


def fitted(glasses, **fields):
    examples = [(f, labels) for f, labels, _ in glasses]
    return Logistic(**fields).fit(examples, [], np.random.default_rng(0), lambda *_: None)


@pytest.fixture(scope="module")
def glasses():
    return [glass(seed) for seed in range(6)]


def test_probabilities_are_those_that_drew_the_labels(glasses):
    found = fitted(glasses, columns=("rate", "angle"), C=1e3)
    new, _, odds = glass(99)
    told = found.probabilities(new)
    np.testing.assert_allclose(told.sum(axis=1), 1.0)
    ours = np.log(told[:, 1] / told[:, 0])
    assert np.abs(ours - odds).mean() < 0.4
    np.testing.assert_array_equal(found.predict(new), (told[:, 1] >= 0.5).astype(float))


def test_they_add_up_over_the_training_to_the_number_of_the_rare_class(glasses):
    found = fitted(glasses, C=1e6)
    told = sum(found.probabilities(f)[labels.mask, 1].sum() for f, labels, _ in glasses)
    assert told == pytest.approx(
        sum(labels.values[labels.mask].sum() for _, labels, _ in glasses), rel=1e-3
    )


def test_only_the_chosen_columns_are_read(glasses):
    found = fitted(glasses, columns=("rate", "ang*"))
    features = glasses[0][0]
    scrambled = np.array(features.values)
    scrambled[:, 2] = 7.0
    other = Features(form="vector", level="atom", names=NAMES, values=scrambled)
    np.testing.assert_array_equal(found.probabilities(other), found.probabilities(features))
    everything = fitted(glasses).probabilities(features)
    assert not np.array_equal(everything, found.probabilities(features))


def test_a_stronger_penalty_makes_smaller_weights(glasses):
    weak, strong = (np.abs(fitted(glasses, C=C).weight[0]) for C in (1e3, 1e-3))
    assert strong < 0.5 * weak


def test_saved_and_loaded_it_answers_the_same_whatever_the_batch(glasses, tmp_path):
    found = fitted(glasses, columns=("rate", "angle"))
    found.save(tmp_path)
    loaded, features = Logistic().load(tmp_path), glasses[0][0]
    told = found.probabilities(features)
    np.testing.assert_array_equal(loaded.probabilities(features), told)
    one = Features(form="vector", level="atom", names=NAMES, values=features.values[5:6])
    np.testing.assert_allclose(loaded.probabilities(one), told[5:6], rtol=1e-12)
    with np.load(tmp_path / "arrays.npz") as stored:
        arrays = {**stored, "chosen": np.array([0.0, 7.0])}
    np.savez(tmp_path / "arrays.npz", **arrays)
    with pytest.raises(VitreousError, match="do not fit together"):
        Logistic().load(tmp_path)


def test_bad_parameters_columns_and_classes_are_refused(glasses):
    with pytest.raises(VitreousError, match="expected at least one column, C > 0"):
        Logistic(C=0.0)
    with pytest.raises(VitreousError, match="no feature fits logistic columns length; the"):
        fitted(glasses, columns=("rate", "length"))
    with pytest.raises(VitreousError, match="hold 2 of the 3 classes a, b, c"):
        fitted([glass(0, classes=("a", "b", "c"))])
    features, labels, odds = glass(0)
    intact = replace(labels, values=np.where(labels.mask, 0.0, np.nan))
    with pytest.raises(VitreousError, match="hold 1 of the 2 classes intact, breaks"):
        fitted([(features, intact, odds)])
