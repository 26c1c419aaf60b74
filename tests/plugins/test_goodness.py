"""Prediction goodness of a run: by hand, glass by glass, and the boxes of its quartiles. (The score
itself: tests/analysis.)
"""

from dataclasses import replace

import numpy as np
import pytest
from glasses import glass, run, shuffled_glasses

from vitreous.analysis.axes import COLOURS, MODEL_COLOUR
from vitreous.core.errors import VitreousError
from vitreous.plugins.evaluations._goodness_figures import goodness_boxes, goodness_curves
from vitreous.plugins.evaluations.goodness import Goodness, nearest_by_glass

ROWS = np.array([[0.0, 1.0], [0.4, 0.9], [0.8, np.nan], [1.0, 0.5], [0.6, 0.7]])
RANKED = [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_run_by_hand() -> None:
    """C of five places, weak first, is 1, 1/2, 0, -1/2, -1."""
    first = glass(0, RANKED, [2.0, 1.0, 3.0, 4.0, 5.0], events=[0.2, 3.1])
    second = glass(1, RANKED, RANKED, events=[1.0])
    found = Goodness(events=2, radius=0.5).evaluate(run(first, second))
    assert found.glasses["0"]["model"]["nearest"] == {"event_1": 0.5, "event_2": -0.5}
    assert found.glasses["1"]["model"]["nearest"] == {"event_1": 0.5, "event_2": None}
    assert found.numbers["true map"]["nearest"] == {"event_1": 0.75, "event_2": -0.5}
    assert found.numbers["model"]["nearest"] == {"event_1": 0.5, "event_2": -0.5}
    assert found.numbers["model"]["coverage"] == {"sites": 1.0, "events": 1.0}
    assert found.numbers["radius"] == 0.5


def test_the_pooled_ranking_is_that_of_all_sites() -> None:
    """Of ten places, those of the weak glass first, an event at its second has C = 1 - 2/9, one at
    the strong one's first 1 - 10/9.
    """
    weak, strong = (
        glass(0, RANKED, RANKED, events=[1.0]),
        glass(1, np.add(RANKED, 10.0), np.add(RANKED, 10.0), events=[0.0]),
    )
    found = Goodness(events=1).evaluate(run(weak, strong))
    assert found.numbers["model"]["nearest"]["event_1"] == 0.75
    assert found.numbers["model"]["pooled"]["nearest"]["event_1"] == pytest.approx(
        ((1 - 2 / 9) + (1 - 10 / 9)) / 2
    )


def test_a_model_that_only_tells_glasses_apart_scores_chance() -> None:
    found = Goodness(events=1).evaluate(shuffled_glasses(60))
    assert (
        abs(found.numbers["model"]["nearest"]["event_1"]) < 0.25
    )  # three standard errors of 60 blind guesses


def test_indicators_are_turned_to_their_weak_side_and_others_are_not_scored() -> None:
    one = glass(
        0,
        RANKED,
        events=[0.0],
        indicators={"stretch": RANKED[::-1], "density": RANKED, "colour": RANKED},
    )
    found = Goodness(events=1).evaluate(run(one, weak_is={"stretch": "high", "density": "high"}))
    at_first = {
        name: found.numbers[name]["nearest"]["event_1"]
        for name in ("true map", "stretch", "density")
    }
    assert at_first == {"true map": 1.0, "stretch": 1.0, "density": -1.0}
    assert "colour" not in found.numbers and "model" not in found.numbers
    assert (
        "1.00 for stretch, the best indicator that needs no learning; 1.00 for the true map"
        in found.headline
    )


def test_a_silent_site_is_a_blind_guess_and_coverage_says_so() -> None:
    silent = [np.nan, np.nan, 3.0, 4.0, 5.0]
    found = Goodness(events=1).evaluate(run(glass(0, RANKED, silent, events=[0.0])))
    assert found.numbers["model"]["nearest"]["event_1"] == 0.0
    assert found.numbers["model"]["coverage"] == {"sites": 0.6, "events": 0.0}
    assert "covers 60 % of the sites" in found.headline


def test_a_constant_map_and_a_glass_without_labels_score_nothing() -> None:
    flat = glass(0, RANKED, [1.0] * 5, events=[0.0])
    empty = glass(1, [np.nan] * 5, RANKED, events=[0.0])
    found = Goodness(events=1).evaluate(run(flat, empty))
    assert found.glasses["0"]["model"]["nearest"]["event_1"] == 0.0
    assert found.glasses["1"]["true map"]["nearest"]["event_1"] == 0.0
    assert (
        found.numbers["true map"]["nearest"]["event_1"] == 0.5
    )  # the glass of which nothing is known counts


def test_only_test_glasses_are_scored_and_boxes_show_the_others_beside_them() -> None:
    test = glass(0, RANKED, RANKED, events=[0.0])
    train = glass(1, RANKED, RANKED[::-1], role="train", events=[0.0])
    found = Goodness(events=1).evaluate(run(test, train))
    assert list(found.glasses) == ["0"] and found.numbers["model"]["nearest"]["event_1"] == 1.0
    learnt, unseen = found.figures["goodness_boxes"]().axes
    assert [axes.get_title() for axes in (learnt, unseen)] == [
        "training and validation glasses",
        "test glasses",
    ]
    means = [
        next(line.get_ydata() for line in axes.lines if line.get_label() == "model")
        for axes in (learnt, unseen)
    ]
    assert [m.tolist() if hasattr(m, "tolist") else list(m) for m in means] == [[-1.0], [1.0]]


def test_boxes_show_the_indicator_that_does_best_at_the_first_event() -> None:
    one = glass(
        0, RANKED, RANKED, events=[0.0], indicators={"worse": RANKED[::-1], "better": RANKED}
    )
    found = Goodness(events=1).evaluate(run(one, weak_is={"worse": "low", "better": "low"}))
    (axes,) = found.figures["goodness_boxes"]().axes
    shown = {line.get_label() for line in axes.lines}
    assert "better" in shown and "worse" not in shown


def test_training_glasses_without_events_have_no_boxes() -> None:
    train = glass(1, RANKED, RANKED, role="train")
    found = Goodness(events=1).evaluate(run(glass(0, RANKED, RANKED, events=[0.0]), train))
    (axes,) = found.figures["goodness_boxes"]().axes
    assert axes.get_title() == "test glasses"


def test_a_glass_without_events_has_no_goodness_and_no_figure() -> None:
    found = Goodness().evaluate(run(glass(0, RANKED, RANKED, events=[])))
    assert set(found.numbers["model"]["nearest"].values()) == {None}
    assert not found.figures
    assert "no test glass" in Goodness().evaluate(run()).text.lower()


@pytest.mark.parametrize("fields", [{"events": 0}, {"radius": -1.0}])
def test_impossible_fields_are_refused(fields) -> None:
    with pytest.raises(VitreousError, match="expected"):
        Goodness(**fields)


def test_a_box_goes_from_quartile_to_quartile_and_its_whiskers_to_the_extremes() -> None:
    axes = goodness_boxes({"unseen": {"model": ROWS, "true map": 1.0 - ROWS}}).axes[0]
    boxes = [line for line in axes.lines if len(line.get_xdata()) == 5]
    assert len(boxes) == 4
    first = boxes[0].get_ydata()
    assert (min(first), max(first)) == pytest.approx(tuple(np.quantile(ROWS[:, 0], [0.25, 0.75])))
    assert min(min(line.get_ydata()) for line in axes.lines[1:3]) == 0.0
    means = next(line.get_ydata() for line in axes.lines if line.get_label() == "model")
    np.testing.assert_allclose(means, np.nanmean(ROWS, axis=0))


def test_no_two_maps_look_alike_with_or_without_a_model() -> None:
    maps = {name: ROWS for name in ("true map", "stretch variance", "lstm", "cnn", "gnn")}
    figure = goodness_boxes({"unseen": maps, "learnt": dict(reversed(maps.items()))}, "gnn")
    drawn = [
        {
            line.get_label(): (line.get_color(), line.get_marker(), line.get_linestyle())
            for line in axes.lines
            if line.get_label() in {name.replace("_", " ") for name in maps}
        }
        for axes in figure.axes
    ]
    assert drawn[0] == drawn[1]
    for looks in drawn:
        assert len(looks) == 5 and len(set(looks.values())) == 5
        assert looks["true map"][0] == COLOURS[0] and looks["gnn"][0] == MODEL_COLOUR


def test_an_event_that_no_glass_had_leaves_a_gap() -> None:
    axes = goodness_boxes({"unseen": {"model": np.array([[0.5, np.nan], [0.7, np.nan]])}}).axes[0]
    means = next(line.get_ydata() for line in axes.lines if line.get_label() == "model")
    assert means[0] == pytest.approx(0.6) and np.isnan(means[1])


def test_the_curves_are_the_means_and_the_level_of_chance() -> None:
    one, two = glass(0, RANKED, RANKED, events=[0.0]), glass(1, RANKED, RANKED[::-1], events=[1.0])
    evaluation = Goodness(events=1, radius=1.1)
    scores = evaluation.scores([one, two], {})
    np.testing.assert_array_equal(nearest_by_glass(scores, "model"), [[1.0], [-0.5]])
    nearest, within = goodness_curves(scores, "sigma").axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in nearest.lines}
    assert drawn["model"] == [0.25] and drawn["true map"] == [0.75] and drawn["chance"] == [0.0]
    assert next(
        list(line.get_ydata()) for line in within.lines if line.get_label() == "chance"
    ) == [pytest.approx((1 / 3 + 1 / 2) / 2)]


def test_the_default_radius_is_one_spacing_of_the_grid() -> None:
    one = glass(0, RANKED, RANKED, events=[0.0])
    labels = replace(one.labels, grid=(5, 1))
    assert Goodness().evaluate(run(one.with_(labels=labels))).numbers["radius"] == 10.0
    assert Goodness().evaluate(run(one)).numbers["radius"] == pytest.approx(np.sqrt(100.0 / 5))
