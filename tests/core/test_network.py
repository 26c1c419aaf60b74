"""Which bonds of a relaxed glass broke, and which formed: by construction, and against all
distances.
"""

import numpy as np
import pytest

from vitreous.core.errors import NetworkChanged
from vitreous.core.network import network_change, refuse_changed
from vitreous.testing.systems import silica_honeycomb


def pulled_off(glass, by):
    """The glass with its first bridging oxygen ``by`` (length) further from its first silicon, and
    that bond.
    """
    bond = glass.bonds[0]
    silicon, oxygen = bond if glass.species[bond[0]] == 0 else bond[::-1]
    vector = glass.minimum_image(glass.positions[oxygen] - glass.positions[silicon])
    positions = glass.positions.copy()
    positions[oxygen] += by * vector / np.linalg.norm(vector)
    return glass.with_(positions=positions), bond


def turned(glass):
    """The same glass in a sheared cell, its atoms wandered off by lattice vectors."""
    shear = np.array([[1.0, 0.0], [0.3, 1.0]])
    away = np.random.default_rng(0).integers(-3, 4, (len(glass), 2)) @ (glass.cell @ shear)
    return glass.with_(positions=glass.positions @ shear + away, cell=glass.cell @ shear)


def test_a_whole_network_has_not_changed():
    glass = silica_honeycomb(shake=0.05)
    assert not network_change(glass, 2.2).any
    refuse_changed(glass, 2.2)


def test_a_long_bond_is_named_with_its_length():
    glass, bond = pulled_off(silica_honeycomb(), 1.2)
    change = network_change(glass, 2.2)
    assert change.broken.tolist() == [bond.tolist()]
    assert change.lengths == pytest.approx([0.5 * 3.014649 + 1.2])
    first, second = glass.ids[bond]
    with pytest.raises(
        NetworkChanged,
        match=rf"the bond between atoms {first} and {second} is 2.707 angstrom long \(a bond is "
        r"at most 2.2\)",
    ):
        refuse_changed(glass, 2.2)


def test_a_bond_that_formed_is_found_though_none_broke():
    glass = silica_honeycomb()
    left_out = glass.with_(bonds=glass.bonds[1:])
    change = network_change(left_out, 2.2)
    assert change.formed.tolist() == [glass.bonds[0].tolist()]
    assert not len(change.broken)
    with pytest.raises(NetworkChanged, match=r"not bonded before, stand closer than 2\.2 angstrom"):
        refuse_changed(left_out, 2.2)


@pytest.mark.parametrize("periodic", [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize("limit", [1.9, 2.2, 3.5])
def test_equals_all_distances(periodic, limit):
    glass = turned(silica_honeycomb(3, 2, shake=0.25))
    glass = glass.with_(periodic=periodic, bonds=glass.bonds[::2])
    i, j = np.triu_indices(len(glass), 1)
    near = (
        np.linalg.norm(glass.minimum_image(glass.positions[j] - glass.positions[i]), axis=1) < limit
    )
    pairs = {
        (a, b)
        for a, b in zip(i[near].tolist(), j[near].tolist(), strict=True)
        if glass.species[a] != glass.species[b]
    }
    bonds = {tuple(bond) for bond in glass.bonds.tolist()}
    change = network_change(glass, limit)
    assert {tuple(pair) for pair in change.formed.tolist()} == pairs - bonds
    assert {tuple(pair) for pair in change.broken.tolist()} == bonds - pairs


def test_glasses_without_bonds_or_limit_pass_untouched():
    glass = pulled_off(silica_honeycomb(), 1.2)[0]
    refuse_changed(glass, np.inf)
    refuse_changed(glass.with_(bonds=glass.bonds[:0]), 2.2)
