"""Boxes of goodness: quartiles and extremes over glasses, by event and by map."""

import numpy as np
import pytest

from vitreous.analysis.scores import MapScore, Scores
from vitreous.report.boxes import by_glass, goodness_boxes

ROWS = np.array([[0.0, 1.0], [0.4, 0.9], [0.8, np.nan], [1.0, 0.5], [0.6, 0.7]])


def test_rows_of_one_map_are_its_glasses():
    rows = tuple(
        MapScore(glass=k, name=n, nearest=row, within=row, pearson=1.0, spearman=1.0, coverage=1.0, event_coverage=1.0)
        for k, row in enumerate(ROWS)
        for n in "ab"
    )
    np.testing.assert_array_equal(by_glass(Scores(radius=1.0, events=2, rows=rows, chance=(0.0, 0.0)), "b"), ROWS)


def test_a_box_goes_from_quartile_to_quartile_and_its_whiskers_to_the_extremes():
    axes = goodness_boxes({"unseen": {"model": ROWS, "true map": 1.0 - ROWS}}).axes[0]
    boxes = [line for line in axes.lines if len(line.get_xdata()) == 5]
    assert len(boxes) == 4
    first = boxes[0].get_ydata()
    assert (min(first), max(first)) == pytest.approx(tuple(np.quantile(ROWS[:, 0], [0.25, 0.75])))
    assert min(min(line.get_ydata()) for line in axes.lines[1:3]) == 0.0
    means = next(line.get_ydata() for line in axes.lines if line.get_label() == "model")
    np.testing.assert_allclose(means, np.nanmean(ROWS, axis=0))


def test_an_event_that_no_glass_had_leaves_a_gap():
    axes = goodness_boxes({"unseen": {"model": np.array([[0.5, np.nan], [0.7, np.nan]])}}).axes[0]
    means = next(line.get_ydata() for line in axes.lines if line.get_label() == "model")
    assert means[0] == pytest.approx(0.6) and np.isnan(means[1])
