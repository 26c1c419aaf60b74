"""The residual network: the published layers, losses, and averages over images."""

import numpy as np
import pytest

from vitreous.core.data import Drawn, Features, Labels, Symmetry
from vitreous.core.errors import VitreousError
from vitreous.learning.network import Seen

torch = pytest.importorskip("torch")
pytest.importorskip("monai")
from vitreous.learning.tasks import Position  # noqa: E402
from vitreous.plugins.models.resnet import SMALLEST, ResNet  # noqa: E402

IMAGE = Seen(("counts",), (), (1, 128, 128))


def layers(depth, outputs=1):
    return ResNet.module(vars(ResNet(depth=depth)), IMAGE, outputs)


@pytest.mark.parametrize(("depth", "parameters"), [(50, 23_503_809), (18, 11_170_753)])
def test_the_parameters_are_those_of_the_standard_network(depth, parameters):
    assert sum(p.numel() for p in layers(depth).parameters()) == parameters


def test_the_four_stages_see_maps_of_32_16_8_and_4_pixels():
    net, sides = layers(50).eval(), []
    for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
        stage.register_forward_hook(lambda *given: sides.append(tuple(given[2].shape[1:])))
    with torch.no_grad():
        assert net(torch.zeros(2, 1, 128, 128)).shape == (2, 1)
    assert sides == [(256, 32, 32), (512, 16, 16), (1024, 8, 8), (2048, 4, 4)]


def test_dropout_stands_before_the_last_layer():
    dropout, dense = layers(18).fc
    assert (dropout.p, dense.in_features, dense.out_features) == (0.2, 512, 1)


@pytest.mark.parametrize("pixels", [SMALLEST - 1, 8])
def test_images_that_leave_nothing_to_the_last_stage_are_refused(pixels):
    with pytest.raises(VitreousError, match=rf"{pixels} x {pixels} pixels; expected at least 33"):
        ResNet().refuse_features(Seen(("counts",), (), (1, pixels, pixels)))
    ResNet().refuse_features(Seen(("counts",), (), (1, SMALLEST, SMALLEST)))


@pytest.mark.parametrize(
    "wrong", [{"depth": 19}, {"dropout": 1.0}, {"draws": 0}, {"position_loss": "eq10"}]
)
def test_fields_out_of_range_are_refused(wrong):
    with pytest.raises(VitreousError, match="resnet got"):
        ResNet(**wrong)


def angles(fractions):
    turn = 2 * np.pi * torch.as_tensor(fractions, dtype=torch.float64)
    return torch.stack([torch.cos(turn), torch.sin(turn)], dim=2).reshape(len(turn), -1)


def test_the_published_loss_is_squared_periodic_distance_and_squared_bias():
    true = torch.tensor([[0.95, 0.5], [0.05, 0.25]], dtype=torch.float64)
    found = torch.tensor([[0.05, 0.5], [0.15, 0.35]], dtype=torch.float64)
    task = Position(2, published=True)
    distance = np.mean([0.1**2, 0.0, 0.1**2, 0.1**2])
    bias = np.mean([((0.05 + 0.15) / 2 - 0.5) ** 2, (0.425 - 0.375) ** 2])
    loss = task.losses(angles(found), true, torch.zeros(0))
    assert float(loss) == pytest.approx(distance + bias)


def test_unknown_components_have_no_published_loss_and_no_gradient():
    true = torch.tensor([[0.3, np.nan], [0.7, 0.2]], dtype=torch.float64)
    output = angles([[0.4, 0.9], [0.7, 0.2]]).requires_grad_(True)
    loss = Position(2, published=True).losses(output, true, torch.zeros(0))
    assert loss.item() == pytest.approx(0.1**2 / 3 + 0.5 * 0.05**2)
    loss.sum().backward()
    assert torch.isfinite(output.grad).all() and not output.grad[0, 2:].any()


COPIES = 5
OUTLIER = 3  #: number of the copy whose image is wrong


