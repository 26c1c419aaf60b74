"""Ridge: equal to the closed form, alpha from the validation glasses alone, and stored without
loss.
"""

import json

import numpy as np
import pytest

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.plugins.models.ridge import Ridge
from vitreous.plugins.models.svm import SVM

WEIGHTS = np.array([1.0, -2.0, 0.0, 0.5])


def example(seed: int, rows: int = 60, noise: float = 0.1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4)) * [1.0, 3.0, 100.0, 1e-3] + [0.0, 5.0, 1e3, 1.0]
    y = (
        ((x - [0.0, 5.0, 1e3, 1.0]) / [1.0, 3.0, 100.0, 1e-3]) @ WEIGHTS
        + noise * rng.normal(size=rows)
        + 7.0
    )
    y[::10] = np.nan
    labels = Labels(
        name="y",
        level="site",
        unit="1",
        values=y,
        mask=np.isfinite(y),
        positions=np.zeros((rows, 2)),
    )
    return Features(form="vector", level="site", names=("a", "b", "c", "d"), values=x), labels


def quiet(*_: object) -> None:
    return None


def test_equals_the_closed_form_on_labelled_rows() -> None:
    features, labels = example(0)
    fitted = Ridge(alphas=(5.0,)).fit(
        [(features, labels)], [example(1)], np.random.default_rng(0), quiet
    )
    x, y = features.values[labels.mask], labels.values[labels.mask]
    z, t = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()
    w = np.linalg.solve(z.T @ z + 5.0 * np.eye(4), z.T @ t)
    wanted = y.mean() + y.std() * (((features.values - x.mean(0)) / x.std(0)) @ w)
    np.testing.assert_allclose(fitted.predict(features), wanted, rtol=1e-10)


def test_alpha_is_the_best_on_validation_and_every_alpha_is_logged() -> None:
    logged = []
    train, validation = [example(0, noise=2.0)], [example(1, noise=2.0)]
    fitted = Ridge().fit(train, validation, np.random.default_rng(0), lambda *m: logged.append(m))
    errors = [value for name, value, _ in logged if name == "validation_mse"]
    assert (
        len(errors) == len(Ridge().alphas)
        and fitted.alpha == Ridge().alphas[int(np.argmin(errors))]
    )


@pytest.mark.parametrize("model", [Ridge(), SVM(C=(1.0,))])
def test_saved_and_loaded_predictions_are_equal_and_batches_do_not_matter(model, tmp_path) -> None:
    fitted = model.fit([example(0)], [example(1)], np.random.default_rng(0), quiet)
    features = example(2)[0]
    wanted = fitted.predict(features)
    fitted.save(tmp_path / "model")
    np.testing.assert_array_equal(model.load(tmp_path / "model").predict(features), wanted)
    one = Features(form="vector", level="site", names=features.names, values=features.values[17:18])
    np.testing.assert_allclose(fitted.predict(one), wanted[17:18], rtol=1e-12)


@pytest.mark.parametrize("model", [Ridge(), SVM(C=(1.0,))])
def test_damaged_foreign_and_missing_folders_are_refused(model, tmp_path) -> None:
    fitted = model.fit([example(0)], [example(1)], np.random.default_rng(0), quiet)
    with pytest.raises(VitreousError, match=r"no readable model\.json"):
        model.load(tmp_path / "missing")
    fitted.save(tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**facts, "model": "other"}))
    with pytest.raises(VitreousError, match="kind 'other'"):
        model.load(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({**facts, "names": ["a"]}))
    with pytest.raises(VitreousError, match="save the model again"):
        model.load(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(facts))
    data = (tmp_path / "arrays.npz").read_bytes()
    (tmp_path / "arrays.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(VitreousError, match="cannot be read"):
        model.load(tmp_path)
    (tmp_path / "model.json").write_text("[" * 100_000)
    with pytest.raises(VitreousError, match=r"no readable model\.json \(RecursionError\)"):
        model.load(tmp_path)


def test_arrays_that_grow_when_they_are_read_are_refused(tmp_path):
    """A model of a stranger must not fill the memory: 8 MB of zeros pack into 8 kB."""
    fitted = Ridge().fit([example(0)], [example(1)], np.random.default_rng(0), quiet)
    fitted.save(tmp_path)
    with np.load(tmp_path / "arrays.npz") as stored:
        arrays = dict(stored)
    np.savez_compressed(tmp_path / "arrays.npz", **{**arrays, "weight": np.zeros(10**6)})
    with pytest.raises(VitreousError, match="members are compressed, or larger than the file"):
        Ridge().load(tmp_path)


@pytest.mark.parametrize("model", [Ridge(), SVM(C=(1.0,))])
def test_other_columns_and_unlabelled_glasses_are_refused(model) -> None:
    fitted = model.fit([example(0)], [example(1)], np.random.default_rng(0), quiet)
    with pytest.raises(VitreousError, match="describe the glass as in training"):
        fitted.predict(
            Features(
                form="vector", level="site", names=("a", "b", "c", "e"), values=np.zeros((2, 4))
            )
        )
    features, labels = example(3)
    empty = Labels(
        name="y",
        level="site",
        unit="1",
        values=np.full(60, np.nan),
        mask=np.zeros(60),
        positions=labels.positions,
    )
    with pytest.raises(VitreousError, match="no labelled site"):
        model.fit([(features, empty)], [example(1)], np.random.default_rng(0), quiet)
    with pytest.raises(VitreousError, match="no validation glass"):
        model.fit([example(0)], [], np.random.default_rng(0), quiet)
