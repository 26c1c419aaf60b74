"""Failures from end to end, on networks whose events take a second each: run, report, bundle, and
what the bundle answers of a glass.
"""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from glasses import glass
from glasses import run as made_run
from toy import vitreous

from vitreous.analysis.first_passage import shares
from vitreous.app.commands import predict
from vitreous.cli import main
from vitreous.core.data import Loading
from vitreous.core.run import Run
from vitreous.core.vocabulary import HAZARD_STRAINS
from vitreous.io.write import write_configuration

SMALL = (
    "generator.rings_x=8",
    "generator.rings_y=8",
    "generator.steps=2000",
    "simulator.max_events=2",
    "samples=6",
    "split.test=2",
    "executor=serial",
    "tracker=none",
    "runs=runs",
)


def made(home, *arguments):
    done = vitreous(home, "run", *arguments, *SMALL)
    assert done.returncode == 0, done.stderr
    (folder,) = (home / "runs").glob("*/*")
    return folder, json.loads((folder / "scores.json").read_text()), done.stdout


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    home = tmp_path_factory.mktemp("failure")
    return home, *made(home, "experiment=failure/hazards", "labeler.count=2", "model.folds=2")


@pytest.fixture(scope="module")
def asked(learnt):
    """A test glass, what the bundle says of it, in words and as JSON, and what it writes."""
    home, folder, _, _ = learnt
    sample = Run.open(folder).role("test")[0]
    file = write_configuration(home / "glass.extxyz", sample.configuration)
    out = [f"--out={home / name}" for name in ("failure.csv", "failure.png")]
    told = [
        vitreous(home, "predict", str(folder / "model"), str(file), *more)
        for more in (["--json"], out)
    ]
    assert all(each.returncode == 0 for each in told), told[0].stderr + told[1].stderr
    with (home / "failure.csv").open() as table:
        rows = list(csv.DictReader(table))
    return sample, json.loads(told[0].stdout)["first_failure"], told[1].stdout, rows, home


def test_a_run_scores_place_and_strain_and_draws_them(learnt):
    _, folder, scores, shown = learnt
    found = scores["first_failure"]
    assert {"model", "ahead_0", "strain"} <= set(found)
    assert 0.0 <= found["strain"]["in_90"] <= 1.0 and found["model"]["bits"] > 0.0
    assert "strain of first event" in shown and scores["goodness"]["model"]["nearest"]
    assert "first_failure" in (folder / "report.html").read_text()


