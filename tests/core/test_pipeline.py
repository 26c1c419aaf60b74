"""A run computes what is missing and nothing else, leaves out what fails, and never lets test
glasses into the fit.
"""

import pickle
import shutil
from dataclasses import replace

import pytest

from vitreous.core.attempt import attempt
from vitreous.core.board import Board
from vitreous.core.cases import Case, LoadCase
from vitreous.core.data import Loading
from vitreous.core.errors import Crystallised, NotConverged, Unusable, VitreousError
from vitreous.core.executor import Crew, InTurn, Lost
from vitreous.core.learning import Lesson
from vitreous.core.split import Split
from vitreous.core.store import Store


@pytest.fixture
def pipeline(toy_pipeline, toy):
    return replace(toy_pipeline, events=toy.FirstEvents(), indicators=toy.Places(shells=1))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def predictions(result):
    return {s.index: s.prediction.tobytes() for s in result.samples}


def test_a_run_brings_every_part_of_every_sample(pipeline, store):
    result = pipeline.run(store)
    assert [s.index for s in result.samples] == list(range(6))
    assert [s.index for s in result.role("test")] == [5]
    sample = result.samples[0]
    assert sample.events.level == "event"
    assert sample.indicators.form == "vector"
    assert sample.trajectory.initial == sample.configuration
    assert sample.prediction.shape == sample.labels.values.shape
    assert result.history == (("loss", 1.0, 0), ("loss", 0.5, 1), ("loss", 1 / 3, 2))
    assert result.fresh == {
        **dict.fromkeys(
            ("generate", "relax", "deform", "label", "events", "describe", "indicators"), 6
        ),
        "fit": 1,
        "predict": 6,
    }


def test_the_second_run_computes_nothing_and_gives_the_same_bits(pipeline, store, tmp_path):
    first, second = pipeline.run(store), pipeline.run(store)
    assert second.fresh == {}
    assert (
        predictions(first)
        == predictions(second)
        == predictions(pipeline.run(Store(tmp_path / "elsewhere")))
    )
    assert all(
        a.trajectory == b.trajectory for a, b in zip(first.samples, second.samples, strict=True)
    )


def test_a_finished_run_asks_no_worker_for_anything(pipeline, store):
    """Nor a batch queue for jobs."""
    pipeline.run(store)
    with Crew(lambda: pytest.fail("workers were started")) as crew:
        assert pipeline.run(store, crew).fresh == {}
    next(store.folder.glob("label/*/*.npz")).unlink()
    opened = []
    with Crew(lambda: opened.append("pool") or InTurn()) as crew:
        assert pipeline.run(store, crew).fresh["label"] == 1
    assert opened == ["pool"]


@pytest.mark.parametrize(
    ("change", "recomputed"),
    [
        ("model", {"fit", "predict"}),
        ("descriptor", {"describe", "fit", "predict"}),
        ("indicators", {"indicators"}),
        ("labeler", {"label", "describe", "indicators", "fit", "predict"}),
        ("loading", {"deform", "label", "events", "describe", "indicators", "fit", "predict"}),
        ("seed", {"fit", "predict"}),
        (
            "glass_seed",
            {
                "generate",
                "relax",
                "deform",
                "label",
                "events",
                "describe",
                "indicators",
                "fit",
                "predict",
            },
        ),
    ],
)
def test_a_change_recomputes_what_depends_on_it_and_nothing_else(
    change, recomputed, pipeline, store, toy
):
    pipeline.run(store)
    changes = {
        "model": toy.LeastSquares(noise=0.1),
        "descriptor": toy.Places(cutoff=3.0),
        "indicators": toy.Places(shells=2),
        "labeler": toy.Map(grid=3),
        "loading": Loading(angle=30.0),
        "seed": 1,
        "glass_seed": 1,
    }
    assert set(replace(pipeline, **{change: changes[change]}).run(store).fresh) == recomputed


