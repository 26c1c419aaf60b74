"""How far a place lies from where a glass ends."""

import numpy as np
import pytest

from vitreous.mechanics.boundary import across, clearance

CORNERS = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 2.0]])
CELL = np.diag([10.0, 10.0])


def test_a_rectangle_ends_at_its_sides():
    sites = np.array([[2.0, 1.0], [1.0, 1.9], [5.0, 1.0]])
    np.testing.assert_allclose(clearance(CORNERS, CELL, (False, False), sites), [1.0, 0.1, -1.0])


@pytest.mark.parametrize("cell", [CELL, np.array([[10.0, 0.0], [3.0, 10.0]])])
def test_a_strip_ends_above_and_below_only(cell):
    sites = np.array([[2.0, 0.5], [-7.0, 1.0], [2.0, 2.5]])
    np.testing.assert_allclose(clearance(CORNERS, cell, (True, False), sites), [0.5, 1.0, -0.5])


def test_across_a_tilted_strip_is_the_direction_normal_to_it():
    direction = across(np.array([[1.0, 1.0], [0.0, 3.0]]), (True, False))
    np.testing.assert_allclose(np.abs(direction[:, 0]), np.sqrt(0.5))


def test_a_periodic_glass_does_not_end_and_a_line_of_atoms_has_no_inside():
    assert clearance(CORNERS, CELL, (True, True), CORNERS)[0] == np.inf
    line = np.column_stack([np.arange(5.0), np.zeros(5)])
    assert clearance(line, CELL, (False, False), line)[0] == -np.inf
