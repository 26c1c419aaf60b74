"""Labels of the first failures: a strain around each event, and how long the rest was watched."""

import numpy as np
import pytest
from first_events import GLASS, LOADING, POTENTIAL, deformation

from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.failures import Failures
from vitreous.plugins.labelers.rearrangements import Rearrangements

BREAKS = Rearrangements(count=1, kind="bond_break")


def labelled(atoms, **fields):
    """Of a deformation with one event at each of ``atoms``."""
    path = deformation(["rearrangement"] * len(atoms), atoms)
    return Failures(**fields).label(path.initial, POTENTIAL, LOADING, path), path


def near(atom, radius):
    step = GLASS.minimum_image(GLASS.positions - GLASS.positions[atom])
    return np.hypot(*step.T) <= radius


def test_around_each_event_its_strain_and_elsewhere_the_end():
    labels, path = labelled([5, 40, 70], count=2, radius=3.0)
    first, second = path.events.strain[:2]
    around = near(5, 3.0)
    assert around.sum() > 1 and (labels.values[around] == first).all()
    rest = near(40, 3.0) & ~around
    assert (labels.values[rest] == second).all()
    held = ~around & ~near(40, 3.0)
    assert (labels.values[held] == -second).all() and held.sum() > 20


def test_surroundings_cross_the_boundary_of_the_cell():
    corner = int(np.argmin(GLASS.positions.sum(axis=1)))
    labels, _ = labelled([corner], count=1, radius=3.0)
    found = GLASS.positions[labels.values > 0.0]
    assert np.ptp(found, axis=0).max() > 0.7 * np.diag(GLASS.cell).min()


def test_a_site_near_two_events_failed_in_the_first():
    labels, path = labelled([5, 5], count=2, radius=3.0)
    assert (labels.values[near(5, 3.0)] == path.events.strain[0]).all()


def test_with_fewer_events_all_are_watched_to_the_end_of_the_deformation():
    labels, path = labelled([5], count=3, radius=3.0)
    assert (labels.values[~near(5, 3.0)] == -path.strain[-1]).all()
    assert path.strain[-1] > path.events.strain[0]


def test_small_events_are_left_out():
    _, path = labelled([5, 40])
    object.__setattr__(path.events, "move", np.array([0.01, 1.0]))
    labels = Failures(count=1, smallest=0.1).label(path.initial, POTENTIAL, LOADING, path)
    assert (labels.values[near(40, 4.0)] == path.events.strain[1]).all()
    assert set(np.abs(labels.values)) == {path.events.strain[1]}


@pytest.mark.parametrize("labeler", [Failures(count=1, kind="bond_break"), BREAKS])
def test_of_several_kinds_of_events_one_may_count(labeler):
    path = deformation(["flip", "bond_break", "bond_break"], [5, 40, 70])
    labels = labeler.label(path.initial, POTENTIAL, LOADING, path)
    assert labels.values.max() == path.events.strain[1]


def test_an_unknown_kind_is_refused():
    with pytest.raises(VitreousError, match=r"labeler\.kind is 'snap'"):
        Failures(kind="snap")


@pytest.mark.parametrize(
    "fields", [{"count": 0}, {"radius": 0.0}, {"radius": np.inf}, {"smallest": -1.0}]
)
def test_impossible_fields_are_refused(fields):
    with pytest.raises(VitreousError, match="expected at least one event"):
        Failures(**fields)
