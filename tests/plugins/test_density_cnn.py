"""The convolutional network on density maps: its layers, and that it learns a rare class."""

import numpy as np
import pytest

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError

torch = pytest.importorskip("torch")
from vitreous.plugins.models.density_cnn import DensityCNN, DensityNet  # noqa: E402

PUBLISHED = DensityCNN()


def silent(*_):
    pass


def rare(count, seed):
    """Maps of noise, of which every tenth is brighter along its rising diagonal."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, 2, 12, 12)).astype(np.float32)
    kinds = (np.arange(count) % 10 == 0).astype(float)
    values[kinds == 1] += 2.0 * np.eye(12, dtype=np.float32)
    labels = Labels(
        name="kind",
        level="atom",
        task="class",
        classes=("stable", "fertile"),
        unit="1",
        values=kinds,
        mask=np.ones(count, dtype=bool),
        positions=np.zeros((count, 2)),
        weak_is="high",
    )
    return Features(form="image", level="atom", names=("S", "L"), values=values), labels


def test_the_published_network_has_the_published_number_of_weights():
    net = DensityNet((2, 50, 50), 20, 5, 5, True, 2)
    assert sum(p.numel() for p in net.parameters()) == 5_532_381  # Supplementary Table 2
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 25
    assert [k for k, c in enumerate(convolutions) if c.padding == (0, 0)] == [4, 24]
    assert [c.out_channels for c in convolutions[::5]] == [20, 40, 80, 160, 320]


def test_cubes_pass_twenty_convolutions_and_three_poolings_of_sixty_filters():
    net = DensityNet((2, 32, 32, 32), 60, 4, 5, False, 2)
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv3d)]
    assert (len(convolutions), {c.out_channels for c in convolutions}) == (20, {60})
    assert sum(isinstance(m, torch.nn.MaxPool3d) for m in net.modules()) == 3
    assert net.eval()(torch.zeros(2, 2, 32, 32, 32)).shape == (2, 2)


def test_two_classes_have_one_logit():
    net = DensityNet((2, 12, 12), 3, 2, 2, True, 2).eval()
    found = net(torch.rand(4, 2, 12, 12))
    assert not found[:, 0].any() and found[:, 1].any()
    assert DensityNet((2, 12, 12), 3, 2, 2, True, 1)(torch.rand(4, 2, 12, 12)).shape == (4, 1)


def test_it_finds_a_rare_class_in_maps_that_it_has_not_seen():
    model = DensityCNN(
        filters=4, blocks=2, layers=2, epochs=15, batch_size=8, reflections="none", patience=15
    )
    history = []
    fitted = model.fit(
        [rare(400, 1)],
        [rare(200, 2)],
        np.random.default_rng(0),
        lambda name, value, step: history.append((name, value, step)),
    )
    features, labels = rare(300, 3)
    found = fitted.predict(features)
    for kind in (0, 1):
        assert np.mean(found[labels.values == kind] == kind) > 0.9
    assert {name for name, _, _ in history} == {
        "train_cross_entropy",
        "validation_cross_entropy",
        "validation_error_rate",
    }


def test_without_balance_the_classes_are_weighted_instead():
    facts = {"task": "class", "classes": ["stable", "fertile"], "components": []}
    values = torch.tensor([0.0] * 9 + [1.0])
    np.testing.assert_allclose(PUBLISHED.task(facts).scaling(values), [1.0, 1.0])
    weighted = DensityCNN(balanced=False).task(facts).scaling(values)
    np.testing.assert_allclose(weighted, [10 / 18, 10 / 2])


def test_a_plateau_needs_validation_glasses():
    with pytest.raises(VitreousError, match=r"set split.validation, or model.schedule"):
        PUBLISHED.fit([rare(20, 1)], [], np.random.default_rng(0), silent)


def test_maps_too_small_for_the_blocks_are_refused():
    with pytest.raises(VitreousError, match="12 x 12 pixels, of which 5 blocks leave nothing"):
        PUBLISHED.fit([rare(20, 1)], [rare(20, 2)], np.random.default_rng(0), silent)


@pytest.mark.parametrize("fields", [{"filters": 0}, {"blocks": 0}, {"layers": -1}])
def test_numbers_out_of_range_are_refused(fields):
    with pytest.raises(VitreousError, match="expected at least one of each"):
        DensityCNN(**fields)
