"""Physical indicators: by hand on a perfect network, by loops on a shaken one, and their
symmetries.
"""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.physical import PhysicalIndicators
from vitreous.testing.systems import shaken_honeycomb, some_sites


def test_a_perfect_honeycomb_has_no_stretch_and_only_hexagons() -> None:
    glass = shaken_honeycomb(shake=0.0)
    features = PhysicalIndicators().describe(glass, Loading(), some_sites(glass), "site")
    named = dict(zip(features.names, features.values.T, strict=True))
    for name in ("stretch_variance", "stretch_mean", "ring_size_variance"):
        np.testing.assert_allclose(named[name], 0.0, atol=1e-12)
    np.testing.assert_allclose(named["ring_size_mean"], 6.0)
    assert np.mean(named["number_density"]) == pytest.approx(len(glass) / glass.volume, rel=0.05)


def test_stretch_equals_a_loop_over_bonds() -> None:
    glass, loading = shaken_honeycomb(), Loading(angle=35.0)
    sites = some_sites(glass, 4)
    vectors = glass.minimum_image(
        glass.positions[glass.bonds[:, 1]] - glass.positions[glass.bonds[:, 0]]
    )
    middle = glass.positions[glass.bonds[:, 0]] + 0.5 * vectors
    length = np.hypot(*vectors.T)
    stretch = (length / length.mean() - 1) * (vectors @ loading.frame[0] / length) ** 2
    features = PhysicalIndicators(radius=6.0).describe(glass, loading, sites, "site")
    for site, row in zip(sites, features.values, strict=True):
        inside = np.hypot(*glass.minimum_image(middle - site).T) <= 6.0
        assert row[0] == pytest.approx(np.var(stretch[inside]), rel=1e-9)
        assert row[1] == pytest.approx(np.mean(stretch[inside]), rel=1e-9)


def test_a_common_rotation_changes_nothing() -> None:
    glass = shaken_honeycomb()
    sites = some_sites(glass)
    turn = Loading(angle=50.0).frame.T
    turned = glass.with_(positions=glass.positions @ turn.T, cell=glass.cell @ turn.T)
    before = PhysicalIndicators().describe(glass, Loading(), sites, "site").values
    after = (
        PhysicalIndicators().describe(turned, Loading(angle=50.0), sites @ turn.T, "site").values
    )
    np.testing.assert_allclose(after, before, atol=1e-9)


def test_every_column_says_what_marks_weak_sites_and_small_discs_are_refused() -> None:
    glass = shaken_honeycomb()
    features = PhysicalIndicators().describe(glass, Loading(), some_sites(glass), "site")
    assert tuple(PhysicalIndicators.weak_is) == features.names
    with pytest.raises(VitreousError, match="larger radius"):
        PhysicalIndicators(radius=0.2).describe(glass, Loading(), some_sites(glass), "site")
