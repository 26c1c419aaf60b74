"""Sequences of silicons: which atoms, in which order, seen from where."""

from itertools import pairwise

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.atom_sequence import AtomSequence
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.testing.systems import shaken_honeycomb, some_sites

RADIUS = 6.0


@pytest.fixture(scope="module")
def crystal():
    """The lattice of dual_switch before any switch."""
    return DualSwitch(rings_x=10, rings_y=10, steps=0, variance=0.01).generate(
        0, np.random.default_rng(0)
    )


def sequences(glass, sites, **fields):
    found = AtomSequence(**{"radius": RADIUS, **fields}).describe(glass, Loading(), sites, "site")
    return [RADIUS * found.values[a:b] for a, b in pairwise(found.offsets)]


@pytest.mark.parametrize("order", ["row", "number", "distance"])
def test_every_silicon_of_the_window_is_there_once(order):
    glass = shaken_honeycomb()
    sites = some_sites(glass, 5)
    silicon = glass.positions[glass.species == glass.names.index("Si")]
    for site, found in zip(sites, sequences(glass, sites, order=order), strict=True):
        away = glass.minimum_image(silicon - site)
        wanted = away[np.hypot(*away.T) < RADIUS]
        np.testing.assert_allclose(
            found[np.lexsort(found.T.round(6))], wanted[np.lexsort(wanted.T.round(6))], atol=1e-9
        )


def nearest_silicons(glass):
    """The median distance of a silicon from the nearest other."""
    silicon = glass.positions[glass.species == glass.names.index("Si")]
    apart = np.array(
        [np.linalg.norm(glass.minimum_image(silicon - place), axis=1) for place in silicon]
    )
    return np.median(np.sort(apart, axis=1)[:, 1])


def test_rows_do_not_know_of_the_vacuum_around_a_patch(crystal):
    """Whatever cell a file gives to a glass with a free boundary."""
    middle = 0.5 * crystal.cell.diagonal()
    near = np.linalg.norm(crystal.positions - middle, axis=1) < 12.0
    patch = crystal.with_(
        positions=crystal.positions[near],
        species=crystal.species[near],
        ids=crystal.ids[near],
        bonds=np.zeros((0, 2), int),
        periodic=(False, False),
    )
    sites = middle + np.random.default_rng(0).uniform(-4.0, 4.0, (5, 2))
    for wide in (patch, patch.with_(cell=3.0 * patch.cell)):
        for found, wanted in zip(sequences(wide, sites), sequences(crystal, sites), strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_rows_and_distance_turn_with_the_loading_and_numbers_do_not():
    assert (
        not AtomSequence(order="row").bound_to_axes
        and not AtomSequence(order="distance").bound_to_axes
    )
    assert "order=number" in AtomSequence(order="number").bound_to_axes


def test_rows_go_up_and_each_goes_right():
    glass = shaken_honeycomb()
    height = 0.5 * nearest_silicons(glass)
    for found in sequences(glass, some_sites(glass, 5)):
        row = np.floor(found[:, 1] / height)
        assert (np.diff(row) >= 0).all()
        assert (np.diff(found[:, 0])[np.diff(row) == 0] > 0).all()


def test_distance_goes_outwards():
    glass = shaken_honeycomb()
    for found in sequences(glass, some_sites(glass, 5), order="distance"):
        assert (np.diff(np.hypot(*found.T)) >= 0).all()


def test_numbers_of_a_made_glass_go_along_the_lattice_rows_and_up(crystal):
    """The paper's order: the atoms' numbers in the lattice, here in a window that does not cross
    the cell's edge.
    """
    centre = 0.5 * crystal.cell.diagonal()[None]
    (found,) = sequences(crystal, centre, order="number")
    zigzag = np.round(
        (found[:, 1] + centre[0, 1]) / (1.5 * 3.035) - 0.5
    )  # rows of rings are 1.5 bonds apart
    assert (np.diff(zigzag) >= 0).all()
    for row in np.unique(zigzag):
        for kind in np.unique(
            found[zigzag == row, 1].round(3)
        ):  # the lower and the upper atoms of a zigzag row
            assert (np.diff(found[(zigzag == row) & (found[:, 1].round(3) == kind), 0]) > 0).all()


def test_numbers_travel_with_the_atoms(crystal):
    """Shuffled rows of the file with their ids: the same sequence. Other ids: another one."""
    order = np.random.default_rng(0).permutation(len(crystal))
    shuffled = crystal.with_(
        positions=crystal.positions[order],
        species=crystal.species[order],
        ids=crystal.ids[order],
        bonds=np.argsort(order)[crystal.bonds],
    )
    sites = some_sites(crystal, 3)
    for a, b in zip(
        sequences(crystal, sites, order="number"),
        sequences(shuffled, sites, order="number"),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
    renumbered = crystal.with_(ids=crystal.ids[order])
    assert not np.array_equal(
        sequences(crystal, sites, order="number")[0],
        sequences(renumbered, sites, order="number")[0],
    )


def test_coordinates_are_those_of_the_loading_frame():
    glass = shaken_honeycomb()
    sites = some_sites(glass, 2)
    straight = (
        AtomSequence(radius=RADIUS, order="distance")
        .describe(glass, Loading(), sites, "site")
        .values
    )
    turned = (
        AtomSequence(radius=RADIUS, order="distance")
        .describe(glass, Loading(angle=90.0), sites, "site")
        .values
    )
    np.testing.assert_allclose(
        turned, np.column_stack([straight[:, 1], -straight[:, 0]]), atol=1e-12
    )
    names = (
        AtomSequence(radius=RADIUS)
        .describe(glass, Loading(mode="simple_shear"), sites, "site")
        .names
    )
    assert names == ("n", "m")


def test_an_unknown_order_is_refused():
    with pytest.raises(
        VitreousError,
        match="order='spiral'; expected a positive length and one of row, number, distance",
    ):
        AtomSequence(order="spiral")


def test_a_window_larger_than_the_cell_is_refused():
    glass = shaken_honeycomb()
    with pytest.raises(VitreousError, match="but a window of radius 60 needs 120"):
        AtomSequence(radius=60.0).describe(glass, Loading(), some_sites(glass, 1), "site")


def test_a_window_without_silicon_is_refused():
    glass = shaken_honeycomb()
    oxygen = glass.positions[glass.species == glass.names.index("O")][:1]
    with pytest.raises(VitreousError, match=r"site 0 has no Si within 0\.5"):
        AtomSequence(radius=0.5).describe(glass, Loading(), oxygen, "site")
