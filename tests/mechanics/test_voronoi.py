"""Voronoi volumes fill the cell, are those of perfect lattices by symmetry, and equal freud's."""

import json
import subprocess
import sys

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.mechanics.modes import flexibility_volume
from vitreous.mechanics.voronoi import voronoi_volumes

TILTED = {
    2: np.array([[9.0, 0.0], [4.0, 7.0]]),
    3: np.array([[6.0, 0.0, 0.0], [2.5, 5.0, 0.0], [-2.0, 1.5, 7.0]]),
}

FREUD = """
import json, sys, freud
box, x = json.load(sys.stdin)
box = freud.box.Box(*box)
print(json.dumps(freud.locality.Voronoi().compute((box, box.wrap(x))).volumes.tolist()))
"""


def scattered(d, n=150, seed=0):
    return (
        np.random.default_rng(seed).uniform(-1.0, 2.0, (n, d)) @ TILTED[d]
    )  # in and out of the cell


@pytest.mark.parametrize("d", [2, 3])
def test_volumes_fill_a_tilted_cell(d):
    volumes = voronoi_volumes(scattered(d), TILTED[d], (True,) * d)
    assert volumes.min() > 0.0
    assert volumes.sum() == pytest.approx(np.linalg.det(TILTED[d]), rel=1e-12)


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("n", [1, 2, 5, 150])
def test_volumes_do_not_depend_on_the_cell_chosen_for_the_same_glass(d, n):
    """The same atoms twice, in a doubled cell: twice the same volumes. A few atoms only meet their
    own images.
    """
    x, cell = scattered(d, n), TILTED[d]
    single = voronoi_volumes(x, cell, (True,) * d)
    double = voronoi_volumes(
        np.vstack([x, x + cell[0]]), cell * np.array([2.0, *[1.0] * (d - 1)])[:, None], (True,) * d
    )
    np.testing.assert_allclose(double, np.concatenate([single, single]), rtol=1e-9)


@pytest.mark.parametrize("d", [2, 3])
def test_every_atom_of_a_perfect_lattice_has_its_share(d):
    places = (
        np.stack(np.meshgrid(*[np.arange(4)] * d, indexing="ij"), -1).reshape(-1, d) / 4 @ TILTED[d]
    )
    np.testing.assert_allclose(
        voronoi_volumes(places, TILTED[d], (True,) * d), np.linalg.det(TILTED[d]) / 4**d, rtol=1e-9
    )


def test_an_atom_shares_its_line_with_its_two_neighbours():
    """On a line of atoms in a flat cell a region reaches half way to either side."""
    x = np.array([[0.0, 0.0], [1.0, 0.0], [4.0, 0.0]])
    np.testing.assert_allclose(
        voronoi_volumes(x, np.diag([10.0, 2.0]), (True, True)), 2.0 * np.array([3.5, 2.0, 4.5])
    )


@pytest.mark.parametrize("d", [2, 3])
def test_equals_freud(d):
    pytest.importorskip("freud")
    upper = TILTED[d].T
    lengths = np.diag(upper)
    tilt = [upper[a, b] / upper[b, b] for a, b in ((0, 1), (0, 2), (1, 2)) if b < d]
    box = [*lengths, 0.0, tilt[0], 0.0, 0.0] if d == 2 else [*lengths, *tilt]
    x = np.zeros((150, 3))
    x[:, :d] = scattered(d) - 0.5 * TILTED[d].sum(axis=0)
    # in a process of its own: freud crashes where LAMMPS's MPI has been loaded
    done = subprocess.run(
        [sys.executable, "-c", FREUD],
        input=json.dumps([box, x.tolist()]),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = json.loads(done.stdout)
    np.testing.assert_allclose(
        voronoi_volumes(scattered(d), TILTED[d], (True,) * d), theirs, rtol=1e-4
    )  # freud's single precision


def test_a_flexibility_volume_takes_them():
    volumes = voronoi_volumes(scattered(3), TILTED[3], (True,) * 3)
    found = flexibility_volume(np.full(150, 0.02), volumes, 3)
    assert np.sum((found / 0.02) ** 3) == pytest.approx(np.linalg.det(TILTED[3]))


def test_open_cells_and_atoms_on_top_of_each_other_are_refused():
    with pytest.raises(
        VitreousError, match="periodic in 1 of 2 directions, but Voronoi volumes need all of them"
    ):
        voronoi_volumes(scattered(2), TILTED[2], (True, False))
    x = scattered(3)
    x[7] = x[3] + TILTED[3][1]
    with pytest.raises(
        VitreousError,
        match=r"atom 3 \(counted from 0\) and another coincide; move or remove one",
    ):
        voronoi_volumes(x, TILTED[3], (True,) * 3)
