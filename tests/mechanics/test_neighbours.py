"""Neighbour lists agree with matscipy in cells of any shape and size."""

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.mechanics.neighbours import neighbour_list

matscipy = pytest.importorskip("matscipy.neighbours")


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize(
    ("length", "radius", "atoms"),
    [(20.0, 3.0, 300), (5.0, 6.0, 30)],
    ids=["large cell", "cell below the cutoff"],
)
def test_distances_equal_those_of_matscipy(dimension, length, radius, atoms):
    rng = np.random.default_rng(1)
    cell = np.eye(dimension) * length
    cell[1, 0], cell[0, 0] = 0.3 * length, 1.2 * length
    positions = rng.uniform(-1.0, 2.0, (atoms, dimension)) @ cell  # not wrapped into the cell
    found = neighbour_list(positions, cell, (True,) * dimension, radius)
    full_cell, full = np.eye(3) * 50.0, np.zeros((atoms, 3))
    full_cell[:dimension, :dimension], full[:, :dimension] = cell, positions
    expected = matscipy.neighbour_list(
        "d",
        positions=full,
        cell=full_cell,
        pbc=[True] * dimension + [False] * (3 - dimension),
        cutoff=radius,
    )
    distances = np.linalg.norm(found.vectors(positions, cell), axis=1)
    np.testing.assert_allclose(np.sort(np.repeat(distances, 2)), np.sort(expected), atol=1e-12)


def test_free_boundaries_have_no_images():
    positions = np.array([[0.1, 0.1], [9.9, 0.1]])
    assert len(neighbour_list(positions, np.eye(2) * 10.0, (False, True), 1.0).j) == 0
    assert len(neighbour_list(positions, np.eye(2) * 10.0, (True, True), 1.0).j) == 1


@pytest.mark.parametrize("where", [-1e308, 1e308, 1e18, np.nan, np.inf, 40.0 * 12.0])
@pytest.mark.parametrize("periodic", [(True, True, True), (True, True, False)])
def test_an_atom_that_is_nowhere_is_refused(where, periodic):
    """One coordinate of -1e308 ended the process."""
    positions = np.random.default_rng(0).uniform(0.0, 12.0, (50, 3))
    positions[7, 0] = where
    with pytest.raises(VitreousError, match="more than 28 cells away from another"):
        neighbour_list(positions, 12.0 * np.eye(3), periodic, 3.0)
    if not all(periodic):
        positions[7] = [1.0, 1.0, where]
        if not np.abs(where) < 1e12:
            with pytest.raises(VitreousError, match="more than 28 cells away"):
                neighbour_list(positions, 12.0 * np.eye(3), periodic, 3.0)


def test_wide_cells_take_no_memory_for_their_emptiness():
    """512 bins along each side take a gigabyte; there are two atoms."""
    import tracemalloc

    positions = np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 1.0], [5e3, 5e3, 5e3]])
    neighbour_list(positions, 1e4 * np.eye(3), (True,) * 3, 3.0)  # compiles
    tracemalloc.start()
    found = neighbour_list(positions, 1e4 * np.eye(3), (True,) * 3, 3.0)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    assert [index.tolist() for index in found.pairs()] == [[0], [1]]


def test_cells_thinner_than_their_images_can_be_counted_are_refused():
    with pytest.raises(VitreousError, match=r"the cell is 0.01 across, and 3 reaches over more"):
        neighbour_list(np.zeros((1, 3)), 0.01 * np.eye(3), (True,) * 3, 3.0)
