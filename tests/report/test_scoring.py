"""Which glasses a run is judged on, how far from an event a weak place counts, which
end is weak.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
from test_write import sample, write_report

from vitreous.analysis.run_maps import event_sites, grid_spacing
from vitreous.core.data import Configuration, Loading
from vitreous.core.run import Run
from vitreous.plugins.evaluations.goodness import Goodness

ROLES = ("train", "validation", "test")


def text_of(paths):
    return re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", paths[0].read_text())


def run_of(*samples):
    return Run(loadings=(Loading(),), samples=samples)


@pytest.mark.parametrize("judged", ROLES)
def test_the_headline_scores_the_test_glasses_and_no_others(judged, tmp_path):
    """Predictions follow the truth on the glasses of one role, and oppose it on all others."""
    samples = []
    for index, role in enumerate(ROLES):
        one = sample(index, role)
        samples.append(
            one.with_(
                prediction=np.nan_to_num(one.labels.values, nan=1.0)
                * (1.0 if role == judged else -1.0)
            )
        )
    html = text_of(write_report(run_of(*samples), tmp_path, "vitreous run"))
    r = "1.000" if judged == "test" else "−1.000"
    assert re.search(rf"On test glasses, [^.]*r = {r}", html)
    assert "1 glass for training, 1 for validation, 1 for test, split by glass." in html


def gridded(cell, grid):
    """A sample whose places form a grid in this cell, or none."""
    one, cell = sample(0, "test"), np.array(cell, dtype=float)
    glass = Configuration(
        positions=np.zeros((1, len(cell))),
        species=[0],
        names=("A",),
        cell=cell,
        periodic=(True,) * len(cell),
        units="lj",
    )
    m = int(np.prod(grid)) if grid else 24
    labels = replace(
        one.labels,
        values=np.ones(m),
        mask=np.ones(m, bool),
        positions=np.zeros((m, len(cell))),
        grid=tuple(grid),
        columns={},
    )
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
def test_the_default_radius_is_the_spacing_of_the_sites(cell, grid, radius):
    assert grid_spacing(gridded(cell, grid)) == pytest.approx(radius)


def test_scores_use_the_default_radius_unless_one_is_given():
    one = sample(2, "test")
    spacing = np.max(np.linalg.norm(one.configuration.cell, axis=1) / [6, 7])
    assert Goodness().evaluate(run_of(one)).numbers["radius"] == pytest.approx(spacing)
    assert spacing > 1.5  # a radius of 1 would reach no place but the nearest
    assert Goodness(radius=0.25).evaluate(run_of(one)).numbers["radius"] == 0.25


def test_events_are_taken_in_the_order_of_strain():
    one = sample(2, "test")
    late_first = replace(
        one.events, columns={**one.events.columns, "strain": np.array([0.09, 0.08])}
    )
    np.testing.assert_array_equal(
        event_sites(one.with_(events=late_first)), one.events.positions[::-1]
    )
    np.testing.assert_array_equal(event_sites(one), one.events.positions)
    assert event_sites(one.with_(events=None)).shape == (0, 2)


def test_an_indicator_turned_round_has_the_opposite_scores():
    one = sample(2, "test")
    high, low = (
        Goodness().scores([one], {"stretch_variance": side}).mean("stretch_variance")
        for side in ("high", "low")
    )
    np.testing.assert_allclose(high.nearest, -low.nearest)
