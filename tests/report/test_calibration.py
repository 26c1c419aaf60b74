"""Coverage of the intervals that an uncertainty promises."""

import numpy as np
from test_write import sample

from vitreous.analysis.conformal import intervals
from vitreous.report.calibration import calibration, calibration_error, coverage


def uncertain(factor: float):
    """Glasses whose errors are normal with a known spread, claimed ``factor`` times as large."""
    made = []
    for index in range(40):
        one = sample(index, "test")
        rng = np.random.default_rng(index)
        spread = rng.uniform(0.5, 2.0, len(one.labels))
        prediction = np.nan_to_num(one.labels.values) + spread * rng.normal(size=len(spread))
        made.append(one.with_(prediction=prediction, uncertainty=factor * spread))
    return made


def test_a_calibrated_model_covers_what_it_claims():
    confidence, share = coverage(uncertain(1.0))
    np.testing.assert_allclose(share, confidence, atol=0.04)
    assert calibration_error(uncertain(1.0)) < 0.02


def test_claiming_too_little_shows():
    assert calibration_error(uncertain(0.5)) > 0.15
    assert (coverage(uncertain(0.5))[1] < coverage(uncertain(1.0))[1]).all()


def test_intervals_set_on_other_glasses_mend_a_wrong_claim():
    held_out, judged = uncertain(0.5)[:20], uncertain(0.5)[20:]
    assert calibration_error(judged, intervals(held_out)) < 0.03
    assert calibration_error(judged) > 0.15
    _, share = coverage(judged, intervals(held_out))
    (axes,) = calibration(judged, intervals(held_out)).axes
    np.testing.assert_allclose(axes.lines[1].get_ydata(), share)


def test_a_model_that_knows_no_uncertainty_has_no_calibration():
    glasses = [sample(0, "test")]
    assert coverage(glasses) is None
    assert calibration(glasses) is None
    assert np.isnan(calibration_error(glasses))


def test_the_figure_shows_the_diagonal_and_the_shares():
    (axes,) = calibration(uncertain(1.0)).axes
    assert [line.get_label() for line in axes.lines] == ["calibrated", "test glasses"]
    np.testing.assert_allclose(axes.lines[1].get_ydata(), coverage(uncertain(1.0))[1])
