"""A glass is in pieces when no path of bonds leads to its own image."""

import numpy as np

from vitreous.mechanics.quasistatic.separation import intact, spans
from vitreous.testing.systems import silica_glass, silica_honeycomb

PERIODIC = (True, True)


def test_a_whole_glass_spans_both_directions():
    glass = silica_glass()
    for axis in (0, 1):
        assert spans(glass.positions, glass.cell, PERIODIC, glass.bonds, axis)


def test_a_cut_across_x_leaves_it_whole_along_y():
    glass = silica_honeycomb(columns=10, rows=6)
    width = glass.cell[0, 0]
    x = glass.positions[:, 0] % width
    crossing = (x[glass.bonds] < 3.0).any(axis=1)  # a strip wider than any bond loses its bonds
    assert not spans(glass.positions, glass.cell, PERIODIC, glass.bonds[~crossing], 0)
    assert spans(glass.positions, glass.cell, PERIODIC, glass.bonds[~crossing], 1)


def test_the_answer_does_not_depend_on_which_images_are_given():
    glass = silica_glass()
    shift = np.random.default_rng(0).integers(-2, 3, size=glass.positions.shape) @ glass.cell
    assert spans(glass.positions + shift, glass.cell, PERIODIC, glass.bonds, 0)
    assert intact(glass.positions + shift, glass.cell, PERIODIC, glass.bonds, 2.2).all()


def test_a_ring_that_does_not_close_around_the_cell_does_not_span():
    angle = 2 * np.pi * np.arange(6) / 6
    ring = 5.0 + np.column_stack([np.cos(angle), np.sin(angle)])
    bonds = np.column_stack([np.arange(6), (np.arange(6) + 1) % 6])
    assert not spans(ring, np.eye(2) * 10.0, PERIODIC, bonds, 0)


def test_a_spiral_that_closes_only_after_two_turns_spans():
    chain = np.array([[0.5, 1.0], [3.5, 1.5], [6.5, 2.0], [0.5, 2.5], [3.5, 3.0], [6.5, 3.5]])
    bonds = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 0]])
    assert spans(chain, np.diag([9.0, 20.0]), PERIODIC, bonds, 0)
