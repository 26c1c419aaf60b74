"""Closed rings of networks with a free boundary."""

import numpy as np
import pytest

from vitreous.analysis.open_rings import trace_open_rings
from vitreous.analysis.rings import bridged, ring_statistics, trace_rings
from vitreous.core.errors import VitreousError
from vitreous.plugins.generators.dual_switch import DualSwitch

#: two squares that share a side, and a tail
PLACES = np.array([[0, 0], [1, 0], [2, 0], [2, 1], [1, 1], [0, 1], [3, 1.1], [4, 1.2]], float)
BONDS = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [0, 5], [1, 4], [3, 6], [6, 7]])


def test_two_squares_with_a_tail_are_two_rings():
    found = trace_open_rings(PLACES, BONDS)
    assert sorted(map(sorted, found.members)) == [[0, 1, 4, 5], [1, 2, 3, 4]]
    assert found.sizes.tolist() == [4, 4]
    assert np.sum(found.joined >= 0) == 8  # four sides each; the tail has none
    assert sorted(found.joined[6].tolist()) == [0, 1]
    assert np.allclose(np.sort(found.centres, axis=0), [[0.5, 0.5], [1.5, 0.5]])


def test_a_tail_within_a_ring_is_no_part_of_it():
    places = np.vstack([PLACES, [[0.5, 0.4], [0.5, 0.6]]])
    found = trace_open_rings(places, np.vstack([BONDS, [[0, 8], [8, 9]]]))
    assert sorted(map(sorted, found.members)) == [[0, 1, 4, 5], [1, 2, 3, 4]]


def test_separate_pieces_are_each_traced():
    places = np.vstack([PLACES, PLACES + np.array([0.0, 5.0])])
    assert len(trace_open_rings(places, np.vstack([BONDS, BONDS + len(PLACES)]))) == 4


def test_a_cut_piece_keeps_the_rings_that_lie_in_it():
    glass = DualSwitch(rings_x=12, rings_y=12, variance=0.6, steps=5000).generate(
        0, np.random.default_rng(4)
    )
    bonds, positions = bridged(glass.bonds, glass.species), glass.positions
    length = np.abs(positions[bonds[:, 1]] - positions[bonds[:, 0]]).max(axis=1)
    found = trace_open_rings(positions, bonds[length < 10.0])
    whole = trace_rings(positions, bonds, glass.cell)
    unbroken = {
        frozenset(ring.tolist())
        for ring in whole.members
        if np.ptp(positions[ring], axis=0).max() < 20.0
    }
    assert {frozenset(ring.tolist()) for ring in found.members} == unbroken
    assert 50 < len(unbroken) < len(whole)


def test_only_rings_with_rings_all_around_tell_of_their_neighbours():
    """A square between two hexagons that nothing surrounds: no ring is, so alpha is not defined."""
    found = trace_open_rings(PLACES, BONDS)
    statistics = ring_statistics(found.sizes, found.joined)
    assert statistics.counts == {4: 2}
    assert statistics.variance == 0.0
    assert np.isnan(statistics.alpha_unweighted)


def test_what_is_no_plane_network_is_refused():
    with pytest.raises(VitreousError, match="has no bonds; find them with"):
        trace_open_rings(PLACES, BONDS[:0])
    with pytest.raises(VitreousError, match="bonds cross"):
        trace_open_rings(PLACES, np.vstack([BONDS, [[0, 4], [1, 5]]]))
    with pytest.raises(VitreousError, match="no closed ring; give a larger piece"):
        trace_open_rings(PLACES, BONDS[:3])
    with pytest.raises(VitreousError, match="listed as joined, but are 3"):
        trace_open_rings(PLACES, np.vstack([BONDS, [[1, 7]]]))
