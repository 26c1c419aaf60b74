"""The surface of pair models: its neighbour list, and the models and glasses that it refuses or
warns of.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.direct import read_glass
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D, lennard_jones
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_honeycomb as crystal

POTENTIAL = YukawaSilica()


@pytest.fixture(scope="module")
def rattled():
    glass = crystal(shake=0.05)
    return glass, POTENTIAL.surface(glass)


def test_neighbour_list_is_remade_when_strain_brings_new_pairs(rattled):
    glass, surface = rattled
    squeeze = np.diag([1.15, 1 / 1.15])
    moved = glass.with_(positions=glass.positions @ squeeze, cell=glass.cell @ squeeze)
    surface.energy_forces(glass.positions, glass.cell)
    fresh = POTENTIAL.surface(moved).energy_forces(moved.positions, moved.cell)[0]
    assert surface.energy_forces(moved.positions, moved.cell)[0] == pytest.approx(fresh, rel=1e-13)


def test_atoms_on_top_of_each_other_are_refused():
    glass = crystal()
    positions = glass.positions.copy()
    positions[1] = positions[0] + 0.1
    with pytest.raises(VitreousError, match="atoms 1 and 2 overlap"):
        POTENTIAL.surface(glass.with_(positions=positions))


@dataclass(frozen=True, kw_only=True)
class Truncated(LennardJones2D):
    """Lennard-Jones cut off without a shift."""

    def pair_function(self, a, b):
        return lambda r: lennard_jones(r, 1.0, 1.0)


def test_forces_that_jump_at_the_cutoff_are_told(recwarn):
    glass = read_glass(Path(__file__).parents[1] / "lennard_jones_glass.extxyz", LennardJones2D())
    with pytest.warns(UserWarning, match=r"the forces of this pair model jump at its cutoff 2.5: "):
        Truncated().surface(glass)
    recwarn.clear()
    LennardJones2D().surface(glass)
    assert not recwarn.list
