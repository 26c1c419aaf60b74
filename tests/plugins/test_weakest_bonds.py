"""The response of bonds is what small strains of the relaxed glass do, whatever potential."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.plugins.descriptors.weakest_bonds import WeakestBonds
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS

CASES = {
    "bilayer": (
        SilicaBilayer(rings_x=6, rings_y=6, steps=2000),
        Watanabe(),
        Loading(mode="uniaxial", dimension=3),
    ),
    "monolayer": (
        DualSwitch(rings_x=10, rings_y=10, variance=0.4, steps=2000),
        YukawaSilica(),
        Loading(mode="pure_shear", angle=30.0),
    ),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    generator, potential, loading = CASES[request.param]
    glass = generator.generate(0, np.random.default_rng(3))
    return AQS().relax(glass, potential), potential, loading


def lengths(glass):
    i, j = glass.bonds.T
    return np.linalg.norm(glass.minimum_image(glass.positions[j] - glass.positions[i]), axis=1)


def strained(glass, potential, loading, strain):
    """The glass at rest again after an affine strain, its cell kept."""
    f = loading.deformation_gradient(strain)
    moved = glass.with_(positions=glass.positions @ f.T, cell=glass.cell @ f.T)
    return AQS(relax_cell=False, force_tolerance=1e-11).relax(moved, potential)


def centre(glass):
    return glass.cell.sum(axis=0)[None] / 2


def test_rates_are_those_of_small_strains_done_and_relaxed(case):
    glass, potential, loading = case
    h = 1e-6  # hardly any pair crosses the cutoff, where the stiffness of Yukawa silica jumps
    far, near = (lengths(strained(glass, potential, loading, s)) for s in (h, -h))
    length = lengths(glass)
    rate = (far - near) / (2 * h)
    left = 1.25 * length.mean() - length
    assert left.min() > 0.01 * length.mean()
    every = tuple(range(1, len(length) + 1))
    found = WeakestBonds(orders=every).describe(glass, loading, centre(glass), "sample", potential)
    row = dict(zip(found.names, found.values[0], strict=True))
    for name, values, error in (
        ("stretch_rate", rate / length, 1e-4),
        ("approach", rate / left, 1e-3),
        ("length", length / length.mean(), 1e-12),
    ):
        mine = np.array([row[f"{name}_{order}"] for order in every])
        assert mine == pytest.approx(np.sort(values)[::-1], abs=error)
    assert row["stretch_rate_spread"] == pytest.approx((rate / length).std(), abs=1e-4)
    assert row["length_spread"] == pytest.approx((length / length.mean()).std())


def test_the_orders_choose_the_columns(case):
    glass, potential, loading = case
    found = WeakestBonds(orders=(2, 1)).describe(glass, loading, centre(glass), "sample", potential)
    assert found.names == (
        *("stretch_rate_2", "stretch_rate_1", "approach_2", "approach_1", "length_2", "length_1"),
        *("stretch_rate_spread", "length_spread"),
    )
    assert found.values.shape == (1, 8)
    assert (found.values[0, 1:6:2] >= found.values[0, :6:2]).all()


def test_bonds_that_shorten_do_not_count_as_near_to_breaking(case):
    glass, potential, loading = case
    back = Loading(mode=loading.mode, sign=-1, angle=loading.angle, dimension=loading.dimension)
    one, other = (
        WeakestBonds(orders=(1, len(glass.bonds))).describe(
            glass, each, centre(glass), "sample", potential
        )
        for each in (loading, back)
    )
    first, last = (
        one.names.index("stretch_rate_1"),
        one.names.index(f"stretch_rate_{len(glass.bonds)}"),
    )
    assert one.values[0, first] == pytest.approx(-other.values[0, last], rel=1e-4)


def test_a_bond_at_its_limit_has_a_finite_approach(case):
    glass, potential, loading = case
    length = lengths(glass)
    found = WeakestBonds(limit=1.0 + 1e-9).describe(
        glass, loading, centre(glass), "sample", potential
    )
    assert length.max() > length.mean()
    assert np.isfinite(found.values).all()


def test_glasses_that_cannot_be_described_are_refused(case):
    glass, potential, loading = case
    described = WeakestBonds()
    with pytest.raises(VitreousError, match="this one has 0; use a glass with a bond list"):
        described.describe(
            glass.with_(bonds=np.empty((0, 2), dtype=np.int64)),
            loading,
            centre(glass),
            "sample",
            potential,
        )
    with pytest.raises(VitreousError, match="needs the potential"):
        described.describe(glass, loading, centre(glass), "sample")
    shaken = glass.positions + np.random.default_rng(0).normal(0, 0.15, glass.positions.shape)
    with pytest.raises(NotConverged, match="at no minimum of the potential"):
        described.describe(
            glass.with_(positions=shaken), loading, centre(glass), "sample", potential
        )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"limit": 1.0}, "expected a number above 1"),
        ({"limit": float("nan")}, "expected a number above 1"),
        ({"orders": (0, 1)}, "expected different numbers from 1"),
        ({"orders": (2, 2)}, "expected different numbers from 1"),
        ({"orders": ()}, "expected different numbers from 1"),
    ],
)
def test_fields_out_of_range_are_refused(fields, sentence):
    with pytest.raises(VitreousError, match=sentence):
        WeakestBonds(**fields)
