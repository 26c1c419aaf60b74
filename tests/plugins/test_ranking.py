"""C_rank and overlap: the extremes that the paper reports, hand calculation, ties and silence."""

import numpy as np
import pytest
from glasses import glass, run, shuffled_glasses
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from vitreous.core.data import Labels
from vitreous.core.errors import VitreousError
from vitreous.plugins.evaluations.ranking import Ranking, ranks

TRUTH = [1.0, 2.0, 3.0, 4.0]


def test_the_largest_and_least_value_are_those_of_the_paper() -> None:
    """0.5 % of 10,000 particles: 0.995 for a perfect map, -0.995 for its opposite."""
    d2min = np.random.default_rng(0).permutation(10_000).astype(float)
    evaluation = Ranking(fraction=0.005)
    for sign, c_rank, overlap in ((1.0, 0.995, 1.0), (-1.0, -0.995, 0.0)):
        row = evaluation.evaluate(run(glass(0, d2min, sign * d2min, weak_is="high"))).numbers[
            "model"
        ]
        assert row["c_rank"] == pytest.approx(c_rank) and row["overlap"] == overlap


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=30))
def test_ranks_are_the_distribution_function_with_a_site_itself_and_ties_counted_half(
    values,
) -> None:
    weak = np.array(values, dtype=float)
    np.testing.assert_allclose(
        ranks(weak), 2.0 * (rankdata(weak) - 0.5) / len(weak) - 1.0, atol=1e-12
    )


def test_by_hand() -> None:
    """The two weakest of four stand second and third in the map: CDF 1/8 + 1/2 and 1/8 + 1/4, one
    of them in its weakest half.
    """
    row = (
        Ranking(fraction=0.5)
        .evaluate(run(glass(0, TRUTH, [2.0, 3.0, 1.0, 4.0])))
        .glasses["0"]["model"]
    )
    assert row["c_rank"] == pytest.approx(2 * np.mean([5 / 8, 3 / 8]) - 1) and row["overlap"] == 0.5


def test_sites_of_events_count_once_each_and_through_the_boundary() -> None:
    one = glass(0, TRUTH, [4.0, 1.0, 2.0, 3.0], events=[1.1, 0.9, 9.8])
    row = Ranking(fraction=0.25).evaluate(run(one)).glasses["0"]["model"]
    assert (
        row["c_rank_events"] == pytest.approx(np.mean([0.75, -0.75]))
        and row["overlap_events"] == 0.5
    )


def test_a_glass_without_events_or_with_one_place_is_left_out() -> None:
    found = Ranking().evaluate(run(glass(0, TRUTH, TRUTH), glass(1, [1.0], [1.0], events=[0.0])))
    assert (
        found.glasses["0"]["model"]["c_rank_events"] is None
        and found.glasses["1"]["model"]["c_rank"] is None
    )
    assert found.numbers["model"]["c_rank"] == 0.75


def test_of_two_places_either_is_half_way_to_the_end() -> None:
    found = Ranking(fraction=0.5).evaluate(run(glass(0, [1.0, 2.0], [1.0, 2.0])))
    assert (
        found.glasses["0"]["model"] | {"c_rank": 0.5, "overlap": 1.0} == found.glasses["0"]["model"]
    )


def test_ties_and_constant_maps() -> None:
    row = (
        Ranking(fraction=0.25)
        .evaluate(run(glass(0, TRUTH, [7.0] * 4, events=[0.0])))
        .glasses["0"]["model"]
    )
    assert row == {"c_rank": 0.0, "overlap": 0.25, "c_rank_events": 0.0, "overlap_events": 0.25}
    tied = (
        Ranking(fraction=0.25)
        .evaluate(run(glass(0, [1.0, 1.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])))
        .glasses["0"]["model"]
    )
    assert tied["c_rank"] == pytest.approx((0.75 + 0.25) / 2) and tied["overlap"] == 0.5


def test_a_silent_site_is_a_blind_guess_and_in_no_fraction() -> None:
    row = (
        Ranking(fraction=0.25)
        .evaluate(run(glass(0, TRUTH, [np.nan, 2.0, 3.0, 4.0], events=[0.0])))
        .glasses["0"]["model"]
    )
    assert row == {"c_rank": 0.0, "overlap": 0.0, "c_rank_events": 0.0, "overlap_events": 0.0}


def test_pooled_rises_when_glasses_are_told_apart_and_the_mean_does_not() -> None:
    model = Ranking(fraction=0.05).evaluate(shuffled_glasses()).numbers["model"]
    assert (
        abs(model["c_rank"]) < 0.25
        and model["pooled"]["c_rank"] > 0.9
        and model["pooled"]["overlap"] > 0.9
    )


@pytest.mark.parametrize(("second", "below", "overlap"), [(0.55, 4.5, 0.5), (0.8, 6.5, 1.0)])
def test_of_classes_the_last_one_fails_and_a_model_ranks_by_its_probability(
    second, below, overlap
) -> None:
    """Two fertile of eight atoms: the likeliest, and the fourth or the second of the model's
    ranking.
    """
    kinds = np.array([0, 0, 1, 0, 0, 1, 0, 0], dtype=float)
    likely = np.array([0.2, 0.7, 0.9, 0.6, 0.1, second, 0.0, 0.3])
    labels = Labels(
        name="plastic_susceptibility",
        level="atom",
        task="class",
        classes=("stable", "fertile"),
        unit="1",
        values=kinds,
        mask=np.ones(8, dtype=bool),
        positions=np.column_stack([np.arange(8.0), np.zeros(8)]),
        weak_is="high",
    )
    one = glass(0, kinds, kinds).with_(
        labels=labels,
        predicted={
            "prediction": (likely > 0.5).astype(float),
            "uncertainty": None,
            "probabilities": np.column_stack([1.0 - likely, likely]),
        },
    )
    found = Ranking(fraction=0.005).evaluate(run(one)).numbers
    wanted = 2 * np.mean([7.5 / 8, below / 8]) - 1
    for row in (found["model"], found["model"]["pooled"]):
        assert (row["c_rank"], row["overlap"]) == (pytest.approx(wanted), overlap)
    assert found["true map"]["c_rank"] == pytest.approx(1 - 2 / 8)


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(VitreousError, match="between 0 and 1"):
        Ranking(fraction=1.0)
