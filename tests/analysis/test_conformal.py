"""Intervals set on one set of glasses hold what they say on another, whatever law the errors
follow.
"""

import numpy as np
import pytest

from vitreous.analysis.conformal import CONFIDENCES, Intervals, errors, intervals
from vitreous.core.data import Configuration, Labels
from vitreous.core.sample import Sample


def glass(seed, places=400, uncertain=True, masked=0):
    """Errors that follow no normal law, of a size that the deviations know up to a constant."""
    rng = np.random.default_rng(seed)
    deviation = rng.uniform(0.5, 2.0, places)
    error = 7.0 * deviation * rng.standard_t(2, places)
    true = rng.normal(size=places)
    mask = np.arange(places) >= masked
    labels = Labels(
        name="delta_tau",
        level="site",
        unit="1",
        values=np.where(mask, true, np.nan),
        mask=mask,
        positions=np.zeros((places, 2)),
    )
    return Sample.of(
        index=seed,
        role="validation",
        trajectory=None,
        labels=labels,
        events=None,
        features=None,
        indicators=None,
        configuration=Configuration(
            positions=[[0.0, 0.0]],
            species=[0],
            names=("Si",),
            cell=np.eye(2),
            periodic=(True, True),
            units="lj",
        ),
        prediction=true + error,
        uncertainty=deviation if uncertain else None,
    )


def share_within(found, confidence, samples):
    inside = [
        np.abs(error) <= found.half_width(deviation, confidence)
        for error, deviation in errors(samples)
    ]
    return np.mean(np.concatenate(inside))


def test_intervals_hold_on_other_glasses_what_they_say():
    found = intervals([glass(k) for k in range(5)])
    others = [glass(k) for k in range(100, 120)]
    for confidence in (0.5, 0.68, 0.95):
        assert share_within(found, confidence, others) == pytest.approx(confidence, abs=0.02)
    assert (
        share_within(Intervals([0.05, 0.95], [0.063, 1.96], 1), 0.95, others) < 0.5
    )  # as a normal law would have it


def test_the_ratio_of_a_confidence_is_the_one_of_the_rank_that_the_theorem_names():
    one = glass(0, places=19)
    ratios = np.sort(np.abs(one.prediction - one.labels.values) / one.uncertainty)
    found = intervals([one])
    assert found.places == 19
    np.testing.assert_array_equal(found.ratio, ratios)  # 20 p = 1, 2, ..., 19
    assert found.deviation(np.array([2.0])) == pytest.approx(
        2.0 * np.interp(0.6827, CONFIDENCES, ratios)
    )


def test_places_without_a_label_do_not_enter():
    assert intervals([glass(0, masked=100)]).places == 300


def test_too_few_places_and_models_that_do_not_know_set_no_intervals():
    assert intervals([]) is None
    assert intervals([glass(0, places=18)]) is None
    assert intervals([glass(0, uncertain=False)]) is None


def test_a_confidence_beyond_the_table_is_refused():
    with pytest.raises(ValueError, match=r"the confidence is 0.99; expected 0.05 to 0.95"):
        intervals([glass(0)]).half_width(np.ones(1), 0.99)
