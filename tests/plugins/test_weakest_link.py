"""Soft extremes of how fast bridges stretch: between the mean and the largest, and those of the
bonds' response.
"""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.plugins.descriptors.bond_response import BondResponse
from vitreous.plugins.descriptors.weakest_link import WeakestLink, soft_extremes
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.simulators.aqs import AQS

LOADING = Loading(mode="uniaxial", dimension=3)


@pytest.fixture(scope="module")
def glass():
    made = SilicaBilayer(rings_x=6, rings_y=6, steps=2000).generate(0, np.random.default_rng(3))
    return AQS().relax(made, Watanabe())


def described(glass, **fields):
    middle = glass.cell.sum(axis=0)[None] / 2
    return WeakestLink(**fields).describe(glass, LOADING, middle, "sample", Watanabe())


def test_two_bridges_by_hand():
    rate, angle = soft_extremes(np.array([0.0, 0.1]), np.array([2.0, 3.0]), 10.0)
    assert rate == pytest.approx(np.log((1.0 + np.e) / 2.0) / 10.0)
    assert angle == pytest.approx((2.0 + 3.0 * np.e) / (1.0 + np.e))


def test_sharpness_leads_from_the_mean_to_the_largest():
    rng = np.random.default_rng(0)
    rate, angle = rng.normal(size=500), rng.normal(size=500)
    blunt, sharp = (soft_extremes(rate, angle, beta) for beta in (1e-6, 1e4))
    np.testing.assert_allclose(blunt, [rate.mean(), angle.mean()], atol=1e-5)
    np.testing.assert_allclose(sharp, [rate.max(), angle[rate.argmax()]], atol=1e-3)


def test_a_soft_extreme_of_a_sum_is_to_first_order_the_sum_of_both_columns():
    """What lets a linear model learn how much the angle counts."""
    rng = np.random.default_rng(1)
    rate, angle = rng.normal(size=200), rng.normal(size=200)
    step = 1e-4
    moved = soft_extremes(rate + step * angle, angle, 3.0)[0]
    start, slope = soft_extremes(rate, angle, 3.0)
    assert (moved - start) / step == pytest.approx(slope, rel=1e-3)


def test_the_columns_are_those_of_the_bridges_of_the_bonds_response(glass):
    found = described(glass, sharpness=30.0)
    assert found.names == ("soft_rate", "soft_angle") and found.values.shape == (1, 2)
    atoms = BondResponse().describe(glass, LOADING, glass.positions, "atom", Watanabe())
    oxygen = glass.species == glass.names.index("O")
    rate, angle = (atoms.values[oxygen, atoms.names.index(n)] for n in ("bond_rate", "angle"))
    weight = np.exp(30.0 * rate)
    np.testing.assert_allclose(
        found.values[0],
        [np.log(weight.mean()) / 30.0, (weight * angle).sum() / weight.sum()],
        rtol=1e-10,
    )


def test_bad_parameters_and_glasses_are_refused_in_a_sentence(glass):
    with pytest.raises(VitreousError, match="sharpness is 0; expected a positive number"):
        WeakestLink(sharpness=0.0)
    with pytest.raises(VitreousError, match="needs the potential"):
        WeakestLink().describe(glass, LOADING, glass.positions[:1], "sample")
    with pytest.raises(VitreousError, match="not made of finite numbers"):
        WeakestLink().describe(glass, LOADING, np.full((1, 3), np.nan), "sample", Watanabe())
    rng = np.random.default_rng(0)
    hot = glass.with_(positions=glass.positions + rng.normal(0.0, 0.2, glass.positions.shape))
    with pytest.raises(NotConverged, match="predict --relax"):
        described(hot)
