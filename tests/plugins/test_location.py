"""Distance from the predicted to the true position, through the periodic boundaries."""

from dataclasses import replace

import numpy as np
import pytest
from glasses import SIDE, glass, run

from vitreous.core.data import Labels
from vitreous.core.errors import VitreousError
from vitreous.plugins.evaluations.location import Location


def located(index, true, predicted, role="test"):
    """A glass whose position is ``true`` and predicted, both in fractions of the cell."""
    one = glass(index, [0.0], None, role=role)
    values = np.array([true], dtype=float)
    labels = Labels(
        name="fracture_location",
        level="sample",
        task="position",
        unit="1",
        components=("x", "y"),
        values=values,
        mask=np.isfinite(values),
        positions=np.nan_to_num(values) * SIDE,
    )
    return one.with_(labels=labels, prediction=np.array([predicted], dtype=float))


def test_by_hand_through_the_boundary():
    found = Location(radius=2.5).evaluate(
        run(located(0, [0.1, 0.5], [0.9, 0.5]), located(1, [0.2, 0.2], [0.5, 0.6]))
    )
    assert found.glasses["0"]["error"] == pytest.approx(2.0)
    assert found.glasses["1"]["error"] == pytest.approx(5.0)
    assert found.numbers["error"] == pytest.approx(3.5) == found.numbers["median"]
    assert found.numbers["within"] == 0.5
    units = {column.unit for table in found.tables for column in table.columns}
    assert "sigma" in units and "epsilon" not in units


def test_predictions_beyond_the_cell_are_the_same_positions():
    found = Location().evaluate(run(located(0, [0.1, 0.5], [1.9, -0.5])))
    assert found.numbers["error"] == pytest.approx(2.0)


def test_an_open_boundary_is_not_crossed():
    one = located(0, [0.1, 0.5], [0.9, 0.5])
    one = one.with_(configuration=replace(one.configuration, periodic=(False, True)))
    assert Location().evaluate(run(one)).glasses["0"]["error"] == pytest.approx(8.0)


def test_chance_is_that_of_a_random_position():
    """The mean distance of the centre of a square of side 1 from its points is 0.3826."""
    found = Location(radius=2.0).evaluate(run(located(0, [0.3, 0.8], [0.3, 0.8])))
    assert found.numbers["chance"] == pytest.approx(0.38260 * SIDE, rel=1e-3)
    assert found.numbers["chance_within"] == pytest.approx(np.pi * 4.0 / SIDE**2, rel=0.03)
    assert found.numbers["error"] == 0.0


def test_glasses_without_a_label_and_those_of_training_are_left_out():
    unknown = located(1, [np.nan, np.nan], [0.2, 0.2])
    found = Location().evaluate(
        run(located(0, [0.1, 0.1], [0.1, 0.2]), unknown, located(2, [0, 0], [0.5, 0.5], "train"))
    )
    assert list(found.glasses) == ["0"] and found.numbers["error"] == pytest.approx(1.0)
    assert not Location().evaluate(run(unknown)).numbers


def test_the_figure_is_the_share_of_glasses_below_each_error():
    found = Location().evaluate(
        run(located(0, [0.1, 0.1], [0.1, 0.2]), located(1, [0.1, 0.1], [0.1, 0.4]))
    )
    (axes,) = found.figures["location"]().axes
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [0.0, 1.0, 3.0])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.0, 0.5, 1.0])


def test_a_radius_must_be_positive():
    with pytest.raises(VitreousError, match="location radius is 0; expected a positive length"):
        Location(radius=0)
