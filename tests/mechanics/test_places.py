"""Separate places of an event, by hand: a square lattice of which some atoms are moved."""

import numpy as np
import pytest

from vitreous.mechanics.quasistatic.places import nearest_distance, separate_places

CELL, PERIODIC = np.diag([12.0, 12.0]), (True, True)
SITES = np.stack(np.meshgrid(np.arange(12), np.arange(12), indexing="ij"), -1).reshape(-1, 2) + 0.5


def moved(*atoms, by=1.0):
    """Displacements (144, 2) of the atoms at (x, y)."""
    shift = np.zeros(SITES.shape)
    for x, y in atoms:
        shift[12 * x + y, 0] = by
    return shift


@pytest.mark.parametrize(
    ("atoms", "places"),
    [
        ([(3, 3)], 1),
        ([(3, 3), (3, 5)], 1),  # two neighbour distances apart
        ([(3, 3), (3, 6)], 2),  # three
        ([(3, 0), (3, 11)], 1),  # neighbours across the boundary
        ([(3, 3), (3, 5), (3, 7), (9, 9)], 2),  # a chain is one place
    ],
)
def test_atoms_that_moved_are_linked_over_two_and_a_half_neighbour_distances(atoms, places):
    assert separate_places(SITES, CELL, PERIODIC, moved(*atoms), 1.0) == places


def test_what_moved_by_less_than_a_third_of_the_largest_does_not_count():
    small, large = moved((8, 8), by=0.33), moved((8, 8), by=0.34)
    assert separate_places(SITES, CELL, PERIODIC, moved((2, 2)) + small, 1.0) == 1
    assert separate_places(SITES, CELL, PERIODIC, moved((2, 2)) + large, 1.0) == 2


def test_the_nearest_distance_is_that_of_positions_in_the_cell():
    """Atoms that have drifted into other cells are neighbours all the same."""
    drifted = SITES + 12.0 * np.random.default_rng(0).integers(-2, 3, SITES.shape)
    assert nearest_distance(drifted, CELL, PERIODIC) == pytest.approx(1.0)
    assert nearest_distance(SITES[:1], CELL, PERIODIC) == np.inf
