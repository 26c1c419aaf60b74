"""Images of the window: what is drawn, where, and that the convolutional network sees the same in
them as in the graph.
"""

import numpy as np
import pytest

from vitreous.core.data import Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.plugins.descriptors.rendered_image import RenderedImage
from vitreous.testing.systems import shaken_honeycomb, some_sites

SMALL = RenderedImage(radius=6.0, pixels=64)


def described(glass, sites, **fields):
    return (
        RenderedImage(**{"radius": 6.0, "pixels": 64, **fields})
        .describe(glass, Loading(), sites, "site")
        .values[:, 0]
        .astype(float)
    )


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


def test_half_precision_takes_two_bytes_a_pixel():
    glass = shaken_honeycomb()
    assert (
        SMALL.describe(glass, Loading(), some_sites(glass, 70), "site").values.nbytes
        == 70 * 64 * 64 * 2
    )


def test_the_convolutional_network_sees_the_same_in_image_and_graph():
    pytest.importorskip("torch")
    from vitreous.plugins.models.cnn import CNN

    glass = shaken_honeycomb()
    sites = some_sites(glass, 20)
    values = np.random.default_rng(0).normal(size=20)
    labels = Labels(
        name="y", level="site", unit="1", values=values, mask=np.ones(20, bool), positions=sites
    )
    model = CNN(pixels=64, epochs=2, batch_size=8)
    predicted = []
    for descriptor in (SMALL, BondGraph(radius=6.0)):
        features = descriptor.describe(glass, Loading(), sites, "site")
        fitted = model.fit([(features, labels)], [], np.random.default_rng(0), lambda *_: None)
        predicted.append(fitted.predict(features))
    np.testing.assert_allclose(*predicted, atol=2e-3)  # half precision in the image


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
    features = SMALL.describe(glass, Loading(), sites, "site")
    fitted = CNN(epochs=1, batch_size=8).fit(
        [(features, labels)], [], np.random.default_rng(0), lambda *_: None
    )
    other = RenderedImage(radius=6.0, pixels=48).describe(glass, Loading(), sites, "site")
    with pytest.raises(
        VitreousError,
        match=r"cnn got images of shape \(1, 48, 48\) .* but the model knows \(1, 64, 64\)",
    ):
        fitted.predict(other)
    with pytest.raises(
        VitreousError, match="cnn got images of 20 x 20 pixels; expected squares of at least 44"
    ):
        CNN().fit(
            [
                (
                    RenderedImage(radius=6.0, pixels=20).describe(glass, Loading(), sites, "site"),
                    labels,
                )
            ],
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
