"""A bond is broken when a bridging atom has suddenly left one partner *and* energy has fallen:
neither alone is enough.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.mechanics.newton import State
from vitreous.mechanics.quasistatic.bond_breaks import BondBreaks, BreakRule, between_centres
from vitreous.mechanics.quasistatic.instability import Fall, Instability
from vitreous.testing.systems import silica_honeycomb

RULE = BreakRule(near=1.7, far=2.2, drop=0.1, jump=0.1)
CELL = 40.0 * np.eye(2)
REST = (1.6, 1.6)
STRETCHED = (1.507, 2.257)
APART = (1.507, 3.007)


def placed(*bridging):
    """Positions (7 each, 2) of molecules with three oxygens on each of two silicons; the shared
    one, atom 0, is so far from either.
    """
    molecules = []
    for row, (left, right) in enumerate(bridging):
        arms = np.array([[-0.8, 1.4], [-0.8, -1.4]])
        flat = np.vstack(
            [[[0.0, 0.0], [-left, 0.0], [right, 0.0]], arms - [left, 0.0], -arms + [right, 0.0]]
        )
        molecules.append(flat + np.array([20.0, 10.0 + 15.0 * row]))
    return np.vstack(molecules)


def glass_of(molecules: int) -> Configuration:
    bonds = np.array([[0, 1], [0, 2], [1, 3], [1, 4], [2, 5], [2, 6]])
    return Configuration(
        positions=placed(*[REST] * molecules),
        species=np.tile([1, 0, 0, 1, 1, 1, 1], molecules),
        names=("Si", "O"),
        cell=CELL,
        periodic=(True, True),
        units="metal",
        bonds=np.vstack([bonds + 7 * k for k in range(molecules)]),
    )


def lost_in(*events, fall=0.5):
    """What each of consecutive events, (bond lengths before, after) of every molecule, breaks; an
    atom loses ``fall`` of energy in each.
    """
    energies = {}
    breaks = BondBreaks(
        glass_of(len(events[0][0])),
        SimpleNamespace(atom_energies=lambda x, cell: energies[id(x)]),
        RULE,
    )
    found, keep = [], []
    for before, after in events:
        x, y = placed(*before), placed(*after)
        keep += [x, y]
        energies[id(x)], energies[id(y)] = np.zeros(len(x)), np.zeros(len(x))
        energies[id(y)][3] = -fall
        states = [State(at, CELL, 0.0, np.zeros((2, 2)), 0.0) for at in (x, y)]
        found.append(
            breaks.lost_by(Instability(1, *states, y - x, Fall(y - x, fall, np.zeros((2, 2)))))
        )
    return found


def test_every_oxygen_of_the_honeycomb_is_a_bridge():
    glass = silica_honeycomb(columns=4, rows=3)
    assert len(between_centres(glass.bonds)) == np.count_nonzero(glass.species == 1)


@pytest.mark.parametrize(
    ("before", "after", "fall", "broken"),
    [
        (REST, APART, 0.2, True),
        (STRETCHED, APART, 0.5, True),
        (REST, APART, 0.05, False),
        (REST, (1.6, 1.9), 0.2, False),
        (REST, (1.8, 2.4), 0.2, False),
        (STRETCHED, STRETCHED[::-1], 0.2, False),
    ],
    ids=[
        "far and falling",
        "far before already",
        "far, elastically",
        "falling, not far",
        "near neither",
        "to the other side",
    ],
)
def test_both_distance_and_energy_are_needed(before, after, fall, broken):
    assert lost_in(([before], [after]), fall=fall) == [0 if broken else -1]


def test_a_bond_breaks_once():
    assert lost_in(([REST], [APART]), ([APART], [(1.507, 4.0)])) == [0, -1]


def test_a_bond_that_closed_again_can_break_again():
    assert lost_in(([REST], [APART]), ([REST], [APART])) == [0, 0]


def test_of_the_bonds_that_one_event_breaks_none_breaks_in_a_later_one():
    two_at_once = ([REST, REST], [APART, APART])
    assert lost_in(two_at_once, ([APART, APART], [APART, (1.507, 4.0)])) == [0, -1]


def test_an_atom_that_flips_does_not_break_a_stretched_bond_elsewhere():
    flip = ([STRETCHED, (1.6, 1.9)], [STRETCHED, (1.9, 1.6)])
    assert lost_in(flip) == [-1]


def test_a_glass_without_bonds_is_refused():
    with pytest.raises(VitreousError, match="no bridging bonds"):
        BondBreaks(glass_of(1).with_(bonds=np.zeros((0, 2), int)), SimpleNamespace(), RULE)
