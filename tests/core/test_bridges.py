"""Bonds that meet in one atom, and what bridges two others."""

import numpy as np

from vitreous.core.bridges import bridges, meeting_bonds

# Atom 7 joins 0 and 1, atom 5 ends at 2, atom 6 joins three.
MIDDLE = np.array([7, 6, 5, 6, 7, 6])
END = np.array([1, 4, 2, 3, 0, 2])


def test_bonds_that_share_an_atom_meet_each_pair_once():
    assert meeting_bonds(MIDDLE).tolist() == [[1, 3], [1, 5], [3, 5], [0, 4]]


def test_an_atom_with_exactly_two_bonds_is_a_bridge_whose_lower_end_comes_first():
    assert bridges(MIDDLE, END).tolist() == [[7, 0, 1]]


def test_bridges_come_in_the_order_of_their_atoms():
    middle, end = np.array([9, 8, 9, 8]), np.array([0, 1, 1, 0])
    assert bridges(middle, end).tolist() == [[8, 0, 1], [9, 0, 1]]


def test_of_no_bonds_there_is_nothing():
    nothing = np.zeros(0, dtype=np.int64)
    assert meeting_bonds(nothing).shape == (0, 2) and bridges(nothing, nothing).shape == (0, 3)
