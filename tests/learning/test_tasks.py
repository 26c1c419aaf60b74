"""What networks learn from the task of the labels: outputs, loss and answers against hand
calculation and scikit-learn, and that each task is learnt through the models that declare it.
"""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.data import Drawn, Features, Labels, Symmetry
from vitreous.core.errors import VitreousError

torch = pytest.importorskip("torch")
from sklearn.metrics import log_loss  # noqa: E402
from sklearn.utils.class_weight import compute_class_weight  # noqa: E402

from vitreous.learning.tasks import Beside, Class, Position, Value, task_of  # noqa: E402
from vitreous.plugins.models.cnn import CNN  # noqa: E402
from vitreous.plugins.models.gnn import GNN  # noqa: E402

RNG = np.random.default_rng(5)


def labels(values, task="value", components=(), classes=(), mask=None):
    values = np.asarray(values, float)
    mask = np.isfinite(values) if mask is None else mask
    return Labels(
        name="y",
        level="site",
        unit="1",
        values=values,
        mask=mask,
        positions=np.zeros((len(values), 2)),
        task=task,
        components=components,
        classes=classes,
    )


def brief(epochs):
    """The example network, trained for fewer epochs."""
    return replace(CNN.example(), epochs=epochs)


def pictures(count, seed, side=44):
    """Images with a bright square somewhere, and its centre in fractions of the image."""
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, side, (count, 2))
    values = np.zeros((count, 1, side, side))
    for image, (row, column) in zip(values, corner, strict=True):
        rows, columns = (np.arange(c, c + 12) % side for c in (row, column))
        image[0][np.ix_(rows, columns)] = 1.0
    features = Features(form="image", level="site", names=("grey",), values=values)
    return features, ((corner + 6.0) / side) % 1.0


def test_a_value_is_standardised_by_what_is_known_and_comes_back_in_its_unit():
    values = torch.tensor([1.0, float("nan"), 3.0, 8.0])
    task = Value()
    target = task.scaling(values)
    np.testing.assert_allclose(target, [4.0, np.std([1.0, 3.0, 8.0])], rtol=1e-6)
    found = task.answer(torch.tensor([[0.0], [1.0]]).double(), target)
    np.testing.assert_allclose(found, [4.0, 4.0 + np.std([1.0, 3.0, 8.0])], rtol=1e-6)


def test_components_that_are_unknown_have_no_loss():
    task = Value(components=2)
    values = torch.tensor([[1.0, float("nan")], [3.0, 10.0], [5.0, 30.0]])
    target = task.scaling(values)
    output = torch.zeros(3, 2)
    wanted = [(v - m) / s for v, m, s in zip([1, 3, 5], [3] * 3, [np.std([1, 3, 5])] * 3)]  # noqa: B905
    wanted += [-1.0, 1.0]
    found = task.losses(output, values, target)
    assert found.item() == pytest.approx(np.mean(np.square(wanted)), rel=1e-6)


def test_the_loss_of_a_class_is_the_weighted_log_loss_of_scikit_learn():
    kinds = np.array([0, 0, 0, 1, 2, 2])
    output = torch.from_numpy(RNG.normal(size=(6, 3)))
    task = Class(("a", "b", "c"))
    target = task.scaling(torch.from_numpy(kinds).float())
    weight = compute_class_weight("balanced", classes=np.arange(3), y=kinds)
    np.testing.assert_allclose(target, weight, rtol=1e-6)
    probability = task.probabilities(output).numpy()
    wanted = log_loss(kinds, probability, sample_weight=weight[kinds], labels=[0, 1, 2])
    found = task.losses(output, torch.from_numpy(kinds).float(), target.double())
    assert found.item() == pytest.approx(wanted * weight[kinds].mean(), rel=1e-6)
    np.testing.assert_array_equal(task.answer(output, target), probability.argmax(axis=1))


