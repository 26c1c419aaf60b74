"""Neighbour lists agree with matscipy in cells of any shape and size."""

import numpy as np
import pytest

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