def test_a_damaged_artifact_is_computed_anew_and_the_result_is_the_same(pipeline, store):
    before = predictions(pipeline.run(store))
    for stage in ("label", "deform", "fit", "predict"):
        path = next(store.folder.glob(f"{stage}/*/*.npz"))
        path.write_bytes(path.read_bytes()[:-200])
    result = pipeline.run(store)
    assert result.fresh == {
        "fit": 1
    }  # the others are found to be damaged, and computed anew, when they are read
    assert predictions(result) == before
    assert all(s.trajectory.initial == s.configuration and s.labels.level for s in result.samples)
    assert [store.verify(entry) for entry in store.entries()] == [""] * len(list(store.entries()))


def test_samples_that_do_not_settle_are_left_out_with_their_reason(pipeline, store, toy):
    told = []
    result = replace(
        pipeline, simulator=toy.Shear(unsettled=(1, 2)), samples=20, split=Split()
    ).run(store, report=told.append)
    assert 0 < len(result.excluded) < 20
    assert len(result.samples) + len(result.excluded) == 20
    assert set(result.excluded.values()) == {"the largest force is 1 and not below 1e-8"}
    assert len(told) == len(result.excluded)


def test_a_run_without_samples_or_with_an_empty_role_fails(pipeline, store, toy):
    with pytest.raises(
        VitreousError, match=r"all 6 samples were left out; sample 0: the largest force"
    ):
        replace(pipeline, simulator=toy.Shear(unsettled=tuple(range(7)))).run(store)

    class LosesTheTest:
        def map(self, function, tasks, title, now=None, known=None):
            yield from ((task, Lost("died") if task[0] == 5 else function(task)) for task in tasks)

    with pytest.raises(
        VitreousError,
        match=r"every test sample was left out, so the split is empty; .*sample 5: died",
    ):
        replace(pipeline).run(store, LosesTheTest())


def test_other_refusals_end_the_run_and_keep_what_is_stored(pipeline, store, toy):
    with pytest.raises(VitreousError, match=r"the glass has species"):
        replace(pipeline, generator=toy.Lattice(species="B")).run(store)
    assert {entry.stage for entry in store.entries()} == {"generate"}


def test_a_defect_keeps_its_type_and_says_which_sample(pipeline, store, toy, monkeypatch):
    monkeypatch.setattr(toy.Map, "label", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError) as raised:
        pipeline.run(store)
    assert raised.value.__notes__ == ["while computing sample 0"]


@pytest.mark.parametrize(
    ("limit", "samples", "sentence"),
    [
        (None, None, "say how many with samples=NUMBER"),
        (None, 0, "expected at least 1"),
    ],
)
def test_the_number_of_samples_is_checked_before_anything_runs(
    limit, samples, sentence, pipeline, store, toy
):
    with pytest.raises(VitreousError, match=sentence):
        replace(pipeline, generator=toy.Lattice(limit=limit), samples=samples).run(store)
    assert not store.folder.exists()


def test_all_that_the_generator_has_is_taken_when_no_number_is_given(pipeline, store, toy):
    told = []
    most = replace(
        pipeline, generator=toy.Lattice(limit=3), samples=6, split=Split(test=1, validation=0)
    ).run(store, report=told.append)
    assert len(most.samples) == 3
    assert told == ["6 glasses asked for, 3 available: all of them are used"]
    assert (
        len(
            replace(
                pipeline,
                generator=toy.Lattice(limit=3),
                samples=None,
                split=Split(test=1, validation=0),
            )
            .run(store)
            .samples
        )
        == 3
    )


def test_corrupting_the_test_glasses_changes_nothing_in_the_fit(pipeline, store, tmp_path):
    clean = pipeline.run(store)
    *others, last = clean.samples
    assert last.role == "test"
    spoilt = last.with_(
        labels=replace(last.labels, values=100.0 * last.labels.values),
        features=replace(last.features, values=0 * last.features.values),
    )
    elsewhere = Store(tmp_path / "again")
    lesson = Lesson(
        model=pipeline.model, descriptor=pipeline.descriptor, seed=pipeline.seed, provider=""
    )
    again = lesson.learn(elsewhere, Crew(), replace(clean, samples=(*others, spoilt)))
    weights = [
        store.get("fit", result.model_key)[0]["files"]
        for store, result in ((store, clean), (elsewhere, again))
    ]
    assert {name: content.tobytes() for name, content in weights[0].items()} == {
        n: c.tobytes() for n, c in weights[1].items()
    }
    assert again.model_key == clean.model_key


