"""How much of a glass is a crystal: all of a crystal, little of a glass."""

import numpy as np
import pytest

from vitreous.analysis.crystalline import crystalline

FCC = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
RNG = np.random.default_rng(0)


def lattice(basis, cell, repeat, shake=0.0):
    """Positions and cell of a crystal; ``shake`` in units of the cell's longest edge."""
    cell = np.asarray(cell, dtype=float)
    steps = np.stack(np.meshgrid(*[np.arange(repeat)] * len(cell), indexing="ij"), -1)
    fractions = (steps.reshape(-1, 1, len(cell)) + np.asarray(basis)).reshape(-1, len(cell))
    noise = shake * np.linalg.norm(cell, axis=1).max() * RNG.normal(size=fractions.shape)
    return fractions @ cell + noise, repeat * cell


CRYSTALS = {
    "fcc": (FCC, np.eye(3), 4),
    "hcp": (
        [[0, 0, 0], [1 / 3, 2 / 3, 0.5]],
        [[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, np.sqrt(8 / 3)]],
        5,
    ),
    "bcc": ([[0, 0, 0], [0.5, 0.5, 0.5]], np.eye(3), 5),
    "triangular": ([[0, 0]], [[1, 0], [0.5, np.sqrt(0.75)]], 9),
}


@pytest.mark.parametrize("name", CRYSTALS)
@pytest.mark.parametrize("shake", [0.001, 0.03])
def test_crystals_are_crystalline_also_when_shaken(name, shake):
    basis, cell, repeat = CRYSTALS[name]
    positions, cell = lattice(basis, cell, repeat, shake)
    found = crystalline(positions, cell, (True,) * len(cell))
    assert found.mean() > 0.9


@pytest.mark.parametrize("dimension", [2, 3])
def test_random_points_are_not(dimension):
    positions = RNG.random((800, dimension))
    assert crystalline(positions, np.eye(dimension), (True,) * dimension).mean() < 0.05


def test_half_a_crystal_is_half_crystalline():
    positions, cell = lattice(FCC, np.eye(3), 6, 0.01)
    disordered = positions[:, 0] < 0.5 * cell[0, 0]
    positions[disordered] += 0.3 * RNG.normal(size=(disordered.sum(), 3))
    found = crystalline(positions, cell, (True, True, True))
    assert found[disordered].mean() < 0.1
    deep = (positions[:, 0] > 0.6 * cell[0, 0]) & (positions[:, 0] < 0.9 * cell[0, 0])
    assert found[deep].mean() > 0.9


def test_turning_or_scaling_changes_nothing():
    positions, cell = lattice(*CRYSTALS["fcc"], 0.06)
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    turn[0] *= np.sign(np.linalg.det(turn))
    periodic = (True, True, True)
    wanted = crystalline(positions, cell, periodic)
    assert 0 < wanted.sum() < len(wanted)
    np.testing.assert_array_equal(
        crystalline(2.5 * positions @ turn.T, 2.5 * cell @ turn.T, periodic), wanted
    )
