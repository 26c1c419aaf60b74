"""The image of a whole glass and the places of its atoms."""

import numpy as np
import pytest

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.tem_glass import TEMGlass
from vitreous.plugins.descriptors.tem_image import TEMImage
from vitreous.testing.systems import silica_glass

LOADING = Loading(mode="uniaxial")


@pytest.fixture(scope="module")
def glass():
    return silica_glass()


def view(glass, sites=None, loading=LOADING, **fields):
    descriptor = TEMGlass(**{"pixels": 64, "copies": 8, "noise": False, **fields})
    sites = glass.positions if sites is None else sites
    return descriptor.view(descriptor.describe(glass, loading, sites, "atom"))


def test_silicons_are_bright_where_they_are_said_to_lie(glass):
    seen = view(glass, background=0.0, photons=(1.0, 0.0), pixels=128)
    for copy in range(seen.copies):
        copies = np.full(len(seen), copy)
        image = seen.take(np.array([0]), copies[:1])[0, 0]
        places = seen.symmetry(np.arange(len(seen)), copies).moved(seen.source.values) % 1.0
        column, row = np.floor(places * 128).astype(int).T
        silicon = np.array(glass.names)[glass.species] == "Si"
        assert image[row[silicon], column[silicon]].min() > 1.0
        assert image.mean() == pytest.approx(0.0, abs=1e-5)


def test_all_atoms_share_the_image_of_tem_image(glass):
    seen = view(glass)
    images = seen.take(np.arange(5), np.zeros(5, dtype=int))
    assert np.ptp(images, axis=0).max() == 0.0
    apart = glass.minimum_image((seen.source.values[:1] - 0.5) @ glass.cell)
    whole = TEMImage(pixels=64, noise=False)
    centre = glass.positions[:1] - apart
    same = whole.view(whole.describe(glass, LOADING, centre, "sample")).take(np.array([0]))
    np.testing.assert_allclose(images[0], same[0], atol=1e-5)


def test_the_image_depends_neither_on_the_origin_nor_on_the_sites(glass):
    moved = glass.with_(positions=glass.positions + np.array([11.3, -4.9]))
    few = view(moved, moved.positions[3:6])
    np.testing.assert_allclose(few.source.values, view(glass).source.values[3:6], atol=1e-9)
    np.testing.assert_allclose(few.take(np.array([0])), view(glass).take(np.array([0])), atol=1e-5)


def test_a_loading_without_mirrors_allows_the_half_turn_alone(glass):
    seen = view(glass, loading=Loading(mode="simple_shear"))
    copies = np.arange(8)
    turns = seen.symmetry(np.zeros(8, dtype=int), copies).turn
    assert seen.source.names == ("n", "m")
    assert {tuple(np.diag(turn)) for turn in turns} == {(1.0, 1.0), (-1.0, -1.0)}


def test_what_cannot_be_shown_is_refused(glass):
    with pytest.raises(VitreousError, match="tem_glass shows periodic glasses"):
        view(glass.with_(periodic=(True, False)))
    with pytest.raises(VitreousError, match="tem_glass got sites that are not finite"):
        view(glass, glass.positions * np.nan)
    with pytest.raises(VitreousError, match="tem_glass sees Zr, but the glass contains Si, O"):
        view(glass, species=("Zr",), photons=(1.0,))
