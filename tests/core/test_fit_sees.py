"""What a fit is given: training glasses, validation glasses to stop by, and never a test glass.

Every glass is labelled with its own number, so that a model shows by what it predicts which glasses
it has seen.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from vitreous.core.cases import LoadCase
from vitreous.core.data import Loading
from vitreous.core.interfaces import Fitted, Model
from vitreous.core.sample import glasses_of
from vitreous.core.split import Split
from vitreous.core.store import Store

TRAIN, VALIDATION, TEST = (0, 1, 2, 3), 4, 5
EPOCHS = 9


@dataclass(frozen=True, kw_only=True)
class Constant(Fitted):
    value: float

    def predict(self, features):
        return np.full(len(features), self.value)

    def save(self, folder):
        np.save(folder / "value.npy", self.value)


@dataclass(frozen=True, kw_only=True)
class EarlyStopping(Model):
    """Predicts the number of its epoch, and keeps the epoch that does best on
    validation glasses.
    """

    forms = frozenset({"vector"})
    levels = frozenset({"site"})

    def fit(self, train, validation, rng, log):
        wanted = np.concatenate([labels.values[labels.mask] for _, labels in validation])
        for epoch in range(EPOCHS):
            log("validation_mse", float(np.mean((epoch - wanted) ** 2)), epoch)
        return Constant(
            value=float(min(range(EPOCHS), key=lambda epoch: np.mean((epoch - wanted) ** 2)))
        )

    def load(self, folder):
        return Constant(value=float(np.load(folder / "value.npy", allow_pickle=False)))


@pytest.fixture
def numbered(toy_pipeline, toy, monkeypatch):
    """Six glasses labelled with their own numbers: 0 to 3 for training, 4 for validation, 5 for
    test.
    """
    generate, label = toy.Lattice.generate, toy.Map.label

    def with_number(self, index, rng):
        return generate(self, index, rng).with_(info={"number": index})

    def own_number(self, glass, potential, loading, trajectory):
        found = label(self, glass, potential, loading, trajectory)
        return replace(found, values=np.where(found.mask, float(glass.info["number"]), np.nan))

    monkeypatch.setattr(toy.Lattice, "generate", with_number)
    monkeypatch.setattr(toy.Map, "label", own_number)
    return replace(
        toy_pipeline, model=EarlyStopping(), split=Split(test=(TEST,), validation=(VALIDATION,))
    )


def learnt_from(store):
    """What the one stored fit names as its parents, by role: pairs of describe and label keys."""
    (entry,) = (entry for entry in store.entries() if entry.stage == "fit")
    return store.manifest(entry)["recipe"]["parents"]


def test_training_stops_where_the_validation_glasses_say(numbered, tmp_path):
    result = numbered.run(Store(tmp_path))
    assert {tuple(np.unique(sample.prediction)) for sample in result.samples} == {
        (float(VALIDATION),)
    }
    best = min(result.history, key=lambda metric: metric[1])
    assert best == ("validation_mse", 0.0, VALIDATION)


def test_the_examples_of_a_fit_are_those_of_its_roles(numbered, tmp_path, monkeypatch):
    given = {}
    fit = EarlyStopping.fit

    def watched(self, train, validation, rng, log):
        for role, examples in (("train", train), ("validation", validation)):
            given[role] = [sorted(set(labels.values[labels.mask])) for _, labels in examples]
        return fit(self, train, validation, rng, log)

    monkeypatch.setattr(EarlyStopping, "fit", watched)
    numbered.run(Store(tmp_path))
    assert given == {"train": [[float(n)] for n in TRAIN], "validation": [[float(VALIDATION)]]}


def test_a_fit_is_keyed_by_the_artifacts_it_has_seen_and_by_no_test_glass(numbered, tmp_path):
    store = Store(tmp_path)
    result = numbered.run(store)
    keys = {
        sample.index: [sample.keys["describe"], sample.keys["label"]] for sample in result.samples
    }
    assert learnt_from(store) == {
        "train": [keys[n] for n in TRAIN],
        "validation": [keys[VALIDATION]],
    }


def test_folds_by_glass_are_keyed_where_a_glass_is_learnt_from_along_several_loadings(
    numbered, tmp_path, monkeypatch
):
    """A model that divides glasses among folds knows which cases are one glass; what folds depend
    on is in the key, and a key without such cases is as it was before there were any.
    """
    known, fit = {}, EarlyStopping.fit

    def watched(self, train, validation, rng, log):
        known["train"], known["validation"] = glasses_of(train), glasses_of(validation)
        return fit(self, train, validation, rng, log)

    monkeypatch.setattr(EarlyStopping, "fit", watched)

    def key(folds, roles):
        monkeypatch.setattr(EarlyStopping, "cross_validates", frozenset(folds))
        more = LoadCase(loading=Loading(angle=90.0), roles=roles)
        pipeline = replace(numbered, loadings=(LoadCase(loading=Loading()), more))
        return pipeline.run(Store(tmp_path)).model_key

    plain = key((), ("train",))
    assert known == {"train": TRAIN + TRAIN, "validation": (VALIDATION,)}
    assert key(("validation",), ("train",)) == plain
    assert key(("train",), ("train",)) != plain
    assert key(("train",), ("test",)) == key((), ("test",))


def test_turned_glasses_are_learnt_from_and_never_decide_when_to_stop(numbered, tmp_path):
    store = Store(tmp_path)
    both = (LoadCase(loading=Loading()), LoadCase(loading=Loading(angle=90.0), roles=("train",)))
    result = replace(numbered, loadings=both).run(store)
    parents = learnt_from(store)
    assert len(parents["train"]) == 2 * len(TRAIN)
    validation = next(sample for sample in result.samples if sample.role == "validation")
    assert parents["validation"] == [[validation.keys["describe"], validation.keys["label"]]]


def test_test_glasses_change_nothing_in_a_fit_that_stops_early(numbered, tmp_path):
    """The same fit, found in the store by its key, whatever glass is tested on."""
    store = Store(tmp_path)
    first = numbered.run(store)
    other = replace(numbered, samples=7, split=Split(test=(TEST, 6), validation=(VALIDATION,))).run(
        store
    )
    assert other.model_key == first.model_key
    assert "fit" not in other.fresh
