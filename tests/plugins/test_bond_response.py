"""Rates of bonds: those of a glass that is strained a little and relaxed, and what atoms take from
their bonds.
"""

from functools import cache

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.plugins.descriptors.bond_response import BondResponse
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import silica_glass

POTENTIAL, LOADING, STRAIN = YukawaSilica(), Loading(mode="uniaxial", angle=20.0), 2e-5
ENGINE = AQS(relax_cell=False, force_tolerance=1e-10)


@cache
def columns():
    glass = ENGINE.relax(silica_glass(), POTENTIAL)
    found = BondResponse().describe(glass, LOADING, glass.positions, "atom", POTENTIAL)
    return glass, dict(zip(found.names, found.values.T, strict=True))


@cache
def strained(sign):
    """The same glass a little further along the loading, at rest."""
    glass, _ = columns()
    f = LOADING.deformation_gradient(sign * STRAIN)
    moved = glass.with_(positions=glass.positions @ f.T, cell=glass.cell @ f.T)
    return ENGINE.relax(moved, POTENTIAL)


def lengths(glass, ends):
    return np.linalg.norm(
        glass.minimum_image(glass.positions[ends[:, 1]] - glass.positions[ends[:, 0]]), axis=1
    )


def angles(glass, oxygen, ends):
    one, other = (glass.minimum_image(glass.positions[e] - glass.positions[oxygen]) for e in ends.T)
    cosine = (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    return np.arccos(cosine)


def slope(of):
    """Central difference of a function of the glass per unit of strain."""
    return (of(strained(1)) - of(strained(-1))) / (2.0 * STRAIN)


def bridges(glass):
    """Oxygens of two bonds, and their silicons."""
    oxygens = [o for o in np.unique(glass.bonds[:, 1]) if (glass.bonds[:, 1] == o).sum() == 2]
    return np.array(oxygens), np.array([glass.bonds[glass.bonds[:, 1] == o, 0] for o in oxygens])


def test_rates_are_those_of_the_strained_and_relaxed_glass():
    """Protects sign and scale of the linear response: an independent computation without it."""
    glass, column = columns()
    rate = slope(lambda g: lengths(g, glass.bonds)) / lengths(glass, glass.bonds)
    for atom in range(0, len(glass), 37):
        own = rate[(glass.bonds == atom).any(axis=1)]
        assert column["bond_rate"][atom] == pytest.approx(own.max(), abs=2e-4)
        assert column["bond_rate_mean"][atom] == pytest.approx(own.mean(), abs=2e-4)


def test_angles_and_distances_of_centres_are_those_of_the_bridge():
    """Protects the columns of the bridge, and their rates."""
    glass, column = columns()
    oxygen, silicon = bridges(glass)
    np.testing.assert_allclose(column["angle"][oxygen], angles(glass, oxygen, silicon), atol=1e-9)
    np.testing.assert_allclose(
        column["angle_rate"][oxygen], slope(lambda g: angles(g, oxygen, silicon)), atol=2e-3
    )
    apart = slope(lambda g: lengths(g, silicon)) / lengths(glass, silicon)
    np.testing.assert_allclose(column["centres_rate"][oxygen], apart, atol=2e-4)


def test_lengths_energies_and_kinds_are_those_of_the_glass_at_rest():
    glass, column = columns()
    length = lengths(glass, glass.bonds)
    for atom in range(0, len(glass), 41):
        own = length[(glass.bonds == atom).any(axis=1)]
        assert column["bond_length"][atom] == pytest.approx(own.max())
        assert column["bond_length_mean"][atom] == pytest.approx(own.mean())
    energies = POTENTIAL.surface(glass).atom_energies(glass.positions, glass.cell)
    np.testing.assert_allclose(column["energy"], energies)
    np.testing.assert_array_equal(column["centre"], glass.names.index("Si") == glass.species)


def test_neighbourhoods_are_those_within_the_radius():
    """Protects means, largest values and ranks against a loop over all atoms."""
    glass, column = columns()
    rate, energy = column["bond_rate"], column["energy"]
    for atom in range(0, len(glass), 53):
        vector = glass.minimum_image(glass.positions - glass.positions[atom])
        near = np.linalg.norm(vector, axis=1) <= 8.0
        alike = near & (glass.species == glass.species[atom])
        assert column["bond_rate_near"][atom] == pytest.approx(rate[near].mean())
        assert column["bond_rate_largest"][atom] == pytest.approx(rate[near].max())
        assert column["energy_near"][atom] == pytest.approx(energy[alike].mean())
        assert column["nonaffine_near"][atom] == pytest.approx(column["nonaffine"][near].mean())
        smaller = (rate < rate[atom] - 1e-9).mean()
        assert column["bond_rate_rank"][atom] == pytest.approx(smaller)


def test_what_cannot_be_described_is_refused():
    glass, _ = columns()
    with pytest.raises(VitreousError, match="needs the potential of the glass"):
        BondResponse().describe(glass, LOADING, glass.positions, "atom")
    with pytest.raises(VitreousError, match="expected a positive length"):
        BondResponse(radius=0.0)
    torn = glass.with_(positions=1.4 * glass.positions, cell=1.4 * glass.cell)
    with pytest.raises(NotConverged, match="is at no minimum of the potential"):
        BondResponse().describe(torn, LOADING, torn.positions, "atom", POTENTIAL)
