"""Images of the window, drawn on demand: what is drawn, where, and its symmetric copies."""

import numpy as np
import pytest

from vitreous.core.data import Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.plugins.descriptors.rendered_image import RenderedImage
from vitreous.testing.systems import shaken_honeycomb, some_sites

SMALL = RenderedImage(radius=6.0, pixels=64)


def described(glass, sites, **fields):
    images = viewed(RenderedImage(**{"radius": 6.0, "pixels": 64, **fields}), glass, sites)
    return images.take(np.arange(len(sites)))[:, 0].astype(float)


def viewed(descriptor, glass, sites, loading=Loading()):  # noqa: B008
    return descriptor.view(descriptor.describe(glass, loading, sites, "site"))


def test_a_pixel_is_bright_where_a_silicon_is():
    glass = shaken_honeycomb()
    sites = some_sites(glass, 70)
    silicon = glass.positions[glass.species == glass.names.index("Si")]
    for site, image in zip(sites, described(glass, sites), strict=True):
        away = glass.minimum_image(silicon - site)
        column, row = np.floor((away[np.hypot(*away.T) < 6.0] / 6.0 + 1.0) * 32).astype(int).T
        assert image[row, column].min() > 0.9


def test_what_is_drawn_has_the_area_of_discs_and_lines():
    glass = shaken_honeycomb()
    site = some_sites(glass, 1)
    graph = BondGraph(radius=6.0).describe(glass, Loading(), site, "site")
    length = 0.5 * graph.edge_values[:, 2].sum() / 6.0  # each bond is listed twice
    image = described(glass, site, pixels=512, dot=0.001, line=0.01)[0]
    assert image.sum() / 256**2 == pytest.approx(2 * 0.01 * length, rel=0.03)


def test_finer_images_are_the_same_picture():
    glass = shaken_honeycomb()
    site = some_sites(glass, 1)
    fine = described(glass, site, pixels=256)[0]
    assert (
        np.abs(fine.reshape(64, 4, 64, 4).mean(axis=(1, 3)) - described(glass, site)[0]).mean()
        < 0.01
    )


def test_images_are_drawn_for_the_sites_asked_for_and_no_other():
    glass = shaken_honeycomb()
    sites = some_sites(glass, 30)
    images = viewed(SMALL, glass, sites)
    every = images.take(np.arange(30))
    assert len(images) == 30 and images.shape == (1, 64, 64)
    np.testing.assert_array_equal(images.take(np.array([7, 3, 7])), every[[7, 3, 7]])
    alone = described(glass, sites[7:8])
    np.testing.assert_array_equal(alone, every[7])


def test_what_is_stored_is_the_network_and_takes_a_tenth_of_the_images():
    glass = shaken_honeycomb()
    stored = RenderedImage(radius=6.0).describe(glass, Loading(), some_sites(glass, 70), "site")
    assert stored.form == "graph"
    assert stored.values.nbytes + stored.edges.nbytes < 70 * 220 * 220 * 2 / 10


@pytest.mark.parametrize(
    ("loading", "flips"),
    [
        (Loading(), [(1, 1), (1, -1), (-1, 1), (-1, -1)]),
        (Loading(mode="simple_shear"), [(1, 1), (-1, -1)]),
    ],
)
def test_copies_are_the_images_under_the_symmetries_of_the_loading(loading, flips):
    glass = shaken_honeycomb()
    images = viewed(SMALL, glass, some_sites(glass, 5), loading)
    assert images.copies == len(flips)
    each = np.arange(5)
    for copy, (down, right) in enumerate(flips):
        found = images.take(each, np.full(5, copy))
        np.testing.assert_allclose(found, images.take(each)[..., ::down, ::right], atol=1e-5)


def test_positions_move_with_the_copies_and_come_back():
    glass = shaken_honeycomb()
    images = viewed(SMALL, glass, some_sites(glass, 4))
    places = np.random.default_rng(1).normal(size=(4, 2))
    symmetry = images.symmetry(np.arange(4), np.arange(4))
    moved = symmetry.moved(places)
    np.testing.assert_allclose(moved, places * [[1, 1], [-1, 1], [1, -1], [-1, -1]])
    np.testing.assert_allclose(symmetry.undone(moved), places)


def test_images_of_another_size_than_in_training_are_refused():
    pytest.importorskip("torch")
    from vitreous.plugins.models.cnn import CNN

    glass = shaken_honeycomb()
    sites = some_sites(glass, 8)
    labels = Labels(
        name="y",
        level="site",
        unit="1",
        values=np.arange(8.0),
        mask=np.ones(8, bool),
        positions=sites,
    )
    features = viewed(SMALL, glass, sites)
    fitted = CNN(epochs=1, batch_size=8).fit(
        [(features, labels)], [], np.random.default_rng(0), lambda *_: None
    )
    other = viewed(RenderedImage(radius=6.0, pixels=48), glass, sites)
    with pytest.raises(
        VitreousError,
        match="features have shape 1 x 48 x 48, but the model knows shape 1 x 64 x 64",
    ):
        fitted.predict(other)
    with pytest.raises(
        VitreousError, match="cnn got images of 20 x 20 pixels; expected at least 44 x 44"
    ):
        CNN().fit(
            [(viewed(RenderedImage(radius=6.0, pixels=20), glass, sites), labels)],
            [],
            np.random.default_rng(0),
            print,
        )


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(
        VitreousError,
        match=r"rendered_image got radius=11, pixels=0, dot=0\.05, line=0\.015; expected positive "
        r"numbers",
    ):
        RenderedImage(pixels=0)
