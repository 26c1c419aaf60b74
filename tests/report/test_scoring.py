"""Which glasses a run is judged on, how far from an event a weak place counts, which end is weak."""

import re
from dataclasses import replace

import numpy as np
import pytest
from test_write import sample
from vitreous.report.scoring import default_radius, event_places, measured, score_samples

from vitreous.core.data import Configuration, Loading
from vitreous.core.run import Run
from vitreous.report.write import write_report

ROLES = ("train", "validation", "test")


def text_of(paths):
    return re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", paths[0].read_text())


@pytest.mark.parametrize("judged", ROLES)
def test_the_headline_scores_the_test_glasses_and_no_others(judged, tmp_path):
    """Predictions follow the truth on the glasses of one role, and oppose it on all others."""
    samples = []
    for index, role in enumerate(ROLES):
        one = sample(index, role)
        samples.append(
            replace(
                one,
                prediction=np.nan_to_num(one.labels.values, nan=1.0) * (1.0 if role == judged else -1.0),
            )
        )
    html = text_of(write_report(Run(loadings=(Loading(),), samples=tuple(samples)), tmp_path, "vitreous run"))
    r = "1.000" if judged == "test" else "-1.000"
    assert f"On glasses never seen, predicted and true map correlate with r = {r} (ranks: {r})." in html
    assert "1 glasses for training, 1 for validation, 1 for test, split by glass." in html
    assert "mean over 1 test glass:" in html


def test_the_headline_takes_the_goodness_of_the_model_for_the_models(tmp_path):
    one = sample(2, "test")
    scores = score_samples([one])
    html = text_of(write_report(Run(loadings=(Loading(),), samples=(one,)), tmp_path, "vitreous run"))
    model, truth = scores.mean("model").nearest[0], scores.mean("true map").nearest[0]
    assert f"{model:.2f}" != f"{truth:.2f}"
    assert f"Goodness at the first event: {model:.2f} for the model, {truth:.2f} for the true map." in html


def gridded(cell, grid):
    """A sample whose places form a grid in this cell, or none."""
    one, cell = sample(0, "test"), np.array(cell, dtype=float)
    glass = Configuration(
        positions=np.zeros((1, len(cell))), species=[0], names=("A",), cell=cell, periodic=(True,) * len(cell), units="lj"
    )  # fmt: skip
    m = int(np.prod(grid)) if grid else 24
    labels = replace(
        one.labels, values=np.ones(m), mask=np.ones(m, bool), positions=np.zeros((m, len(cell))), grid=tuple(grid), columns={}
    )  # fmt: skip
    return one.with_(configuration=glass, labels=labels)


@pytest.mark.parametrize(
    ("cell", "grid", "radius"),
    [
        (np.diag([12.0, 8.0]), (6, 8), 2.0),
        (np.diag([12.0, 8.0]), (8, 2), 4.0),
        ([[3.0, 4.0], [0.0, 6.0]], (10, 20), 0.5),  # the first lattice vector is 5 long
        (np.diag([4.0, 6.0]), (), 1.0),  # 24 places without a grid on an area of 24
        (np.diag([8.0, 8.0, 3.0]), (), 2.0),  # and in a volume of 192
    ],
)
def test_the_default_radius_is_the_spacing_of_the_places(cell, grid, radius):
    assert default_radius(gridded(cell, grid)) == pytest.approx(radius)


def test_scores_use_the_default_radius_unless_one_is_given():
    one = sample(2, "test")
    spacing = np.max(np.linalg.norm(one.configuration.cell, axis=1) / [6, 7])
    assert score_samples([one]).radius == pytest.approx(spacing)
    assert spacing > 1.5  # a radius of 1 would reach no place but the nearest
    assert score_samples([one], radius=0.25).radius == 0.25


def test_events_are_taken_in_the_order_of_strain():
    one = sample(2, "test")
    late_first = replace(one.events, columns={**one.events.columns, "strain": np.array([0.09, 0.08])})
    np.testing.assert_array_equal(event_places(one.with_(events=late_first)), one.events.positions[::-1])
    np.testing.assert_array_equal(event_places(one), one.events.positions)
    assert event_places(one.with_(events=None)).shape == (0, 2)


def test_each_map_is_judged_by_the_side_that_marks_its_weak_places():
    one = sample(2, "test")
    found = measured(one, {"stretch_variance": "high"})
    assert set(found.maps) == {"model", "stretch_variance"}
    assert found.orientation == {"model": one.labels.weak_is, "stretch_variance": "high"}
    np.testing.assert_array_equal(found.maps["model"], one.prediction)
    np.testing.assert_array_equal(found.truth, one.labels.values)
    column = one.indicators.values[:, one.indicators.names.index("stretch_variance")]
    np.testing.assert_array_equal(found.maps["stretch_variance"], column)


def test_an_indicator_turned_round_has_the_opposite_scores():
    one = sample(2, "test")
    high, low = (score_samples([one], orientation={"stretch_variance": side}).mean("stretch_variance") for side in ("high", "low"))
    assert high.pearson == pytest.approx(-low.pearson)
    np.testing.assert_allclose(high.nearest, -low.nearest)


def test_glasses_without_places_have_no_scores():
    one = sample(2, "test")
    whole = one.with_(labels=replace(one.labels, level="sample"))
    assert score_samples([whole]) is None
    assert score_samples([whole, one]).mean("model").glass == -1
