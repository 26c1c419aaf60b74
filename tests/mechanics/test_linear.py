"""The parts of a linear solution whose bits later results depend on."""

import numpy as np
import pytest

from vitreous.mechanics.kept_neighbours import KeptNeighbours
from vitreous.mechanics.linear import _drop_translation
from vitreous.testing.systems import silica_honeycomb


@pytest.mark.parametrize("shape", [(1, 2), (9, 3), (9600, 2), (3456, 3)])
def test_the_compiled_mean_is_numpys_to_the_last_bit(shape):
    v = np.random.default_rng(0).normal(3.0, 1.0, shape)
    np.testing.assert_array_equal(_drop_translation(v), v - v.mean(axis=0))


def test_a_kept_list_follows_a_cell_that_changes_back_and_forth():
    """The strain since the list was made is kept with the cell that it belongs to."""
    glass = silica_honeycomb(shake=0.05)
    kept = KeptNeighbours(glass, 10.0, 0.6)
    first = kept.at(glass.positions, glass.cell)
    little, much = np.diag([1.01, 1 / 1.01]), np.diag([1.15, 1 / 1.15])
    for stretch, same in ((np.eye(2), True), (little, True), (np.eye(2), True), (much, False)):
        found = kept.at(glass.positions @ stretch, glass.cell @ stretch)
        assert (found is first) == same
    assert kept.at(glass.positions, glass.cell) is not first