def glass(value, task="value"):
    """A glass whose copy number k is an image of constant ``value``, 10 more in one of them, and
    is shifted by k / 8.
    """

    def draw(source, indices, copies):
        level = np.full(len(copies), value) + np.where(copies == OUTLIER, 10.0, 0.0)
        return np.broadcast_to(level[:, None, None, None], (len(copies), 1, 33, 33)).astype("f4")

    def symmetries(source, indices, copies):
        return Symmetry(shift=np.column_stack([copies / 8.0] * 2))

    features = Drawn(
        form="image",
        names=("counts",),
        shape=(1, 33, 33),
        copies=COPIES,
        source=Features(form="vector", level="sample", names=("a",), values=np.array([[value]])),
        recipe={},
        draw=draw,
        symmetries=symmetries,
    )
    position = task == "position"
    values = np.array([[0.25, 0.75]]) if position else np.array([value])
    labels = Labels(
        name="target",
        level="sample",
        task=task,
        unit="1",
        components=("x", "y") if position else (),
        values=values,
        mask=np.ones(values.shape, dtype=bool),
        positions=np.zeros((1, 2)),
    )
    return features, labels


def fit(glasses, **fields):
    model = ResNet(
        **{"depth": 18, "dropout": 0.0, "draws": 2, "epochs": 2, "batch_size": 4, **fields}
    )
    return model.fit(glasses, glasses[:1], np.random.default_rng(0), lambda *_: None)


def test_a_number_is_the_median_over_the_images_and_its_spread_their_deviation():
    fitted = fit([glass(v) for v in (0.1, 0.4, 0.8)])
    features, _ = glass(0.3)
    each = []
    for copy in range(COPIES):
        alone = Drawn(**{**vars(features), "copies": 1, "draw": drawn(features, copy)})
        each.append(fitted.predict(alone)[0])
    assert each[OUTLIER] != pytest.approx(each[0], rel=1e-3)
    np.testing.assert_allclose(fitted.predict(features), np.median(each), rtol=1e-6)
    unexplained = float(fitted.arrays["unexplained"][0])
    np.testing.assert_allclose(
        fitted.uncertainty(features), np.sqrt(np.var(each) + unexplained), rtol=1e-5
    )


def drawn(features, copy):
    return lambda source, indices, copies: features.draw(
        source, indices, np.full_like(copies, copy)
    )


def test_a_position_is_the_circular_mean_of_what_the_images_say_of_the_glass():
    fitted = fit([glass(v, "position") for v in (0.1, 0.4, 0.8)], position_loss="published")
    fitted.arrays["unexplained"][:] = 0.0
    features, _ = glass(0.1, "position")
    same = Drawn(**{**vars(features), "draw": drawn(features, 0)})
    there = fitted.predict(Drawn(**{**vars(same), "copies": 1}))[0]
    # the same answer in every image, which are shifted by 0, 1/8 ... 4/8: two eighths on average
    np.testing.assert_allclose(fitted.predict(same)[0], (there - 2 / 8) % 1.0, atol=1e-6)
    np.testing.assert_allclose(
        fitted.uncertainty(same)[0], np.std(np.arange(COPIES) / 8.0), rtol=1e-5
    )


def test_the_uncertainty_holds_what_the_spread_leaves_of_the_errors_of_validation_glasses():
    glasses = [glass(v) for v in (0.1, 0.4, 0.8)]
    fitted = fit(glasses, reflections="augment")  # predicts from one image: no spread
    error = fitted.predict(glasses[0][0])[0] - 0.1
    assert fitted.uncertainty(glasses[2][0])[0] == pytest.approx(abs(error), rel=1e-4)


def test_every_glass_is_drawn_as_often_as_asked_for_in_an_epoch_of_images_at_random():
    from vitreous.learning.inputs import Arrays, batches

    features, _ = glass(0.0)
    inputs = Arrays([features, features], torch.float32)
    seen, taken = [], inputs.take
    inputs.take = lambda chosen, image: (seen.append((chosen, image)), taken(chosen, image))[1]
    order = torch.Generator().manual_seed(0)
    loader = batches(
        inputs, torch.tensor([1.0, 2.0]), 7, order, shuffle=True, mirrored=True, times=50
    )
    assert sum(len(values) for _, values in loader) == 100
    chosen, image = (torch.cat(of) for of in zip(*seen, strict=True))
    assert torch.bincount(chosen).tolist() == [50, 50]
    assert set(image.tolist()) == set(range(COPIES))
    checked = batches(inputs, torch.tensor([1.0, 2.0]), 7, order, shuffle=False, times=3)
    seen.clear()
    assert sum(len(values) for _, values in checked) == 6
    assert torch.cat([image for _, image in seen]).tolist() == [0, 0, 1, 1, 2, 2]
