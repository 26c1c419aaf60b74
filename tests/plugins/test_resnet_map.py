"""Image to image: layers, targets, and the map's way back through the copies of an image."""

import numpy as np
import pytest

from vitreous.core.data import Drawn, Features, Labels, Loading, Symmetry
from vitreous.core.errors import VitreousError
from vitreous.learning.network import Seen
from vitreous.plugins.descriptors.tem_glass import TEMGlass
from vitreous.testing.systems import silica_glass

torch = pytest.importorskip("torch")
pytest.importorskip("monai")
from vitreous.plugins.models.resnet_map import (  # noqa: E402
    GlassImages,
    Noisy,
    Painter,
    ResNetMap,
    blurred,
    read,
)

SIDE = 64
SMALL = {
    "depth": 18,
    "dropout": 0.0,
    "draws": 4,
    "blur": 0.0,
    "noise": 0.0,
    "batch_size": 4,
    "learning_rate": 3e-3,
}


def test_the_core_has_4_x_4_pixels_of_2048_filters_and_the_map_the_pixels_of_the_image():
    net = Painter(50, 1, 1, 0.2).eval()
    with torch.no_grad():
        images = torch.zeros(2, 1, 128, 128)
        assert net.core(images).shape == (2, 2048, 4, 4)
        assert net.painted(images).shape == (2, 1, 128, 128)


def test_every_weight_learns():
    """None is kept that nothing reads, such as those of a last layer for classes."""
    net = Painter(18, 1, 1, 0.0)
    net.painted(torch.rand(2, 1, 64, 64)).square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.parametrize("pixels", [32, 40, 100, 127])
def test_a_resolution_without_layers_is_refused(pixels):
    refusal = rf"{pixels} x {pixels} pixels, .* a multiple of 32, at least 64: set descriptor\.pix"
    with pytest.raises(VitreousError, match=refusal):
        ResNetMap().refuse_features(Seen(("counts",), (), (1, pixels, pixels)))


def test_resolutions_with_layers_are_taken():
    for pixels in (64, 96, 128, 256):
        ResNetMap().refuse_features(Seen(("counts",), (), (1, pixels, pixels)))


def test_a_resolution_without_layers_is_refused_before_anything_is_learnt():
    with pytest.raises(VitreousError, match="100 x 100 pixels"):
        ResNetMap(**SMALL).fit([toy(0, pixels=100)], [], np.random.default_rng(0), print)


@pytest.mark.parametrize(
    "wrong", [{"depth": 19}, {"dropout": 1.0}, {"draws": 0}, {"blur": -1.0}, {"noise": np.inf}]
)
def test_fields_out_of_range_are_refused(wrong):
    with pytest.raises(VitreousError, match="resnet_map got"):
        ResNetMap(**wrong)


def test_a_map_is_read_bilinearly_between_the_centres_of_pixels():
    maps = torch.arange(12.0).reshape(1, 1, 3, 4)
    centres = torch.tensor([[0.5 / 4, 0.5 / 3], [2.5 / 4, 1.5 / 3], [2.0 / 4, 1.5 / 3]])
    found = read(maps, torch.zeros(3, dtype=torch.long), centres)
    assert found[:, 0].tolist() == [0.0, 6.0, 5.5]


def test_a_map_is_read_through_its_periodic_boundaries():
    maps = torch.arange(12.0).reshape(1, 1, 3, 4)
    edge = torch.tensor([[0.0, 0.5 / 3], [1.0, 0.5 / 3], [0.5 / 4, 0.0]])
    found = read(maps, torch.zeros(3, dtype=torch.long), edge)
    assert found[:, 0].tolist() == [1.5, 1.5, 4.0]


def test_several_maps_are_read_each_at_its_own_places():
    maps = torch.stack([torch.full((2, 3, 3), 1.0), torch.full((2, 3, 3), 5.0)])
    found = read(maps, torch.tensor([1, 0]), torch.rand(2, 2))
    torch.testing.assert_close(found, torch.tensor([[5.0, 5.0], [1.0, 1.0]]))  # weights add to 1


@pytest.fixture(scope="module")
def crystal():
    """A glass, and where each of its atoms lies in its image."""
    glass = silica_glass()
    descriptor = TEMGlass(pixels=SIDE, copies=12, noise=False)
    return descriptor.view(
        descriptor.describe(glass, Loading(mode="uniaxial"), glass.positions, "atom")
    )


def test_every_copy_of_an_image_shows_the_atoms_where_it_says(crystal):
    """Under translations and mirror images alike, the image at the place of an atom is the same, to
    what pixels leave of it; without the way back it is not.
    """
    inputs, atoms = GlassImages([crystal], torch.float64), torch.arange(len(crystal))
    seen = []
    for copy in range(crystal.copies):
        view = inputs.take(atoms, torch.full_like(atoms, copy))
        assert view.images.shape == (1, 1, SIDE, SIDE)
        seen.append(read(view.images, view.of, view.places)[:, 0])
    seen = torch.stack(seen)
    assert (seen - seen[0]).std() < 0.3 * seen.std()
    unmoved = read(view.images, view.of, torch.tensor(crystal.source.values[:, :2]))[:, 0]
    assert (unmoved - seen[0]).std() > 0.9 * seen.std()


def test_the_way_back_is_exact_where_a_copy_moves_by_whole_pixels():
    """A map that is painted pixel by pixel gives an atom the same number in every copy."""
    rng = np.random.default_rng(3)
    places = (rng.integers(0, SIDE, (40, 2)) + rng.random((40, 2))) / SIDE
    picture = rng.random((SIDE, SIDE)).astype(np.float32)

    def draw(source, indices, copies):
        return np.stack([moved_by_pixels(picture, int(c)) for c in copies])[:, None]

    glass = drawn(places, draw, copies=4, symmetries=by_pixels)
    inputs, atoms = GlassImages([glass], torch.float64), torch.arange(40)
    seen = [
        read(view.images, view.of, view.places)
        for copy in range(4)
        for view in [inputs.take(atoms, torch.full_like(atoms, copy))]
    ]
    for each in seen[1:]:
        torch.testing.assert_close(each, seen[0], rtol=0.0, atol=1e-12)


