"""Many processes compute the glasses of one run, each its part, and what they leave is what the run
would have made.
"""

import json
from dataclasses import replace

import pytest

from vitreous.core.campaign import COMPUTED, DONE, ELSEWHERE, LEFT, LEFT_OUT, STORED, Campaign
from vitreous.core.errors import VitreousError
from vitreous.core.executor import Crew
from vitreous.core.shard import Shard
from vitreous.core.store import Store


class Killed(BaseException):
    """What ends a process, and no except clause of ours."""


def files(store):
    return {(entry.stage, entry.key) for entry in store.entries()}


def work(pipeline, store, text="1/1", **more):
    return Campaign(pipeline, store).work(Shard.read(text), Crew(), **more)


def states(pipeline, store):
    standings = Campaign(pipeline, store).standings()
    return {glass: standing.state for glass, standing in standings.items()}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.mark.parametrize("parts", [1, 3, 8])
def test_every_glass_belongs_to_one_part_and_parts_are_of_even_size(parts):
    shards = [Shard.read(f"{k}/{parts}") for k in range(1, parts + 1)]
    taken = [[glass for glass in range(20) if shard.takes(glass)] for shard in shards]
    assert sorted(glass for each in taken for glass in each) == list(range(20))
    assert max(map(len, taken)) - min(map(len, taken)) <= 1


def test_a_part_has_every_nth_glass_from_its_number_on():
    assert [g for g in range(1200) if Shard.read("3/500").takes(g)] == [2, 502, 1002]


def test_an_offset_leads_beyond_the_largest_index_of_an_array_of_jobs():
    assert Shard.read("7/5000", offset=1000) == Shard.read("1007/5000")


@pytest.mark.parametrize(
    ("text", "offset", "sentence"),
    [
        ("0/0", 0, "--shard is 0/0; expected a part from 1 to n of n parts"),
        ("5/3", 0, "--shard is 5/3; expected a part"),
        ("0/3", 0, "--shard is 0/3; expected a part"),
        ("3/3", 1, "--shard is 3/3 with --offset 1; expected a part"),
        ("3/3", -1, "--shard is 3/3 with --offset -1; expected a part"),
        ("-1/3", 0, "--shard is '-1/3'; expected i/n, two whole numbers"),
        ("1", 0, "--shard is '1'; expected i/n"),
        ("1/2/3", 0, "--shard is '1/2/3'; expected i/n"),
    ],
)
def test_a_part_that_there_is_not_is_refused(text, offset, sentence):
    with pytest.raises(VitreousError, match=sentence):
        Shard.read(text, offset)


def test_parts_together_make_what_a_run_makes_and_the_run_then_trains_alone(
    toy_pipeline, store, tmp_path
):
    for part in ("2/3", "1/3", "3/3"):
        assert work(toy_pipeline, store, part) == {COMPUTED: 2, STORED: 0}
    whole = Store(tmp_path / "whole")
    toy_pipeline.run(whole)
    assert files(store) == {(s, k) for s, k in files(whole) if s not in ("fit", "predict")}
    assert toy_pipeline.run(store).fresh == {"fit": 1, "predict": 6}
    assert files(store) == files(whole)


def test_glasses_of_every_loading_and_role_are_computed_as_the_run_needs_them(
    toy_pipeline, store, toy
):
    from vitreous.core.cases import LoadCase
    from vitreous.core.data import Loading

    both = (LoadCase(loading=Loading()), LoadCase(loading=Loading(angle=60.0), roles=("train",)))
    pipeline = replace(toy_pipeline, loadings=both, tested=toy.Lattice(side=5))
    work(pipeline, store, "1/2")
    work(pipeline, store, "2/2")
    assert set(pipeline.run(store).fresh) == {"fit", "predict"}


def test_what_is_stored_is_not_computed_again(toy_pipeline, store):
    work(toy_pipeline, store)
    before = {e.path: e.path.stat().st_mtime_ns for e in store.entries()}
    assert work(toy_pipeline, store) == {STORED: 6}
    assert {e.path: e.path.stat().st_mtime_ns for e in store.entries()} == before


def test_a_glass_that_another_process_computes_is_left_to_it(toy_pipeline, store):
    campaign = Campaign(toy_pipeline, store)
    with campaign._claimed(campaign._glass(2).key) as ours:
        assert ours
        assert Campaign(toy_pipeline, store).standings()[2].at_work
        assert work(toy_pipeline, store) == {COMPUTED: 5, ELSEWHERE: 1, STORED: 0}
    assert states(toy_pipeline, store)[2] == LEFT
    assert work(toy_pipeline, store) == {COMPUTED: 1, STORED: 5}


