"""Stretch and its rate around sites: against sums bond by bond, and under a reversed loading."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.network_weakness import NetworkWeakness
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS

LOADING, MODEL = Loading(mode="pure_shear", angle=25.0), YukawaSilica()
RADII = (3.0, 6.5)


@pytest.fixture(scope="module")
def glass():
    made = DualSwitch(rings_x=8, rings_y=8, variance=0.6, steps=2000)
    return AQS().relax(made.generate(0, np.random.default_rng(2)), MODEL)


def described(glass, loading=LOADING, sites=None, level="atom", **fields):
    sites = glass.positions if sites is None else sites
    found = NetworkWeakness(**{"radii": RADII, "ahead": 0.04, **fields}).describe(
        glass, loading, sites, level, MODEL
    )
    return dict(zip(found.names, found.values.T, strict=True))


def by_hand(glass, sites):
    """Bond by bond; rates are those of a small strain done and relaxed."""
    h = 1e-6
    f = LOADING.deformation_gradient(h)
    moved = glass.with_(positions=glass.positions @ f.T, cell=glass.cell @ f.T)
    moved = AQS(relax_cell=False, force_tolerance=1e-11).relax(moved, MODEL)
    i, j = glass.bonds.T
    vectors = [g.minimum_image(g.positions[j] - g.positions[i]) for g in (glass, moved)]
    middle = glass.positions[i] + 0.5 * vectors[0]
    columns = {}
    for k, radius in enumerate(RADII):
        for kind, ends in (("", (i, j)), ("span_", joined_centres(glass))):
            long, stretch, rate = by_differences(glass, moved, h, *ends)
            rows = []
            for site in sites:
                near = np.hypot(*glass.minimum_image(middle - site).T) <= radius
                e, s, r = long[near], stretch[near], rate[near]
                ahead = (e + 0.04 * r).max()
                rows.append([e.mean(), r.mean(), ahead, s.mean(), s.var(), (s * r).mean()])
            names = ("length_mean", "rate_mean", "ahead")
            names += ("stretch_mean", "stretch_variance", "pull_mean")
            named = zip(names, np.transpose(rows), strict=True)
            columns |= {f"{kind}{n}_{k}": v for n, v in named}
    return columns


def joined_centres(glass):
    """Of every bond: the two silicons that its oxygen joins."""
    silicon = glass.names.index("Si")
    ends = {}
    for a, b in glass.bonds:
        centre, bridge = (a, b) if glass.species[a] == silicon else (b, a)
        ends.setdefault(bridge, []).append(centre)
    bridges = [b if glass.species[a] == silicon else a for a, b in glass.bonds]
    return np.transpose([ends[bridge] for bridge in bridges])


def by_differences(glass, moved, h, i, j):
    """Relative length, that times the cosine squared to the extension, and rate of i to j."""
    vectors = [g.minimum_image(g.positions[j] - g.positions[i]) for g in (glass, moved)]
    length, later = (np.hypot(*v.T) for v in vectors)
    n = np.array([np.cos(np.radians(25.0)), np.sin(np.radians(25.0))])
    long = length / length.mean() - 1.0
    return long, long * (vectors[0] @ n / length) ** 2, (later - length) / h / length


@pytest.mark.parametrize("level", ["atom", "site"])
def test_columns_are_those_summed_bond_by_bond(glass, level):
    sites = glass.positions
    if level == "site":
        sites = np.random.default_rng(0).uniform(size=(20, 2)) @ glass.cell
    ours, theirs = described(glass, sites=sites, level=level), by_hand(glass, sites)
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        exact = not any(word in name for word in ("rate", "ahead", "pull"))
        spread = np.abs(values).max()
        np.testing.assert_allclose(ours[name], values, atol=(1e-12 if exact else 5e-3) * spread)


def test_rates_and_not_the_lengths_of_bonds_tell_a_loading_from_its_reverse(glass):
    there, back = (
        described(glass),
        described(glass, Loading(mode="pure_shear", angle=25.0, sign=-1)),
    )
    np.testing.assert_allclose(back["rate_mean_1"], -there["rate_mean_1"], atol=1e-6)
    across = described(glass, Loading(mode="pure_shear", angle=115.0))
    np.testing.assert_allclose(back["stretch_mean_0"], across["stretch_mean_0"], atol=1e-9)


@pytest.mark.parametrize("radii", [(), (0.0,), (4.0, 4.0), (np.inf,)])
def test_impossible_radii_are_refused(radii):
    with pytest.raises(VitreousError, match="expected different positive lengths"):
        NetworkWeakness(radii=radii)


def test_an_impossible_strain_is_refused():
    with pytest.raises(VitreousError, match="expected a positive strain"):
        NetworkWeakness(ahead=0.0)


def test_surroundings_without_a_bond_are_refused(glass):
    with pytest.raises(VitreousError, match=r"no bond lies within 0\.1 of site 0"):
        described(glass, radii=(0.1,))


def test_bonds_that_end_at_an_open_bridge_stand_for_themselves(glass):
    """One bond is taken out of the list: its oxygen joins nothing, and only that end changes."""
    oxygen = glass.bonds[0].max()
    cut = glass.with_(bonds=glass.bonds[1:])
    whole, open_ended = described(glass), described(cut)
    far = np.hypot(*glass.minimum_image(glass.positions - glass.positions[oxygen]).T) > 12.0
    assert far.any()
    for name, values in open_ended.items():
        spread = np.abs(whole[name]).max()
        np.testing.assert_allclose(values[far], whole[name][far], atol=5e-3 * spread, err_msg=name)
    assert np.isfinite(list(open_ended.values())).all()