def test_the_bundle_says_where_and_when_as_the_run_did(asked):
    sample, told, words, rows, _ = asked
    hazards = sample.hazards
    total = hazards.sum(axis=0)
    median = np.exp(np.interp(np.log(np.log(2.0)), np.log(total), np.log(HAZARD_STRAINS)))
    assert told["strain"] == pytest.approx(median, rel=1e-6)
    low, high = told["intervals"]["low_90"], told["intervals"]["high_90"]
    assert low < told["strain"] < high
    assert f"({'90 %: '}" in words and "likeliest spots" in words
    chance = np.array([float(row["probability_first"]) for row in rows])
    np.testing.assert_allclose(chance, shares(hazards), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(
        [float(row["failures"]) for row in rows], sample.prediction, rtol=1e-9
    )


def test_a_glass_of_a_run_is_asked_without_writing_it_to_a_file(learnt, asked):
    """The first test glass, or the one that is named; beside the answer, what the run saw."""
    home, folder, _, _ = learnt
    sample, told, _, _, _ = asked
    trained = Run.open(folder).role("train")[0]
    one, other = (
        vitreous(home, "predict", str(folder / "model"), str(folder), "--json", *more)
        for more in ([], [f"--glass={trained.index}"])
    )
    found = json.loads(one.stdout)
    assert found["first_failure"]["strain"] == pytest.approx(told["strain"], rel=1e-6)
    assert found["glass"] == f"{sample.index}, test"
    assert f"at strain {sample.events.values.min():.4g}, at (" in found["seen_in_the_run"]
    assert json.loads(other.stdout)["glass"] == f"{trained.index}, train"
    gone = vitreous(home, "predict", "failure", str(folder), "--glass=77")
    assert gone.returncode == 2 and "has no glass 77; give --glass with one of" in gone.stderr


@pytest.mark.parametrize(("asked", "along"), [(0.0, 0), (30.0, 45), (225.0, 45), (170.0, 0)])
def test_what_the_run_saw_is_of_the_loading_nearest_to_the_one_asked(monkeypatch, asked, along):
    seen = [
        replace(glass(2, [1.0], events=[place]), loading=Loading(angle=angle))
        for place, angle in ((3.0, 0.0), (7.0, 45.0))
    ]
    monkeypatch.setattr(Run, "open", lambda folder: made_run(glass(1, [1.0]), *seen))
    _, known = predict._of_run("runs/1", 2, asked)
    assert f"at ({7 if along else 3}.0, 5.0)" in known["seen_in_the_run"]
    assert f"at {along}°" in known["seen_in_the_run"]


@pytest.mark.parametrize(
    ("named", "options", "said"),
    [
        ("glass.extxyz", ["--glass=3"], "which is no folder of a run; leave it out, or give"),
        ("picture.png", ["--glass=3"], "which is no folder of a run; leave it out, or give"),
        ("no_run", [], "holds no run: there is no run.json in it; give the folder"),
        ("no_run", ["--species=Si,O"], "--species was given for the folder"),
        ("no_run", ["--set=region=1"], "--set was given for the folder"),
        ("no_run", ["--frame=0"], "--frame was given for the folder"),
    ],
)
def test_a_file_is_no_run_and_a_folder_no_file(tmp_path, capsys, named, options, said):
    (tmp_path / "no_run").mkdir()
    for name in ("glass.extxyz", "picture.png"):
        (tmp_path / name).write_text("not looked into")
    assert main(["predict", "failure", str(tmp_path / named), *options]) == 2
    assert said in capsys.readouterr().err


def test_of_a_run_a_test_glass_is_asked_although_others_come_first(learnt, monkeypatch):
    run = Run.open(learnt[1])
    ordered = sorted(run.samples, key=lambda sample: sample.role == "test")
    monkeypatch.setattr(Run, "open", lambda folder: replace(run, samples=tuple(ordered)))
    shown, about = predict._of_run("anywhere", None, 0.0)
    assert about["glass"] == f"{run.role('test')[0].index}, test"
    assert np.array_equal(shown.positions, run.role("test")[0].configuration.positions)


def test_what_it_learnt_is_drawn_and_put_into_words(learnt):
    _, folder, scores, _ = learnt
    assert (folder / "failure_causes.png").is_file()
    strongest = [row["strongest"] for row in scores["failure_causes"].values()]
    assert sum(strongest) == pytest.approx(1.0)
    assert "a bond that will soon be among the longest" in (folder / "report.html").read_text()


def test_spots_are_apart_and_hold_what_their_atoms_add_up_to(asked):
    sample, told, _, _, _ = asked
    glass, spots = sample.configuration, told["spots"]
    chances = [spot["probability"] for spot in spots]
    assert chances == sorted(chances, reverse=True) and sum(chances) <= 1.0 + 1e-9
    places = np.array([spot["at"] for spot in spots])
    radius = 3.5 * np.sqrt(glass.volume / len(glass))
    apart = np.linalg.norm(glass.minimum_image(places[1:] - places[0]), axis=1)
    assert (apart > radius).all()
    first = shares(sample.hazards)
    near = np.linalg.norm(glass.minimum_image(glass.positions - places[0]), axis=1) <= radius + 0.01
    assert chances[0] == pytest.approx(first[near].sum(), rel=0.01)


def test_the_picture_is_drawn(asked):
    home: Path = asked[-1]
    assert (home / "failure.png").read_bytes().startswith(b"\x89PNG")


def test_a_network_learns_failures_of_whole_glasses(tmp_path):
    pytest.importorskip("torch_geometric")
    _, scores, _ = made(
        tmp_path,
        "experiment=failure/network",
        "report=false",
        "model.hidden=8",
        "model.rounds=1",
        "model.epochs=2",
        "model.checkpoints=null",
    )
    assert np.isfinite(scores["first_failure"]["strain"]["crps"])


def test_indicators_alone_are_ranked_by_place(tmp_path):
    _, scores, _ = made(tmp_path, "experiment=failure/indicators", "report=false")
    assert "strain" not in scores["first_failure"]
    assert "model" not in scores["first_failure"]
    assert 0.0 <= scores["first_failure"]["ahead_0"]["inside_5"] <= 1.0
