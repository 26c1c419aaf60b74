"""Images of windows: those of a whole glass where the window is as large, and of a part of it."""

import numpy as np
import pytest

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.tem_image import TEMImage
from vitreous.plugins.descriptors.tem_window import TEMWindow

UNIAXIAL, SHEAR = Loading(mode="uniaxial"), Loading(mode="simple_shear")
SIDES = (30.0, 24.0)
WHOLE = {"pixels": 30, "noise": False, "background": 9000.0}


def glass(atoms=60, seed=3):
    rng = np.random.default_rng(seed)
    return Configuration(
        positions=rng.random((atoms, 2)) * SIDES,
        species=rng.integers(0, 2, atoms),
        names=("Si", "O"),
        cell=np.diag(SIDES),
        periodic=(True, True),
        units="silica2d",
    )


def drawn(component, one, sites, loading=UNIAXIAL, level="site"):
    return component.view(component.describe(one, loading, np.array(sites, dtype=float), level))


def images(component, one, sites, copies=None, **more):
    view = drawn(component, one, sites, **more)
    chosen = np.arange(len(sites))
    return view.take(chosen, np.zeros_like(chosen) if copies is None else np.array(copies))[:, 0]


@pytest.mark.parametrize("site", [[15.0, 12.0], [1.0, 22.5]])
def test_a_window_as_large_as_the_cell_is_the_image_of_the_whole_glass(site):
    """Protects transfer: what the network learnt from small glasses is what windows look like."""
    one = glass()
    whole = images(TEMImage(**WHOLE), one, [site], level="sample")
    np.testing.assert_allclose(
        images(TEMWindow(window=SIDES, **WHOLE), one, [site]), whole, atol=1e-4
    )


def test_a_small_window_is_a_part_of_the_large_one_at_its_edges_too():
    """Protects atoms outside, whose photons reach in, and what leaves a window, which is lost."""
    one = glass()
    large = images(TEMWindow(window=SIDES, **WHOLE), one, [[15.0, 12.0]])[0]
    part = {**WHOLE, "pixels": 10, "background": 9000.0 / 9.0}
    small = images(TEMWindow(window=(10.0, 8.0), **part), one, [[15.0, 12.0], [5.0, 20.0]])
    for image, (row, column) in zip(small, [(10, 10), (20, 0)], strict=True):
        wanted = large[row : row + 10, column : column + 10] + 1.0
        assert np.corrcoef(image.ravel(), wanted.ravel())[0, 1] > 1.0 - 1e-6
        assert (image + 1.0).std() / (image + 1.0).mean() == pytest.approx(
            wanted.std() / wanted.mean(), rel=1e-4
        )


def test_copies_are_mirror_images_and_under_shear_the_half_turn():
    one, made = glass(), TEMWindow(window=(10.0, 8.0), **WHOLE)
    sites = [[15.0, 12.0]] * 4
    first, x, y, both = images(made, one, sites, copies=[0, 1, 2, 3])
    np.testing.assert_allclose(x, first[:, ::-1], atol=1e-5)
    np.testing.assert_allclose(y, first[::-1], atol=1e-5)
    np.testing.assert_allclose(both, first[::-1, ::-1], atol=1e-5)
    turned = images(made, one, sites, copies=[0, 1, 2, 3], loading=SHEAR)[1]
    np.testing.assert_allclose(turned, first[::-1, ::-1], atol=1e-5)


def test_places_go_along_with_copies():
    view = drawn(TEMWindow(window=(10.0, 8.0)), glass(), [[15.0, 12.0]])
    moves = view.symmetry(np.zeros(4, dtype=int), np.arange(4))
    moved = moves.moved(np.tile([2.0, 1.0], (4, 1)))
    assert moved.tolist() == [[2.0, 1.0], [-2.0, 1.0], [2.0, -1.0], [-2.0, -1.0]]


def test_noise_is_that_of_counting_and_every_copy_has_its_own():
    one, sites = glass(400), [[15.0, 12.0]] * 5
    quiet, noisy = (TEMWindow(window=SIDES, pixels=64, noise=n) for n in (False, True))
    mean = (np.where(one.species == 0, 800, 100).sum() + 4e5) / 64**2
    expected = (images(quiet, one, sites[:1])[0] + 1.0) * mean
    again = images(noisy, one, sites, copies=[0, 0, 4, 1, 2])
    off = (again[0] + 1.0) * mean - expected
    assert np.mean(off**2 / expected) == pytest.approx(1.0, abs=0.1)
    assert np.array_equal(again[0], again[1]) and not np.array_equal(again[0], again[2])


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"window": (0.5, 8.0)}, "expected two lengths of more than twice sigma=0.5"),
        ({"window": (8.0, float("inf"))}, "expected two lengths"),
        ({"copies": 0}, "expected at least one pixel, copy and photon"),
    ],
)
def test_impossible_fields_are_refused(bad, sentence):
    with pytest.raises(VitreousError, match=sentence):
        TEMWindow(**bad)


def test_glasses_that_cannot_be_shown_are_refused():
    one, made = glass(atoms=1), TEMWindow(window=(4.0, 4.0))
    far = one.positions + np.array([15.0, 12.0])
    with pytest.raises(VitreousError, match="sees no Si or O within the window of site 1"):
        made.describe(one, UNIAXIAL, np.concatenate([one.positions, far]), "site")
    with pytest.raises(VitreousError, match="tem_window shows periodic glasses"):
        made.describe(one.with_(periodic=(True, False)), UNIAXIAL, one.positions, "site")
    with pytest.raises(VitreousError, match="tem_window sees Si, O, but the glass contains A, B"):
        made.describe(one.with_(names=("A", "B")), UNIAXIAL, one.positions, "site")
