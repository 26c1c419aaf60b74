"""Overlap of predicted and true crack paths, by hand and against scikit-learn."""

import numpy as np
import pytest
from glasses import glass, run
from scipy.stats import hypergeom

from vitreous.core.errors import VitreousError
from vitreous.plugins.evaluations.crack_path import CrackPathOverlap, overlap

metrics = pytest.importorskip("sklearn.metrics")
PATH = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
FOUND = [0.9, 0.1, 0.8, 0.0, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0]


def crack(index, truth, predicted, **more):
    return glass(index, truth, predicted, level="atom", weak_is="high", **more)


def test_by_hand() -> None:
    """The two strongest marks are one atom of the path and one beside it."""
    row = CrackPathOverlap(fraction=0.2).evaluate(run(crack(0, PATH, FOUND))).glasses["0"]["model"]
    assert row["overlap"] == pytest.approx(1 / 3) and row["found"] == 0.5
    assert row["mcc"] == pytest.approx((1 * 7 - 1 * 1) / np.sqrt(2 * 2 * 8 * 8))
    assert row["mcc"] == pytest.approx(
        metrics.matthews_corrcoef(np.array(PATH) > 0.5, np.array(FOUND) > 0.5)
    )


def test_pooled_marks_are_those_of_each_glass() -> None:
    """A second glass with stronger values everywhere takes no marks from the first."""
    found = CrackPathOverlap(fraction=0.2).evaluate(
        run(crack(0, PATH, PATH), crack(1, PATH, np.add(PATH, 5.0)))
    )
    assert found.numbers["model"]["mcc"] == 1.0 and found.numbers["model"]["pooled"]["mcc"] == 1.0


def test_a_glass_without_a_crack_is_left_out_and_a_constant_map_marks_everything() -> None:
    whole, flat = crack(0, [0.0] * 10, FOUND), crack(1, PATH, [0.3] * 10)
    found = CrackPathOverlap(fraction=0.2).evaluate(run(whole, flat))
    assert set(found.glasses["0"]["model"].values()) == {None}
    assert (
        found.numbers["model"]["mcc"] == 0.0
        and found.numbers["model"]["overlap"] == 0.2
        and found.numbers["model"]["found"] == 1.0
    )


def test_a_share_of_less_than_a_site_marks_one() -> None:
    found = CrackPathOverlap(fraction=0.01).evaluate(run(crack(0, PATH, FOUND)))
    assert found.glasses["0"]["model"]["overlap"] == 0.5  # one of the two sites of the path


def test_the_figure_has_a_step_per_map_and_chance_at_no_correlation() -> None:
    found = CrackPathOverlap(fraction=0.2).evaluate(run(crack(0, PATH, FOUND)))
    (draw,) = found.figures.values()
    model, chance = draw().axes[0].lines
    assert (model.get_label(), chance.get_label()) == ("model", "chance")
    assert list(model.get_xdata()) == [-1.0, pytest.approx(found.numbers["model"]["mcc"])]
    assert list(chance.get_xdata()) == [0.0, 0.0]


def test_unknown_sites_are_left_out() -> None:
    silent = crack(0, [np.nan, *PATH[1:]], [*FOUND[:9], np.nan])
    row = CrackPathOverlap(fraction=0.25).evaluate(run(silent)).glasses["0"]["model"]
    assert row["found"] == 1.0 and row["overlap"] == 0.5


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(VitreousError, match="between 0 and 1"):
        CrackPathOverlap(fraction=0.0)


def test_chance_is_that_of_as_many_sites_drawn_at_random() -> None:
    """The mean over every number of hits among 20 of 100 sites, 30 of them of the path."""
    truth = [1.0] * 30 + [0.0] * 70
    found = CrackPathOverlap(fraction=0.2).evaluate(run(crack(0, truth, range(100))))
    hits = np.arange(21)
    rows = [overlap(np.array(truth) > 0.5, marks(k, 20 - k)) for k in hits]
    likely = hypergeom(100, 30, 20).pmf(hits)
    for name in ("mcc", "overlap", "found"):
        drawn = likely @ [row[name] for row in rows]
        assert found.numbers["chance"][name] == pytest.approx(drawn, abs=1e-9)
        assert found.numbers["chance"]["pooled"][name] == found.numbers["chance"][name]


def marks(hits: int, others: int) -> np.ndarray:
    """(100,) as many marks among the first 30 sites, and among the others."""
    return np.isin(np.arange(100), [*range(hits), *range(30, 30 + others)])


def test_chance_is_excluded_where_there_is_no_crack_and_the_distribution_is_drawn() -> None:
    found = CrackPathOverlap(fraction=0.2).evaluate(
        run(crack(0, [0.0] * 10, FOUND), crack(1, PATH, FOUND))
    )
    assert set(found.glasses["0"]["chance"].values()) == {None}
    assert found.numbers["chance"]["found"] == 0.2
    lines = {line.get_label() for line in found.figures["crack_path"]().axes[0].lines}
    assert lines == {"model", "chance"}
