"""Grad-CAM of networks whose answer is known, and where copies of a glass put it."""

from types import SimpleNamespace

import numpy as np
import pytest

from vitreous.core.data import Drawn, Features, Symmetry
from vitreous.core.errors import VitreousError

torch = pytest.importorskip("torch")
pytest.importorskip("captum")
from vitreous.learning.attention import attention, grad_cam  # noqa: E402
from vitreous.learning.inputs import Arrays  # noqa: E402

SIDE, MAP = 32, 8
MEAN, SPREAD = 5.0, 3.0


class Looking(torch.nn.Module):
    """Averages blocks of 4 x 4 pixels (the stage); ``linear``: the mean of all of them, weighted by
    ``weights`` (O, 8, 8), goes through no further layer.
    """

    def __init__(self, weights):
        super().__init__()
        self.stage = torch.nn.AvgPool2d(4)
        self.weights = torch.as_tensor(weights, dtype=torch.float64)

    def forward(self, images):
        seen = self.stage(images)
        return torch.einsum("bchw,ohw->bo", seen, self.weights) / MAP**2


class Scaled(torch.nn.Module):
    def __init__(self, net, target):
        super().__init__()
        self.net, self.target = net, target

    def forward(self, images):
        return self.net(images)


class Method:
    network, dtype = "looking", "float64"

    @staticmethod
    def inputs(features, parameters, dtype):
        return Arrays(features, dtype)

    @staticmethod
    def stages(net):
        return (net.stage,)


def fitted(weights, task="value", components=()):
    target = torch.tensor([MEAN, SPREAD]) if task == "value" else torch.zeros(0)
    return SimpleNamespace(
        method=Method,
        parameters={"threads": 1},
        facts={"task": task, "components": list(components), "classes": ["a", "b"]},
        model=Scaled(Looking(weights), target),
    )


def glass(picture, moves=(), level="sample"):
    """A glass whose copies are its image mirrored by ``turn`` and moved by ``shift``, given in
    pixels as (sign of x, sign of y, columns, rows).
    """
    moves = [(1, 1, 0, 0), *moves]

    def draw(source, indices, copies):
        return np.stack([_moved(picture, *moves[k])[None] for k in copies]).astype("f4")

    def symmetries(source, indices, copies):
        chosen = [moves[k] for k in copies]
        return Symmetry(
            turn=np.array([np.diag([float(m[0]), float(m[1])]) for m in chosen]),
            shift=np.array([[m[2], m[3]] for m in chosen]) / float(SIDE),
        )

    return Drawn(
        form="image",
        names=("grey",),
        shape=(1, SIDE, SIDE),
        copies=len(moves),
        source=Features(form="vector", level=level, names=("a",), values=np.zeros((1, 1))),
        recipe={},
        draw=draw,
        symmetries=symmetries,
    )


def _moved(picture, sign_x, sign_y, columns, rows):
    picture = picture[::sign_y, ::sign_x]
    return np.roll(picture, (rows, columns), axis=(0, 1))


def quadrant(value=1.0):
    """Bright where x is large and y small."""
    picture = np.zeros((SIDE, SIDE))
    picture[: SIDE // 2, SIDE // 2 :] = value
    return picture


def test_grad_cam_is_the_mean_gradient_times_the_map():
    rng = np.random.default_rng(0)
    weights, batch = rng.normal(size=(2, MAP, MAP)), torch.from_numpy(rng.random((3, 1, 32, 32)))
    net = Looking(weights)
    found = grad_cam(net, net.stage, batch, 2)
    assert found.shape == (3, 2, MAP, MAP)
    seen = net.stage(batch)[:, 0].numpy()
    importance = weights.mean(axis=(1, 2)) / MAP**2  # by hand: <dt/df> = <w> / 64
    np.testing.assert_allclose(found, importance[None, :, None, None] * seen[:, None], rtol=1e-6)


def test_the_gradient_is_that_of_finite_differences_through_further_layers():
    torch.manual_seed(0)
    stage = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3, padding=1), torch.nn.Tanh())
    head = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Tanh(), torch.nn.Flatten())
    head = torch.nn.Sequential(head, torch.nn.Linear(2 * 36, 1)).double()
    net = torch.nn.Sequential(stage, head).double()
    batch = torch.rand(1, 1, MAP, MAP, dtype=torch.float64)
    maps, step = stage(batch).detach(), 1e-5
    importance = []
    for k in range(3):  # all pixels of one filter at once: the sum of the gradient
        more, less = maps.clone(), maps.clone()
        more[:, k] += step
        less[:, k] -= step
        importance.append(float((head(more) - head(less)).detach()) / (2 * step) / MAP**2)
    expected = np.einsum("k,khw->hw", importance, maps[0].numpy())
    np.testing.assert_allclose(grad_cam(net, stage, batch, 1)[0, 0], expected, rtol=1e-5, atol=1e-9)


