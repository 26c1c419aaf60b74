"""The dual lattice stays a plane triangulation whatever is switched, and a refused switch leaves no
trace.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitreous.analysis.ring_law import maximum_entropy_shares
from vitreous.core.errors import VitreousError
from vitreous.generation import dual_cost
from vitreous.generation import dual_monte_carlo as mc
from vitreous.generation.dual_lattice import can_switch, hexagonal, opposite, switch
from vitreous.generation.dual_springs import apothems, is_plane, relax_all

BOND = 3.0


def state(lattice):
    return [
        getattr(lattice, name).copy()
        for name in ("neighbours", "triangles", "sizes", "edges", "positions")
    ]


def assert_triangulation(lattice):
    """Symmetric neighbours, no pair joined twice, triangles met by exactly their three rings,
    Euler's theorem.
    """
    pairs = {(i, j) for i, size in enumerate(lattice.sizes) for j in lattice.neighbours[i, :size]}
    assert len(pairs) == lattice.sizes.sum() == 6 * len(lattice)
    assert all((j, i) in pairs and i != j for i, j in pairs)
    assert {tuple(sorted(edge)) for edge in lattice.edges} == {
        tuple(sorted(pair)) for pair in pairs
    }
    assert np.all(lattice.neighbours[np.arange(10) >= lattice.sizes[:, None]] == -1)
    corners = lattice.corners()
    for triangle, rings in enumerate(corners):
        for ring in rings:
            assert np.count_nonzero(lattice.triangles[ring, : lattice.sizes[ring]] == triangle) == 1
    assert np.array_equal(np.bincount(lattice.bonds().ravel()), np.full(2 * len(lattice), 3))


def target(variance=0.5, weighted=False):
    return dual_cost.Target(maximum_entropy_shares(variance), variance, 1.0, 0.3, 10.0, weighted)


def anneal(lattice, seed=0, steps=3000, **changes):
    options = {
        "minimum": 4,
        "temperature": 1e-4,
        "largest_strain": 0.15,
        "tolerance": 1e-3,
        "patience": steps,
    } | changes
    return mc.anneal(
        lattice, target(), np.random.default_rng(seed), bond=BOND, steps=steps, **options
    )


def test_the_perfect_lattice_is_a_triangulation_with_its_rest_lengths():
    lattice = hexagonal(6, 8, BOND, 10)
    assert_triangulation(lattice)
    before = lattice.positions.copy()
    assert (
        relax_all(
            lattice.neighbours,
            lattice.sizes,
            lattice.positions,
            lattice.box,
            apothems(10, BOND),
            1e-12,
            1,
        )
        < 1e-12
    )
    assert np.array_equal(lattice.positions, before)
    corner = lattice.positions[lattice.corners()]
    step = corner[:, 1:] - corner[:, :1]
    step -= lattice.box * np.rint(step / lattice.box)
    area = 0.5 * (step[:, 0, 0] * step[:, 1, 1] - step[:, 0, 1] * step[:, 1, 0])
    assert np.allclose(area, 0.75 * np.sqrt(3.0) * BOND**2)


def test_rest_lengths_are_those_of_regular_polygons_that_share_a_side():
    apothem = apothems(10, BOND)
    assert apothem[4] + apothem[4] == pytest.approx(BOND)  # two squares
    assert apothem[6] + apothem[6] == pytest.approx(np.sqrt(3.0) * BOND)  # two hexagons


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3 * 48 - 1), max_size=60))
def test_any_allowed_switches_keep_a_triangulation_of_mean_ring_size_six(picks):
    lattice = hexagonal(6, 8, BOND, 10)
    for pick in picks:
        a, b = lattice.edges[pick]
        c, d = opposite(lattice.neighbours, lattice.sizes, a, b)
        if can_switch(lattice.neighbours, lattice.sizes, a, b, c, d, 4, 10):
            sizes = lattice.sizes.copy()
            switch(lattice.neighbours, lattice.triangles, lattice.sizes, a, b, c, d)
            lattice.edges[pick] = c, d
            changed = dict.fromkeys((a, b), -1) | dict.fromkeys((c, d), 1)
            assert {
                i: int(lattice.sizes[i] - sizes[i]) for i in np.flatnonzero(lattice.sizes != sizes)
            } == changed
    assert_triangulation(lattice)
    assert lattice.sizes.mean() == 6.0 and lattice.sizes.min() >= 4 and lattice.sizes.max() <= 10


@pytest.mark.parametrize("why", ["cost", "geometry"])
def test_a_refused_switch_is_undone_bit_for_bit(why):
    lattice = hexagonal(8, 8, BOND, 10)
    anneal(lattice, steps=500)
    before, sums = state(lattice), dual_cost.sums_of(lattice)
    counted = [array.copy() for array in sums]
    cost = -1e9 if why == "cost" else 1e12  # nothing is cheap enough, or everything is
    strain = 0.15 if why == "cost" else -1.0  # no strain is small enough
    rng = np.random.default_rng(3)
    _, accepted, crossed = mc.try_switches(
        lattice.neighbours,
        lattice.triangles,
        lattice.sizes,
        lattice.edges,
        lattice.positions,
        lattice.box,
        sums,
        target(),
        (4, 10),
        apothems(10, BOND),
        0.0,
        strain,
        rng.integers(len(lattice.edges), size=400),
        rng.random(400),
        cost,
    )
    assert accepted == 0 and (crossed > 100 if why == "geometry" else crossed == 0)
    assert all(np.array_equal(old, new) for old, new in zip(before, state(lattice), strict=True))
    assert all(np.array_equal(old, new) for old, new in zip(counted, sums, strict=True))


def test_the_sums_kept_during_a_run_are_those_counted_afresh():
    lattice = hexagonal(8, 10, BOND, 10)
    sums, rng = dual_cost.sums_of(lattice), np.random.default_rng(5)
    cost, accepted, _ = mc.try_switches(
        lattice.neighbours,
        lattice.triangles,
        lattice.sizes,
        lattice.edges,
        lattice.positions,
        lattice.box,
        sums,
        target(),
        (4, 10),
        apothems(10, BOND),
        0.5,
        0.3,
        rng.integers(len(lattice.edges), size=2000),
        rng.random(2000),
        dual_cost.NO_SLOPE,
    )
    fresh = dual_cost.sums_of(lattice)
    assert accepted > 20
    assert all(np.array_equal(old, new) for old, new in zip(fresh, sums, strict=True))
    assert cost == dual_cost.cost_of(fresh.count, fresh.around, target())
    assert_triangulation(lattice)


def test_after_annealing_no_edges_cross_and_springs_are_at_rest():
    lattice = hexagonal(10, 12, BOND, 10)
    outcome = anneal(lattice)
    assert outcome.accepted > 20 and outcome.cost < 3.0
    assert is_plane(
        np.arange(len(lattice)),
        len(lattice),
        lattice.neighbours,
        lattice.sizes,
        lattice.positions,
        lattice.box,
        0.0,
    )
    assert (
        relax_all(
            lattice.neighbours,
            lattice.sizes,
            lattice.positions,
            lattice.box,
            apothems(10, BOND),
            1e-5 * BOND,
            1,
        )
        < 1e-5 * BOND
    )


def test_a_run_ends_when_the_cost_no_longer_falls():
    outcome = anneal(hexagonal(6, 6, BOND, 10), steps=60_000, patience=4000)
    assert outcome.tried < 60_000


def test_the_same_random_numbers_give_the_same_lattice():
    first, second = hexagonal(8, 8, BOND, 10), hexagonal(8, 8, BOND, 10)
    anneal(first, seed=7)
    anneal(second, seed=7)
    assert all(np.array_equal(a, b) for a, b in zip(state(first), state(second), strict=True))


def test_too_few_rings_are_refused():
    with pytest.raises(VitreousError, match="5 x 8 rings"):
        hexagonal(5, 8, BOND, 10)
    with pytest.raises(VitreousError, match="even number"):
        hexagonal(8, 7, BOND, 10)
