"""Silicons found in micrographs whose truth is known: all of them, nothing else, in their place."""

import numpy as np
import pytest
from micrographs import PIXEL, picture

from vitreous.analysis.detection import detection, matched
from vitreous.analysis.imaged_network import imaged_network
from vitreous.analysis.spots import DETECTORS, edited, find_spots, refuse_image
from vitreous.core.errors import VitreousError

DIAMETER = 11
FAULTS = [
    {},
    {"dose": 0.5},
    {"tilt": 15.0},
    {"drift": 1.0},
    {"missing": 0.02},
    {"unevenness": 0.8},
    {"blur": 0.3},
]


@pytest.fixture(params=DETECTORS)
def detector(request):
    if request.param == "trackpy":
        pytest.importorskip("trackpy")
    return request.param


def bright(*places, size=80, sigma=2.5):
    """Spots without noise on a dark ground."""
    y, x = np.indices((size, size))
    return sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2.0 * sigma**2)) for a, b in places) * 100.0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "".join(fault) or "none")
def test_at_moderate_noise_every_silicon_is_found_in_its_place(fault, detector):
    """The published numbers of photons: recall and precision of 0.99, within 0.1 angstrom."""
    truth = picture(seed=1, **fault)
    places = find_spots(truth.counts, DIAMETER, detector).places
    network = imaged_network(places, np.zeros(len(places), bool), PIXEL, 3.05)
    found = detection(truth, network, PIXEL, margin=2 * DIAMETER)
    assert found.recall >= 0.99
    assert found.precision >= 0.99
    assert found.error <= 0.1
    assert np.abs(found.bias).max() < 0.02
    if "missing" not in fault:
        assert found.bonds == found.rings == 1.0


def test_spots_lie_at_their_centres_wherever_these_lie_within_a_pixel(detector):
    for shift in np.arange(0.0, 1.0, 0.125):
        wanted = np.array([[20.0 + shift, 25.0], [50.0, 40.03 - shift], [30.0 + shift, 60.0]])
        found = find_spots(bright(*wanted), DIAMETER, detector).places
        found = found[np.argsort(found[:, 1])]
        assert found == pytest.approx(wanted[np.argsort(wanted[:, 1])], abs=0.06)


def test_weak_spots_between_them_are_no_silicons(detector):
    image = bright((20, 20), (40, 20), (60, 20), (20, 50), (60, 50), (40, 70))
    image += 0.2 * bright((40, 40), (30, 35))
    assert len(find_spots(image, DIAMETER, detector).places) == 6


def test_touching_spots_are_told_apart_by_their_maxima():
    places = find_spots(bright((30, 40), (37, 40)), DIAMETER, "marr_hildreth").places
    assert places[np.argsort(places[:, 0])] == pytest.approx(
        np.array([[30.0, 40.0], [37.0, 40.0]]), abs=0.7
    )


def broken(**changes):
    image = picture().counts.copy()
    for value, where in changes.values():
        image[where] = value
    return image


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (np.zeros((30, 200)), "200 x 30 pixels; expected at least 44 on each side"),
        (np.full((100, 100), 7.0), "every pixel of the image is 7"),
        (broken(hole=(np.nan, np.s_[3:5, 7:9])), "4 pixels of the image are not finite"),
        (np.minimum(picture().counts, 12.0), "have the largest value, 12: the image is saturated"),
        (
            np.random.default_rng(0).poisson(40.0, (200, 200)).astype(float),
            "no spots of about 11 pixels rise above the noise",
        ),
    ],
    ids=["tiny", "flat", "not finite", "saturated", "no atoms"],
)
def test_images_without_spots_are_refused(image, says, detector):
    with pytest.raises(VitreousError, match=says):
        find_spots(image, DIAMETER, detector)


def test_a_few_bright_pixels_are_no_saturation():
    image = picture().counts
    refuse_image(np.minimum(image, np.sort(image.ravel())[-100]), DIAMETER)


def test_an_unknown_detector_is_refused():
    with pytest.raises(VitreousError, match="detector is 'eye'; expected trackpy or marr_hildreth"):
        find_spots(picture().counts, DIAMETER, "eye")


def test_without_trackpy_the_other_detector_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "trackpy", None)
    with pytest.raises(VitreousError, match=r"pip install 'vitreous\[image\]', or set detector"):
        find_spots(picture().counts, DIAMETER, "trackpy")


def test_edits_take_spots_away_and_add_others():
    places = np.array([[10.0, 10.0], [30.0, 10.0], [50.0, 10.0]])
    kept, added = edited(places, np.array([[31.0, 30.0]]), np.array([[28.0, 11.0]]), DIAMETER)
    assert kept.tolist() == [[10.0, 10.0], [50.0, 10.0], [31.0, 30.0]]
    assert added.tolist() == [False, False, True]
    with pytest.raises(VitreousError, match="the nearest one is 20 pixels away"):
        edited(places, kept[:0], np.array([[30.0, 30.0]]), DIAMETER)
    with pytest.raises(VitreousError, match="there is one 2 pixels away"):
        edited(places, np.array([[32.0, 10.0]]), kept[:0], DIAMETER)
    # one that is taken away makes room
    moved, _ = edited(places, np.array([[32.0, 10.0]]), np.array([[30.0, 10.0]]), DIAMETER)
    assert moved.tolist() == [[10.0, 10.0], [50.0, 10.0], [32.0, 10.0]]


def test_a_spot_is_one_silicon_and_a_silicon_one_spot():
    silicon = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
    spots = np.array([[0.5, 0.0], [-2.0, 0.0], [10.0, 6.0], [19.0, 0.0]])
    assert matched(silicon, spots, 5.0).tolist() == [0, -1, -1, 2]


def test_numbers_of_a_detection_by_hand():
    """One silicon not found and one spot too many, away from the sides; the others 1 pixel off."""
    truth = picture(seed=2)
    middle = np.argsort(np.linalg.norm(truth.silicon - 120.0, axis=1))
    spurious = truth.silicon[middle[5]] + [7.0, 0.0]
    off = np.delete(truth.silicon, middle[0], axis=0) + np.array([1.0, 0.0])
    places = np.vstack([off, spurious])
    network = imaged_network(places, np.zeros(len(places), bool), PIXEL, 3.05)
    found = detection(truth, network, PIXEL, margin=22.0)
    inside = np.sum(np.all((truth.silicon >= 22) & (truth.silicon <= 217), axis=1))
    assert found.recall == pytest.approx(1.0 - 1.0 / inside)
    assert found.precision == pytest.approx(1.0 - 1.0 / inside, abs=0.003)
    assert found.error == pytest.approx(0.2, abs=1e-3)
    assert found.bias == pytest.approx((0.2, 0.0), abs=1e-3)
    assert 0.9 < found.bonds < 1.0
    assert found.rings < found.bonds
