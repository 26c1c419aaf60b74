"""Photons of synthetic micrographs, and whether their truth is where they say."""

import numpy as np
import pytest
from micrographs import network, picture

from vitreous.analysis.synthetic_micrograph import BACKGROUND, Exposure, take_micrograph
from vitreous.core.errors import VitreousError

CELL = 60.0 * np.eye(2)
NONE = np.zeros((0, 2), dtype=int)


def single(place, species=0, **fields):
    """The mean of many images of one atom ``place`` (angstrom from the middle of the window)."""
    exposure = Exposure(**{"pixels": (121, 80), "dose": 1e4, **fields})
    return take_micrograph(
        np.array([place]) + 30.0,
        np.array([species]),
        NONE,
        CELL,
        exposure,
        np.random.default_rng(0),
    )


def centroid(counts, background):
    light = counts - background
    y, x = np.indices(counts.shape)
    return np.array([(light * x).sum(), (light * y).sum()]) / light.sum()


@pytest.mark.parametrize("pixels", [(121, 80), (80, 121), (120, 90), (81, 61)])
def test_an_atom_shines_where_the_truth_says(pixels):
    image = single((1.37, -2.61), background=0.0, pixels=pixels)
    wanted = np.array([1.37, 2.61]) / 0.2 + 0.5 * np.array(pixels) - 0.5  # y runs down
    assert image.counts.shape == pixels[::-1]
    assert image.silicon[0] == pytest.approx(wanted, abs=1e-9)
    assert centroid(image.counts, 0.0) == pytest.approx(wanted, abs=0.02)
    assert image.counts.sum() == pytest.approx(800e4, rel=1e-3)


def test_oxygen_is_seen_but_no_silicon():
    image = single((0.0, 0.0), species=1, background=0.0)
    assert image.counts.sum() == pytest.approx(100e4, rel=1e-2)
    assert len(image.silicon) == 0


def test_the_background_has_the_published_density_and_falls_along_x():
    image = single((0.0, 0.0), photons=(0.0, 0.0), unevenness=0.5)
    left, right = image.counts[:, :1].mean(), image.counts[:, -1:].mean()
    assert image.counts.mean() == pytest.approx(BACKGROUND * 1e4 * 0.04, rel=1e-3)
    assert left / right == pytest.approx(3.0, rel=0.01)


def test_tilt_contracts_x_drift_and_blur_draw_atoms_out():
    tilted = single((5.0, 3.0), background=0.0, tilt=60.0)
    assert tilted.silicon[0] == pytest.approx([2.5 / 0.2 + 60.0, -3.0 / 0.2 + 39.5])
    y, x = np.indices((80, 121))
    for fields, along, across in (
        ({}, 0.25, 0.25),
        ({"drift": 2.0}, 0.25 + 4.0 / 12.0, 0.25),
        ({"blur": 0.5}, 0.5, 0.5),
    ):
        image = single((0.0, 0.0), background=0.0, **fields)
        middle = centroid(image.counts, 0.0)
        spread = [
            (image.counts * (axis - place) ** 2).sum() / image.counts.sum() * 0.04
            for axis, place in ((x, middle[0]), (y, middle[1]))
        ]
        assert spread == pytest.approx([along, across], abs=0.01)
        assert middle == pytest.approx([60.0, 39.5], abs=0.01)


def test_missing_silicons_are_neither_in_the_image_nor_in_the_truth():
    whole, holed = picture(), picture(missing=0.2)
    share = len(holed.silicon) / len(whole.silicon)
    assert 0.7 < share < 0.9
    assert len(holed.bonds) < 0.8 * len(whole.bonds)
    assert holed.counts.mean() < whole.counts.mean()


def test_bonds_of_the_truth_are_those_of_the_network():
    image = picture()
    glass, bonds = network()
    step = glass.minimum_image(glass.positions[bonds[:, 1]] - glass.positions[bonds[:, 0]])
    ends = image.silicon[image.bonds] * 0.2
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    assert length.max() <= np.linalg.norm(step, axis=1).max() + 1e-9
    assert np.bincount(image.bonds.ravel()).max() == 3


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"pixels": (400, 400)}, "a window of 80 x 80 angstrom was asked for of a glass"),
        ({"pixel_size": 0.0}, "expected positive numbers"),
        ({"missing": 1.0}, "expected shares from 0 to 1"),
        ({"dose": -1.0}, "negative number of photons"),
        ({"tilt": 90.0}, "less than 80 degrees"),
    ],
)
def test_what_cannot_be_taken_is_refused(fields, says):
    with pytest.raises(VitreousError, match=says):
        picture(**fields)
