"""The weakest of many sites: against closed forms of the Weibull law and against draws of sites."""

import numpy as np
import pytest
from scipy.integrate import quad

from vitreous.analysis.first_passage import crps, quantile, shares, total_hazard
from vitreous.core.vocabulary import HAZARD_STRAINS as STRAINS

RNG = np.random.default_rng(4)
SCALES = RNG.uniform(0.1, 0.4, 60)


def weibull(scales, shape):
    return (STRAINS / scales[:, None]) ** shape


def first_of(scales, shapes, draws=200_000):
    """Strains and sites of the first failure, drawn site by site."""
    rng = np.random.default_rng(1)
    strains = scales * rng.weibull(shapes, size=(draws, len(scales)))
    return strains.min(axis=1), strains.argmin(axis=1)


def test_shares_of_proportional_hazards_are_proportional_to_their_rates():
    found = shares(weibull(SCALES, 5.0))
    np.testing.assert_allclose(found, SCALES**-5.0 / (SCALES**-5.0).sum(), rtol=1e-9)


def test_shares_are_those_of_drawn_sites_whose_shapes_differ():
    shapes = np.random.default_rng(2).uniform(2.0, 9.0, len(SCALES))
    strains, sites = first_of(SCALES, shapes)
    hazards = weibull(SCALES, shapes[:, None])
    drawn = np.bincount(sites, minlength=len(SCALES)) / len(sites)
    assert np.abs(shares(hazards) - drawn).max() < 0.004
    for share in (0.05, 0.5, 0.95):
        assert quantile(hazards, STRAINS, share) == pytest.approx(
            np.quantile(strains, share), rel=0.01
        )


def test_shares_of_steep_laws_of_mixed_shapes_are_those_of_drawn_sites():
    shapes = np.random.default_rng(5).uniform(15.0, 40.0, len(SCALES))
    _, sites = first_of(SCALES, shapes)
    drawn = np.bincount(sites, minlength=len(SCALES)) / len(sites)
    assert np.abs(shares(weibull(SCALES, shapes[:, None])) - drawn).max() < 0.01


def test_sites_that_hardly_fail_have_the_shares_of_their_hazards():
    rare = 1e-20 * weibull(SCALES, 5.0)
    np.testing.assert_allclose(shares(rare), SCALES**-5.0 / (SCALES**-5.0).sum(), rtol=1e-9)


def test_quantiles_and_hazards_between_the_strains_are_those_of_the_weibull_law():
    rate = (SCALES**-5.0).sum()
    for share in (1e-6, 0.3, 0.999):
        wanted = (-np.log1p(-share) / rate) ** 0.2
        assert quantile(weibull(SCALES, 5.0), STRAINS, share) == pytest.approx(wanted, rel=1e-9)
    at = np.array([1e-4, 0.0456, 3.0])
    np.testing.assert_allclose(
        total_hazard(weibull(SCALES, 5.0), STRAINS, at), rate * at**5.0, rtol=1e-9
    )


def test_between_the_strains_a_law_of_another_shape_is_followed():
    """Gompertz's law, whose logarithm bends: within 0.3 % of the hazard."""
    rates = np.random.default_rng(3).uniform(1e-6, 1e-3, 50)
    hazards = rates[:, None] * np.expm1(120.0 * STRAINS)
    at = np.geomspace(2e-4, 0.3, 200)
    np.testing.assert_allclose(
        total_hazard(hazards, STRAINS, at), rates.sum() * np.expm1(120.0 * at), rtol=3e-2
    )
    for share in (0.05, 0.5, 0.95):
        wanted = np.log1p(-np.log1p(-share) / rates.sum()) / 120.0
        assert quantile(hazards, STRAINS, share) == pytest.approx(wanted, rel=2e-3)


def test_beyond_the_strains_the_law_goes_on_with_the_slope_of_its_end():
    """A site whose hazard goes as the square of the strain at first, as its sixth power later."""
    hazard = np.where(STRAINS < 0.01, STRAINS**2, 1e8 * STRAINS**6)[None]
    ends = np.array([0.1 * STRAINS[0], 10.0 * STRAINS[-1]])
    wanted = [ends[0] ** 2, 1e8 * ends[1] ** 6]
    np.testing.assert_allclose(total_hazard(hazard, STRAINS, ends), wanted, rtol=1e-9)


@pytest.mark.parametrize("strain", [0.02, 0.1, 0.3])
def test_crps_is_that_of_drawn_strains(strain):
    """E|X - y| - E|X - X'| / 2 (Gneiting & Raftery 2007, eq. 21)."""
    drawn, _ = first_of(SCALES, np.full(len(SCALES), 5.0))
    other = np.roll(drawn, 1)
    wanted = np.abs(drawn - strain).mean() - 0.5 * np.abs(drawn - other).mean()
    assert crps(weibull(SCALES, 5.0), STRAINS, strain) == pytest.approx(wanted, rel=0.02, abs=1e-4)


def test_a_share_that_has_failed_by_the_first_strain_is_reached_there():
    hazards, strains = np.array([[0.1, 0.2, 0.4]]), np.array([0.01, 0.02, 0.03])
    for hazard, strain in zip(hazards[0], strains, strict=True):
        assert quantile(hazards, strains, 1.0 - np.exp(-hazard)) == pytest.approx(strain)


@pytest.mark.parametrize("shape", [3.0, 28.0, 60.0])
def test_crps_of_one_site_is_the_integral_of_its_law(shape):
    """Also of laws much sharper than the strains at which hazards are stored, and with the event
    where the law is steepest.
    """

    def fails(g):
        return -np.expm1(-((g / 0.1) ** shape))

    wanted = quad(lambda g: fails(g) ** 2, 0.0, 0.1)[0]
    wanted += quad(lambda g: (1.0 - fails(g)) ** 2, 0.1, 0.6, points=[0.101, 0.12, 0.2])[0]
    found = crps(weibull(np.array([0.1]), shape), STRAINS, 0.1)
    assert found == pytest.approx(wanted, rel=1e-4)
