"""What could not be computed is not computed again, until somebody asks for it."""

import json
from dataclasses import replace

import pytest

from vitreous.core.campaign import Campaign
from vitreous.core.errors import Crystallised, NotConverged, VitreousError
from vitreous.core.executor import Crew
from vitreous.core.shard import Shard
from vitreous.core.store import Store

SENTENCE = "the largest force is 1 and not below 1e-8"
KNOWN = (
    f"{SENTENCE} (as found before; `vitreous work`, with the same overrides and --again, tries "
    "once more)"
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def pipeline(toy_pipeline, toy):
    return replace(toy_pipeline, model=None, events=toy.FirstEvents())


@pytest.fixture
def tried(toy, monkeypatch):
    """Every call of a stage of the toys, by its name; the deformation of one glass in two fails."""
    calls = []

    def counted(own, name):
        def call(self, *args, **more):
            calls.append(name)
            if name == "deform" and calls.count(name) % 2:
                raise NotConverged(SENTENCE)
            return own(self, *args, **more)

        return call

    for owner, name in ((toy.Lattice, "generate"), (toy.Shear, "relax"), (toy.Shear, "deform")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name), name))
    return calls


def test_a_second_run_asks_neither_a_stage_nor_a_worker_for_it(pipeline, store, tried):
    first = pipeline.run(store)
    assert list(first.excluded.values()) == [SENTENCE] * 3
    done = list(tried)
    with Crew(lambda: pytest.fail("workers were started")) as crew:
        second = pipeline.run(store, crew)
    assert tried == done
    assert second.excluded == dict.fromkeys(first.excluded, KNOWN)
    assert [s.index for s in second.samples] == [s.index for s in first.samples]


def test_other_settings_are_tried(pipeline, store, tried, toy):
    pipeline.run(store)
    done = tried.count("deform")
    again = replace(pipeline, simulator=toy.Shear(steps=6)).run(store)
    assert tried.count("deform") == done + 6
    assert set(again.excluded.values()) == {SENTENCE}


def test_another_descriptor_is_not_worth_another_deformation(pipeline, store, tried, toy):
    pipeline.run(store)
    done = tried.count("deform")
    other = replace(pipeline, descriptor=toy.Places(shells=4)).run(store)
    assert tried.count("deform") == done
    assert set(other.excluded.values()) == {KNOWN}


def test_work_tries_it_when_asked_and_what_succeeds_is_used(pipeline, store, tried):
    out = len(pipeline.run(store).excluded)
    campaign = Campaign(pipeline, store)
    campaign.work(Shard.read("1/1"), Crew())
    done = tried.count("deform")
    assert done == 6
    campaign.work(Shard.read("1/1"), Crew(), again=True)
    assert tried.count("deform") == done + out
    assert len(pipeline.run(store).excluded) < out


def test_a_crystal_is_remembered_and_replaced_as_the_first_time(pipeline, store, toy, monkeypatch):
    generate, calls = toy.Lattice.generate, []

    def freezing(self, index, rng):
        calls.append(index)
        if index == 1:
            raise Crystallised("a crystal")
        return generate(self, index, rng)

    monkeypatch.setattr(toy.Lattice, "generate", freezing)
    first, second = pipeline.run(store), pipeline.run(store)
    assert calls == [0, 1, 2, 3, 4, 5, 6]
    assert (
        [s.index for s in first.samples] == [s.index for s in second.samples] == [0, *range(2, 7)]
    )
    assert second.excluded[1].endswith("; sample 6 takes its place")


def test_it_is_said_once_that_it_was_found_before(pipeline, store, toy, monkeypatch):
    generate = toy.Lattice.generate

    def freezing(self, index, rng):
        if index == 1:
            raise Crystallised("a crystal")
        return generate(self, index, rng)

    monkeypatch.setattr(toy.Lattice, "generate", freezing)
    pipeline.run(store)
    other = replace(pipeline, simulator=toy.Shear(steps=6))
    for _ in range(2):
        assert other.run(store).excluded[1].count("as found before") == 1


def test_no_worker_is_asked_for_a_glass_that_does_not_come_to_rest(pipeline, store, toy):
    resting = replace(pipeline, simulator=toy.Shear(unsettled=(0, 1, 2)))
    first = resting.run(store)
    assert first.excluded
    with Crew(lambda: pytest.fail("workers were started")) as crew:
        assert resting.run(store, crew).excluded.keys() == first.excluded.keys()


def test_what_ends_a_run_is_tried_again(pipeline, store, toy, monkeypatch):
    deform, calls = toy.Shear.deform, []

    def failing(self, *args, **more):
        calls.append("deform")
        if len(calls) == 1:
            raise VitreousError("no space left")
        return deform(self, *args, **more)

    monkeypatch.setattr(toy.Shear, "deform", failing)
    with pytest.raises(VitreousError, match="no space left"):
        pipeline.run(store)
    assert pipeline.run(store).excluded == {}


def test_a_stranger_s_note_is_one_plain_line(pipeline, store, tried):
    pipeline.run(store)
    for path in store.folder.rglob("*.refused"):
        reason = "a\x1b[2Jb\nsample 9 is fine " + "x" * 5000
        path.write_text(json.dumps({"kind": "NotConverged", "reason": reason}))
    for told in pipeline.run(store).excluded.values():
        assert told.startswith("a?[2Jb sample 9 is fine xxx")
        assert told.isprintable() and len(told) < 1200


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "OSError", "reason": "x"}', "\0" * 9])
def test_a_note_that_nobody_can_read_counts_for_nothing(pipeline, store, tried, text):
    pipeline.run(store)
    done = tried.count("deform")
    for path in store.folder.rglob("*.refused"):
        path.write_text(text)
    pipeline.run(store)
    assert tried.count("deform") == done + 3