def test_labels_alone_can_be_computed_without_descriptor_or_model(pipeline, store):
    result = replace(pipeline, model=None, descriptor=None, indicators=None).run(store)
    assert result.model is None
    assert result.samples[0].prediction is None
    assert "describe" not in result.fresh


def test_a_component_that_gives_another_form_than_it_declares_is_refused(pipeline, store, toy):
    with pytest.raises(VitreousError, match=r"Pictures declares form image but gave vector"):
        replace(pipeline, indicators=toy.Pictures()).run(store)


def test_a_file_that_changes_gives_another_glass(pipeline, store, toy, monkeypatch):
    pipeline.run(store)
    monkeypatch.setattr(toy.Lattice, "fingerprint", lambda self, index: "other content")
    assert pipeline.run(store).fresh["generate"] == 6


def test_the_random_streams_do_not_depend_on_the_order_or_the_number_of_samples(
    pipeline, store, tmp_path
):
    few = replace(pipeline, samples=3, split=Split(test=1, validation=0)).run(
        Store(tmp_path / "few")
    )
    many = pipeline.run(store)
    assert all(
        a.configuration == b.configuration
        for a, b in zip(few.samples, many.samples[:3], strict=True)
    )


def test_a_glass_that_a_labeler_refuses_is_not_relaxed_or_deformed(
    pipeline, store, monkeypatch, toy
):
    def refuse(self, configuration, potential):
        raise VitreousError("this glass is too small to be labelled")

    monkeypatch.setattr(toy.Map, "refuse", refuse)
    with pytest.raises(VitreousError, match="too small to be labelled"):
        pipeline.run(store)
    assert not (store.folder / "relax").exists()
    assert not (store.folder / "deform").exists()


@pytest.mark.parametrize("relaxed_before", [False, True])
def test_a_glass_that_a_descriptor_refuses_is_not_relaxed_or_labelled(
    pipeline, store, monkeypatch, relaxed_before
):
    if relaxed_before:
        pipeline.run(store)
        shutil.rmtree(store.folder / "label")

    def refuse(self, configuration, potential):
        raise VitreousError("this glass is too small to be described")

    monkeypatch.setattr(type(pipeline.descriptor), "refuse", refuse)
    with pytest.raises(VitreousError, match="too small to be described"):
        pipeline.run(store)
    assert (store.folder / "relax").exists() == relaxed_before
    assert not (store.folder / "label").exists()


def test_a_descriptor_that_needs_the_potential_is_given_the_glasses_own(
    pipeline, store, monkeypatch
):
    given, kind = [], type(pipeline.descriptor)
    describe = kind.describe

    def with_potential(self, configuration, loading, sites, level, potential=None):
        given.append(potential)
        return describe(self, configuration, loading, sites, level)

    monkeypatch.setattr(kind, "needs_potential", True)
    monkeypatch.setattr(kind, "describe", with_potential)
    pipeline.run(store)
    assert given
    assert all(potential is pipeline.potential for potential in given)


def test_training_glasses_are_learnt_from_along_other_directions_too(
    pipeline, store, toy, monkeypatch
):
    seen = {}
    fit = toy.LeastSquares.fit

    def watched(self, train, validation, rng, log):
        seen["train"], seen["validation"] = train, validation
        return fit(self, train, validation, rng, log)

    monkeypatch.setattr(toy.LeastSquares, "fit", watched)
    turned = tuple(
        LoadCase(loading=Loading(angle=angle), roles=("train",)) for angle in (30.0, 90.0)
    )
    result = replace(pipeline, loadings=(LoadCase(loading=pipeline.loading), *turned)).run(store)
    train = len(result.glasses("train"))
    assert [len(seen["train"]), len(seen["validation"])] == [3 * train, 1]
    assert len(result.samples) == 6 + 2 * train
    assert (
        result.fresh["label"] == 6 + 2 * train
    )  # neither events nor indicators of what is only learnt from
    assert result.fresh["events"] == result.fresh["indicators"] == result.fresh["relax"] == 6
    along = replace(pipeline, loading=Loading(angle=30.0)).run(store)
    assert (
        along.fresh.get("label", 0) == 6 - train
    )  # what was learnt from is what that loading gives
    alone = replace(pipeline, loadings=(LoadCase(loading=pipeline.loading),)).run(store)
    assert alone.model_key == pipeline.run(store).model_key


