"""A bond is broken when a bridging atom has left one partner *and* energy has fallen: neither alone is enough."""

from types import SimpleNamespace

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.mechanics.bond_breaks import BreakRule, bridges, lost_bond
from vitreous.mechanics.newton import State
from vitreous.mechanics.quasistatic import Instability
from vitreous.testing.systems import silica_honeycomb

GLASS = silica_honeycomb(columns=4, rows=3)
RULE = BreakRule(near=1.7, far=2.2, drop=0.1)
BRIDGE = bridges(GLASS.bonds, len(GLASS))


def event(moved_by: float, energy_fall: float):
    """The first bridging atom moved towards one of its partners, with its energy falling."""
    atom, partner, _ = BRIDGE[0]
    towards = GLASS.minimum_image(GLASS.positions[partner] - GLASS.positions[atom])
    sideways = np.array([-towards[1], towards[0]]) / np.linalg.norm(towards)
    after = GLASS.positions.copy()
    after[atom] += moved_by * sideways
    after[partner] += moved_by * sideways
    states = [State(x, GLASS.cell, 0.0, np.zeros((2, 2)), 0.0) for x in (GLASS.positions, after)]
    falls = {id(GLASS.positions): 0.0, id(after): -energy_fall}
    surface = SimpleNamespace(atom_energies=lambda x, cell: np.full(len(x), falls[id(x)]))
    return surface, Instability(1, states[0], states[1], after - GLASS.positions)


def test_every_oxygen_of_the_honeycomb_is_a_bridge():
    assert len(BRIDGE) == np.count_nonzero(GLASS.species == 1)


@pytest.mark.parametrize(
    ("moved_by", "energy_fall", "broken"),
    [(1.8, 0.2, True), (1.8, 0.05, False), (0.3, 0.2, False)],
    ids=["far and falling", "far, elastically", "falling, a flip"],
)
def test_both_distance_and_energy_are_needed(moved_by, energy_fall, broken):
    surface, instability = event(moved_by, energy_fall)
    assert (lost_bond(GLASS, surface, RULE)(instability) >= 0) == broken


def test_a_glass_without_bonds_is_refused():
    with pytest.raises(VitreousError, match="no bridging bonds"):
        lost_bond(GLASS.with_(bonds=np.zeros((0, 2), int)), None, RULE)
