"""Bonds and rings from the places of silicons alone, against networks whose bonds are known."""

from collections import Counter

import numpy as np
import pytest
from scipy.spatial import Voronoi

from vitreous.analysis.layers import trace_layers
from vitreous.analysis.rings import bridged, trace_rings
from vitreous.analysis.triangulation import triangulate
from vitreous.analysis.voronoi_network import voronoi_network
from vitreous.core.errors import VitreousError
from vitreous.io.bonds import silica_bonds
from vitreous.io.read import read_configuration
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer


def silicons(glass):
    """Places, bonds and cell of the silicons of a plane glass."""
    bonds = np.sort(bridged(glass.bonds, glass.species), axis=1)
    return glass.positions[glass.species == 0], bonds, glass.cell


def made(variance, seed, rings_x=12, rings_y=12):
    maker = DualSwitch(rings_x=rings_x, rings_y=rings_y, variance=variance, steps=10_000)
    return silicons(maker.generate(0, np.random.default_rng(seed)))


def as_set(bonds):
    return set(map(tuple, np.sort(bonds, axis=1).tolist()))


def named(rings):
    """Rings as cycles, whichever atom they begin with."""
    return Counter(tuple(np.roll(ring, -int(np.argmin(ring))).tolist()) for ring in rings.members)


@pytest.mark.parametrize("variance", [0.1, 0.5, 0.92, 1.4])
@pytest.mark.parametrize("seed", range(4))
def test_bonds_and_rings_of_a_generated_glass_are_those_of_its_graph(variance, seed):
    positions, bonds, cell = made(variance, seed)
    found, traced = voronoi_network(positions, cell), trace_rings(positions, bonds, cell)
    assert as_set(found.bonds) == as_set(bonds)
    assert named(found.rings) == named(traced)  # the same way round, too
    assert not found.border.any()
    # rings on either side of each bond, as the tracing has them
    wanted = {
        tuple(pair): sorted(traced.sizes[sides])
        for pair, sides in zip(bonds.tolist(), traced.joined, strict=True)
    }
    for pair, sides in zip(found.bonds.tolist(), found.rings.joined, strict=True):
        assert sorted(found.rings.sizes[sides]) == wanted[tuple(pair)]


def test_both_layers_of_a_bilayer_have_the_rings_of_their_graph():
    glass = SilicaBilayer(rings_x=10, rings_y=10, variance=0.6).generate(
        0, np.random.default_rng(1)
    )
    traced = trace_layers(glass, glass.bonds)
    silicon = glass.species == 0
    middle = glass.positions[silicon, 2].mean()
    for rings, upper in zip(traced, (False, True), strict=True):
        layer = np.flatnonzero(silicon & ((glass.positions[:, 2] > middle) == upper))
        found = voronoi_network(glass.positions[layer, :2], glass.cell[:2, :2])
        assert Counter(found.rings.sizes.tolist()) == Counter(rings.sizes.tolist())
        assert {frozenset(layer[ring].tolist()) for ring in found.rings.members} == {
            frozenset(ring.tolist()) for ring in rings.members
        }


def test_the_published_bilayer_and_networks_of_images_have_their_known_rings(reference):
    glass = read_configuration(
        reference / "font_clos" / "sio2_1_initial.dump", species=("Si", "O"), units="metal"
    )
    silicon = glass.positions[glass.species == 0]
    layer = silicon[silicon[:, 2] > silicon[:, 2].mean(), :2]
    found = voronoi_network(layer, glass.cell[:2, :2])
    assert Counter(found.rings.sizes.tolist()) == {4: 3, 5: 43, 6: 194, 7: 47, 8: 1}
    assert len(found.bonds) == 864
    for name in ("sig1.00_sample_0", "sig1.40_sample_0"):
        glass = read_configuration(
            reference / "jumol" / f"{name}.lammpstrj.gz", species=("Si", "O"), frame=0
        )
        traced = trace_layers(glass, silica_bonds(glass))[0]
        of_silicon = np.flatnonzero(glass.species == 0)
        found = voronoi_network(glass.positions[of_silicon], glass.cell)
        assert {frozenset(of_silicon[ring].tolist()) for ring in found.rings.members} == {
            frozenset(ring.tolist()) for ring in traced.members
        }


def test_matscipy_finds_the_same_statistics(reference):
    """Its rings are shortest paths, which here are the faces."""
    rings = pytest.importorskip("matscipy.rings")
    from ase import Atoms

    glass = read_configuration(
        reference / "font_clos" / "sio2_1_initial.dump", species=("Si", "O"), units="metal"
    )
    silicon = glass.positions[glass.species == 0]
    layer = silicon[silicon[:, 2] > silicon[:, 2].mean()]
    atoms = Atoms("Si" * len(layer), positions=layer, cell=glass.cell, pbc=(True, True, False))
    counts = rings.ring_statistics(atoms, 3.7, maxlength=12)
    found = voronoi_network(layer[:, :2], glass.cell[:2, :2])
    assert {n: int(c) for n, c in enumerate(counts) if c} == Counter(found.rings.sizes.tolist())


