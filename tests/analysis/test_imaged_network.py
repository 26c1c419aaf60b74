"""Networks of spots: their scale, and the spots that cannot be silicons."""

import numpy as np
import pytest
from micrographs import PIXEL, picture
from scipy.spatial import KDTree

from vitreous.analysis.imaged_network import (
    COORDINATED,
    DISTANT,
    NEAR,
    imaged_network,
)
from vitreous.core.errors import VitreousError


def judged(places, pixel_size=None):
    return imaged_network(places, np.zeros(len(places), bool), pixel_size, 3.05)


@pytest.fixture(scope="module")
def truth():
    return picture(seed=3)


@pytest.fixture(scope="module")
def middle(truth):
    """The silicon nearest to the middle of the image."""
    return int(KDTree(truth.silicon).query([120.0, 120.0])[1])


def neighbours(truth, atom):
    return sorted({int(i) for pair in truth.bonds if atom in pair for i in pair} - {atom})


def test_the_true_places_have_no_flags_and_the_true_bonds_inside(truth):
    found = judged(truth.silicon)
    assert not found.flagged.any()
    inner = ~found.network.border[found.network.bonds].all(axis=1)
    assert inner.sum() > 150
    wanted = set(map(tuple, truth.bonds.tolist()))
    assert set(map(tuple, found.network.bonds[inner].tolist())) <= wanted
    # of the border nothing is invented: no bond that is longer than those inside
    assert set(map(tuple, found.network.bonds.tolist())) <= wanted


def test_the_scale_makes_the_mean_distance_that_of_silicon(truth):
    found = judged(truth.silicon)
    ends = found.places[found.network.bonds]
    inner = ~found.network.border[found.network.bonds].all(axis=1)
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)[inner]
    assert found.scaled
    assert length.mean() * found.pixel_size == pytest.approx(3.05)
    given = judged(truth.silicon, PIXEL)
    assert (given.pixel_size, given.scaled) == (PIXEL, False)


def test_neighbours_of_a_missing_silicon_are_flagged_by_their_coordination(truth, middle):
    left = np.delete(np.arange(len(truth.silicon)), middle)
    found = judged(truth.silicon[left])
    assert left[found.reasons == COORDINATED].tolist() == neighbours(truth, middle)
    assert found.counts() == {COORDINATED: 3}


def test_a_spurious_spot_is_too_close(truth, middle):
    oxygen = truth.silicon[[middle, neighbours(truth, middle)[0]]].mean(axis=0)
    found = judged(np.vstack([truth.silicon, oxygen]))
    near = np.flatnonzero(found.reasons == NEAR).tolist()
    assert near == sorted([middle, neighbours(truth, middle)[0], len(truth.silicon)])


def test_a_displaced_spot_has_impossible_distances(truth, middle):
    places = truth.silicon.copy()
    towards = places[neighbours(truth, middle)[0]] - places[middle]
    places[middle] += 0.28 * towards
    found = judged(places)
    assert found.reasons[middle] == DISTANT


def test_the_border_is_not_judged(truth):
    found = judged(truth.silicon)
    coordination = np.bincount(found.network.bonds.ravel(), minlength=len(found.places))
    lacking = np.flatnonzero(coordination < 3)
    assert len(lacking) > 10
    assert found.network.border[lacking].all()
    assert found.inside == np.sum(~found.network.border)
    # one taken away at the border flags nothing there
    gone = np.delete(np.arange(len(found.places)), lacking[0])
    assert not judged(truth.silicon[gone]).flagged.any()


def test_few_silicons_do_not_tell_the_scale_and_a_given_one_is_taken(truth, middle):
    near = np.argsort(np.linalg.norm(truth.silicon - truth.silicon[middle], axis=1))[:14]
    with pytest.raises(VitreousError, match=r"to tell its scale .* set pixel_size, in angstrom"):
        judged(truth.silicon[near])
    assert judged(truth.silicon[near], PIXEL).pixel_size == PIXEL
    with pytest.raises(VitreousError, match="shows 3 atoms; expected at least 4"):
        judged(truth.silicon[:3])


def test_a_diameter_beyond_the_distance_of_silicons_is_told(truth):
    """As trackpy does: of spots nearer than the diameter one is kept."""
    for diameter, says in ((18.0, r"\d+ of the \d+ spots inside"), (24.0, "lie among whole rings")):
        kept = np.zeros((0, 2))
        for place in truth.silicon:
            if not len(kept) or np.linalg.norm(kept - place, axis=1).min() > diameter:
                kept = np.vstack([kept, place])
        with pytest.raises(VitreousError, match=says):
            judged(kept)


def test_spots_that_form_no_network_are_refused():
    x, y = np.meshgrid(np.arange(12.0), np.arange(12.0))
    triangular = np.column_stack([(x + 0.5 * (y % 2)).ravel(), (y * np.sqrt(0.75)).ravel()]) * 15
    with pytest.raises(VitreousError, match="they are no network of silica; set another diameter"):
        judged(triangular + np.random.default_rng(0).normal(size=triangular.shape))
