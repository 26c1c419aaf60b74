"""Scores by hand, against SciPy, and where they must not depend on anything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitreous.analysis.scores import (
    TRUE_MAP,
    Measured,
    chance_within,
    event_goodness,
    goodness_of_sites,
    locate,
    score_run,
    weakest_share,
)
from vitreous.core.errors import VitreousError

CELL = 10.0 * np.eye(2)
LINE = np.column_stack([2.0 * np.arange(5), np.full(5, 5.0)])  # five sites at x = 0, 2, 4, 6, 8


def test_goodness_by_hand() -> None:
    np.testing.assert_allclose(
        goodness_of_sites(np.array([3.0, 1.0, 2.0, 5.0, 4.0]), "low"), [0.0, 1.0, 0.5, -1.0, -0.5]
    )


def test_of_two_sites_the_weaker_is_perfect_and_the_other_perfectly_wrong() -> None:
    np.testing.assert_array_equal(goodness_of_sites(np.array([1.0, 2.0]), "low"), [1.0, -1.0])


def test_goodness_turns_with_the_orientation() -> None:
    values = np.array([3.0, 1.0, 2.0])
    np.testing.assert_allclose(goodness_of_sites(values, "high"), -goodness_of_sites(values, "low"))


def test_ties_share_their_mid_rank() -> None:
    np.testing.assert_allclose(
        goodness_of_sites(np.array([1.0, 1.0, 2.0]), "low"), [0.5, 0.5, -1.0]
    )
    np.testing.assert_allclose(goodness_of_sites(np.full(4, 7.0), "low"), 0.0)


def test_a_site_without_a_value_is_as_likely_weaker_as_stronger_than_any_other() -> None:
    np.testing.assert_allclose(
        goodness_of_sites(np.array([np.nan, 1.0, 2.0, np.nan, 2.0]), "low"),
        [0.0, 0.5, -0.25, 0.0, -0.25],
    )
    np.testing.assert_array_equal(goodness_of_sites(np.array([np.nan, 7.0, np.nan]), "high"), 0.0)
    np.testing.assert_array_equal(goodness_of_sites(np.full(3, np.nan), "low"), 0.0)
    assert np.isnan(goodness_of_sites(np.ones(1), "low")).all()


@given(st.lists(st.one_of(st.integers(-5, 5), st.none()), min_size=2, max_size=40))
def test_goodness_is_the_formula_of_the_paper_with_half_a_site_for_each_unknown_one(
    values: list[int | None],
) -> None:
    weak = [-np.nan if v is None else -float(v) for v in values]
    others = [[(a, b) for j, b in enumerate(weak) if j != i] for i, a in enumerate(weak)]
    shares = [
        sum(1.0 if b > a else 0.0 if b < a else 0.5 for a, b in pairs) / (len(weak) - 1)
        for pairs in others
    ]
    found = goodness_of_sites(-np.array(weak), "low")
    np.testing.assert_allclose(found, 1.0 - 2.0 * np.array(shares), atol=1e-12)
    assert abs(found.mean()) < 1e-12
    assert (
        np.abs(found).max()
        <= max(sum(v is not None for v in values) - 1, 0) / (len(values) - 1) + 1e-12
    )


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=40))
def test_goodness_averages_to_zero_and_sees_only_ranks(values: list[int]) -> None:
    c = goodness_of_sites(np.array(values, dtype=float), "low")
    assert c.mean() == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(goodness_of_sites(np.exp(np.array(values) / 3.0), "low"), c)


def test_events_find_sites_through_the_cell_boundary() -> None:
    where = locate(np.array([[9.7, 5.0], [4.9, 5.0]]), LINE, CELL, (True, True), 1.8)
    assert where.nearest.tolist() == [0, 2]
    assert [
        sorted(where.sites[a:b].tolist())
        for a, b in zip(where.offsets, where.offsets[1:], strict=False)
    ] == [[0, 4], [2, 3]]
    np.testing.assert_allclose(chance_within(where), 1 / 3)


def test_a_site_at_the_very_radius_is_within_it() -> None:
    where = locate(np.array([[5.0, 5.0]]), LINE, CELL, (True, True), 1.0)
    assert sorted(where.sites.tolist()) == [2, 3]
    assert not len(locate(np.array([[5.0, 5.0]]), LINE, CELL, (True, True), 0.999).sites)


def test_an_open_boundary_is_not_crossed_and_a_map_needs_sites() -> None:
    where = locate(np.array([[9.7, 5.0]]), LINE, CELL, (False, False), 1.0)
    assert where.nearest.tolist() == [4] and len(where.sites) == 0
    with pytest.raises(VitreousError, match="0 sites"):
        locate(np.zeros((1, 2)), np.zeros((0, 2)), CELL, (True, True), 1.0)


def test_chance_level_of_the_best_within_a_radius() -> None:
    rng = np.random.default_rng(0)
    sites = np.stack(np.meshgrid(np.arange(20.0), np.arange(20.0)), -1).reshape(-1, 2)
    where = locate(np.array([[7.2, 3.1]]), sites, 20 * np.eye(2), (True, True), 1.5)
    best = [goodness_of_sites(rng.random(400), "low")[where.sites].max() for _ in range(4000)]
    assert np.mean(best) == pytest.approx(chance_within(where)[0], abs=0.01)


def test_the_weakest_share_counts_ties_in_part_and_never_what_is_unknown() -> None:
    weak = np.array([5.0, 3.0, 3.0, 3.0, np.nan, 1.0])
    np.testing.assert_allclose(weakest_share(weak, 1), [1, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(weakest_share(weak, 3), [1, 2 / 3, 2 / 3, 2 / 3, 0, 0])
    np.testing.assert_allclose(weakest_share(weak, 6), [1, 1, 1, 1, 0, 1])
    assert weakest_share(np.full(4, 7.0), 2).tolist() == [0.5] * 4


def test_a_run_by_hand() -> None:
    glass = Measured(
        index=3,
        truth=np.array([1.0, 2.0, 3.0, 4.0, np.nan]),
        weak_is="low",
        sites=LINE,
        cell=CELL,
        periodic=(True, True),
        events=np.array([[2.1, 5.0], [5.9, 5.0]]),
        maps={
            "model": np.array([1.0, 2.0, 4.0, 3.0, 0.0]),
            "stretch": np.array([9.0, np.nan, 5.0, 1.0, 0.0]),
        },
        orientation={"stretch": "high"},
    )
    scores = score_run([glass], radius=2.2, events=3)
    assert scores.names == (TRUE_MAP, "model", "stretch")
    truth, model, stretch = scores.rows
    np.testing.assert_allclose(truth.nearest, [1 / 4, -3 / 4, np.nan])
    np.testing.assert_allclose(
        truth.within, [3 / 4, (3 / 8) ** 2, np.nan]
    )  # the second: of -1/4, -3/4 and a guess
    np.testing.assert_allclose(model.nearest, [0.0, -1 / 2, np.nan])
    np.testing.assert_allclose(model.within, [1 / 2, 1.0, np.nan])
    np.testing.assert_allclose(stretch.nearest, [0.0, -1 / 4, np.nan])
    assert stretch.glass == 3
    assert (truth.coverage, model.coverage, stretch.coverage) == (0.8, 1.0, 0.8)
    assert (truth.event_coverage, model.event_coverage, stretch.event_coverage) == (1.0, 1.0, 0.5)
    np.testing.assert_allclose(scores.chance, [1 / 2, 1 / 2, np.nan])


def test_means_leave_out_events_that_did_not_happen() -> None:
    common = {"weak_is": "low", "sites": LINE, "cell": CELL, "periodic": (True, True)}
    one = Measured(index=0, truth=np.arange(5.0), events=LINE[:1], **common)
    two = Measured(index=1, truth=np.arange(5.0), events=LINE[[4, 0]], **common)
    mean = score_run([one, two], radius=0.5, events=3).mean(TRUE_MAP)
    np.testing.assert_allclose(mean.nearest, [0.0, 1.0, np.nan])


def test_an_event_where_nothing_is_known_counts_as_a_blind_guess_and_in_the_mean() -> None:
    silent = np.array([np.nan, 1.0, 2.0, 3.0, 4.0])
    common = {
        "weak_is": "low",
        "sites": LINE,
        "cell": CELL,
        "periodic": (True, True),
        "events": LINE[:1],
    }
    known = Measured(index=0, truth=np.arange(5.0), maps={"model": np.arange(5.0)}, **common)
    unknown = Measured(index=1, truth=silent, maps={"model": silent}, **common)
    scores = score_run([known, unknown], radius=0.5, events=2)
    for name in (TRUE_MAP, "model"):
        mean = scores.mean(name)
        np.testing.assert_allclose(mean.nearest, [0.5, np.nan])
        np.testing.assert_allclose(mean.within, [0.5, np.nan])
        assert mean.coverage == pytest.approx(0.9) and mean.event_coverage == pytest.approx(0.5)
        assert [row.event_coverage for row in scores.rows if row.name == name] == [1.0, 0.0]


SITES = np.stack(np.meshgrid(np.arange(10.0), np.arange(10.0)), -1).reshape(-1, 2)
TRUTH = np.random.default_rng(7).permutation(100).astype(float)
EVENTS = np.argsort(TRUTH)[:6]  # the weakest sites fail
# of a map of noise, by its own ranks from 0 to 1, weak to strong, the ranks of the true map, and
# chance
SILENCES = {
    "nowhere": lambda own, truth, luck: np.zeros(100, dtype=bool),
    "everywhere": lambda own, truth, luck: np.ones(100, dtype=bool),
    "here and there": lambda own, truth, luck: luck < 0.4,
    "where it says strong": lambda own, truth, luck: own > 0.3,
    "where it says weak": lambda own, truth, luck: own < 0.6,
    "where it says neither": lambda own, truth, luck: np.abs(own - 0.5) < 0.3,
    "where the glass is strong": lambda own, truth, luck: truth > 0.3,
    "where the glass is weak": lambda own, truth, luck: (truth < 0.5) & (luck < 0.7),
    "where the glass fails": lambda own, truth, luck: (truth < 0.04) & (luck < 0.7),
}


def mean_scores(silence, maps: int = 800):
    """Mean C by event, at the nearest site and within a radius, of many maps of noise; the chance
    level within it; the mean coverage.
    """
    rng = np.random.default_rng(0)
    truth = (TRUTH + 0.5) / 100
    noise = {}
    for k in range(maps):
        own = (rng.permutation(100) + 0.5) / 100
        noise[str(k)] = np.where(silence(own, truth, rng.random(100)), np.nan, own)
    glass = Measured(
        index=0,
        truth=TRUTH,
        weak_is="low",
        sites=SITES,
        cell=10 * np.eye(2),
        periodic=(True, True),
        events=SITES[EVENTS],
        maps=noise,
    )
    scores = score_run([glass], radius=1.1)
    rows = scores.rows[1:]
    return (
        np.mean([row.nearest for row in rows], axis=0),
        np.mean([row.within for row in rows], axis=0),
        np.array(scores.chance),
        np.mean([row.coverage for row in rows]),
    )


@pytest.mark.parametrize("silence", SILENCES)
def test_noise_scores_nothing_wherever_it_is_silent(silence: str) -> None:
    nearest, within, chance, coverage = mean_scores(SILENCES[silence])
    np.testing.assert_allclose(nearest, 0.0, atol=0.08)  # four standard errors
    assert abs(nearest.mean()) < 0.035
    np.testing.assert_allclose(chance, 2 / 3)
    assert within.mean() < 2 / 3 + 0.02
    if coverage in (0.0, 1.0):
        assert within.mean() == pytest.approx(2 / 3, abs=0.02)


@pytest.mark.parametrize("tolerance", [0.2, 0.3, 0.4])
def test_hiding_errors_pays_no_more_than_guessing_there_and_far_less_than_leaving_events_out(
    tolerance: float,
) -> None:
    """A map that is silent exactly where it is wrong is right elsewhere: a partial answer, worth at
    most its share of the sites.
    """

    def wrong(own, truth, luck):
        return np.abs(own - truth) > tolerance

    def guessed(own, truth, luck):
        guesses = own[wrong(own, truth, luck)]
        own[wrong(own, truth, luck)] = guesses[np.argsort(luck[: len(guesses)])]
        return np.zeros(100, dtype=bool)

    nearest, _, _, coverage = mean_scores(wrong)
    by_guesses, *_ = mean_scores(guessed)
    answered = (
        tolerance + (TRUTH[EVENTS].mean() + 0.5) / 100
    )  # of the events: a weak site is right up to the tolerance above its own rank
    assert (
        nearest.mean() / answered / coverage > 0.5
    )  # what the known events alone would score, ranked among known sites
    assert nearest.mean() < answered * coverage
    assert nearest.mean() < by_guesses.mean() + 0.02


def test_the_weakest_of_known_sites_and_guesses_is_that_of_many_guesses() -> None:
    values = np.append(np.random.default_rng(1).permutation(98).astype(float), [np.nan, np.nan])
    sites = np.column_stack([np.arange(100.0), np.zeros(100)])
    where = locate(np.array([[98.0, 0.0]]), sites, np.diag([200.0, 1.0]), (False, False), 1.2)
    assert where.sites.tolist() == [97, 98, 99]
    nearest, within = event_goodness(values, "low", where)
    known, guesses = (
        goodness_of_sites(values, "low")[97],
        np.random.default_rng(2).uniform(-1.0, 1.0, (200_000, 2)),
    )
    assert nearest[0] == 0.0
    assert within[0] == pytest.approx(np.maximum(guesses.max(axis=1), known).mean(), abs=5e-3)
    assert event_goodness(np.full(100, np.nan), "low", where)[1][0] == pytest.approx(
        chance_within(where)[0]
    )
