"""The atoms of the first broken bond: both ends of the bond that is longest after the event."""

import numpy as np
import pytest
from first_events import GLASS, LOADING, POTENTIAL, deformation

from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.first_break import FirstBreak
from vitreous.plugins.labelers.fracture_location import FractureLocation


def oxygen_of(glass, number=0):
    """A bridging atom and its two partners."""
    oxygen = glass.bonds[number, 1]
    return int(oxygen), *glass.bonds[glass.bonds[:, 1] == oxygen, 0].tolist()


def broken(kinds, atoms, moved=None, images=None):
    """A deformation whose second and last frame is right after the events, at strain 0.1."""
    path = deformation(kinds, atoms)
    after = GLASS.positions.copy()
    for atom, by in (moved or {}).items():
        after[atom] += by
    if images is not None:
        after += images @ GLASS.cell
    object.__setattr__(path, "frame_strain", np.array([0.0, 0.1]))
    object.__setattr__(path, "frames", np.stack([GLASS.positions, after]))
    object.__setattr__(path, "cells", np.stack([GLASS.cell, GLASS.cell]))
    return path


def marked(path, **fields):
    labels = FirstBreak(**fields).label(path.initial, POTENTIAL, LOADING, path)
    return set(np.flatnonzero(labels.values == 1.0).tolist())


def towards(here, there):
    along = GLASS.minimum_image(GLASS.positions[there] - GLASS.positions[here])
    return 0.6 * along / np.linalg.norm(along)


@pytest.mark.parametrize("kept", [0, 1])
def test_both_ends_of_the_lost_bond_break_and_no_other_atom(kept):
    """Protects the choice between the two bonds of the oxygen."""
    oxygen, *silicons = oxygen_of(GLASS)
    path = broken(["bond_break"], [oxygen], {oxygen: towards(oxygen, silicons[kept])})
    assert marked(path) == {oxygen, silicons[1 - kept]}


def test_it_is_the_first_break_of_several_events():
    """Protects the kind: earlier flips and later breaks leave no mark."""
    oxygen, here, there = oxygen_of(GLASS)
    kinds, atoms = ["flip", "bond_break", "bond_break"], [5, oxygen, 9]
    path = broken(kinds, atoms, {oxygen: towards(oxygen, here)})
    assert marked(path) == {oxygen, there}


def test_lengths_are_those_of_the_nearest_images():
    """Protects atoms that crossed the boundary: whole lattice vectors are no length."""
    oxygen, here, there = oxygen_of(GLASS)
    images = np.random.default_rng(0).integers(-2, 3, GLASS.positions.shape)
    path = broken(["bond_break"], [oxygen], {oxygen: towards(oxygen, here)}, images)
    assert marked(path) == {oxygen, there}


def test_classes_are_named_and_descriptors_see_every_atom():
    """Protects what learns from it: one label per atom, in the order of the glass."""
    path = broken(["bond_break"], [oxygen_of(GLASS)[0]])
    labels = FirstBreak().label(GLASS, POTENTIAL, LOADING, path)
    assert (labels.level, labels.task, labels.classes) == ("atom", "class", ("intact", "breaks"))
    assert labels.mask.all() and labels.weak_is == "high"
    np.testing.assert_array_equal(labels.positions, GLASS.positions)


def test_every_atom_is_unknown_where_no_bond_broke():
    """Protects glasses that hold: they are not learnt as glasses without a weak atom."""
    labels = FirstBreak().label(GLASS, POTENTIAL, LOADING, broken(["flip"], [3]))
    assert not labels.mask.any() and np.isnan(labels.values).all()


def test_bonds_a_deformation_and_a_bonded_atom_are_needed():
    bare = GLASS.with_(bonds=np.zeros((0, 2), int))
    with pytest.raises(VitreousError, match="the glass has no bonds; find them with"):
        FirstBreak().refuse(bare, POTENTIAL)
    with pytest.raises(VitreousError, match="but none was given"):
        FirstBreak().label(GLASS, POTENTIAL, LOADING, None)
    oxygen = oxygen_of(GLASS)[0]
    loose = GLASS.with_(bonds=GLASS.bonds[GLASS.bonds[:, 1] != oxygen])
    path = broken(["bond_break"], [oxygen])
    object.__setattr__(path, "initial", loose)
    with pytest.raises(VitreousError, match=f"of atom {oxygen}, which has no bond"):
        FirstBreak().label(loose, POTENTIAL, LOADING, path)


def test_an_unknown_kind_is_refused():
    with pytest.raises(VitreousError, match=r"labeler\.kind is 'crack'; expected one of"):
        FirstBreak(kind="crack")


def avalanche(stretched, opened):
    """A deformation with frames right before and after a break at strain 0.01: before it the oxygen
    atoms ``stretched`` lie that much further from their first silicon, after it all of ``opened``
    are 0.7 away from it.
    """
    path = deformation(["bond_break"], [opened[-1]])
    before, after = GLASS.positions.copy(), GLASS.positions.copy()
    for oxygen, by in stretched.items():
        before[oxygen] += by * unit(oxygen)
    for oxygen in opened:
        after[oxygen] += 0.7 * unit(oxygen)
    object.__setattr__(path, "frame_strain", np.array([0.0, 0.00995, 0.01]))
    object.__setattr__(path, "frames", np.stack([GLASS.positions, before, after]))
    object.__setattr__(path, "cells", np.stack([GLASS.cell] * 3))
    return path


def unit(oxygen):
    """From its first silicon to the oxygen."""
    silicon = GLASS.bonds[GLASS.bonds[:, 1] == oxygen, 0][0]
    along = GLASS.minimum_image(GLASS.positions[oxygen] - GLASS.positions[silicon])
    return along / np.linalg.norm(along)


def bond_of(oxygen):
    return {int(oxygen), int(GLASS.bonds[GLASS.bonds[:, 1] == oxygen, 0][0])}


A, B, C = np.unique(GLASS.bonds[:, 1])[[0, 7, 15]]


def test_of_bonds_that_break_together_the_longest_before_is_the_first():
    """Protects labels of avalanches: the atom that moved most, C, is far from where it began."""
    assert marked(avalanche({A: 0.2, B: 0.3}, [A, B, C])) == bond_of(B)


def test_a_bond_that_stays_is_not_the_first_however_long():
    assert marked(avalanche({A: 0.4, B: 0.3}, [B, C])) == bond_of(B)


def test_a_bond_and_its_mirror_image_break_together():
    """Protects the order of rounding: neither of two equals is called intact."""
    assert marked(avalanche({A: 0.3, B: 0.3001}, [A, B, C])) == bond_of(A) | bond_of(B)


def test_the_location_is_the_bridge_of_the_first_bond():
    path = avalanche({A: 0.2, B: 0.3}, [A, B, C])
    found = FractureLocation().label(GLASS, POTENTIAL, LOADING, path)
    np.testing.assert_allclose(found.values[0] @ GLASS.cell, GLASS.positions[B])
