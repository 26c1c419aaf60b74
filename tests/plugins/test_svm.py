"""SVM: its stored formula equals scikit-learn's own prediction, and its random draw is
reproducible.
"""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.plugins.models.svm import SVM


def example(seed: int, rows: int = 150):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)) * [1.0, 10.0, 0.1]
    y = 3.0 + np.sin(x[:, 0]) * x[:, 1] / 10
    labels = Labels(
        name="y",
        level="site",
        unit="1",
        values=y,
        mask=np.ones(rows),
        positions=np.zeros((rows, 2)),
    )
    return Features(form="vector", level="site", names=("a", "b", "c"), values=x), labels


def quiet(*_: object) -> None:
    return None


def test_equals_scikit_learn() -> None:
    features, labels = example(0)
    fitted = SVM(C=(2.0,), gamma=0.4, epsilon=0.05).fit(
        [(features, labels)], [example(1)], np.random.default_rng(0), quiet
    )
    mean, std = labels.values.mean(), labels.values.std()
    theirs = make_pipeline(StandardScaler(), SVR(C=2.0, gamma=0.4, epsilon=0.05)).fit(
        features.values, (labels.values - mean) / std
    )
    unseen = example(2)[0]
    np.testing.assert_allclose(
        fitted.predict(unseen), mean + std * theirs.predict(unseen.values), atol=1e-10
    )


def test_learns_and_the_draw_of_rows_follows_the_generator() -> None:
    train, unseen = [example(0, 600)], example(5)
    first, same, other = (
        SVM(max_rows=200)
        .fit(train, [example(1)], np.random.default_rng(s), quiet)
        .predict(unseen[0])
        for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).max() > 0
    assert np.corrcoef(first, unseen[1].values)[0, 1] > 0.9


@pytest.mark.parametrize("bad", [{"C": ()}, {"C": (-1.0,)}, {"gamma": -1.0}, {"max_rows": 1}])
def test_refuses_parameters_out_of_range(bad: dict) -> None:
    with pytest.raises(VitreousError, match="expected C > 0"):
        SVM(**bad)
