"""Shares of true values inside the intervals that an uncertainty promises."""

import numpy as np
import pytest
from glasses import glass, run

from vitreous.analysis.conformal import CONFIDENCES
from vitreous.plugins.evaluations.calibration import Calibration, coverage


def uncertain(factor: float, role: str = "test", first: int = 0, count: int = 40):
    """Glasses whose errors are normal with a known spread, claimed ``factor`` times as large."""
    made = []
    for index in range(first, first + count):
        rng = np.random.default_rng(index)
        spread = rng.uniform(0.5, 2.0, 42)
        truth = rng.normal(1.0, 0.2, 42)
        truth[3] = np.nan
        prediction = np.nan_to_num(truth) + spread * rng.normal(size=42)
        made.append(glass(index, truth, prediction, role=role, uncertainty=factor * spread))
    return made


def pooled(*samples):
    return Calibration().evaluate(run(*samples)).numbers["pooled"]


def test_shares_by_hand() -> None:
    """Ratios 0.5 and 3 of a normal law's deviation: one of two inside every interval wider than
    0.5, which begins at 40 %.
    """
    shares = coverage(np.array([3.0, 0.5]))
    assert shares.tolist() == [0.0] * 7 + [0.5] * 12 and CONFIDENCES[7] == 0.4


def test_a_calibrated_model_covers_what_it_claims_and_one_that_claims_too_little_does_not() -> None:
    assert pooled(*uncertain(1.0))["error"] < 0.02
    assert pooled(*uncertain(0.5))["error"] > 0.15
    assert pooled(*uncertain(1.0))["share_50"] == pytest.approx(0.5, abs=0.04)
    assert pooled(*uncertain(0.5))["share_95"] < pooled(*uncertain(1.0))["share_95"]


def test_intervals_set_on_validation_glasses_mend_a_wrong_claim() -> None:
    assert pooled(*uncertain(0.5, "validation", 40, 20), *uncertain(0.5, count=20))["error"] < 0.03
    assert pooled(*uncertain(0.5, "train", 40, 20), *uncertain(0.5, count=20))["error"] > 0.15


def test_errors_are_those_of_glasses_then_averaged() -> None:
    found = Calibration().evaluate(run(*uncertain(1.0, count=3)))
    each = [found.glasses[str(k)]["error"] for k in range(3)]
    assert (
        found.numbers["error"] == pytest.approx(np.mean(each))
        and min(each) > found.numbers["pooled"]["error"]
    )


def test_a_site_without_label_or_prediction_is_no_interval() -> None:
    (whole,) = uncertain(1.0, count=1)
    silent = whole.with_(prediction=np.where(np.arange(42) < 21, whole.prediction, np.nan))
    first = glass(
        0, whole.labels.values[:21], whole.prediction[:21], uncertainty=whole.uncertainty[:21]
    )
    assert pooled(silent) == pooled(first)


def test_of_one_label_per_glass_only_pooled_shares_are_defined() -> None:
    single = [glass(k, [0.0], [float(k)], level="sample", uncertainty=[1.0]) for k in range(3)]
    found = Calibration().evaluate(run(*single))
    assert found.numbers["error"] is None and found.numbers["pooled"]["share_95"] == pytest.approx(
        2 / 3
    )


def test_a_model_that_gave_no_uncertainty_has_no_calibration() -> None:
    found = Calibration().evaluate(run(glass(0, [1.0, 2.0], [1.0, 2.0])))
    assert not found.numbers and "no uncertainty" in found.text


def test_the_figure_shows_the_diagonal_and_the_pooled_shares() -> None:
    samples = uncertain(1.0)
    (axes,) = Calibration().evaluate(run(*samples)).figures["calibration"]().axes
    assert [line.get_label() for line in axes.lines] == ["calibrated", "test glasses"]
    assert list(axes.lines[1].get_xdata()) == list(CONFIDENCES)
    assert axes.lines[1].get_ydata()[9] == pooled(*samples)["share_50"]
