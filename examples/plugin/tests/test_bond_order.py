"""Order parameters by hand: a perfect honeycomb is fully ordered, and stretching it aligns its
bonds.
"""

import numpy as np
import pytest
from vitreous_bond_order.bond_order import BondOrder

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.testing.systems import silica_honeycomb, some_sites


def described(glass, angle=0.0):
    features = BondOrder().describe(glass, Loading(angle=angle), some_sites(glass), "site")
    return dict(zip(features.names, features.values.T, strict=True))


def test_a_perfect_honeycomb_is_fully_ordered():
    columns = described(silica_honeycomb())
    np.testing.assert_allclose(columns["order_3"], 1.0)
    np.testing.assert_allclose(columns["order_6"], 1.0)
    np.testing.assert_allclose(columns["smallest_angle"], 2 * np.pi / 3)
    np.testing.assert_allclose(columns["angle_variance"], 0.0, atol=1e-12)
    np.testing.assert_allclose(columns["alignment"], 0.0, atol=1e-12)


def test_stretching_along_the_loading_aligns_bonds_with_it():
    glass, loading = silica_honeycomb(), Loading(angle=30.0)
    gradient = loading.deformation_gradient(0.1)
    stretched = glass.with_(positions=glass.positions @ gradient.T, cell=glass.cell @ gradient.T)
    assert np.all(described(stretched, 30.0)["alignment"] > 0.05)
    assert np.all(described(stretched, 120.0)["alignment"] < -0.05)


def test_a_disc_without_silicon_is_refused():
    with pytest.raises(VitreousError, match=r"no Si lies within 0\.1"):
        BondOrder(radius=0.1).describe(
            silica_honeycomb(), Loading(), np.array([[1.0, 1.6]]), "site"
        )
