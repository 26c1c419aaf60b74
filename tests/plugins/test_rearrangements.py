"""Events as labels: the first ones, as they happen, at the places where their atoms stood."""

import numpy as np
import pytest

from vitreous.core.data import Events, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.plugins.labelers.rearrangements import Rearrangements
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_deformation, silica_honeycomb

POTENTIAL = YukawaSilica()
STRAIN = np.array([0.01, 0.02, 0.03, 0.05, 0.08])
ATOM = np.array([7, 3, 11, 3, 0])
MOVE = np.array([0.5, 0.001, np.nan, 0.2, 0.3])


@pytest.fixture(scope="module")
def deformed():
    """A crystal with five events that were made up; it has moved by the time they happen."""
    glass = silica_honeycomb(4, 3)
    events = Events(
        strain=STRAIN,
        energy_drop=10 * STRAIN,
        stress_drop=20 * STRAIN,
        atom=ATOM,
        position=glass.positions[ATOM],
        move=MOVE,
        kind=("rearrangement",) * 5,
    )
    strain = np.linspace(0.0, 0.1, 11)
    frames = np.stack([glass.positions, glass.positions + 0.7])
    return Trajectory(
        initial=glass,
        loading=Loading(),
        strain=strain,
        energy=strain**2,
        stress=np.zeros((11, 2, 2)),
        residual=0 * strain,
        frame_strain=[0.0, 0.1],
        frames=frames,
        cells=np.stack([glass.cell] * 2),
        events=events,
    )


def label(trajectory, **fields):
    return Rearrangements(**fields).label(
        trajectory.initial, POTENTIAL, trajectory.loading, trajectory
    )


def chosen(labels):
    return list(labels.columns["atom"])


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_first_events_are_kept_in_the_order_in_which_they_happen(deformed, count):
    found = label(deformed, count=count)
    np.testing.assert_array_equal(found.values, STRAIN[:count])
    np.testing.assert_array_equal(found.columns["strain"], STRAIN[:count])
    assert chosen(found) == list(ATOM[:count])


def test_fewer_events_than_asked_for_are_all_kept(deformed):
    found = label(deformed, count=100)
    np.testing.assert_array_equal(found.values, STRAIN)
    assert found.mask.all()


def test_columns_belong_to_the_events_they_stand_beside(deformed):
    found = label(deformed, count=3, smallest=0.01)  # passes over the second event
    np.testing.assert_array_equal(found.columns["energy_drop"], 10 * found.values)
    np.testing.assert_array_equal(found.columns["stress_drop"], 20 * found.values)
    np.testing.assert_array_equal(found.columns["move"], MOVE[[0, 2, 3]])
    np.testing.assert_array_equal(
        found.positions, deformed.initial.positions[found.columns["atom"]]
    )


@pytest.mark.parametrize(
    ("smallest", "atoms"),
    [(0.0, [7, 3, 11, 3, 0]), (0.01, [7, 11, 3, 0]), (0.25, [7, 11, 0]), (9.0, [11])],
)
def test_small_events_are_passed_over_and_do_not_count(deformed, smallest, atoms):
    """An event whose move was not recorded is kept: nothing says that it is small."""
    assert chosen(label(deformed, smallest=smallest)) == atoms
    assert chosen(label(deformed, smallest=smallest, count=1)) == atoms[:1]


def test_an_event_of_exactly_the_smallest_size_is_kept(deformed):
    assert chosen(label(deformed, smallest=0.2)) == [7, 11, 3, 0]


def test_a_deformation_without_events_has_no_labels(deformed):
    none = Events(
        strain=[], energy_drop=[], stress_drop=[], atom=[], position=np.zeros((0, 2)), kind=()
    )
    quiet = Trajectory(**{**vars(deformed), "events": none})
    found = label(quiet)
    assert len(found) == 0
    assert found.positions.shape == (0, 2)


def test_the_first_event_of_a_silica_glass_is_where_its_energy_and_stress_fall():
    """Read off the curve itself: the first step over which energy and stress go down."""
    path = silica_deformation()
    found = label(path, count=1)
    falls = np.flatnonzero((np.diff(path.energy) < 0.0) & (np.diff(path.scalar_stress) < 0.0)) + 1
    assert found.values[0] == path.strain[falls[0]]
    after = int(np.flatnonzero(path.frame_strain == found.values[0])[0])
    apart = np.linalg.norm(path.frames[after] - path.frames[after - 1], axis=1)
    assert found.columns["atom"][0] == apart.argmax()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"count": 0}, "count is 0; expected at least 1"),
        ({"smallest": -0.1}, "smallest is -0.1; expected a length"),
        ({"smallest": np.inf}, "smallest is inf; expected a length"),
    ],
)
def test_impossible_fields_are_refused(fields, says):
    with pytest.raises(VitreousError, match=says):
        Rearrangements(**fields)


def test_a_deformation_is_needed(deformed):
    with pytest.raises(VitreousError, match="but none was given"):
        Rearrangements().label(deformed.initial, POTENTIAL, Loading(), None)
