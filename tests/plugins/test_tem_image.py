"""Images of a whole glass: photons counted one by one, copies that are the images of moved glasses,
and positions that go along.
"""

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.tem_image import TEMImage
from vitreous.testing.systems import silica_glass

UNIAXIAL, SHEAR = Loading(mode="uniaxial"), Loading(mode="simple_shear")


def glass(atoms=40, seed=3, cell=(30.0, 24.0)):
    rng = np.random.default_rng(seed)
    return Configuration(
        positions=rng.random((atoms, 2)) * cell,
        species=rng.integers(0, 2, atoms),
        names=("Si", "O"),
        cell=np.diag(cell),
        periodic=(True, True),
        units="silica2d",
    )


def drawn(component, one, loading=UNIAXIAL):
    centre = one.cell.sum(axis=0, keepdims=True) / 2.0
    return component.view(component.describe(one, loading, centre, "sample"))


def image(component, one, copy=0, loading=UNIAXIAL):
    return drawn(component, one, loading).take(np.array([0]), np.array([copy]))[0, 0]


def test_expected_counts_are_those_of_photons_thrown_one_by_one():
    one = glass()
    made = TEMImage(pixels=24, noise=False, background=2400.0)
    rng = np.random.default_rng(0)
    many = 20_000  # times the photons of an atom
    number = np.where(one.species == 0, 800, 100) * many // 100
    points = np.repeat(one.positions, number, axis=0)
    points = (points + 0.5 * rng.normal(size=points.shape)) / np.diag(one.cell) % 1.0
    counts = np.histogram2d(points[:, 1], points[:, 0], 24, [[0, 1], [0, 1]])[0] * 100 / many
    counts += 2400.0 / 24**2
    np.testing.assert_allclose(image(made, one), counts / counts.mean() - 1.0, atol=0.05)


def test_the_site_is_in_the_middle():
    one = glass()
    made = TEMImage(pixels=30, noise=False)
    moved = made.view(made.describe(one, UNIAXIAL, np.array([[15.0 + 3.0, 12.0]]), "sample"))
    np.testing.assert_allclose(
        np.roll(image(made, one), -3, axis=1), moved.take(np.array([0]))[0, 0], atol=1e-5
    )


@pytest.mark.parametrize("pixels", [1, 3, 8, 31])
@pytest.mark.parametrize("sigma", [0.05, 0.5, 2.0, 6.0])
def test_no_photon_is_lost_however_wide_they_spread(pixels, sigma):
    made = TEMImage(pixels=pixels, sigma=sigma, background=0.0, noise=False)
    assert abs(image(made, glass(cell=(24.0, 12.0))).mean()) < 2e-5


def test_noise_is_that_of_counting():
    one = glass(atoms=400)
    quiet, noisy = (TEMImage(pixels=64, noise=noise) for noise in (False, True))
    mean = (np.where(one.species == 0, 800, 100).sum() + 4e5) / 64**2
    expected = (image(quiet, one) + 1.0) * mean
    off = (image(noisy, one) + 1.0) * mean - expected
    assert np.mean(off**2 / expected) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("loading", [UNIAXIAL, SHEAR])
@pytest.mark.parametrize("copy", [1, 2, 3, 10])
def test_a_copy_is_the_image_of_the_moved_glass(loading, copy):
    one, made = glass(), TEMImage(pixels=32, noise=False)
    view = drawn(made, one, loading)
    moved = view.symmetry(np.zeros(len(one), dtype=int), np.full(len(one), copy)).moved(
        one.positions @ np.linalg.inv(one.cell)
    )
    np.testing.assert_allclose(
        image(made, one, copy, loading),
        image(made, one.with_(positions=moved @ one.cell)),
        atol=1e-4,
    )


def test_positions_found_in_a_copy_come_back():
    view = drawn(TEMImage(copies=9), glass())
    symmetry = view.symmetry(np.zeros(9, dtype=int), np.arange(9))
    place = np.tile([0.3, 0.8], (9, 1))
    np.testing.assert_allclose(symmetry.undone(symmetry.moved(place)), place)
    assert len(np.unique(symmetry.moved(place).round(6), axis=0)) == 9


def test_mirror_images_only_where_the_loading_has_them():
    turns = {
        loading.mode: drawn(TEMImage(), glass(), loading)
        .symmetry(np.zeros(8, dtype=int), np.arange(8))
        .turn
        for loading in (UNIAXIAL, SHEAR)
    }
    assert {np.linalg.det(turn).round() for turn in turns["simple_shear"]} == {1.0}
    assert {np.linalg.det(turn).round() for turn in turns["uniaxial"]} == {1.0, -1.0}


def test_the_same_copy_is_the_same_image_every_time_and_others_are_not():
    one = silica_glass()
    made = TEMImage(pixels=32)
    np.testing.assert_array_equal(image(made, one, 5), image(made, one, 5))
    assert not np.allclose(image(made, one, 5), image(made, one, 9))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"photons": (800.0,)}, "has 1 numbers of photons for 2 species"),
        ({"sigma": 0.0}, "sigma=0"),
        ({"sigma": np.inf}, "sigma=inf"),
        ({"background": np.nan}, "background=nan"),
        ({"photons": (np.nan, 1.0)}, "photons="),
        ({"photons": (1e20, 1.0)}, "photons="),
        ({"species": ("Si", "Si"), "photons": (1.0, 2.0)}, "names a species twice"),
        ({"copies": 0}, "at least one pixel, copy and photon"),
        ({"photons": (0.0, 0.0)}, "at least one pixel, copy and photon"),
    ],
)
def test_impossible_fields_are_refused(fields, says):
    with pytest.raises(VitreousError, match=says):
        TEMImage(**fields)


def test_glasses_that_it_cannot_show_are_refused():
    one = glass()
    with pytest.raises(VitreousError, match="periodic glasses with an orthogonal cell"):
        drawn(TEMImage(), one.with_(periodic=(True, False)))
    tilted = np.array([one.cell[0], [5.0, one.cell[1, 1]]])
    with pytest.raises(VitreousError, match="periodic glasses with an orthogonal cell"):
        drawn(TEMImage(), one.with_(cell=tilted))
    with pytest.raises(VitreousError, match="more than half the cell's shorter side"):
        drawn(TEMImage(sigma=13.0), one)
    with pytest.raises(VitreousError, match="expected one finite point"):
        TEMImage().describe(one, UNIAXIAL, one.positions, "sample")
    with pytest.raises(VitreousError, match="sees Cu, but the glass contains Si, O"):
        drawn(TEMImage(species=("Cu",), photons=(1.0,)), one)
