"""The atoms of a crack: the ends of every bond that is too long when the deformation ends."""

import numpy as np
import pytest

from vitreous.core.data import Events, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.crack_path import CrackPath
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_glass, silica_honeycomb

POTENTIAL, LOADING = YukawaSilica(), Loading(mode="uniaxial")
BOND = 0.5 * 3.014649  # of the crystal, angstrom


@pytest.fixture(scope="module")
def crystal():
    return silica_honeycomb(6, 4)


def ending(glass, *frames, cell=None):
    """A deformation of ``glass`` that ends in the last of these positions, and in this cell."""
    frames = [glass.positions, *frames]
    strain = np.linspace(0.0, 0.1, len(frames))
    none = Events(
        strain=[], energy_drop=[], stress_drop=[], atom=[], position=np.zeros((0, 2)), kind=()
    )
    return Trajectory(
        initial=glass,
        loading=LOADING,
        strain=strain,
        energy=strain,
        stress=np.zeros((len(frames), 2, 2)),
        residual=strain,
        frame_strain=strain,
        frames=np.stack(frames),
        events=none,
        cells=np.stack([*[glass.cell] * (len(frames) - 1), glass.cell if cell is None else cell]),
    )


def crack(path, **fields):
    return CrackPath(**fields).label(path.initial, POTENTIAL, LOADING, path)


def moved(glass, atom, by):
    positions = glass.positions.copy()
    positions[atom] += by
    return positions


def test_a_glass_that_ends_as_it_began_has_no_crack(crystal):
    found = crack(ending(crystal, crystal.positions))
    assert not found.values.any()
    assert found.mask.all()
    assert (found.level, found.weak_is) == ("atom", "high")
    np.testing.assert_array_equal(found.positions, crystal.positions)


def test_both_ends_of_a_lost_bond_are_marked_and_no_other_atom(crystal):
    """An oxygen moved along its bond comes nearer to one silicon and away from the other."""
    oxygen = crystal.bonds[0, 1]
    here, there = crystal.bonds[crystal.bonds[:, 1] == oxygen, 0]
    along = crystal.minimum_image(crystal.positions[here] - crystal.positions[there])
    path = ending(crystal, moved(crystal, oxygen, 0.8 * along / np.linalg.norm(along)))
    assert set(np.flatnonzero(crack(path).values)) == {oxygen, there}
    assert set(crack(path).values) == {0.0, 1.0}


def test_a_bond_counts_as_lost_when_it_is_longer_than_far(crystal):
    oxygen = crystal.bonds[0, 1]
    here, there = crystal.bonds[crystal.bonds[:, 1] == oxygen, 0]
    along = crystal.minimum_image(crystal.positions[here] - crystal.positions[there])
    path = ending(crystal, moved(crystal, oxygen, 0.4 * along / np.linalg.norm(along)))
    assert crack(path, far=BOND + 0.399).values.any()
    assert not crack(path, far=BOND + 0.401).values.any()


def test_the_crack_is_that_of_the_last_frame(crystal):
    """A bond that was lost on the way and has closed again is none of it."""
    apart = moved(crystal, crystal.bonds[0, 1], [0.0, 5.0])
    assert crack(ending(crystal, apart)).values.any()
    assert not crack(ending(crystal, apart, crystal.positions)).values.any()


def test_lengths_are_those_in_the_last_cell(crystal):
    """Atoms that stay while the cell grows lose the bonds across its end alone."""
    wider = crystal.cell + np.diag([3.0, 0.0])
    found = np.flatnonzero(crack(ending(crystal, crystal.positions, cell=wider)).values)
    x = crystal.positions[crystal.bonds, 0]
    across = np.abs(x[:, 0] - x[:, 1]) > 0.5 * crystal.cell[0, 0]
    assert across.any()
    assert set(found) == set(crystal.bonds[across].ravel())


def test_images_of_atoms_do_not_matter(crystal):
    apart = moved(crystal, crystal.bonds[0, 1], [0.0, 2.0])
    shift = np.random.default_rng(0).integers(-2, 3, size=apart.shape) @ crystal.cell
    np.testing.assert_array_equal(
        crack(ending(crystal, apart + shift)).values, crack(ending(crystal, apart)).values
    )


def test_a_straight_cut_marks_the_atoms_beside_it(crystal):
    """The right half pulled away: the crack is what bonds join across the cut and the
    cell's end.
    """
    right = crystal.positions[:, 0] > 0.5 * crystal.cell[0, 0] - 0.1
    found = crack(
        ending(
            crystal,
            crystal.positions + np.where(right[:, None], [4.0, 0.0], 0.0),
            cell=crystal.cell + np.diag([8.0, 0.0]),
        )
    )
    joined = right[crystal.bonds[:, 0]] != right[crystal.bonds[:, 1]]
    assert set(np.flatnonzero(found.values)) == set(crystal.bonds[joined].ravel())
    assert joined.any()


def test_bonds_are_needed():
    bare = silica_glass().with_(bonds=np.zeros((0, 2), int))
    with pytest.raises(
        VitreousError, match="crack_path marks atoms that lose bonds, but the glass has no bonds"
    ):
        CrackPath().refuse(bare, POTENTIAL)


def test_a_deformation_is_needed(crystal):
    with pytest.raises(VitreousError, match="but none was given"):
        CrackPath().label(crystal, POTENTIAL, LOADING, None)


@pytest.mark.parametrize("far", [0.0, -1.0])
def test_a_length_that_is_none_is_refused(far):
    with pytest.raises(VitreousError, match=f"labeler.far is {far}; expected a positive length"):
        CrackPath(far=far)