def test_the_loss_of_a_position_is_the_squared_periodic_distance_where_that_is_small():
    task = Position(2)
    truth = torch.tensor([[0.99, 0.5]]).double()
    guess = torch.tensor([[0.01, 0.51]]).double()  # 0.02 across the boundary, and 0.01
    turn = 2 * np.pi * guess
    output = 3.0 * torch.stack([torch.cos(turn), torch.sin(turn)], dim=2).reshape(1, 4)
    found = task.losses(output, truth, task.scaling(truth)).item()
    assert found == pytest.approx((0.02**2 + 0.01**2) / 2, rel=2e-3)
    np.testing.assert_allclose(task.answer(output, torch.zeros(0)), guess, atol=1e-12)


def test_a_network_learns_which_class_an_image_belongs_to():
    features, _ = pictures(24, 1)
    bright = features.values.copy()
    bright[::3] *= 0.2
    features = Features(form="image", level="site", names=("grey",), values=bright)
    kinds = labels(np.where(np.arange(24) % 3 == 0, 0, 1), "class", classes=("dim", "bright"))
    fitted = brief(40).fit([(features, kinds)], [], np.random.default_rng(0), lambda *_: None)
    np.testing.assert_array_equal(fitted.predict(features), kinds.values)
    probabilities = fitted.probabilities(features)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), kinds.values)


def test_a_network_learns_where_in_an_image_something_is_through_the_boundary(tmp_path):
    features, places = pictures(40, 2)
    where = labels(places, "position", components=("y", "x"))
    model = brief(40)
    logged = []
    fitted = model.fit(
        [(features, where)],
        [(features, where)],
        np.random.default_rng(0),
        lambda *m: logged.append(m),
    )
    away = fitted.predict(features) - places
    away -= np.rint(away)
    assert np.hypot(*away.T).mean() < 0.1  # 0.38 by chance
    assert {name for name, _, _ in logged} == {
        "train_squared_distance",
        "validation_squared_distance",
    }
    fitted.save(tmp_path)
    np.testing.assert_array_equal(model.load(tmp_path).predict(features), fitted.predict(features))


def test_several_components_are_learnt_at_once_each_in_its_unit():
    halves = np.random.default_rng(3).uniform(size=(32, 2))
    images = np.repeat(np.repeat(halves, 22, axis=1)[:, None, :, None], 44, axis=3)
    features = Features(form="image", level="site", names=("grey",), values=images)
    values = np.column_stack([1e3 * halves.mean(axis=1), halves[:, 0] - halves[:, 1]])
    wanted, values[0, 0] = values.copy(), np.nan
    both = labels(values, components=("brightness", "contrast"))
    fitted = brief(60).fit([(features, both)], [], np.random.default_rng(0), lambda *_: None)
    off = fitted.predict(features) - wanted
    assert (np.sqrt(np.mean(off**2, axis=0)) < 0.2 * wanted.std(axis=0)).all()


def test_positions_found_in_symmetric_copies_are_carried_back_before_they_are_averaged():
    features, places = pictures(16, 4)
    middle = Features(form="image", level="site", names=("grey",), values=features.values)

    def draw(source, indices, copies):
        images = source.values[indices]
        return np.where(copies[:, None, None, None] == 1, images[:, :, ::-1], images)

    def symmetries(source, indices, copies):
        turn = np.eye(2) * np.where(copies == 1, -1.0, 1.0)[:, None, None]
        turn[:, 1, 1] = 1.0
        return Symmetry(turn=turn)

    drawn = Drawn(
        form="image",
        names=("grey",),
        shape=middle.shape,
        copies=2,
        source=middle,
        recipe={},
        draw=draw,
        symmetries=symmetries,
    )
    where = labels(places, "position", components=("y", "x"))
    model = replace(brief(5), reflections="average")
    fitted = model.fit([(drawn, where)], [], np.random.default_rng(0), lambda *_: None)
    each = [
        model_on(drawn, copy, fitted) for copy in range(2)
    ]  # what it finds in a copy, carried back by hand
    each[1][:, 0] *= -1.0
    mean = np.angle(np.mean([np.exp(2j * np.pi * found) for found in each], axis=0)) / (2 * np.pi)
    away = fitted.predict(drawn) - mean
    np.testing.assert_allclose(away - np.rint(away), 0.0, atol=1e-6)


