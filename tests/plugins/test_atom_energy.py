"""The energy of every atom: shares that add up, and what a pair of atoms has by hand."""

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.plugins.labelers.atom_energy import AtomEnergy
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_glass

LOADING = Loading()


def test_they_add_up_to_the_energy_of_the_glass():
    glass = silica_glass()
    found = AtomEnergy().label(glass, YukawaSilica(), LOADING, None)
    surface = YukawaSilica().surface(glass)
    assert found.level == "atom" and len(found) == len(glass)
    total = surface.energy_forces(glass.positions, glass.cell)[0]
    assert found.values.sum() == pytest.approx(total, rel=1e-12)


def test_a_pair_shares_its_energy_in_halves():
    """Roy, Heyde & Heuer: (s/r)^12 + q/r exp(-k r), shifted in energy and force at 10 angstrom."""

    def bare(r):
        return (1.075 / r) ** 12 - np.exp(-r / 5.649) / r

    slope = (bare(10.0 + 1e-6) - bare(10.0 - 1e-6)) / 2e-6
    pair = Configuration(
        positions=np.array([[5.0, 5.0], [6.5, 5.0]]),
        species=np.array([0, 1]),
        names=("Si", "O"),
        cell=np.eye(2) * 40.0,
        periodic=(True, True),
        units="silica2d",
    )
    found = AtomEnergy().label(pair, YukawaSilica(), LOADING, None)
    wanted = bare(1.5) - bare(10.0) - slope * (1.5 - 10.0)
    np.testing.assert_allclose(found.values, wanted / 2.0, rtol=1e-8)
