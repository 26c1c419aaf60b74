"""Scores by hand, against SciPy, and where they must not depend on anything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vitreous.analysis.scores import TRUE_MAP, Measured, chance_within, goodness_of_places, locate, pearson, score_run, spearman
from vitreous.core.errors import VitreousError

CELL = 10.0 * np.eye(2)
LINE = np.column_stack([2.0 * np.arange(5), np.full(5, 5.0)])  # five places at x = 0, 2, 4, 6, 8


def test_goodness_by_hand() -> None:
    np.testing.assert_allclose(goodness_of_places(np.array([3.0, 1.0, 2.0, 5.0, 4.0]), "low"), [0.0, 1.0, 0.5, -1.0, -0.5])


def test_goodness_turns_with_the_orientation() -> None:
    values = np.array([3.0, 1.0, 2.0])
    np.testing.assert_allclose(goodness_of_places(values, "high"), -goodness_of_places(values, "low"))


def test_ties_share_their_mid_rank() -> None:
    np.testing.assert_allclose(goodness_of_places(np.array([1.0, 1.0, 2.0]), "low"), [0.5, 0.5, -1.0])
    np.testing.assert_allclose(goodness_of_places(np.full(4, 7.0), "low"), 0.0)


def test_unknown_places_do_not_count() -> None:
    values = np.array([np.nan, 1.0, 0.0, 2.0])
    np.testing.assert_allclose(goodness_of_places(values, "low", np.array([True, True, False, True])), [np.nan, 1.0, np.nan, -1.0])


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=40))
def test_goodness_averages_to_zero_and_sees_only_ranks(values: list[int]) -> None:
    c = goodness_of_places(np.array(values, dtype=float), "low")
    assert c.mean() == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(goodness_of_places(np.exp(np.array(values) / 3.0), "low"), c)


def test_events_find_places_through_the_cell_boundary() -> None:
    where = locate(np.array([[9.7, 5.0], [4.9, 5.0]]), LINE, np.ones(5, dtype=bool), CELL, (True, True), 1.8)
    assert where.nearest.tolist() == [0, 2]
    assert [sorted(where.places[a:b].tolist()) for a, b in zip(where.offsets, where.offsets[1:], strict=False)] == [[0, 4], [2, 3]]
    np.testing.assert_allclose(chance_within(where), 1 / 3)


def test_an_open_boundary_is_not_crossed_and_masked_places_are_passed_over() -> None:
    where = locate(np.array([[9.7, 5.0]]), LINE, np.array([1, 1, 1, 1, 0], dtype=bool), CELL, (False, False), 1.0)
    assert where.nearest.tolist() == [3] and len(where.places) == 0
    with pytest.raises(VitreousError, match="0 known values"):
        locate(np.zeros((1, 2)), LINE, np.zeros(5, dtype=bool), CELL, (True, True), 1.0)


def test_chance_level_of_the_best_within_a_radius() -> None:
    rng = np.random.default_rng(0)
    sites = np.stack(np.meshgrid(np.arange(20.0), np.arange(20.0)), -1).reshape(-1, 2)
    where = locate(np.array([[7.2, 3.1]]), sites, np.ones(400, dtype=bool), 20 * np.eye(2), (True, True), 1.5)
    best = [goodness_of_places(rng.random(400), "low")[where.places].max() for _ in range(4000)]
    assert np.mean(best) == pytest.approx(chance_within(where)[0], abs=0.01)


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=3, max_size=30))
def test_correlations_equal_scipy(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, dtype=float).T
    mask = np.ones(len(a), dtype=bool)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert np.isnan(pearson(a, b, mask)) and np.isnan(spearman(a, b, mask))
    else:
        assert pearson(a, b, mask) == pytest.approx(stats.pearsonr(a, b)[0], abs=1e-9)
        assert spearman(a, b, mask) == pytest.approx(stats.spearmanr(a, b)[0], abs=1e-9)


def test_a_run_by_hand() -> None:
    glass = Measured(
        index=3,
        truth=np.array([1.0, 2.0, 3.0, 4.0, np.nan]),
        weak_is="low",
        sites=LINE,
        cell=CELL,
        periodic=(True, True),
        events=np.array([[2.1, 5.0], [5.9, 5.0]]),
        maps={"model": np.array([1.0, 2.0, 4.0, 3.0, 0.0]), "stretch": np.array([9.0, 7.0, 5.0, 1.0, 0.0])},
        orientation={"stretch": "high"},
    )
    scores = score_run([glass], radius=2.2, events=3)
    assert scores.names == (TRUE_MAP, "model", "stretch")
    truth, model, stretch = scores.rows
    np.testing.assert_allclose(truth.nearest, [1 / 3, -1.0, np.nan])
    np.testing.assert_allclose(truth.within, [1.0, -1 / 3, np.nan])
    np.testing.assert_allclose(model.nearest, [1 / 3, -1 / 3, np.nan])
    assert model.pearson == pytest.approx(0.8) and model.spearman == pytest.approx(0.8)
    assert stretch.spearman == pytest.approx(1.0) and stretch.glass == 3
    np.testing.assert_allclose(scores.chance, [1 / 2, 1 / 3, np.nan])


def test_means_leave_out_events_that_did_not_happen() -> None:
    common = {"weak_is": "low", "sites": LINE, "cell": CELL, "periodic": (True, True)}
    one = Measured(index=0, truth=np.arange(5.0), events=LINE[:1], **common)
    two = Measured(index=1, truth=np.arange(5.0), events=LINE[[4, 0]], **common)
    mean = score_run([one, two], radius=0.5, events=3).mean(TRUE_MAP)
    np.testing.assert_allclose(mean.nearest, [0.0, 1.0, np.nan])
