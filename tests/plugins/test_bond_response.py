"""The response of bonds is what small strains of the relaxed glass do, whatever potential."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.plugins.descriptors.bond_response import BondResponse
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS

STRETCHED = Loading(mode="uniaxial", dimension=3)
CASES = {
    "bilayer": (
        SilicaBilayer(rings_x=6, rings_y=6, steps=2000),
        Watanabe(),
        STRETCHED,
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


def largest_of_atoms(glass, values):
    return np.array([values[(glass.bonds == atom).any(axis=1)].max() for atom in range(len(glass))])


def angles(glass, atom):
    rows = np.flatnonzero((glass.bonds == atom).any(axis=1))
    other = glass.bonds[rows].sum(axis=1) - atom
    arm = glass.minimum_image(glass.positions[other] - glass.positions[atom])
    arm /= np.linalg.norm(arm, axis=1, keepdims=True)
    return np.arccos((arm @ arm.T)[np.triu_indices(len(arm), 1)])


def test_rates_are_those_of_small_strains_done_and_relaxed(case):
    glass, potential, loading = case
    h = 1e-6  # hardly any pair crosses the cutoff, where the stiffness of Yukawa silica jumps
    far, near = (strained(glass, potential, loading, s) for s in (h, -h))
    bonds = lengths(glass)
    rate = (lengths(far) - lengths(near)) / (2 * h)
    found = BondResponse().describe(glass, loading, glass.positions, "atom", potential)
    column = dict(zip(found.names, found.values.T, strict=True))
    assert column["stretch_rate"] == pytest.approx(largest_of_atoms(glass, rate / bonds), abs=1e-4)
    left = 1.25 * bonds.mean() - bonds
    assert left.min() > 0.01 * bonds.mean()
    assert column["approach"] == pytest.approx(largest_of_atoms(glass, rate / left), abs=1e-3)
    assert column["length"] == pytest.approx(largest_of_atoms(glass, bonds) / bonds.mean())
    for atom in range(0, len(glass), 7):
        turned = np.abs(angles(far, atom) - angles(near, atom)).max(initial=0.0) / (2 * h)
        assert column["bend_rate"][atom] == pytest.approx(turned, abs=1e-3)
    assert column["relative"] == pytest.approx(
        column["stretch_rate"] / np.abs(rate / bonds).max(), abs=1e-3
    )


def test_a_glass_is_described_by_the_extremes_of_its_bonds(case):
    glass, potential, loading = case
    described = BondResponse(orders=(1, 3))
    whole = described.describe(
        glass, loading, glass.cell.sum(axis=0)[None] / 2, "sample", potential
    )
    atoms = described.describe(glass, loading, glass.positions, "atom", potential)
    assert whole.values.shape == (1, 8)
    row = dict(zip(whole.names, whole.values[0], strict=True))
    for name in ("stretch_rate", "approach", "length"):
        column = atoms.values[:, atoms.names.index(name)]
        assert row[f"{name}_1"] == pytest.approx(column.max())
        assert row[f"{name}_1"] >= row[f"{name}_3"]
    bonds = lengths(glass)
    assert row["length_spread"] == pytest.approx((bonds / bonds.mean()).std())


def test_atoms_in_any_order_have_their_own_columns(case):
    glass, potential, loading = case
    all_atoms = BondResponse().describe(glass, loading, glass.positions, "atom", potential)
    some = np.array([5, 2, 40])
    chosen = BondResponse().describe(glass, loading, glass.positions[some], "atom", potential)
    assert np.array_equal(chosen.values, all_atoms.values[some])


def test_a_compressed_glass_answers_with_the_opposite_sign(case):
    glass, potential, loading = case
    back = Loading(mode=loading.mode, sign=-1, angle=loading.angle, dimension=loading.dimension)
    one, other = (
        BondResponse().describe(glass, each, glass.positions, "atom", potential).values
        for each in (loading, back)
    )
    assert one[:, 3:5] == pytest.approx(other[:, 3:5], rel=1e-4, abs=1e-5)
    assert not np.allclose(one[:, 0], other[:, 0], rtol=0.1)


def test_glasses_that_cannot_be_described_are_refused(case):
    glass, potential, loading = case
    described = BondResponse()
    with pytest.raises(VitreousError, match="this one has 0; use a glass with a bond list"):
        described.describe(
            glass.with_(bonds=np.empty((0, 2), dtype=np.int64)),
            loading,
            glass.positions,
            "atom",
            potential,
        )
    with pytest.raises(VitreousError, match="the position of none, or of several"):
        described.describe(glass, loading, glass.positions + 0.01, "atom", potential)
    with pytest.raises(VitreousError, match="needs the potential"):
        described.describe(glass, loading, glass.positions, "atom")
    shaken = glass.positions + np.random.default_rng(0).normal(0, 0.15, glass.positions.shape)
    with pytest.raises(NotConverged, match="it is not at rest, or a symmetry holds it at a saddle"):
        described.describe(glass.with_(positions=shaken), loading, shaken, "atom", potential)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"limit": 1.0}, "expected a limit above 1"),
        ({"tolerance": 0.0}, "expected a limit above 1"),
        ({"orders": (0, 1)}, "expected different numbers from 1"),
        ({"orders": (2, 2)}, "expected different numbers from 1"),
        ({"orders": ()}, "expected different numbers from 1"),
    ],
)
def test_fields_out_of_range_are_refused(fields, sentence):
    with pytest.raises(VitreousError, match=sentence):
        BondResponse(**fields)
