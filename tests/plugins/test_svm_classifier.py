"""Support vector classifier: scikit-learn's decision, a grid judged by glasses, and ranks that
survive.
"""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.plugins.models.svm_classifier import SVMClassifier


def example(seed, sites=120, shift=0.0):
    """A twelfth of the sites breaks, where two features of different units are large; ``shift``
    moves a third feature of all sites of the glass.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(sites, 3)) * [1.0, 100.0, 1.0]
    risk = x[:, 0] + x[:, 1] / 100.0 + 0.3 * rng.normal(size=sites)
    values = (risk >= np.sort(risk)[-sites // 12]).astype(float)
    x[:, 2] += shift
    labels = Labels(
        name="c",
        level="atom",
        unit="1",
        task="class",
        classes=("intact", "breaks"),
        values=values,
        mask=np.ones(sites, bool),
        positions=np.zeros((sites, 2)),
    )
    return Features(form="vector", level="atom", names=("a", "b", "rest_c"), values=x), labels


TRAIN = [example(seed) for seed in range(6)]


def fit(logged=None, train=TRAIN, validation=(), seed=0, **fields):
    log = (lambda *entry: None) if logged is None else lambda *entry: logged.append(entry)
    return SVMClassifier(**fields).fit(train, validation, np.random.default_rng(seed), log)


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_the_decision_is_that_of_scikit_learn(kernel, scaled):
    """Protects the stored formula of both kernels, scaling, and the weights of the classes."""
    gamma = 0.3 if scaled else 1e-4
    fitted = fit(kernels=(kernel,), C=(0.01,), gamma=(gamma,), scaled=scaled, rows=10_000, folds=2)
    x = np.concatenate([features.values for features, _ in TRAIN])
    y = np.concatenate([labels.values for _, labels in TRAIN])
    machine = SVC(C=0.01, kernel=kernel, gamma=gamma, class_weight="balanced")
    theirs = (make_pipeline(StandardScaler(), machine) if scaled else machine).fit(x, y)
    unseen = example(9)[0]
    np.testing.assert_allclose(fitted.decision(unseen), theirs.decision_function(unseen.values))
    np.testing.assert_array_equal(fitted.predict(unseen), theirs.predict(unseen.values))


def test_probabilities_rank_as_the_decision_does_even_where_it_is_large():
    """Protects average precision: equal probabilities would make one tie of the first places."""
    fitted = fit(kernels=("linear",), C=(100.0,), folds=2)
    unseen = example(9)[0]
    far = Features(
        form="vector", level="atom", names=unseen.names, values=unseen.values * [[1e4, 1.0, 1.0]]
    )
    decision, second = fitted.decision(far), fitted.probabilities(far)[:, 1]
    assert decision.max() > 1000.0
    np.testing.assert_array_equal(np.argsort(decision), np.argsort(second))
    assert len(np.unique(second)) == len(second)


def test_folds_never_split_a_glass(monkeypatch):
    """Protects the split by glass inside cross-validation: atoms of one glass are alike."""
    from sklearn import model_selection

    seen = []

    class Spy(model_selection.GroupKFold):
        def split(self, X, y=None, groups=None):
            for inside, outside in super().split(X, y, groups):
                seen.append((set(groups[inside]), set(groups[outside])))
                yield inside, outside

    monkeypatch.setattr(model_selection, "GroupKFold", Spy)
    fit(folds=3)
    assert len(seen) == 3 and all(not inside & outside for inside, outside in seen)
    assert set.union(*(outside for _, outside in seen)) == set(range(6))


def test_the_grid_is_judged_by_cross_validation_and_logged_as_curves_over_c():
    """Protects the choice of C and gamma, and the figure of scores over the grid (Fig. S1A)."""
    logged = []
    fitted = fit(logged, C=(1e-3, 1.0), gamma=(1e-3, 0.1), rows=300)
    scores = {(name, step): value for name, value, step in logged}
    grid = {entry: value for entry, value in scores.items() if "accuracy" in entry[0]}
    assert len(grid) == 6
    name, step = max(grid, key=lambda entry: grid[entry])
    assert scores["C", 0] == (1e-3, 1.0)[step]
    assert scores["gamma", 0] == fitted.gamma
    assert (f"gamma={fitted.gamma:g}" if fitted.gamma else "linear") in name


def test_without_folds_the_validation_glasses_judge():
    """Protects the other way to choose: of two gammas the one that suits the validation glasses."""
    narrow = fit(folds=0, kernels=("rbf",), gamma=(1e3, 0.1), validation=[example(8)])
    assert narrow.gamma == 0.1
    with pytest.raises(VitreousError, match="no validation glass was given"):
        fit(folds=0)


def test_columns_choose_the_features_that_are_learnt_from():
    """Protects models of the deformed state alone: what is left out has no influence."""
    fitted, unseen = fit(columns="[ab]"), example(9)[0]
    moved = Features(
        form="vector",
        level="atom",
        names=unseen.names,
        values=np.add(unseen.values, [0.0, 0.0, 50.0]),
    )
    np.testing.assert_array_equal(fitted.decision(moved), fitted.decision(unseen))
    with pytest.raises(
        VitreousError, match=r"no feature fits svm_classifier columns 'deformed_\*'"
    ):
        fit(columns="deformed_*")


def test_fewer_glasses_than_folds_are_refused_with_what_to_set():
    with pytest.raises(VitreousError, match=r"folds is 5, but there are 3 training glasses; set"):
        fit(train=TRAIN[:3])


def test_too_many_folds_are_refused_while_composing():
    """By the number of training glasses, before any glass is made; glasses that are left out later
    are noticed by ``fit``.
    """
    model = SVMClassifier(folds=5)
    with pytest.raises(VitreousError, match=r"folds is 5, but there are 4 training glasses; set"):
        model.refuse_glasses(4)
    model.refuse_glasses(5)
    SVMClassifier(folds=0).refuse_glasses(1)


def test_all_loadings_of_a_glass_fall_into_one_fold(along_loadings):
    """Two glasses along three loadings each are two to divide, not six; and along one loading each
    what the grid is judged on stays as it was.
    """
    with pytest.raises(VitreousError, match=r"folds is 3, but there are 2 training glasses; set"):
        fit(folds=3, train=along_loadings(TRAIN, [0, 1, 0, 1, 0, 1]))
    one, plain, mixed = [], [], []
    fit(one, folds=2, train=along_loadings(TRAIN, [0, 1, 2, 3, 4, 5]))
    fit(plain, folds=2)
    fit(mixed, folds=2, train=along_loadings(TRAIN, [0, 0, 0, 1, 1, 1]))
    assert one == plain != mixed


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"C": ()}, "svm_classifier C is"),
        ({"gamma": (0.0,)}, "all positive"),
        ({"kernels": ("poly",)}, "kernels is poly; expected linear or rbf"),
        ({"score": "luck"}, "score is luck; expected balanced_accuracy or"),
        ({"rows": 1}, "expected rows 0"),
        ({"folds": 1}, "folds 0"),
        ({"workers": 0}, "at least one worker"),
    ],
)
def test_impossible_fields_are_refused(bad, sentence):
    with pytest.raises(VitreousError, match=sentence):
        SVMClassifier(**bad)