def test_a_model_is_told_once_that_it_is_stored_and_never_when_it_is_not(
    pipeline, toy, store, monkeypatch
):
    told, put = [], Store.put
    monkeypatch.setattr(toy.Line, "stored", lambda self: told.append(store.folder), raising=False)

    def full(self, stage, *given):
        if stage == "fit":
            raise VitreousError("the disk is full")
        return put(self, stage, *given)

    monkeypatch.setattr(Store, "put", full)
    with pytest.raises(VitreousError, match="full"):
        pipeline.run(store)
    assert told == []
    monkeypatch.setattr(Store, "put", put)
    pipeline.run(store)
    pipeline.run(store)
    assert len(told) == 1


def test_loadings_are_refused_where_the_descriptor_does_not_turn_along(pipeline, toy, monkeypatch):
    monkeypatch.setattr(toy.Places, "bound_to_axes", "rows are those of the file")
    pipeline.roles()
    two = (LoadCase(loading=Loading()), LoadCase(loading=Loading(angle=45.0)))
    with pytest.raises(
        VitreousError,
        match="there are 2 loadings, but rows are those of the file; give one loading",
    ):
        replace(pipeline, loadings=two).roles()


def test_a_case_that_does_not_settle_is_left_out_alone(pipeline, store, toy, monkeypatch):
    deform = toy.Shear.deform

    def fails_along_the_second(self, glass, potential, loading):
        if loading.angle == 45.0 and glass == third:
            raise NotConverged("no minimum at 45 degrees")
        return deform(self, glass, potential, loading)

    third = pipeline.run(store).samples[3].configuration
    monkeypatch.setattr(toy.Shear, "deform", fails_along_the_second)
    two, told = (LoadCase(loading=Loading()), LoadCase(loading=Loading(angle=45.0))), []
    result = replace(pipeline, loadings=two).run(store, report=told.append)
    role = result.samples[6].role
    assert result.incomplete == {Case(glass=3, loading=1, role=role): "no minimum at 45 degrees"}
    assert result.excluded == {}
    assert [(s.index, s.case.loading) for s in result.samples if s.index == 3] == [(3, 0)]
    assert told == [
        "sample 3 along pure shear, sign +1, at 45° in xy is left out: no minimum at 45 degrees"
    ]


def test_a_glass_whose_network_relaxing_changed_is_replaced_by_the_next_in_its_role(
    pipeline, store, breakable
):
    told = []
    split = Split(test=(4,), validation=(1,))
    result = replace(pipeline, generator=breakable((1, 4)), split=split).run(
        store, report=told.append
    )
    assert {s.index: s.role for s in result.samples} == {
        0: "train",
        2: "train",
        3: "train",
        5: "train",
        6: "validation",
        7: "test",
    }
    assert list(result.excluded) == [1, 4]
    assert "the bond between atoms 1 and 2 is " in result.excluded[1]
    assert result.excluded[1].endswith("; sample 6 takes its place")
    assert [line[:14] for line in told] == [
        "sample 1 is le",
        "sample 4 is le",
        "sample 6 takes",
        "sample 7 takes",
    ]
    assert not {
        entry.stage for entry in store.entries() if store.manifest(entry).get("sample") in (1, 4)
    } - {"generate", "relax"}


