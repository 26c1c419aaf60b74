"""Ring statistics of a run's glasses, whatever their role."""

import numpy as np
import pytest
from glasses import glass, run

from vitreous.analysis.rings import bridged, ring_statistics, trace_rings
from vitreous.analysis.silica_network import centre_bonds
from vitreous.plugins.evaluations.rings import Rings
from vitreous.testing.systems import shaken_honeycomb, silica_glass


def of(network, index=0, role="train"):
    return glass(index, [1.0], role=role).with_(configuration=network)


def test_a_honeycomb_has_hexagons_alone_and_no_alpha() -> None:
    found = Rings().evaluate(run(of(shaken_honeycomb(4, 3))))
    assert (
        found.numbers["mean"] == 6.0
        and found.numbers["variance"] == 0.0
        and found.numbers["alpha_weighted"] is None
    )
    assert found.numbers["pooled"] == {"share": {"6": 1.0}}


def test_a_glass_has_the_statistics_of_its_traced_rings() -> None:
    network = silica_glass()
    silicon, oxygen, _ = centre_bonds(network, "Si", "O")
    traced = trace_rings(
        network.positions,
        bridged(np.column_stack([silicon, oxygen]), network.species),
        network.cell,
    )
    want = ring_statistics(traced.sizes, traced.joined)
    found = Rings().evaluate(run(of(network)))
    assert (
        found.glasses["0"]["variance"] == want.variance > 0.0
        and found.glasses["0"]["alpha_weighted"] == want.alpha_weighted
    )
    assert found.numbers["pooled"]["share"] == {
        str(n): pytest.approx(want.share(n)) for n in want.counts
    }


def test_glasses_of_every_role_count_and_damaged_or_other_ones_do_not() -> None:
    whole = shaken_honeycomb(4, 3)
    damaged = whole.with_(bonds=whole.bonds[1:])
    other = whole.with_(names=("Ge", "O"))
    found = Rings().evaluate(
        run(of(whole, 0), of(damaged, 1), of(other, 2), of(silica_glass(), 3, "test"))
    )
    assert list(found.glasses) == ["0", "3"] and found.numbers["glasses"] == 2.0
    unbonded = whole.with_(bonds=np.zeros((0, 2), dtype=int))
    assert Rings().statistics(unbonded) is None
    assert "No glass is a planar network of Si and O" in Rings().evaluate(run(of(other))).text
    assert Rings(centre="Ge").evaluate(run(of(other))).numbers["mean"] == 6.0


def test_the_bars_are_the_shares_of_all_glasses() -> None:
    found = Rings().evaluate(run(of(silica_glass(), 0), of(silica_glass(), 1)))
    (axes,) = found.figures["rings"]().axes
    drawn = {
        str(round(bar.get_x() + bar.get_width() / 2)): bar.get_height() for bar in axes.patches
    }
    assert drawn == pytest.approx(found.numbers["pooled"]["share"])
