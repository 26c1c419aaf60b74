"""What a run gives to those who read it: its glasses, what its model saw, its model, and what of it
the store has lost.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vitreous.core.cases import LoadCase
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.run import pack, unpack
from vitreous.core.sample import Shelf
from vitreous.core.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def result(toy_pipeline, store):
    return toy_pipeline.run(store)


def test_each_glass_of_a_role_is_there_once_by_its_first_loading(toy_pipeline, store):
    both = (LoadCase(loading=Loading()), LoadCase(loading=Loading(angle=60.0), roles=("train",)))
    result = replace(toy_pipeline, loadings=both).run(store)
    cases = [sample.case for sample in result.role("train")]
    once = [sample.case for sample in result.glasses("train")]
    assert len(cases) == 8
    assert once == [case for case in cases if case.loading == 0]


def test_features_are_shown_as_the_descriptor_shows_them_to_the_model(result, toy, monkeypatch):
    monkeypatch.setattr(toy.Places, "view", lambda self, seen: (self, seen))
    sample = result.samples[0]
    descriptor, features = result.shown(sample)
    assert descriptor == toy.Places()
    assert features is sample.features
    in_memory = replace(result, about={})
    assert in_memory.shown(sample) is sample.features


def test_a_run_without_a_descriptor_shows_no_features(toy_pipeline, store):
    result = replace(toy_pipeline, model=None, descriptor=None).run(store)
    with pytest.raises(VitreousError, match="this run has no features"):
        result.shown(result.samples[0])


def test_what_another_version_of_a_component_made_is_not_shown(result, toy, monkeypatch):
    monkeypatch.setattr(toy.Places, "version", toy.Places.version + 1)
    with pytest.raises(VitreousError, match=r"version 1 of .*, but version 2 is installed"):
        result.shown(result.samples[0])


def test_all_that_the_store_has_lost_of_a_run_is_named_at_once(result, store):
    kept = replace(result, shelf=Shelf(lambda stage, key: pytest.fail("it was read"), store.has))
    kept.refuse_gone()
    sample = result.samples[2]
    store.path("label", sample.keys["label"]).unlink()
    store.path("fit", result.model_key).unlink()
    artifacts = {(stage, key) for s in result.samples for stage, key in s.keys.items()}
    with pytest.raises(
        VitreousError,
        match=rf"does not hold 2 of the {len(artifacts) + 1} artifacts of this run \(fit, label\)",
    ):
        kept.refuse_gone()


def test_a_model_is_packed_with_its_folders(toy, monkeypatch):
    def save(self, folder: Path) -> None:
        (folder / "members" / "0").mkdir(parents=True)
        np.save(folder / "members" / "0" / "weights.npy", self.weights)

    monkeypatch.setattr(toy.Line, "save", save)
    monkeypatch.setattr(
        toy.LeastSquares,
        "load",
        lambda self, folder: toy.Line(weights=np.load(folder / "members" / "0" / "weights.npy")),
    )
    files = pack(toy.Line(weights=np.arange(3.0)))
    assert list(files) == ["members/0/weights.npy"]
    np.testing.assert_array_equal(unpack(toy.LeastSquares(), files).weights, np.arange(3.0))
