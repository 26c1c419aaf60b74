"""Rings of networks whose rings are known: by construction, from published glasses, and by another
program.
"""

import numpy as np
import pytest

from vitreous.analysis.rings import bridged, ring_statistics, trace_rings
from vitreous.core.errors import VitreousError
from vitreous.io.read import read_configuration


def honeycomb(nx=4, ny=4, d=1.0):
    """A brick-wall honeycomb of 2 nx ny atoms; returns positions, bonds, cell."""
    cell = np.array([[np.sqrt(3.0) * d * nx, 0.0], [0.0, 1.5 * d * ny]])
    atoms, index = [], {}
    for j in range(ny):
        for i in range(nx):
            for s in range(2):
                index[i, j, s] = len(atoms)
                atoms.append([(i + 0.5 * (j % 2)) * np.sqrt(3.0) * d, (1.5 * j + s) * d])
    positions = np.array(atoms)
    step = positions[None] - positions[:, None]
    fractional = step @ np.linalg.inv(cell)
    distance = np.linalg.norm((fractional - np.rint(fractional)) @ cell, axis=-1)
    return positions, np.argwhere(np.triu((distance < 1.1 * d) & (distance > 0))), cell


def silicon_network(reference, name):
    glass = read_configuration(reference / "jumol" / name, species=("Si", "O"))
    from vitreous.io.bonds import silica_bonds

    bonds = bridged(silica_bonds(glass), glass.species)
    return glass, bonds, trace_rings(glass.positions, bonds, glass.cell)


def test_a_honeycomb_is_made_of_hexagons():
    positions, bonds, cell = honeycomb()
    rings = trace_rings(positions, bonds, cell)
    assert rings.sizes.tolist() == [6] * 16
    assert all(len(set(ring)) == 6 for ring in rings.members)
    for ring, centre in zip(rings.members, rings.centres, strict=True):
        step = positions[ring] - centre
        step -= np.rint(step @ np.linalg.inv(cell)) @ cell
        assert np.allclose(np.linalg.norm(step, axis=1), 1.0)


def test_turning_one_bond_makes_two_pentagons_and_two_heptagons():
    positions, bonds, cell = honeycomb(6, 6)
    a, b = bonds[40]
    middle_step = positions[b] - positions[a]
    middle_step -= np.rint(middle_step @ np.linalg.inv(cell)) @ cell
    centre = positions[a] + 0.5 * middle_step
    turned = np.array([-middle_step[1], middle_step[0]])
    moved = positions.copy()
    moved[a], moved[b] = centre - 0.5 * turned, centre + 0.5 * turned
    ends = [int(bond[bond != a][0]) for bond in bonds if a in bond and b not in bond]
    others = [int(bond[bond != b][0]) for bond in bonds if b in bond and a not in bond]

    def away(i, j):
        step = moved[i] - moved[j]
        return np.linalg.norm(step - np.rint(step @ np.linalg.inv(cell)) @ cell)

    kept = [bond for bond in bonds if not {a, b} & set(bond)]
    new = [(a, b), *(((a, i) if away(i, a) < away(i, b) else (b, i)) for i in ends + others)]
    rings = trace_rings(moved, np.array([*kept, *new]), cell)
    found = ring_statistics(rings.sizes, rings.joined)
    assert found.counts == {5: 2, 6: 32, 7: 2}
    assert found.mean == 6.0 and found.variance == pytest.approx(4 / 36)


def test_a_lattice_translation_a_shear_and_relabelling_change_nothing():
    positions, bonds, cell = honeycomb()
    positions = positions + np.random.default_rng(0).normal(0.0, 0.1, positions.shape)
    shear = np.array([[1.0, 0.0], [0.3, 1.0]])
    shuffle = np.random.default_rng(1).permutation(len(positions))
    inverse = np.argsort(shuffle)
    shifted = (positions @ shear + [3.0, -7.0])[shuffle] + np.random.default_rng(2).integers(
        -2, 3, positions.shape
    ) @ (cell @ shear)
    rings = trace_rings(shifted, inverse[bonds], cell @ shear)
    assert sorted(tuple(sorted(shuffle[ring])) for ring in rings.members) == sorted(
        tuple(sorted(ring)) for ring in trace_rings(positions, bonds, cell).members
    )