SIGNS = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]])
STEPS = np.array([[0, 0], [5, 9], [-7, 20], [33, 1]])  # pixels


def moved_by_pixels(picture, copy):
    """The ``picture`` mirrored, then translated, of copy number ``copy``."""
    (sx, sy), (dx, dy) = SIGNS[copy], STEPS[copy]
    return np.roll(picture[::sy, ::sx], (dy, dx), axis=(0, 1))


def by_pixels(source, indices, copies):
    turn = SIGNS[copies][:, :, None] * np.eye(2)
    return Symmetry(turn=turn, shift=STEPS[copies] / SIDE)


def drawn(places, draw, copies=1, symmetries=None, pixels=SIDE):
    return Drawn(
        form="glass_image",
        names=("counts",),
        shape=(1, pixels, pixels),
        copies=copies,
        source=Features(form="vector", level="atom", names=("x", "y"), values=places),
        recipe={},
        draw=draw,
        symmetries=symmetries or (lambda *_: Symmetry()),
    )


def test_predictions_are_the_mean_over_the_copies(crystal):
    """One atom at a time and all at once alike."""
    fitted = ResNetMap(**SMALL, epochs=1).fit([toy(0)], [], np.random.default_rng(0), print)
    features = toy(1)[0]
    inputs = GlassImages([features], torch.float32)
    atoms, each = torch.arange(len(features)), []
    with torch.no_grad():
        for copy in range(features.copies):
            each.append(fitted.model(inputs.take(atoms, torch.full_like(atoms, copy))).double())
    mean, spread = fitted.model.target.double()
    wanted = (torch.stack(each).mean(dim=0) * spread + mean)[:, 0].numpy()
    np.testing.assert_allclose(fitted.predict(features), wanted, rtol=1e-6)
    assert fitted.attribution(features) is None


def toy(seed, atoms=150, pixels=SIDE):
    """A glass of ``atoms`` with a dim band: a crack of a third of the atoms, straight across."""
    rng = np.random.default_rng(seed)
    places, middle = rng.random((atoms, 2)), rng.random()
    off = np.abs((places[:, 0] - middle + 0.5) % 1.0 - 0.5)
    columns = (np.arange(pixels) + 0.5) / pixels
    dim = np.abs((columns - middle + 0.5) % 1.0 - 0.5) < 1 / 6
    picture = np.broadcast_to(np.where(dim, -1.0, 1.0), (pixels, pixels)).astype(np.float32)

    def draw(source, indices, copies):
        return np.stack([moved_by_pixels(picture, int(c)) for c in copies])[:, None]

    features = drawn(places, draw, copies=4, symmetries=by_pixels, pixels=pixels)
    values = np.where(off < 1 / 6, 1.0, 0.0)
    labels = Labels(
        name="crack_path",
        level="atom",
        unit="1",
        values=values,
        mask=np.ones(atoms, dtype=bool),
        positions=places,
        weak_is="high",
    )
    return features, labels


def test_it_learns_where_a_crack_runs_in_glasses_that_it_has_not_seen():
    training, validation = [toy(k) for k in range(12)], [toy(k) for k in range(20, 23)]
    model = ResNetMap(**SMALL, epochs=8)
    fitted = model.fit(training, validation, np.random.default_rng(1), lambda *_: None)
    found = []
    for seed in (31, 32, 33, 34):
        features, labels = toy(seed)
        crack, count = labels.values > 0.5, int(labels.values.sum())
        marked = np.argsort(fitted.predict(features))[-count:]
        found.append(crack[marked].mean())
    assert np.mean(found) > 0.8  # a third by chance


def test_blurred_labels_are_the_mean_of_those_nearby_through_the_boundaries():
    places = np.array([[0.01, 0.5], [0.99, 0.5], [0.5, 0.5]])
    soft = blurred(places, np.array([1.0, 0.0, 0.3]), (SIDE, SIDE), 4.0)
    assert 0.4 < soft[1] < 0.5 < soft[0] < 0.6
    assert soft[0] + soft[1] == pytest.approx(1.0, abs=1e-6)
    assert soft[2] == pytest.approx(0.3)


def test_labels_that_are_all_alike_stay_so_and_unknown_ones_stay_unknown():
    rng = np.random.default_rng(0)
    values = np.full(200, 0.7)
    values[::7] = np.nan
    soft = blurred(rng.random((200, 2)), values, (SIDE, SIDE), 3.0)
    np.testing.assert_array_equal(np.isnan(soft), np.isnan(values))
    np.testing.assert_allclose(soft[np.isfinite(soft)], 0.7)
    np.testing.assert_array_equal(blurred(rng.random((200, 2)), values, (SIDE, SIDE), 0.0), values)


def test_noise_is_uniform_about_zero_and_added_in_training_alone():
    task, values = Noisy(0.25), torch.linspace(0.0, 2.0, 4000)
    target = task.scaling(values)
    exact = ((values - target[0]) / target[1])[:, None]
    noisy = task.losses(exact, values, target)
    # the variance of a uniform number as wide as a quarter of the largest value
    assert float(noisy) == pytest.approx((0.25 * 2.0 / float(target[1])) ** 2 / 12.0, rel=0.1)
    with torch.no_grad():
        assert float(task.losses(exact, values, target)) == pytest.approx(0.0, abs=1e-12)