def test_replacements_are_the_same_when_the_run_is_repeated_and_the_others_keep_their_keys(
    pipeline, store, tmp_path, breakable
):
    undamaged = replace(pipeline, generator=breakable(())).run(Store(tmp_path / "whole"))
    broken = replace(pipeline, generator=breakable((1, 6)))
    first, second = broken.run(store), broken.run(store)
    assert (
        [s.index for s in first.samples] == [s.index for s in second.samples] == [0, 2, 3, 4, 5, 7]
    )
    assert second.fresh == {}
    assert first.excluded == second.excluded
    assert first.excluded[6].endswith("; sample 7 takes its place")
    keys = {s.index: {**s.keys, "predict": ""} for s in undamaged.samples}
    assert all({**s.keys, "predict": ""} == keys[s.index] for s in first.samples if s.index in keys)


def test_a_glass_relaxed_by_a_version_that_did_not_look_is_found_in_the_store(
    pipeline, store, monkeypatch, breakable
):
    broken = replace(pipeline, generator=breakable((2,)))
    with monkeypatch.context() as before:
        before.setattr("vitreous.core.stages.refuse_changed", lambda glass, limit: None)
        assert 2 in [s.index for s in broken.run(store).samples]
    shutil.rmtree(store.folder / "label")
    result = broken.run(store)
    assert list(result.excluded) == [2]
    assert result.fresh["relax"] == 1  # of the replacement alone


def test_a_quench_that_crystallised_is_replaced_and_does_not_end_the_run(
    pipeline, store, monkeypatch, toy
):
    generate = toy.Lattice.generate

    def quench(self, index, rng):
        if index == 2:
            raise Crystallised("glass 2 crystallised")
        return generate(self, index, rng)

    monkeypatch.setattr(toy.Lattice, "generate", quench)
    result = pipeline.run(store)
    assert [s.index for s in result.samples] == [0, 1, 3, 4, 5, 6]
    assert result.excluded == {2: "glass 2 crystallised; sample 6 takes its place"}


def test_at_most_as_many_glasses_are_replaced_as_were_asked_for(pipeline, store, breakable):
    with pytest.raises(
        VitreousError, match="all 12 samples were left out; sample 0: relaxing changed the network"
    ):
        replace(pipeline, generator=breakable(range(100))).run(store)


def test_a_glass_of_which_there_is_no_other_is_left_out_and_not_replaced(
    pipeline, store, monkeypatch, toy, breakable
):
    generator = breakable((1,))
    monkeypatch.setattr(toy.Bonded, "available", 9)
    result = replace(pipeline, generator=generator).run(store)
    assert [s.index for s in result.samples] == [0, 2, 3, 4, 5]
    assert "takes its place" not in result.excluded[1]


def test_what_left_a_glass_out_is_known_beyond_the_worker_process(pipeline, store, breakable):
    failure = pickle.loads(
        pickle.dumps(
            attempt(
                {(0, "test"): replace(pipeline, generator=breakable((0,)))},
                store,
                Board(store.folder),
                {},
                (0, (Case(glass=0),)),
            )
        )
    )
    assert type(failure.as_error()) is Unusable


def test_a_task_of_an_edited_component_is_refused_and_nothing_of_it_is_stored(pipeline, store, toy):
    """As in a worker that starts after the edit: its source is not the one of the keys."""
    task = (0, (Case(glass=0),))
    board, sources = Board(store.folder), {toy.Lattice: "another source"}
    failure = attempt({(0, "test"): pipeline}, store, board, sources, task)
    assert "Lattice was edited while the run goes on; run again" in failure.reason
    assert list(store.entries()) == []


@pytest.mark.parametrize("turned", [(), ("train",), ("test", "validation")])
def test_a_model_may_refuse_the_number_of_training_glasses_before_anything_is_computed(
    turned, pipeline, store, toy, monkeypatch
):
    """Each glass of the training counts once, along however many loadings."""

    def refuse(model, training):
        raise VitreousError(f"{training} are too few")

    monkeypatch.setattr(toy.LeastSquares, "refuse_glasses", refuse)
    more = [LoadCase(loading=Loading(angle=30.0), roles=turned)] if turned else []
    asked = replace(pipeline, loadings=(LoadCase(loading=pipeline.loading), *more))
    for ask in (asked.roles, lambda: asked.run(store)):
        with pytest.raises(VitreousError, match=r"^4 are too few"):
            ask()
    assert list(store.entries()) == []
