"""Boosted trees: scikit-learn's own predictions, from plain arrays."""

import numpy as np
import pytest

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError

ensemble = pytest.importorskip("sklearn.ensemble")
from vitreous.plugins.models.gradient_boosting import GradientBoosting  # noqa: E402

SMALL = GradientBoosting(trees=80, leaves=8)


def example(seed: int, count: int = 400):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, 4))
    values = np.sin(rows[:, 0]) + rows[:, 1] * rows[:, 2] + 0.1 * rng.normal(size=count)
    features = Features(form="vector", level="site", names=("a", "b", "c", "d"), values=rows)
    positions = np.zeros((count, 2))
    return features, Labels(
        name="y",
        level="site",
        unit="1",
        values=values,
        mask=np.ones(count, bool),
        positions=positions,
    )


def test_predictions_equal_those_of_scikit_learn():
    features, labels = example(0)
    rng = np.random.default_rng(0)
    ours = SMALL.fit([example(0)], [], rng, lambda *_: None).predict(example(1)[0])
    theirs = ensemble.HistGradientBoostingRegressor(
        max_iter=80,
        max_leaf_nodes=8,
        learning_rate=0.08,
        l2_regularization=1.0,
        early_stopping=False,
    ).fit(features.values, labels.values)
    np.testing.assert_allclose(ours, theirs.predict(example(1)[0].values), rtol=1e-12)


def test_the_number_of_trees_is_chosen_on_validation():
    logged = []
    fitted = GradientBoosting(trees=300, leaves=31, learning_rate=0.3, least_in_leaf=2, l2=0.0).fit(
        [example(0)], [example(1)], np.random.default_rng(0), lambda *m: logged.append(m)
    )
    best = int(np.argmin([value for _, value, _ in logged])) + 1
    assert len(fitted.arrays["roots"]) == best < 300
    features, labels = example(1)
    assert np.mean((fitted.predict(features) - labels.values) ** 2) == pytest.approx(
        min(value for _, value, _ in logged)
    )


def test_a_damaged_tree_is_refused(tmp_path):
    fitted = SMALL.fit([example(0)], [], np.random.default_rng(0), lambda *_: None)
    fitted.arrays["numbers"][0, 1] = 0.0  # the root is its own child: a loop
    fitted.save(tmp_path)
    with pytest.raises(VitreousError, match="damaged gradient_boosting model"):
        SMALL.load(tmp_path)


def test_impossible_fields_are_refused():
    with pytest.raises(
        VitreousError, match=r"gradient_boosting got leaves=1, l2=1.0; expected at least 2 leaves"
    ):
        GradientBoosting(leaves=1)


def classes(seed: int, count: int = 2000):
    """One in twenty is of the second class."""
    features, labels = example(seed, count)
    values = (labels.values > np.quantile(labels.values, 0.95)).astype(float)
    return features, Labels(
        name="c",
        level="site",
        unit="1",
        task="class",
        classes=("intact", "breaks"),
        values=values,
        mask=labels.mask,
        positions=labels.positions,
    )


def test_probabilities_of_classes_equal_those_of_scikit_learn_and_survive_saving(tmp_path):
    """Protects the stored trees of a classifier, and the weights of the rare class."""
    features, labels = classes(0)
    ours = SMALL.fit([classes(0)], [], np.random.default_rng(0), lambda *_: None)
    theirs = ensemble.HistGradientBoostingClassifier(
        max_iter=80,
        max_leaf_nodes=8,
        learning_rate=0.08,
        l2_regularization=1.0,
        early_stopping=False,
        class_weight="balanced",
    ).fit(features.values, labels.values)
    unseen = classes(1)[0]
    wanted = theirs.predict_proba(unseen.values)
    np.testing.assert_allclose(ours.probabilities(unseen), wanted, atol=1e-12)
    np.testing.assert_array_equal(ours.predict(unseen), theirs.predict(unseen.values))
    ours.save(tmp_path)
    np.testing.assert_array_equal(
        SMALL.load(tmp_path).probabilities(unseen), ours.probabilities(unseen)
    )


def test_the_number_of_trees_of_a_classifier_is_that_of_the_least_log_loss_per_class():
    """Protects the choice on validation glasses: unweighted, the rare class would not count."""
    from sklearn.metrics import log_loss

    logged = []
    fitted = GradientBoosting(trees=100, learning_rate=0.5, least_in_leaf=2, l2=0.0).fit(
        [classes(0)], [classes(1)], np.random.default_rng(0), lambda *m: logged.append(m)
    )
    losses = [value for name, value, _ in logged if name == "validation_log_loss"]
    assert len(fitted.arrays["roots"]) == int(np.argmin(losses)) + 1 < 100
    features, labels = classes(1)
    weight = np.where(labels.values == 1.0, 19.0, 1.0)
    wanted = log_loss(labels.values, fitted.probabilities(features)[:, 1], sample_weight=weight)
    assert min(losses) == pytest.approx(wanted, rel=1e-6)


def test_a_model_of_values_gives_no_probabilities():
    fitted = SMALL.fit([example(0)], [], np.random.default_rng(0), lambda *_: None)
    assert fitted.probabilities(example(1)[0]) is None


def test_classes_of_which_one_is_absent_are_refused():
    features, labels = classes(0)
    alone = Labels(
        name="c",
        level="site",
        unit="1",
        task="class",
        classes=("intact", "breaks"),
        values=np.zeros(len(labels)),
        mask=labels.mask,
        positions=labels.positions,
    )
    with pytest.raises(VitreousError, match="no site is of class 'breaks'"):
        SMALL.fit([(features, alone)], [], np.random.default_rng(0), lambda *_: None)
