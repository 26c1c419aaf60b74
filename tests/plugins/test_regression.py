"""Errors of predicted values: scikit-learn's, glass by glass and pooled; and the parity plot of
what was drawn.
"""

from dataclasses import replace

import numpy as np
import pytest
from glasses import glass, run, shuffled_glasses
from hypothesis import given
from hypothesis import strategies as st

from vitreous.plugins.evaluations.regression import Regression, errors, parity

finite = st.floats(-5, 5)


@given(st.lists(st.tuples(finite, finite), min_size=2, max_size=20))
def test_errors_are_those_of_scikit_learn(pairs) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    true, predicted = np.array(pairs).T
    found = errors(true, predicted)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(true, predicted))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(true, predicted))
    if np.ptp(true) > 1e-3:
        assert found["r2"] == pytest.approx(metrics.r2_score(true, predicted), abs=1e-9)


def test_by_hand_glass_by_glass_and_pooled() -> None:
    one = glass(0, [0.0, 2.0, np.nan], [1.0, 2.0, 9.0])
    two = glass(1, [4.0, 6.0], [4.0, np.nan])
    found = Regression().evaluate(run(one, two))
    assert found.glasses["0"] == {
        "rmse": pytest.approx(np.sqrt(0.5)),
        "mae": 0.5,
        "r2": 0.5,
        "sites": 1.0,
    }
    assert found.glasses["1"] == {"rmse": 0.0, "mae": 0.0, "r2": None, "sites": 0.5}
    assert found.numbers["rmse"] == pytest.approx(np.sqrt(0.5) / 2) and found.numbers["r2"] == 0.5
    assert found.numbers["pooled"]["rmse"] == pytest.approx(np.sqrt(1 / 3))
    assert found.numbers["pooled"]["r2"] == pytest.approx(1 - 1 / 8)


def test_a_model_that_only_tells_glasses_apart_explains_nothing_within_a_glass() -> None:
    found = Regression().evaluate(shuffled_glasses())
    assert found.numbers["pooled"]["r2"] > 0.99 and found.numbers["r2"] < -0.5


def test_one_value_throughout_has_no_r2_and_no_label_no_error() -> None:
    assert errors(np.full(3, 0.1), np.zeros(3))["r2"] is None
    assert set(errors(np.zeros(0), np.zeros(0)).values()) == {None}
    assert not Regression().evaluate(run(glass(0, [np.nan], [1.0]))).numbers


def test_of_one_value_per_glass_the_headline_is_pooled() -> None:
    single = [glass(k, [float(k)], [k + 0.5], level="sample") for k in range(4)]
    found = Regression().evaluate(run(*single))
    assert found.numbers["r2"] is None and found.numbers["pooled"]["r2"] == pytest.approx(
        1 - 4 * 0.25 / 5
    )
    assert "gap is predicted to 0.5 sigma (rms), R² = 0.800" in found.headline
    assert Regression().evaluate(run(glass(0, [1.0, 2.0], [1.0, 2.0]))).headline == ""


def test_the_parity_plot_has_true_values_across_and_a_panel_per_role() -> None:
    train, test = (
        glass(0, [1.0, 2.0], [1.5, 2.5], role="train"),
        glass(1, [3.0, 5.0, np.nan], [4.0, np.nan, 6.0]),
    )
    learnt, unseen = parity(run(train, test)).axes
    assert learnt.get_title() == "train: 1 glass" and unseen.get_title() == "test: 1 glass"
    assert unseen.lines[0].get_xdata().tolist() == [3.0] and unseen.lines[
        0
    ].get_ydata().tolist() == [4.0]
    assert list(learnt.lines[1].get_xdata()) == [1.0, 4.0]  # the diagonal spans all that is shown
    assert learnt.get_xlim() == unseen.get_xlim() and learnt.get_ylim() == unseen.get_ylim()
    assert unseen.get_xlabel() == "true gap (σ)" and learnt.get_ylabel() == "predicted gap (σ)"
    assert "over 50 % of the labelled sites" in unseen.texts[0].get_text()


def test_training_glasses_do_not_count() -> None:
    good, bad = glass(0, [1.0, 2.0], [1.0, 2.0]), glass(1, [1.0, 2.0], [9.0, 9.0])
    assert (
        Regression()
        .evaluate(run(good, replace(bad, case=replace(bad.case, role="train"))))
        .numbers["rmse"]
        == 0.0
    )