def model_on(drawn, copy, fitted):
    """What the network finds in one copy of every image, with nothing averaged."""
    images = drawn.take(np.arange(len(drawn)), np.full(len(drawn), copy))
    plain = CNN.fitted(
        {**fitted.parameters, "reflections": "none"}, fitted.seen, fitted.facts, fitted.arrays
    )
    return plain.predict(
        Features(form="image", level="site", names=("grey",), values=np.asarray(images))
    )


def test_images_drawn_on_demand_are_learnt_as_the_same_images_stored():
    features, _ = pictures(12, 6)
    values = labels(features.values.mean(axis=(1, 2, 3)) + np.arange(12.0))
    drawn = Drawn(
        form="image",
        names=("grey",),
        shape=features.shape,
        copies=1,
        source=features,
        recipe={},
        draw=lambda source, indices, copies: source.values[indices],
        symmetries=lambda source, indices, copies: Symmetry(),
    )
    model = brief(3)
    found = [
        model.fit([(f, values)], [], np.random.default_rng(0), lambda *_: None).predict(f)
        for f in (features, drawn)
    ]
    np.testing.assert_array_equal(*found)


def test_attribution_is_gradient_times_input_and_sums_to_a_change_of_the_prediction():
    features, _ = pictures(10, 7)
    values = labels(np.arange(10.0))
    model = brief(5)
    fitted = model.fit([(features, values)], [], np.random.default_rng(0), lambda *_: None)
    found = fitted.attribution(features)
    assert found.shape == (10, 44, 44)
    step = 1e-3
    nearly = Features(
        form="image", level="site", names=("grey",), values=features.values * (1.0 + step)
    )
    rate = (fitted.predict(nearly) - fitted.predict(features)) / step
    np.testing.assert_allclose(found.sum(axis=(1, 2)), rate, rtol=0.05, atol=0.02)


def test_a_task_that_networks_do_not_learn_is_refused():
    with pytest.raises(
        VitreousError, match="learn labels of task value, class, position or survival, not"
    ):
        task_of({"task": "image", "components": [], "classes": []})


def test_positions_without_symmetric_copies_are_refused_with_reflections():
    from vitreous.testing.synthetic import examples

    features = examples(GNN, 1, 0, "graph")[0][0]
    where = labels(RNG.uniform(size=(len(features), 2)), "position", components=("x", "y"))
    model = GNN(**{**vars(GNN.example()), "reflections": "augment", "epochs": 2})
    with pytest.raises(VitreousError, match=r"set model\.reflections=none"):
        model.fit([(features, where)], [], np.random.default_rng(0), lambda *_: None)


def test_columns_beside_classes_add_their_squared_errors_and_change_no_answer():
    """By hand: two classes, one column of mean 2 and spread 1."""
    task = Beside(Class(("a", "b")), 1)
    values = torch.tensor([[0.0, 1.0], [1.0, 3.0]])
    target = task.scaling(values)
    output = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 0.5]])
    found = task.losses(output, values, target)
    np.testing.assert_allclose(found, [np.log(2.0), 0.5 * (1.0**2 + 0.5**2)], rtol=1e-6)
    assert task.own(target).tolist() == [1.0, 1.0]
    assert float(task.error_rate(output, values, target)) == 0.5


def test_columns_beside_a_number_are_learnt_as_numbers():
    values = torch.tensor([[0.0, 1.0], [4.0, 3.0]])
    task = Beside(Value(), 1)
    target = task.scaling(values)
    found = task.losses(torch.zeros(2, 2), values, target)
    np.testing.assert_allclose(found, [1.0, 1.0])
    assert task.answer(torch.ones(2, 2), target).tolist() == [4.0, 4.0]


def test_an_error_in_a_rare_class_weighs_as_much_as_in_a_common_one():
    """Nine of class 0 and one of class 1, all called 0: half of it is wrong."""
    task, values = Class(("common", "rare")), torch.tensor([0.0] * 9 + [1.0])
    output = torch.tensor([[1.0, 0.0]] * 10)
    assert float(task.error_rate(output, values, task.scaling(values))) == pytest.approx(0.5)
    plain = Class(("common", "rare"), weighted=False)
    assert float(plain.error_rate(output, values, plain.scaling(values))) == pytest.approx(0.1)
