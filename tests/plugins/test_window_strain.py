"""The strain of the first broken bond at a grid of windows."""

import numpy as np
import pytest
from first_events import LOADING, POTENTIAL, deformation

from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.window_strain import WindowStrain


def label(path, **fields):
    return WindowStrain(**fields).label(path.initial, POTENTIAL, LOADING, path)


def test_every_window_has_the_strain_of_the_glass_and_the_lowest_is_weak():
    path = deformation(["flip", "bond_break"])
    sides = np.linalg.norm(path.initial.cell, axis=1)
    found = label(path, spacing=float(sides.min()) / 3.0)
    assert found.level == "site" and found.weak_is == "low"
    assert len(found) == np.prod(found.grid) and min(found.grid) == 3
    assert set(found.values) == {0.02}


def test_windows_lie_on_a_regular_grid_in_the_plane():
    """Protects areas: cells of the grid are equally large, and there is at least one."""
    path = deformation(["bond_break"])
    cell = path.initial.cell
    found = label(path, spacing=float(np.linalg.norm(cell[0])) / 4.0)
    fractions = (found.positions @ np.linalg.inv(cell)).reshape(*found.grid, -1)
    assert np.allclose(fractions[:, 0, 0], (np.arange(4) + 0.5) / 4)
    assert np.allclose(np.diff(fractions[0, :, 1]), 1.0 / found.grid[1])
    assert label(path, spacing=1e3).grid == (1, 1)


def test_it_is_unknown_where_no_bond_broke():
    found = label(deformation(["flip"]))
    assert not found.mask.any() and np.isnan(found.values).all()


def test_a_spacing_that_is_no_length_is_refused():
    with pytest.raises(VitreousError, match=r"spacing is 0; expected a positive length"):
        WindowStrain(spacing=0.0)
