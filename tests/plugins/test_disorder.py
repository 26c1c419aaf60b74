"""The variance of the ring size, against what the generator aimed at and reached."""

import numpy as np
import pytest

from vitreous.analysis.layers import layer_statistics, trace_layers
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer
from vitreous.plugins.labelers.disorder import Disorder
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_honeycomb


def disorder(glass, potential):
    loading = Loading(mode="uniaxial", dimension=glass.dimension)
    return Disorder().label(glass, potential, loading, None).values[0]


@pytest.mark.parametrize("maker", [DualSwitch, SilicaBilayer])
def test_it_is_the_variance_of_the_network_that_was_made(maker):
    glass = maker(rings_x=10, rings_y=10, variance=0.5).generate(0, np.random.default_rng(2))
    counts = np.array([glass.info[f"rings_{n}"] for n in range(4, 11)])
    wanted = (counts * (np.arange(4, 11) - 6.0) ** 2).sum() / counts.sum()
    assert disorder(glass, Watanabe()) == pytest.approx(wanted, abs=1e-12)
    assert 0.3 < wanted < 0.7


def test_both_layers_of_a_bilayer_have_the_statistics_of_the_network():
    glass = SilicaBilayer(rings_x=10, rings_y=10, variance=0.5).generate(
        0, np.random.default_rng(2)
    )
    found = layer_statistics(trace_layers(glass, glass.bonds))
    assert found.alpha_unweighted == pytest.approx(glass.info["alpha_unweighted"], abs=1e-12)
    assert sum(found.counts.values()) == 200


def test_a_honeycomb_has_none():
    assert disorder(silica_honeycomb(6, 4), YukawaSilica()) == 0.0


def test_a_glass_without_bonds_or_periodic_plane_is_refused():
    glass = silica_honeycomb(6, 4)
    with pytest.raises(VitreousError, match="no bonds; find its bonds first"):
        disorder(glass.with_(bonds=np.zeros((0, 2), dtype=int)), YukawaSilica())
    with pytest.raises(VitreousError, match="or along neither"):
        disorder(glass.with_(periodic=(True, False)), YukawaSilica())


def test_of_a_piece_the_closed_rings_count():
    glass = DualSwitch(rings_x=10, rings_y=10, variance=0.5).generate(0, np.random.default_rng(2))
    ends = glass.positions[glass.bonds]
    whole = np.abs(ends[:, 1] - ends[:, 0]).max(axis=1) < 10.0  # cut at the sides of the cell
    piece = glass.with_(periodic=(False, False), bonds=glass.bonds[whole])
    sizes = trace_layers(piece, piece.bonds)[0].sizes
    assert 60 < len(sizes) < 100
    assert disorder(piece, YukawaSilica()) == pytest.approx(np.var(sizes), abs=1e-12)
