"""A run is a table of cases: glasses along loadings, with roles by glass."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.cases import Case, LoadCase, refuse_loadings, table
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.run import FILE, Run, unpack
from vitreous.core.split import Split
from vitreous.core.store import Store

BASE = Loading(angle=10.0)


def test_a_loading_of_a_configuration_changes_the_base_and_rotates_it():
    read = [
        LoadCase.read(BASE, change, "loadings[0]")
        for change in ({}, {"rotation": 45}, {"angle": 45}, {"sign": -1}, {"mode": "simple_shear"})
    ]
    assert [case.loading for case in read] == [
        BASE,
        replace(BASE, angle=55.0),
        replace(BASE, angle=45.0),
        replace(BASE, sign=-1),
        replace(BASE, mode="simple_shear"),
    ]
    assert not LoadCase.read(BASE, {"rotation": 90.0, "roles": ["train"]}, "loadings[1]").scored


def test_every_glass_takes_the_loadings_of_its_role():
    cases = (LoadCase(loading=BASE), LoadCase(loading=replace(BASE, sign=-1), roles=("train",)))
    assert table({4: "test", 7: "train"}, cases) == (
        Case(glass=4, loading=0, role="test"),
        Case(glass=7, loading=0, role="train"),
        Case(glass=7, loading=1, role="train"),
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            [{}, {"dimension": 3}],
            r"loadings have dimensions \[2, 3\]; one run has glasses of one dimension",
        ),
        (
            [{}, {"rotation": 180.0}],
            r"loadings 0 and 1 deform a glass alike \(pure shear, sign \+1, at 190° in xy\)",
        ),
        ([{}, {"rotation": 45.0}, {"angle": 55.0}], "loadings 1 and 2 deform a glass alike"),
        ([{"roles": ["train", "test"]}], "no loading is for validation glasses"),
        (
            [{"roles": ["tset"]}],
            r"loadings\[0\].roles is \['tset'\]; expected some of train, validation, test",
        ),
        ([{"angel": 3}], r"unknown field loadings\[0\].angel; did you mean 'angle'"),
        ([{"rotations": 3}], r"unknown field loadings\[0\].rotations; did you mean 'rotation'"),
        ([{"rotation": "up"}], r"loadings\[0\].rotation is 'up'"),
    ],
)
def test_loadings_that_make_no_table_are_refused(changes, sentence):
    with pytest.raises(VitreousError, match=sentence):
        refuse_loadings(
            [LoadCase.read(BASE, change, f"loadings[{k}]") for k, change in enumerate(changes)]
        )


@pytest.fixture
def pipeline(toy_pipeline, toy):
    two = tuple(LoadCase(loading=Loading(angle=angle)) for angle in (0.0, 30.0))
    return replace(
        toy_pipeline,
        events=toy.FirstEvents(),
        samples=5,
        split=Split(test=1, validation=1),
        loadings=two,
    )


@pytest.fixture
def left(pipeline, tmp_path):
    """A run, and the folder that it left."""
    store = Store(tmp_path / "home" / "store")
    result = pipeline.run(store)
    folder = tmp_path / "home" / "runs" / "one"
    folder.mkdir(parents=True)
    said = {
        "store": str(store.folder),
        "store_from_here": "../../store",
        "command": "vitreous run",
        "config": {},
        "packages": {},
    }
    replace(result, about={**result.about, **said, "python": "3", "vitreous": "0"}).write(folder)
    return result, folder


def test_a_run_is_opened_again_with_everything_it_held(left):
    result, folder = left
    again = Run.open(folder)
    assert [s.case for s in again.samples] == [s.case for s in result.samples]
    assert again.loadings == result.loadings
    for before, after in zip(result.samples, again.samples, strict=True):
        assert after.configuration == before.configuration
        assert (after.labels, after.events, after.features) == (
            before.labels,
            before.events,
            before.features,
        )
        assert after.trajectory == before.trajectory
        assert np.array_equal(after.prediction, before.prediction)
    assert again.history == result.history
    assert np.array_equal(
        again.model.predict(again.samples[0].features), result.samples[0].prediction
    )
    assert again.about["command"] == "vitreous run"


def test_a_run_that_was_moved_with_its_store_is_found_and_without_it_asks(left, tmp_path):
    result, _ = left
    moved = (tmp_path / "home").rename(tmp_path / "elsewhere")
    assert np.array_equal(
        Run.open(moved / "runs" / "one").samples[0].prediction, result.samples[0].prediction
    )
    store = (moved / "store").rename(tmp_path / "apart")
    with pytest.raises(
        VitreousError,
        match=r"the store of .*one is neither at .* nor at .*; say where it is with --store FOLDER",
    ):
        Run.open(moved / "runs" / "one")
    assert (
        Run.open(moved / "runs" / "one", store=store).samples[0].labels == result.samples[0].labels
    )
    (
        moved / "store"
    ).mkdir()  # another one lies where it was: the one that holds the artifacts is taken
    about = json.loads((moved / "runs" / "one" / FILE).read_text())
    (moved / "runs" / "one" / FILE).write_text(
        json.dumps({**about, "store": str(moved / "store"), "store_from_here": str(store)})
    )
    assert Run.open(moved / "runs" / "one").samples[0].labels == result.samples[0].labels
    with pytest.raises(VitreousError, match="--store is nowhere, which is no folder"):
        Run.open(moved / "runs" / "one", store="nowhere")


def test_a_run_whose_artifacts_are_gone_says_which(left):
    _, folder = left
    again = Run.open(folder)
    next((folder.parents[1] / "store" / "predict").rglob("*.npz")).unlink()
    with pytest.raises(
        VitreousError,
        match=r"does not hold the predict artifact [0-9a-f]{12} of this run; say where it is with "
        r"--store FOLDER",
    ):
        [s.prediction for s in again.samples]


def with_keys(text, keys):
    about = json.loads(text)
    about["cases"][0]["keys"] = keys
    return json.dumps(about)


@pytest.mark.parametrize(
    "said", [..., None, {}, {"target": "a", "version": 1, "fields": 3}], ids=str
)
def test_a_run_that_does_not_say_what_it_was_made_with_is_refused(left, said):
    _, folder = left
    about = json.loads((folder / FILE).read_text())
    about["components"]["model"] = said
    if said is ...:
        del about["components"]["model"]
    (folder / FILE).write_text(json.dumps(about))
    with pytest.raises(VitreousError, match="does not say which model the run was made with"):
        _ = Run.open(folder).model


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda text: "", "cannot be read"),
        (
            lambda text: text.replace('"format": 1', '"format": 7'),
            "has format 7, but this version reads 1",
        ),
        (
            lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != "cases"}),
            "is damaged: it lacks cases; run its command again",
        ),
        (
            lambda text: text.replace('"loading": 1', '"loading": 9'),
            "is damaged .*a case has glass 0, loading 9",
        ),
        (lambda text: with_keys(text, 0.5), "is damaged .*Error.*; run its command"),
        (lambda text: with_keys(text, {}), "is damaged .*a case has no glass, or no label"),
        (
            lambda text: with_keys(text, {"label": "x" * 5000}),
            "is damaged .*a case has no glass, or no label",
        ),
        (
            lambda text: json.dumps(
                {**json.loads(text), **dict.fromkeys(("store", "store_from_here"), "x" * 5000)}
            ),
            "say where it is with --store FOLDER",
        ),
    ],
)
def test_a_file_that_is_no_run_is_refused(left, spoil, sentence):
    _, folder = left
    (folder / FILE).write_text(spoil((folder / FILE).read_text()))
    with pytest.raises(VitreousError, match=sentence):
        Run.open(folder)


def test_a_key_that_names_another_file_is_refused_and_the_file_is_left_alone(left, tmp_path):
    _, folder = left
    mine = tmp_path / "mine.npz"
    mine.write_bytes(b"my own data")
    about = json.loads((folder / FILE).read_text())
    about["cases"][0]["keys"]["label"] = str(mine.with_suffix(""))
    (folder / FILE).write_text(json.dumps(about))
    with pytest.raises(VitreousError, match="is no key of an artifact"):
        Run.open(folder)
    assert mine.read_bytes() == b"my own data"


def test_a_stored_model_writes_nothing_outside_its_folder(pipeline, tmp_path):
    victim = tmp_path / "victim"
    with pytest.raises(VitreousError, match="which lies outside its own folder"):
        unpack(pipeline.model, {f"../../../../../../../../../{victim}": np.zeros(3, np.uint8)})
    assert not victim.exists()


def test_a_loading_that_no_glass_takes_is_refused(pipeline, tmp_path):
    training = LoadCase(loading=Loading(angle=60.0), roles=("train",))
    with pytest.raises(
        VitreousError,
        match="loading 2 is for train glasses, of which this run has none; leave it out",
    ):
        replace(pipeline, model=None, loadings=(*pipeline.loadings, training)).run(Store(tmp_path))
    without = replace(
        pipeline,
        split=Split(test=1, validation=0),
        loadings=(LoadCase(loading=Loading(), roles=("train", "test")),),
    )
    assert len(without.run(Store(tmp_path)).samples) == 5


def test_glasses_relaxed_before_are_refused_for_a_loading_of_another_dimension(pipeline, tmp_path):
    pipeline.run(Store(tmp_path))
    solid = Loading(dimension=3)
    with pytest.raises(
        VitreousError, match=r"has 2 dimensions, the loading 3; set loading.dimension=2"
    ):
        replace(pipeline, loading=solid, loadings=(LoadCase(loading=solid),)).run(Store(tmp_path))


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(VitreousError, match=r"holds no run: there is no run.json in it"):
        Run.open(tmp_path)


def test_a_finished_run_is_resumed_without_reading_what_is_stored(pipeline, left, monkeypatch):
    result, folder = left
    read, get = [], Store.get
    monkeypatch.setattr(
        Store, "get", lambda self, stage, key: read.append(stage) or get(self, stage, key)
    )
    again = pipeline.run(Store(folder.parents[1] / "store"))
    assert read == ["fit"]  # the model itself
    assert again.fresh == {}
    assert [s.keys for s in again.samples] == [s.keys for s in result.samples]


def test_artifacts_stay_in_memory_only_while_a_few_others_are_read(left, monkeypatch):
    _, folder = left
    again, read, get = Run.open(folder), [], Store.get
    monkeypatch.setattr(
        Store, "get", lambda self, stage, key: read.append(key) or get(self, stage, key)
    )
    sample = again.samples[0]
    assert sample.labels is sample.labels
    assert len(read) == 1
    for other in again.samples[1:]:
        _ = other.labels, other.trajectory
    _ = sample.labels
    assert read.count(sample.keys["label"]) == 2


def test_memory_does_not_grow_with_the_number_of_glasses(pipeline, tmp_path, toys):
    """One glass, its trajectory and features take more than 200 kB here; what is kept of it is
    keys. The lesser of two runs: Python's own table of strings doubles in one of them now and then.
    """
    from toyglass import components as toy

    def peak(count, attempt):
        many = replace(pipeline, generator=toy.Lattice(side=25), model=None, samples=count)
        tracemalloc.start()
        result = many.run(Store(tmp_path / f"{count}_{attempt}"))
        for sample in result.samples:
            _ = sample.trajectory, sample.labels, sample.features
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few, many = (min(peak(count, attempt) for attempt in (0, 1)) for count in (4, 24))
    one = sum(entry.size for entry in Store(tmp_path / "4_0").entries()) / 4
    assert many - few < 0.1 * 20 * one


def test_test_glasses_may_be_others_than_those_learnt_from(toy_pipeline, toy, tmp_path):
    """Protects transfer: larger glasses are tested alone, with the model, and under the keys, of a
    run without them.
    """
    store = Store(tmp_path)
    alike = toy_pipeline.run(store)
    larger = replace(toy_pipeline, tested=toy.Lattice(side=6)).run(store)
    sizes = {s.index: (s.role, len(s.configuration)) for s in larger.samples}
    assert sizes.pop(5) == ("test", 36) and {n for _, n in sizes.values()} == {16}
    assert larger.model_key == alike.model_key
    assert larger.fresh["generate"] == 1 and "fit" not in larger.fresh
    alone = replace(toy_pipeline, generator=toy.Lattice(side=6), model=None).run(store)
    assert alone.samples[5].keys["relax"] == larger.samples[5].keys["relax"]


def test_without_a_model_all_glasses_are_the_tested_ones(toy_pipeline, toy, tmp_path):
    """Protects what is computed ahead: the large glasses of a recipe alone."""
    made = replace(toy_pipeline, tested=toy.Lattice(side=6), model=None, samples=2)
    assert [len(s.configuration) for s in made.run(Store(tmp_path)).samples] == [36, 36]


def test_test_glasses_of_a_fixed_number_are_refused(toy_pipeline, toy):
    for fixed in ({"generator": toy.Lattice(limit=9)}, {"tested": toy.Lattice(limit=9)}):
        made = replace(toy_pipeline, **{"tested": toy.Lattice(side=6), **fixed})
        with pytest.raises(VitreousError, match="has a fixed number of glasses"):
            made.roles()