def test_statistics_by_hand():
    """Four rings around a cycle, sizes 5, 7, 5, 7, each joined to the next two times: n m_n is 2 *
    (2 * 7) for n = 5 and so on.
    """
    sizes = np.array([5, 7, 5, 7])
    joined = np.array([[0, 1], [1, 2], [2, 3], [3, 0]] * 2)
    found = ring_statistics(sizes, joined)
    assert (found.mean, found.variance, found.counts) == (6.0, 1.0, {5: 2, 7: 2})
    slope = (4 * 5 - 4 * 7) / (6 * 2)
    assert found.alpha_unweighted == pytest.approx(1.0 - slope)
    assert found.alpha_weighted == pytest.approx(1.0 - slope)


def test_crossing_or_missing_bonds_are_told():
    positions, bonds, cell = honeycomb()
    with pytest.raises(VitreousError, match="no bonds"):
        trace_rings(positions, bonds[:0], cell)
    with pytest.raises(VitreousError, match=r"does not close|cover an area|not plane"):
        trace_rings(positions, bonds[:9], cell)
    with pytest.raises(VitreousError, match="bonds cross"):
        trace_rings(
            positions[np.r_[bonds[0, 1], 1 : bonds[0, 1], 0, bonds[0, 1] + 1 : len(positions)]],
            bonds,
            cell,
        )  # two atoms swapped


def test_atoms_that_stand_far_apart_are_not_joined():
    positions, bonds, cell = honeycomb(8, 8)
    far = np.vstack([bonds, [0, 69]])
    with pytest.raises(
        VitreousError,
        match=r"atoms 0 and 69 .* are listed as joined, but are \d.* apart; .* find the bonds "
        r"again",
    ):
        trace_rings(positions, far, cell)


def test_bridges_that_do_not_join_two_are_told():
    species = np.array([0, 0, 1])
    assert bridged(np.array([[0, 2], [1, 2]]), species).tolist() == [[0, 1]]
    with pytest.raises(VitreousError, match="exactly two"):
        bridged(np.array([[0, 2]]), species)
    with pytest.raises(VitreousError, match="same kind"):
        bridged(np.array([[0, 1]]), species)


@pytest.mark.parametrize("sample", [0, 2, 3, 4])
def test_published_glasses_have_their_published_statistics(reference, sample):
    _, _, rings = silicon_network(reference, f"sig1.00_sample_{sample}.lammpstrj.gz")
    found = ring_statistics(rings.sizes, rings.joined)
    assert len(rings) == 1116 and found.mean == 6.0
    assert 0.955 < found.variance < 1.025
    assert 0.21 < found.alpha_unweighted < 0.245
    assert 0.243 < found.alpha_weighted < 0.2495


def test_matscipy_finds_the_same_rings(reference):
    matscipy_rings = pytest.importorskip("matscipy.rings")
    from ase import Atoms

    glass, _, rings = silicon_network(reference, "sig1.00_sample_0.lammpstrj.gz")
    silicon = np.pad(glass.positions[glass.species == 0], ((0, 0), (0, 1)))
    atoms = Atoms(
        "Si" * len(silicon),
        positions=silicon,
        cell=[*np.diag(glass.cell), 20.0],
        pbc=(True, True, False),
    )
    histogram = matscipy_rings.ring_statistics(
        atoms, 3.2, maxlength=12
    )  # longest bond 3.146; diagonals of squares begin above 3.2
    assert np.array_equal(np.bincount(rings.sizes, minlength=len(histogram)), histogram)
