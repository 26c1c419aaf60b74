"""Pairs of atoms that stand close, against matscipy."""

import numpy as np
import pytest

from vitreous.core.data import Configuration
from vitreous.core.pairs import heights, pairs_closer

matscipy = pytest.importorskip("matscipy.neighbours")
CELLS = {
    "square": np.diag([9.0, 11.0]),
    "oblique": np.array([[9.0, 0.0], [4.0, 10.0]]),
    "tilted": np.array([[9.0, 0.0, 0.0], [3.0, 10.0, 0.0], [-2.0, 1.0, 8.0]]),
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("free", [None, 0, 1])
@pytest.mark.parametrize("radius", [0.9, 2.3, 3.7])
def test_every_pair_closer_than_the_radius_is_found_once(cell, free, radius):
    dimension = len(cell)
    periodic = tuple(axis != free for axis in range(dimension))
    positions = np.random.default_rng(3).uniform(-0.4, 1.3, (150, dimension)) @ cell
    glass = Configuration(
        positions=positions,
        species=np.zeros(150, dtype=int),
        names=("A",),
        cell=cell,
        periodic=periodic,
        units="lj",
    )
    flat = 3 - dimension
    i, j = matscipy.neighbour_list(
        "ij",
        positions=np.pad(positions, ((0, 0), (0, flat))),
        cell=np.pad(cell, ((0, flat), (0, flat))) + np.diag([0.0] * dimension + [50.0] * flat),
        pbc=(*periodic, *(False,) * flat),
        cutoff=radius,
    )
    expected = sorted(zip(i[i < j].tolist(), j[i < j].tolist(), strict=True))
    assert [tuple(pair) for pair in pairs_closer(glass, radius).tolist()] == expected


def test_heights_are_distances_between_faces():
    assert np.allclose(heights(CELLS["oblique"]), [90.0 / np.hypot(4.0, 10.0), 10.0])
