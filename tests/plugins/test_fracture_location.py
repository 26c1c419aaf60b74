"""The location of the first broken bond, in fractions of the cell."""

import numpy as np
import pytest
from first_events import GLASS, LOADING, POTENTIAL, deformation

from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.fracture_location import FractureLocation
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.testing.systems import silica_crystal


def label(path, **fields):
    return FractureLocation(**fields).label(path.initial, POTENTIAL, LOADING, path)


def test_it_is_the_atom_of_the_first_event_of_the_kind_in_the_undeformed_glass():
    found = label(deformation(["flip", "bond_break", "bond_break"], [3, 7, 5]))
    assert (found.task, found.components) == ("position", ("x", "y"))
    np.testing.assert_allclose(found.values[0] @ GLASS.cell, GLASS.positions[7])
    assert (found.values >= 0.0).all() and (found.values < 1.0).all()


def test_descriptors_are_not_told_where_it_is():
    """They describe the glass at the labels' positions, which must not give the label away."""
    found = label(deformation(["bond_break"], [7]))
    np.testing.assert_allclose(found.positions, GLASS.cell.sum(axis=0, keepdims=True) / 2.0)


def test_it_is_unknown_where_no_bond_broke():
    found = label(deformation(["flip"]))
    assert not found.mask.any() and np.isnan(found.values).all()


def test_in_three_dimensions_it_is_the_position_in_the_plane():
    glass = silica_crystal()
    path = deformation(["bond_break"], [2])
    found = FractureLocation().label(glass, Watanabe(), LOADING, path)
    reduced = glass.positions[2] @ np.linalg.inv(glass.cell) % 1.0
    np.testing.assert_allclose(found.values[0], reduced[:2])


def test_an_atom_a_rounding_below_zero_lies_at_zero():
    path = deformation(["bond_break"], [0])
    positions = GLASS.positions.copy()
    positions[0] = -1e-17
    moved = GLASS.with_(positions=positions)
    found = FractureLocation().label(moved, POTENTIAL, LOADING, path)
    assert found.values.tolist() == [[0.0, 0.0]]


def test_an_unknown_kind_is_refused():
    with pytest.raises(
        VitreousError, match=r"labeler\.kind is 'crack'; expected one of bond_break"
    ):
        FractureLocation(kind="crack")
