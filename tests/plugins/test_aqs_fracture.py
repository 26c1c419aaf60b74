"""Stretched until the crack has gone through."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.mechanics.quasistatic.separation import intact, spans
from vitreous.plugins.labelers.crack_path import CrackPath
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs_fracture import AQSFracture, _axis
from vitreous.testing.systems import silica_glass

POTENTIAL, LOADING = YukawaSilica(), Loading(mode="uniaxial")


@pytest.fixture(scope="module")
def fractured():
    return AQSFracture(strain_step=2e-3, break_drop=0.02, eigenvalues=False).deform(
        silica_glass(), POTENTIAL, LOADING
    )


def _whole(glass, positions, cell):
    held = intact(positions, cell, glass.periodic, glass.bonds, 2.2)
    return spans(positions, cell, glass.periodic, glass.bonds[held], 0)


def test_it_ends_with_the_event_that_separates_the_glass(fractured):
    glass = fractured.initial
    assert not _whole(glass, fractured.frames[-1], fractured.cells[-1])
    assert _whole(glass, fractured.frames[-2], fractured.cells[-2])
    assert fractured.strain[-1] == fractured.events.strain[-1]
    assert "bond_break" in fractured.events.kind


def test_stress_is_gone_when_the_crack_is_through(fractured):
    assert fractured.scalar_stress[-1] < 0.2 * fractured.scalar_stress.max()


def test_the_crack_goes_right_across(fractured):
    labels = CrackPath().label(fractured.initial, POTENTIAL, LOADING, fractured)
    crack = fractured.initial.positions[labels.values > 0, 1] % fractured.initial.cell[1, 1]
    gaps = np.diff(np.sort(np.append(crack, crack.min() + fractured.initial.cell[1, 1])))
    assert (
        gaps.max() < 12.0
    )  # no stretch of the height longer than a large ring is without a crack atom
    assert 0.0 < labels.values.mean() < 0.3


@pytest.mark.parametrize(
    "loading", [Loading(mode="uniaxial", angle=30.0), Loading(mode="simple_shear")]
)
def test_a_direction_that_is_no_axis_is_refused(loading):
    with pytest.raises(
        VitreousError,
        match=rf"between the axes of its cell \(loading.angle is {loading.angle:g}\); .* use 0 or "
        r"90",
    ):
        AQSFracture().deform(silica_glass(), POTENTIAL, loading)


@pytest.mark.parametrize(
    ("loading", "axis"),
    [
        (Loading(mode="uniaxial", dimension=3), 0),
        (Loading(mode="uniaxial", angle=90.0, dimension=3), 1),
        (Loading(mode="uniaxial", plane="zx", dimension=3), 2),
        (Loading(mode="uniaxial", plane="yz", angle=180.0, dimension=3), 1),
        (Loading(mode="uniaxial", sign=-1), 0),
        (Loading(), 0),
        (Loading(sign=-1), 1),
        (Loading(sign=-1, angle=90.0), 0),
        (Loading(mode="simple_shear", angle=45.0), 1),
        (Loading(mode="simple_shear", angle=45.0, sign=-1), 0),
    ],
)
def test_the_crack_is_looked_for_along_the_axis_that_is_stretched(loading, axis):
    """Under uniaxial compression, along the axis that is compressed."""
    assert _axis(loading) == axis


def test_a_glass_in_pieces_is_refused():
    with pytest.raises(VitreousError, match=r"no path of bonds shorter than 0.5 spans the glass"):
        AQSFracture(break_far=0.5, break_near=0.4).deform(silica_glass(), POTENTIAL, LOADING)
