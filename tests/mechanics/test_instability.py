"""An event is told at one strain: by hand on a double well, whose fold is known."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.mechanics.newton import State
from vitreous.mechanics.quasistatic.instability import fall_between

LOADING = Loading(mode="simple_shear")
FOLD = 2.0 / (3.0 * np.sqrt(3.0))  # of E = x^4/4 - x^2/2 - strain x, at x = -1/sqrt(3)


def state(x, strain, background=0.0):
    """Two atoms that move by x in opposite directions; ``background`` is the stiffness of all the
    rest of a large glass.
    """
    energy = x**4 / 4 - x**2 / 2 - strain * x + 0.5 * background * strain**2
    virial = np.array([[0.0, -x + background * strain], [0.0, 0.0]])
    cell = np.eye(2) @ LOADING.deformation_gradient(strain).T
    places = np.array([[0.3 + x, 0.0], [0.7 - x, 0.0]])
    return State(places, cell, energy, virial, 0.0)


def walked(background=0.0):
    """The minimum that x = positions[0, 0] - 0.3 slides into."""

    def advance(before, _, strain):
        x = before.positions[0, 0] - 0.3
        for _ in range(4000):
            x -= 0.05 * (x**3 - x - strain)
        return state(x, strain, background)

    return advance


def minima(strain):
    """The left and the right minimum."""
    roots = np.sort(np.roots([1.0, 0.0, -1.0, -strain]).real)
    return roots[0], roots[-1]


@pytest.mark.parametrize("background", [0.0, 1e4])
@pytest.mark.parametrize("step", [1e-3, 1e-2, 0.1])
def test_move_and_energy_do_not_depend_on_step_or_size(step, background):
    at = FOLD - 0.3 * step
    advance = walked(background)
    lo = state(minima(at)[0], at, background)
    hi = advance(lo, at, at + step)
    fall = fall_between(lo, at, hi, at + step, LOADING, advance, 1e-3)
    left, right = minima(at)
    assert fall.move == pytest.approx(right - left, rel=1e-6)
    bare = state(left, at).energy - state(right, at).energy + step * (right - left)
    assert fall.released == pytest.approx(bare, rel=1e-5)


def test_a_steep_but_smooth_step_is_no_event():
    def advance(_, __, strain):
        x = np.tanh(40.0 * strain)
        return State(
            np.array([[0.3 + x, 0.0], [0.7 - x, 0.0]]), np.eye(2), 0.0, np.zeros((2, 2)), 0.0
        )

    lo, hi = advance(None, 0.0, -0.05), advance(None, 0.0, 0.05)
    assert np.linalg.norm(hi.positions - lo.positions, axis=1).max() > 1.0
    assert fall_between(lo, -0.05, hi, 0.05, LOADING, advance, 0.2) is None


def test_a_hysteresis_narrower_than_the_step_is_found_by_halving():
    """x jumps by 0.5 at 0.021 going up and at 0.019 going down: a step from 0 to 0.05 is undone by
    the step back.
    """

    def advance(before, _, strain):
        was_up = before.positions[0, 0] > 0.4
        x = 0.25 if strain > (0.019 if was_up else 0.021) else 0.0
        return State(
            np.array([[0.3 + x, 0.0], [0.7 - x, 0.0]]), np.eye(2), -x, np.zeros((2, 2)), 0.0
        )

    start = State(np.array([[0.3, 0.0], [0.7, 0.0]]), np.eye(2), 0.0, np.zeros((2, 2)), 0.0)
    hi = advance(start, 0.0, 0.05)
    fall = fall_between(start, 0.0, hi, 0.05, LOADING, advance, 0.01)
    assert (fall.move, fall.released) == (pytest.approx(0.25), pytest.approx(0.25))


def test_what_is_undone_by_the_smallest_step_back_is_no_event_however_far_atoms_go():
    """A reversible snap: up and down at the same strain, as a fold that is nearly reached leaves
    it.
    """

    def advance(_, __, strain):
        x = 0.25 if strain > 0.02 else 0.0
        return State(
            np.array([[0.3 + x, 0.0], [0.7 - x, 0.0]]), np.eye(2), -1e-13 * x, np.zeros((2, 2)), 0.0
        )

    lo, hi = advance(None, 0.0, 0.0), advance(None, 0.0, 0.05)
    assert fall_between(lo, 0.0, hi, 0.05, LOADING, advance, 0.01) is None


def test_an_atom_that_drifts_without_energy_is_no_event():
    def advance(before, _, strain):
        x = 0.25 if strain > 0.02 or before.positions[0, 0] > 0.4 else 0.0
        return State(
            np.array([[0.3 + x, 0.0], [0.7 - x, 0.0]]), np.eye(2), -5.0, np.zeros((2, 2)), 0.0
        )

    lo = State(np.array([[0.3, 0.0], [0.7, 0.0]]), np.eye(2), -5.0, np.zeros((2, 2)), 0.0)
    assert fall_between(lo, 0.0, advance(lo, 0.0, 0.05), 0.05, LOADING, advance, 0.01) is None
