"""Shares of the area by hand: ranks, ties, and sites of a slab seen from above."""

import numpy as np
import pytest

from vitreous.analysis.areas import ahead, columns, found_within, from_above
from vitreous.core.errors import VitreousError

AREA = np.array([1.0, 3.0, 4.0, 2.0])


def test_what_is_ahead_is_area_not_the_number_of_cells():
    riskier, tied = ahead(np.array([0.9, 0.8, 0.1, 0.5]), AREA, np.array([0, 1, 3, 2]))
    assert riskier == pytest.approx([0.0, 0.1, 0.4, 0.6])
    assert tied == pytest.approx([0.1, 0.3, 0.2, 0.4])


def test_cells_that_tie_are_marked_at_random_and_unknown_ones_last():
    """Protects constant maps, which find no more than random ones."""
    riskier, tied = ahead(np.array([0.5, 0.5, 0.5, -np.inf]), AREA, np.array([0, 3]))
    assert riskier == pytest.approx([0.0, 0.8]) and tied == pytest.approx([0.8, 0.2])
    found = found_within(np.array([0.2, 0.8, 0.9, 1.0]), riskier, tied)
    assert found[:, 0] == pytest.approx([0.25, 1.0, 1.0, 1.0])
    assert found[:, 1] == pytest.approx([0.0, 0.0, 0.5, 1.0])


def test_atoms_above_one_another_are_one_place_through_the_boundary_too():
    points = np.array([[0.001, 1.0, 3.0], [9.999, 1.0, -3.0], [5.0, 1.0, 3.0], [5.0, 4.0, 0.0]])
    cell = np.diag([10.0, 10.0, 30.0])
    seen, plane = from_above(points, cell, (True, True, False))
    of = columns(seen, plane)
    assert of[0] == of[1] and len(set(of)) == 3
    assert abs(np.linalg.det(plane)) == pytest.approx(100.0)


def test_a_tilted_cell_keeps_its_area_and_distances():
    cell = np.array([[10.0, 0.0, 0.0], [4.0, 9.0, 0.0], [0.0, 0.0, 20.0]])
    points = np.random.default_rng(0).random((6, 3)) @ cell
    seen, plane = from_above(points, cell, (True, True, False))
    assert abs(np.linalg.det(plane)) == pytest.approx(90.0)
    for way in (lambda of: of[1:] - of[0], lambda of: of[2:] - of[1]):
        flat = np.linalg.norm(way(points)[:, :2], axis=1)
        assert np.linalg.norm(way(seen), axis=1) == pytest.approx(flat)


def test_a_slab_may_lie_across_any_axis():
    """Protects which coordinates are left out: those across the periodic directions."""
    cell = np.diag([10.0, 30.0, 8.0])
    points = np.array([[1.0, 5.0, 2.0], [1.0, 9.0, 7.0]])
    seen, plane = from_above(points, cell, (True, False, True))
    assert abs(np.linalg.det(plane)) == pytest.approx(80.0)
    assert np.linalg.norm(seen[1] - seen[0]) == pytest.approx(5.0)
    assert pytest.approx(np.array([[0.1, 0.25], [0.1, 0.875]])) == (
        np.linalg.solve(plane.T, seen.T).T % 1.0
    )


def test_a_ribbon_has_no_area():
    with pytest.raises(VitreousError, match="this one has 1; leave areas out"):
        from_above(np.zeros((2, 2)), np.eye(2), (True, False))