def test_attention_lies_in_the_quadrant_that_is_seen_and_is_in_the_unit_of_the_label():
    (found,) = attention(fitted(np.full((1, MAP, MAP), -2.0)), glass(quadrant()), 1)
    assert found.resolution == MAP
    assert found.weight.shape == found.signed.shape == (1, 1, SIDE, SIDE)
    inside = found.weight[0, 0, 2:14, 18:30]  # away from the border, where pixels are interpolated
    np.testing.assert_allclose(inside, SPREAD * 2.0 / MAP**2, rtol=1e-6)
    np.testing.assert_allclose(found.signed[0, 0, 2:14, 18:30], -inside, rtol=1e-6)
    assert found.weight[0, 0, 18:30].max() == 0.0 and found.weight[0, 0, :, 2:14].max() == 0.0


def test_copies_are_taken_back_to_the_undeformed_glass():
    moves = [(-1, 1, 0, 0), (1, -1, 8, 4), (-1, -1, -12, 20)]
    model = fitted(np.ones((1, MAP, MAP)))
    (alone,) = attention(model, glass(quadrant()), 1)
    (mean,) = attention(model, glass(quadrant(), moves), 4)
    np.testing.assert_allclose(mean.weight, alone.weight, atol=1e-9)


def test_only_as_many_copies_as_asked_for_are_looked_at():
    moves = [(1, 1, 0, 0), (1, 1, 3, 0)]
    looked = glass(quadrant(), moves)
    taken = []
    draw = looked.draw
    counted = Drawn(
        **{**vars(looked), "draw": lambda s, i, c: (taken.extend(c.tolist()), draw(s, i, c))[1]}
    )
    attention(fitted(np.ones((1, MAP, MAP))), counted, 2)
    assert taken == [0, 1]


@pytest.mark.parametrize("shift", [(8, 0), (0, 12), (-4, 20)])
def test_attention_of_a_translated_image_is_translated_through_the_boundaries(shift):
    picture = np.random.default_rng(1).random((SIDE, SIDE))
    model = fitted(np.ones((1, MAP, MAP)))
    (there,) = attention(model, glass(_moved(picture, 1, 1, *shift)), 1)
    (here,) = attention(model, glass(picture), 1)
    expected = np.roll(here.weight, (shift[1], shift[0]), axis=(2, 3))
    np.testing.assert_allclose(there.weight, expected, atol=1e-9)
    assert not np.allclose(there.weight, here.weight, atol=1e-3)


def test_signed_attention_of_a_position_turns_like_a_vector():
    """A mirrored copy in which the network sees the same is one in which x points the other way."""
    weights = np.random.default_rng(2).normal(size=(4, MAP, MAP))
    model = fitted(weights, "position", ("x", "y"))
    rows = np.random.default_rng(3).random(SIDE)
    picture = np.broadcast_to(rows[:, None], (SIDE, SIDE))
    (alone,) = attention(model, glass(picture), 1)
    assert alone.weight.shape == (1, 2, SIDE, SIDE)
    assert np.abs(alone.signed).max(axis=(0, 2, 3)).min() > 1e-4
    (mean,) = attention(model, glass(picture, [(-1, 1, 0, 0)]), 2)
    np.testing.assert_allclose(mean.signed[0, 0], 0.0, atol=1e-12)
    np.testing.assert_allclose(mean.signed[0, 1], alone.signed[0, 1], atol=1e-12)
    np.testing.assert_allclose(mean.weight, alone.weight, atol=1e-12)


def test_windows_are_mirrored_about_their_centre_and_not_translated():
    model = fitted(np.ones((1, MAP, MAP)))
    (alone,) = attention(model, glass(quadrant(), level="site"), 1)
    mirrored = glass(quadrant(), [(-1, 1, 0, 0)], level="site")
    np.testing.assert_allclose(attention(model, mirrored, 2)[0].weight, alone.weight, atol=1e-9)
    with pytest.raises(VitreousError, match="windows that were translated"):
        attention(model, glass(quadrant(), [(1, 1, 4, 0)], level="site"), 2)


def test_classes_have_no_attention():
    with pytest.raises(VitreousError, match="task class"):
        attention(fitted(np.ones((2, MAP, MAP)), "class"), glass(quadrant()), 1)
