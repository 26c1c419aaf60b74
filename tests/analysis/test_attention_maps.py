"""What attention maps tell, on maps and glasses drawn by hand."""

import numpy as np
import pytest
from matplotlib.path import Path

from vitreous.analysis.attention import at_places, defects, divergence, participation, peak
from vitreous.analysis.layers import trace_layers
from vitreous.core.errors import VitreousError
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer
from vitreous.testing.systems import eight_particles, shaken_honeycomb, silica_glass


@pytest.mark.parametrize(
    ("pixels", "expected"), [(100, 1.0), (25, 0.25), (1, 0.01)], ids=["all", "quarter", "one"]
)
def test_the_participation_ratio_is_the_share_of_pixels_that_take_part(pixels, expected):
    weight = np.zeros(100)
    weight[:pixels] = 1e-7
    assert participation(weight.reshape(10, 10)) == pytest.approx(expected)


def test_the_participation_ratio_is_that_of_eq_15_and_undefined_without_any_weight():
    weight = np.random.default_rng(0).random((7, 5))
    assert participation(weight) == pytest.approx(
        (weight**2).sum() ** 2 / (weight.size * (weight**4).sum())
    )
    assert np.isnan(participation(np.zeros((3, 3))))


def test_the_peak_is_x_and_y_of_the_brightest_pixel():
    weight = np.zeros((10, 20))
    weight[3, 15] = 1.0
    np.testing.assert_allclose(peak(weight), [15.5 / 20, 0.35])


def test_a_map_at_places_is_that_of_the_pixel_and_goes_round_the_cell():
    weight = np.arange(12.0).reshape(3, 4)
    np.testing.assert_allclose(at_places(weight, np.array([[0.375, 0.5]])), weight[1, 1])
    between = at_places(weight, np.array([[1.0, 0.5], [-1.0, 0.5]]))
    np.testing.assert_allclose(between, 0.5 * (weight[1, 0] + weight[1, 3]))


def test_the_divergence_of_a_wave_is_its_derivative():
    sides, pixels = (7.0, 3.0), 64
    y, x = (np.indices((pixels, pixels)) + 0.5) / pixels
    field = np.stack([np.sin(2 * np.pi * x), np.cos(2 * np.pi * y)])
    expected = 2 * np.pi * (np.cos(2 * np.pi * x) / sides[0] - np.sin(2 * np.pi * y) / sides[1])
    np.testing.assert_allclose(divergence(field, sides), expected, atol=0.02)


def within_rings(glass, rings, pixels):
    """The same by matplotlib: the pixels within non-hexagonal rings and all their images."""
    cell = glass.cell[:2, :2]
    centres = (np.stack(np.meshgrid(*[np.arange(pixels)] * 2), -1).reshape(-1, 2) + 0.5) / pixels
    marked = np.zeros(len(centres), dtype=bool)
    for members in (m for m in rings.members if len(m) != 6):
        corners = glass.positions[members, :2] @ np.linalg.inv(cell)
        corners -= np.rint(corners - corners[0])
        for step in np.ndindex(3, 3):
            marked |= Path(corners + np.array(step) - 1.0).contains_points(centres)
    return marked.reshape(pixels, pixels)


def test_defects_are_the_pixels_within_rings_of_other_than_six():
    glass = silica_glass()
    found = defects(glass, 40, 40)
    assert 0.1 < found.mean() < 0.9
    expected = within_rings(glass, trace_layers(glass, glass.bonds)[0], 40)
    assert np.count_nonzero(found != expected) <= 2  # centres on the very border of a ring


def test_defects_of_a_bilayer_are_the_mean_of_its_layers_and_a_honeycomb_has_none():
    glass = SilicaBilayer(rings_x=8, rings_y=8, variance=0.5).generate(0, np.random.default_rng(1))
    expected = np.mean(
        [within_rings(glass, rings, 40) for rings in trace_layers(glass, glass.bonds)], axis=0
    )
    assert np.abs(defects(glass, 40, 40) - expected).sum() <= 2.0
    assert not defects(shaken_honeycomb(4, 4), 20, 20).any()


def test_a_glass_without_rings_is_refused():
    with pytest.raises(VitreousError):
        defects(eight_particles(), 8, 8)
