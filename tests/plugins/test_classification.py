"""Weak places as a class: by hand, against scikit-learn, and where a score is not defined."""

import warnings

import numpy as np
import pytest
from glasses import glass, run, shuffled_glasses

from vitreous.core.errors import VitreousError
from vitreous.plugins.evaluations.classification import Classification

metrics = pytest.importorskip("sklearn.metrics")
TRUTH = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
FOUND = [1.0, 9.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 3.0, 10.0]


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_the_weakest_fraction_by_hand() -> None:
    """Two of ten are weak; the map finds one of them, and calls one other place weak. Ranked, the
    weak come first and ninth.
    """
    row = (
        Classification(fraction=0.2, k=0.1)
        .evaluate(run(glass(0, TRUTH, FOUND)))
        .glasses["0"]["model"]
    )
    assert row["weak"] == 0.2
    assert row["balanced_accuracy"] == pytest.approx((1 / 2 + 7 / 8) / 2)
    assert row["mcc"] == pytest.approx((1 * 7 - 1 * 1) / np.sqrt(2 * 2 * 8 * 8))
    assert row["average_precision"] == pytest.approx((1 / 1 + 2 / 9) / 2)
    assert row["precision_at_k"] == 1.0


@pytest.mark.parametrize(("k", "precision"), [(0.1, 1.0), (0.2, 1 / 2), (0.3, 1 / 3), (0.9, 2 / 9)])
def test_precision_at_k_is_that_of_the_weakest_share_of_the_map(k, precision) -> None:
    found = Classification(fraction=0.2, k=k).evaluate(run(glass(0, TRUTH, FOUND)))
    assert found.glasses["0"]["model"]["precision_at_k"] == pytest.approx(precision)


def test_precision_at_k_averages_over_ties() -> None:
    tied = [1.0, 1.0, 1.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    row = (
        Classification(fraction=0.2, k=0.2)
        .evaluate(run(glass(0, TRUTH, tied)))
        .glasses["0"]["model"]
    )
    assert row["precision_at_k"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("weak_is", ["low", "high"])
def test_thresholds_are_of_label_and_prediction_and_point_to_the_weak_side(weak_is) -> None:
    evaluation = Classification(fraction=None, threshold=3.0, predicted_threshold=2.0)
    row = evaluation.evaluate(run(glass(0, TRUTH, FOUND, weak_is=weak_is))).glasses["0"]["model"]
    side = 1 if weak_is == "high" else -1
    weak, called = side * np.array(TRUTH) >= side * 3.0, side * np.array(FOUND) >= side * 2.0
    assert row["weak"] == weak.mean()
    assert row["balanced_accuracy"] == metrics.balanced_accuracy_score(weak, called)
    assert row["mcc"] == pytest.approx(metrics.matthews_corrcoef(weak, called))
    assert row["average_precision"] == pytest.approx(
        metrics.average_precision_score(weak, side * np.array(FOUND))
    )


def test_an_indicator_has_no_classes_under_a_threshold_of_the_label() -> None:
    one = glass(0, TRUTH, indicators={"stretch": [-x for x in TRUTH]})
    weak_is = {"stretch": "high"}
    row = (
        Classification(fraction=None, threshold=3.0)
        .evaluate(run(one, weak_is=weak_is))
        .numbers["stretch"]
    )
    assert row["mcc"] is None and row["average_precision"] == 1.0
    assert row["pooled"]["mcc"] is None
    assert (
        Classification(fraction=0.3).evaluate(run(one, weak_is=weak_is)).numbers["stretch"]["mcc"]
        == 1.0
    )


def test_a_glass_of_one_class_has_no_score_and_is_left_out_of_the_mean() -> None:
    evaluation = Classification(fraction=None, threshold=3.0)
    found = evaluation.evaluate(run(glass(0, TRUTH, TRUTH), glass(1, np.add(TRUTH, 9.0), TRUTH)))
    assert found.glasses["1"]["model"]["mcc"] is None and found.glasses["1"]["model"]["weak"] == 0.0
    assert found.numbers["model"]["mcc"] == 1.0 and found.numbers["model"]["weak"] == 0.15


def test_a_constant_map_finds_nothing() -> None:
    row = (
        Classification(fraction=0.2, k=0.5)
        .evaluate(run(glass(0, TRUTH, [1.0] * 10)))
        .glasses["0"]["model"]
    )
    assert (
        row["mcc"],
        row["balanced_accuracy"],
        row["average_precision"],
        row["precision_at_k"],
    ) == (0.0, 0.5, 0.2, pytest.approx(0.2))


def test_unknown_sites_are_left_out_and_counted() -> None:
    truth, predicted = [*TRUTH[:9], np.nan], [np.nan, *FOUND[1:]]
    row = (
        Classification(fraction=0.2).evaluate(run(glass(0, truth, predicted))).glasses["0"]["model"]
    )
    assert row["sites"] == pytest.approx(8 / 9) and row["weak"] == pytest.approx(1 / 8)
    silent = Classification().evaluate(run(glass(0, TRUTH, [np.nan] * 10))).glasses["0"]["model"]
    assert silent["sites"] == 0.0 and silent["weak"] is None


def test_pooled_average_precision_also_rises_when_glasses_are_told_apart() -> None:
    found = Classification(fraction=None, threshold=30.0).evaluate(shuffled_glasses(8))
    assert found.numbers["model"]["pooled"]["average_precision"] > 0.95
    within = Classification(fraction=0.1).evaluate(shuffled_glasses())
    assert (
        abs(within.numbers["model"]["mcc"]) < 0.1
        and within.numbers["model"]["average_precision"] < 0.25
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"threshold": 1.0}, "expected one of them"),
        ({"fraction": None}, "expected one of them"),
        ({"predicted_threshold": 1.0}, "but no threshold"),
        ({"fraction": 1.5}, "between 0 and 1"),
        ({"k": 0.0}, "between 0 and 1"),
    ],
)
def test_impossible_fields_are_refused(fields, sentence) -> None:
    with pytest.raises(VitreousError, match=sentence):
        Classification(**fields)
