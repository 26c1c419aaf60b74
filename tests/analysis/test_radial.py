"""Sums of Gaussians of distances: equal to a loop over all atoms and images, whatever the cell."""

from itertools import product

import numpy as np
import pytest

from vitreous.analysis.radial import Grid, radial_sums
from vitreous.core.data import Configuration

GRID = Grid(0.2, 0.2, 37, 0.1)


def some_glass(dimension, periodic, side, count=24, tilt=0.0, seed=0):
    rng = np.random.default_rng(seed)
    cell = side * np.eye(dimension) + tilt * np.tri(dimension, k=-1)
    return Configuration(
        positions=rng.uniform(-0.5, 1.5, (count, dimension)) @ cell,
        species=rng.integers(0, 2, count),
        names=("Si", "O"),
        cell=cell,
        periodic=periodic,
        units="metal",
    )


def by_loops(glass, gradients, grid, cutoff, cosine=False):
    """The formula itself, over every image that can be near."""
    centres = grid.first + grid.step * np.arange(grid.count)
    far = (
        int(np.ceil(3.0 * cutoff / np.abs(np.linalg.det(glass.cell)) ** (1 / glass.dimension))) + 4
    )
    total = np.zeros((len(glass), len(gradients), len(glass.names), grid.count))
    for image in product(*(range(-far, far + 1) if along else (0,) for along in glass.periodic)):
        shift = np.array(image) @ glass.cell
        for s, gradient in enumerate(gradients):
            vector = (glass.positions + shift - glass.positions[:, None]) @ gradient.T
            r = np.linalg.norm(vector, axis=2)
            for i, j in np.argwhere((r <= cutoff) & (r > 1e-6)):
                w = 0.5 * (1.0 + np.cos(np.pi * r[i, j] / cutoff)) if cosine else 1.0
                total[i, s, glass.species[j]] += w * np.exp(
                    -(((r[i, j] - centres) / grid.delta) ** 2)
                )
    return total


def strained(dimension, strain=0.05):
    """At rest; stretched along x; and sheared."""
    stretch, shear = np.eye(dimension), np.eye(dimension)
    stretch[0, 0] += strain
    shear[0, 1] += 0.2
    return np.stack([np.eye(dimension), stretch, shear])


@pytest.mark.parametrize(
    ("dimension", "periodic", "side", "cutoff", "tilt"),
    [
        (3, (True, True, True), 9.0, 4.0, 0.0),
        (3, (True, True, False), 9.0, 4.0, 0.0),  # a bilayer
        (3, (True, True, False), 4.0, 7.0, 1.5),  # the cutoff goes beyond the whole cell
        (2, (True, True), 6.0, 10.0, 0.0),
        (2, (False, True), 12.0, 5.0, 2.0),
        (3, (False, False, False), 200.0, 150.0, 0.0),  # a few atoms in much space
    ],
)
def test_equals_loops_over_atoms_and_images(dimension, periodic, side, cutoff, tilt):
    """Protects bins, images, tilted and small cells, and the recurrence of the Gaussians."""
    glass, gradients = some_glass(dimension, periodic, side, tilt=tilt), strained(dimension)
    found = radial_sums(glass, np.arange(len(glass)), gradients, GRID, cutoff)
    np.testing.assert_allclose(found, by_loops(glass, gradients, GRID, cutoff), atol=1e-12)


@pytest.mark.parametrize(
    "grid",
    [
        Grid(0.0, 0.001, 5000, 0.4),  # thousands of terms for a pair: errors must not pile up
        Grid(1.0, 0.5, 8, 0.02),  # centres so far apart that a pair has one term
        Grid(3.0, 0.3, 1, 0.3),
    ],
)
def test_any_grid_and_the_cosine_cutoff(grid):
    """Protects the ends of the recurrence, and distances outside the grid."""
    glass, gradients = some_glass(2, (True, True), 9.0), strained(2)
    found = radial_sums(glass, np.arange(len(glass)), gradients, grid, 5.0, cosine=True)
    wanted = by_loops(glass, gradients, grid, 5.0, cosine=True)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_some_atoms_have_the_rows_of_all():
    """Protects the order in which rows come back: atoms are sorted by bins inside."""
    glass, gradients = some_glass(3, (True, True, False), 9.0), strained(3)
    chosen = np.array([7, 0, 19])
    found = radial_sums(glass, chosen, gradients, GRID, 6.0)
    whole = radial_sums(glass, np.arange(len(glass)), gradients, GRID, 6.0)
    np.testing.assert_array_equal(found, whole[chosen])


def test_atoms_of_one_place_give_each_other_a_gaussian_and_none_to_themselves():
    """Protects the rule that an image counts, and the atom itself does not."""
    glass = some_glass(2, (True, True), 5.0, count=1)
    found = radial_sums(glass, np.arange(1), np.eye(2)[None], Grid(5.0, 1.0, 1, 0.1), 5.5)
    assert found[0, 0, glass.species[0], 0] == pytest.approx(4.0)  # its four nearest images