def test_the_glass_at_which_a_process_died_comes_last(toy_pipeline, store, toy, monkeypatch):
    seen, generate = [], toy.Lattice.generate

    def dying(self, index, rng):
        seen.append(index)
        if index == 1 and len(seen) < 4:
            raise Killed
        return generate(self, index, rng)

    monkeypatch.setattr(toy.Lattice, "generate", dying)
    with pytest.raises(Killed):
        work(toy_pipeline, store)
    standings = Campaign(toy_pipeline, store).standings()
    assert [g for g, s in standings.items() if s.interrupted] == [1]
    assert [g for g, s in standings.items() if s.state == DONE] == [0]
    work(toy_pipeline, store)
    assert seen == [0, 1, 2, 3, 4, 5, 1]
    assert not list(store.folder.rglob("*.lock"))


def test_a_glass_that_is_left_out_says_why_and_is_not_tried_again_unless_asked(
    toy_pipeline, store, toy
):
    pipeline = replace(toy_pipeline, simulator=toy.Shear(unsettled=(0, 1, 2)))
    told = []
    first = work(pipeline, store, report=told.append)
    assert 0 < first[LEFT_OUT] < 6
    assert len(told) == first[LEFT_OUT]
    assert told[0].endswith("is left out: the largest force is 1 and not below 1e-8")
    assert work(pipeline, store) == {STORED: 6}
    assert work(pipeline, store, again=True)[LEFT_OUT] == first[LEFT_OUT]
    known = Campaign(pipeline, store).standings()
    out = [glass for glass, standing in known.items() if standing.state == LEFT_OUT]
    assert sorted(replace(pipeline, model=None).run(store).excluded) == out


def test_a_glass_that_fails_along_one_loading_is_done_and_says_along_which(
    toy_pipeline, store, toy, monkeypatch
):
    from vitreous.core.cases import LoadCase
    from vitreous.core.data import Loading
    from vitreous.core.errors import NotConverged

    label = toy.Map.label

    def failing(self, glass, potential, loading, trajectory):
        if loading.angle == 60.0:
            raise NotConverged("no minimum")
        return label(self, glass, potential, loading, trajectory)

    monkeypatch.setattr(toy.Map, "label", failing)
    loadings = (LoadCase(loading=Loading()), LoadCase(loading=Loading(angle=60.0)))
    pipeline = replace(toy_pipeline, loadings=loadings)
    told = []
    assert work(pipeline, store, report=told.append) == {COMPUTED: 6, STORED: 0}
    assert told[0] == f"sample 0 is left out: along {loadings[1].loading.title} alone, no minimum"
    assert set(states(pipeline, store).values()) == {DONE}
    assert work(pipeline, store) == {STORED: 6}


def test_how_far_the_glasses_are_may_be_asked_twice(toy_pipeline, store, breakable):
    pipeline = replace(toy_pipeline, generator=breakable((1, 6)))
    for _ in range(3):
        work(pipeline, store)
    campaign = Campaign(pipeline, store)
    assert list(campaign.standings()) == list(campaign.standings()) == list(range(8))


def test_a_note_that_was_cut_short_leaves_the_glass_to_be_tried_again(toy_pipeline, store, toy):
    pipeline = replace(toy_pipeline, simulator=toy.Shear(unsettled=(0, 1, 2)))
    out = work(pipeline, store)[LEFT_OUT]
    for note in store.folder.rglob("*.json"):
        assert set(json.loads(note.read_text())) == {"glass", "reason", "kind", "all_of_it"}
        note.write_text("{")
    assert work(pipeline, store)[LEFT_OUT] == out


def test_a_note_of_a_stranger_moves_no_cursor(toy_pipeline, store, toy):
    pipeline = replace(toy_pipeline, simulator=toy.Shear(unsettled=(0, 1, 2)))
    work(pipeline, store)
    for note in store.folder.rglob("*.json"):
        said = {**json.loads(note.read_text()), "reason": "\x1b[2J\nsample 7\x07 " + "x" * 10**6}
        note.write_text(json.dumps(said))
    reasons = {each.reason for each in Campaign(pipeline, store).standings().values()} - {""}
    assert {reason[:15] for reason in reasons} == {"?[2J sample 7? "}
    assert max(map(len, reasons)) <= 1000


def test_glasses_that_replace_others_are_those_of_the_run(toy_pipeline, store, breakable):
    pipeline = replace(toy_pipeline, generator=breakable((1, 6)))
    parts = ("1/2", "2/2")
    assert sum(work(pipeline, store, part)[LEFT_OUT] for part in parts) == 1
    assert states(pipeline, store)[6] == LEFT
    for _ in range(2):  # of a glass that replaces one that replaced another
        for part in parts:
            work(pipeline, store, part)
    assert states(pipeline, store) == {
        **dict.fromkeys((0, 2, 3, 4, 5, 7), DONE),
        **dict.fromkeys((1, 6), LEFT_OUT),
    }
    assert set(pipeline.run(store).fresh) == {"fit", "predict"}


def test_bad_input_ends_the_work_and_names_the_glass(toy_pipeline, store, toy):
    with pytest.raises(VitreousError, match="sample 0: the glass has species"):
        work(replace(toy_pipeline, generator=toy.Lattice(species="X")), store)