def test_a_crystal_whose_rings_lie_on_circles_is_divided_alike_everywhere():
    """Six atoms on a circle have no Delaunay triangulation of their own."""
    d, nx, ny = 3.05, 6, 4
    cell = np.diag([np.sqrt(3.0) * d * nx, 3.0 * d * ny])
    unit = np.array([[0.0, 0.0], [0.0, 1.0], [0.5, 1.5], [0.5, 2.5]]) * [np.sqrt(3.0) * d, d]
    shifts = [[i * np.sqrt(3.0) * d, 3.0 * j * d] for i in range(nx) for j in range(ny)]
    positions = np.concatenate([unit + shift for shift in shifts])
    found = voronoi_network(positions, cell)
    assert found.rings.sizes.tolist() == [6] * (2 * nx * ny)
    assert np.all(np.bincount(found.bonds.ravel()) == 3)


def test_neither_the_numbering_nor_the_place_of_the_cell_matters():
    positions, bonds, cell = made(0.9, 5)
    order = np.random.default_rng(0).permutation(len(positions))
    tilted = np.array([cell[0], cell[1] + cell[0]])  # another cell of the same lattice
    moved = voronoi_network(positions[order] + [17.3, -4.1], tilted)
    assert as_set(order[moved.bonds]) == as_set(bonds)
    assert len(moved.rings) == len(positions) // 2


def test_widths_are_those_of_a_voronoi_diagram():
    positions = np.random.default_rng(3).random((60, 2)) * 10.0
    cell = 10.0 * np.eye(2)
    found = triangulate(positions, cell, (True, True))
    shifts = np.array([[i, j] for i in (0, -1, 1) for j in (0, -1, 1)]) * 10.0
    diagram = Voronoi((positions + shifts[:, None]).reshape(-1, 2))
    widths = {}
    for (i, j), corners in zip(diagram.ridge_points, diagram.ridge_vertices, strict=True):
        if i < 60 or j < 60:
            ends = diagram.vertices[corners]
            step = diagram.points[j] - diagram.points[i]
            key = (min(i % 60, j % 60), max(i % 60, j % 60), round(float(step @ step), 6))
            widths[key] = float(np.linalg.norm(ends[1] - ends[0]))
    for i, j, step, width in zip(found.start, found.end, found.step, found.width, strict=True):
        key = (min(i, j), max(i, j), round(float(step @ step), 5))
        close = [w for k, w in widths.items() if k[:2] == key[:2] and abs(k[2] - key[2]) < 1e-3]
        assert any(w == pytest.approx(width, abs=1e-4) for w in close)
    assert len(found.start) == 6 * 60  # Euler


def test_a_vacancy_joins_three_rings_and_leaves_three_atoms_with_two_bonds():
    positions, bonds, cell = made(0.3, 1)
    whole = voronoi_network(positions, cell)
    sizes = [len(ring) for ring in whole.rings.members if 40 in ring]
    left = np.delete(np.arange(len(positions)), 40)
    found = voronoi_network(positions[left], cell)
    assert len(found.rings) == len(whole.rings) - 2
    assert found.rings.sizes.max() == sum(sizes) - 6  # the atom itself, and its three bonds
    neighbours = {int(i) for pair in bonds if 40 in pair for i in pair} - {40}
    assert set(left[np.bincount(found.bonds.ravel()) == 2].tolist()) == neighbours


def test_of_a_piece_the_rings_inside_are_found_and_those_at_its_rim_are_border():
    positions, bonds, cell = made(0.5, 2)
    inside = np.flatnonzero(np.all((positions > 2.0) & (positions < cell.diagonal() - 2.0), axis=1))
    found = voronoi_network(positions[inside], cell, (False, False))
    number = np.full(len(positions), -1)
    number[inside] = np.arange(len(inside))
    joined = number[bonds]
    step = np.abs(positions[bonds[:, 1]] - positions[bonds[:, 0]]).max(axis=1)
    kept = (joined >= 0).all(axis=1) & (step < 10.0)
    inner = ~found.border[found.bonds].all(axis=1)
    assert as_set(found.bonds[inner]) <= as_set(joined[kept])
    traced = trace_rings(positions, bonds, cell)
    spans = [np.ptp(positions[ring], axis=0).max() < 20.0 for ring in traced.members]
    whole = {
        frozenset(number[ring].tolist())
        for ring, near in zip(traced.members, spans, strict=True)
        if near and (number[ring] >= 0).all()
    }
    rings = {frozenset(ring.tolist()) for ring in found.rings.members}
    assert {ring for ring in rings if not found.border[list(ring)].all()} <= whole <= rings
    coordination = np.bincount(found.bonds.ravel(), minlength=len(inside))
    assert np.all(coordination[~found.border] == 3)
    assert np.any(coordination[found.border] < 3)


@pytest.mark.parametrize(
    ("positions", "periodic", "says"),
    [
        (np.zeros((3, 2)), (True, True), "expected at least 4 atoms in a plane"),
        (np.ones((9, 2)), (True, True), "atom 0 .* and another coincide"),
        (np.column_stack([np.arange(9.0), np.zeros(9)]), (False, False), "lie on a line"),
        (np.random.default_rng(0).random((9, 2)), (True, False), "both directions or neither"),
        (10 * np.random.default_rng(0).random((4, 2)), (True, True), "is too small for its"),
    ],
)
def test_what_is_no_network_is_refused(positions, periodic, says):
    with pytest.raises(VitreousError, match=says):
        voronoi_network(positions, 10.0 * np.eye(2), periodic)
