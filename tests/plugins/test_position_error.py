"""Distance from a map's weakest place to an event, through the boundary, in sides of the cell."""

from dataclasses import replace

import numpy as np
import pytest
from glasses import glass, run

from vitreous.analysis.neighborhoods import image_distance
from vitreous.core.errors import VitreousError
from vitreous.plugins.evaluations.position_error import PositionError

TRUTH = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]  # places at x = 0 ... 9 of a side of 10


def test_by_hand_through_the_boundary() -> None:
    predicted = TRUTH[::-1]  # weakest at x = 9
    row = PositionError().evaluate(run(glass(0, TRUTH, predicted, events=[1.0, 9.0]))).glasses["0"]
    assert row["model"]["error"] == pytest.approx(0.2) and row["true map"][
        "error"
    ] == pytest.approx(0.1)
    assert row["model"]["chance"] == pytest.approx(0.25)  # the mean of 0, 1, 1, 2, 2, ... 5 tenths
    second = (
        PositionError(event=2)
        .evaluate(run(glass(0, TRUTH, predicted, events=[1.0, 9.0])))
        .glasses["0"]
    )
    assert second["model"]["error"] == 0.0


def test_glasses_whose_map_is_silent_or_missing_count_neither_in_means_nor_in_the_figure() -> None:
    known = glass(0, TRUTH, TRUTH[::-1], events=[1.0])
    silent, without = (glass(k, TRUTH, p, events=[1.0]) for k, p in ((1, [np.nan] * 10), (2, None)))
    found = PositionError().evaluate(run(known, silent, without))
    assert found.numbers["model"]["error"] == pytest.approx(0.2)
    (draw,) = found.figures.values()
    (line,) = (line for line in draw().axes[0].lines if line.get_label() == "model")
    assert 0.2 in np.round(line.get_xdata(), 12)


def test_an_open_boundary_is_not_crossed() -> None:
    one = glass(0, TRUTH, TRUTH[::-1], events=[1.0])
    one = one.with_(configuration=replace(one.configuration, periodic=(False, True)))
    assert PositionError().evaluate(run(one)).glasses["0"]["model"]["error"] == pytest.approx(0.8)


def test_in_a_tilted_cell_the_nearest_of_all_images_counts() -> None:
    cell = np.array([[10.0, 0.0], [4.9, 5.0]])
    rng = np.random.default_rng(0)
    points, place = rng.random((50, 2)) @ cell, np.array([0.3, 4.8])
    images = [
        np.linalg.norm(points + [i, j] @ cell - place, axis=1)
        for i in range(-3, 4)
        for j in range(-3, 4)
    ]
    np.testing.assert_allclose(
        image_distance(points, place, cell, (True, True)), np.min(images, axis=0)
    )


def test_a_constant_map_has_the_error_of_chance_and_a_silent_one_none() -> None:
    flat = PositionError().evaluate(run(glass(0, TRUTH, [1.0] * 10, events=[3.0]))).numbers["model"]
    assert flat["error"] == pytest.approx(flat["chance"])
    assert (
        PositionError()
        .evaluate(run(glass(0, TRUTH, [np.nan] * 10, events=[3.0])))
        .numbers["model"]["error"]
        is None
    )


def test_a_glass_without_such_an_event_is_left_out() -> None:
    one, none = glass(0, TRUTH, TRUTH, events=[0.0, 5.0]), glass(1, TRUTH, TRUTH, events=[3.0])
    found = PositionError(event=2).evaluate(run(one, none))
    assert list(found.glasses) == ["0"] and found.numbers["model"]["error"] == pytest.approx(0.5)
    assert not PositionError().evaluate(run(glass(0, TRUTH, TRUTH))).numbers


def test_mean_median_and_the_curve_of_errors() -> None:
    glasses = [glass(k, TRUTH, TRUTH, events=[float(x)]) for k, x in enumerate((0, 1, 5))]
    found = PositionError().evaluate(run(*glasses))
    assert found.numbers["model"] == {
        "error": pytest.approx(0.2),
        "median": pytest.approx(0.1),
        "chance": pytest.approx(0.25),
    }
    (axes,) = found.figures["position_error"]().axes
    line = next(line for line in axes.lines if line.get_label() == "model")
    np.testing.assert_allclose(line.get_xdata(), [0.0, 0.0, 0.1, 0.5])
    np.testing.assert_allclose(line.get_ydata(), [0.0, 1 / 3, 2 / 3, 1.0])


def test_an_event_before_the_first_is_refused() -> None:
    with pytest.raises(VitreousError, match="1 for the first"):
        PositionError(event=0)
