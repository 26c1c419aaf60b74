"""Sweeps: every job is a row and a record, the best is named, and a search goes on where it
stood."""

import csv
import sqlite3

import pytest
from toy import vitreous

from vitreous.app.headline import five, flat_numbers
from vitreous.app.sweep import Row, Settings, Varied
from vitreous.core.errors import VitreousError

SWEEP = ("run", "-m", "experiment=toy", "glass_seed=0")
PEARSON = "sweep.objective=correlation.model.pearson"


def table(home):
    """The rows of the last sweep's table, and its folder."""
    folder = sorted((home / "runs" / "multirun").iterdir())[-1]
    with open(folder / "sweep.csv", newline="") as stream:
        return list(csv.DictReader(stream)), folder


def test_a_table_names_what_jobs_vary_what_they_came_to_and_the_best(tmp_path):
    done = vitreous(tmp_path, *SWEEP, "descriptor.cutoff=1,2,3", PEARSON)
    assert done.returncode == 0, done.stderr
    rows, folder = table(tmp_path)
    assert [row["descriptor.cutoff"] for row in rows] == ["1", "2", "3"]
    scores = [float(row["correlation.model.pearson"]) for row in rows]
    lines = done.stdout[done.stdout.index("\njob  descriptor.cutoff") :].splitlines()
    best = max(range(3), key=lambda k: scores[k])
    assert lines[2 + best].split()[0] == str(best)
    assert lines[2 + best].rstrip().endswith("best")
    assert sum("best" in line for line in lines) == 1
    assert f"sweep     {folder}" in done.stdout
    assert "vitreous: job 1 of 3: descriptor.cutoff=2" in done.stderr
    done = vitreous(
        tmp_path, *SWEEP, "descriptor.cutoff=1,2,3", PEARSON, "sweep.direction=minimize"
    )
    worst = min(range(3), key=lambda k: scores[k])
    (line,) = [line for line in done.stdout.splitlines() if line.rstrip().endswith("best")]
    assert line.split()[0] == str(worst)


def test_a_refused_job_is_recorded_as_a_child_and_does_not_fail_the_sweep(tmp_path):
    pytest.importorskip("mlflow")
    done = vitreous(tmp_path, *SWEEP, "tracker=mlflow", "descriptor.cutoff=2,no", PEARSON)
    assert done.returncode == 0, done.stderr
    assert "vitreous: job 1 refused: descriptor.cutoff is 'no'" in done.stderr
    rows, _ = table(tmp_path)
    assert [row["state"] for row in rows] == ["finished", "refused"]
    assert rows[1]["reason"].startswith("descriptor.cutoff is 'no'")
    with sqlite3.connect(tmp_path / "runs" / "mlflow.db") as database:
        runs = dict(database.execute("select name, status from runs"))
        metrics = dict(database.execute("select key, value from latest_metrics"))
        why = [v for (v,) in database.execute("select value from tags where key = 'failure'")]
    parent = next(name for name in runs if name.startswith("sweep "))
    children = {"0 descriptor.cutoff=2": "FINISHED", "1 descriptor.cutoff=no": "FAILED"}
    assert runs == {parent: "FINISHED", **children}
    assert len(why) == 1 and why[0].startswith("descriptor.cutoff is 'no'")
    assert metrics["best objective"] == pytest.approx(float(rows[0]["correlation.model.pearson"]))
    assert sorted(metrics)[:5] == [
        "1 correlation.model.pearson",
        "2 goodness.model.nearest.event_1",
        "3 correlation.model.spearman",
        "4 regression.r2",
        "5 regression.rmse",
    ]


def test_a_sweep_of_which_no_job_finishes_fails(tmp_path):
    done = vitreous(tmp_path, *SWEEP, "descriptor.cutoff=no,none")
    assert done.returncode == 2
    assert "no job of the sweep finished; the first: descriptor.cutoff is 'no'" in done.stderr


def test_an_objective_that_no_job_returns_is_one_sentence_after_the_first_job(tmp_path):
    done = vitreous(
        tmp_path, *SWEEP, "descriptor.cutoff=1,2,3", "sweep.objective=correlation.model.person"
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert "no job returns the objective 'correlation.model.person', but" in last
    assert "did you mean 'correlation.model.pearson'?" in last
    rows, folder = table(tmp_path)
    assert len(rows) == 1
    assert (folder / "0" / "scores.json").is_file()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("sweep.trials=3", "sweep.trials asks for a search, but nothing says for what"),
        (f"{PEARSON} sweep.trials=0", "sweep.trials is 0; expected at least 1"),
        (f"{PEARSON} sweep.direction=up", "expected one of maximize, minimize"),
        ("descriptor.cutoff=interval(1,2)", "is given an interval, which has no end of values"),
        ("sweep.study=a.journal", "set sweep.trials to how many jobs"),
        ("+sweep.trails=3", "did you mean 'trials'"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_any_job(given, sentence, tmp_path):
    done = vitreous(tmp_path, *SWEEP, "seed=0,1", *given.split())
    assert done.returncode == 2
    assert sentence in done.stderr.splitlines()[-1]
    assert not (tmp_path / "store").exists()


def test_without_optuna_a_search_says_what_to_install(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    done = vitreous(tmp_path, *SWEEP, "descriptor.cutoff=1,2", PEARSON, "sweep.trials=2")
    assert done.returncode == 2
    assert "needs the package 'optuna', which is not installed; pip install 'vitreous[sweep]'" in (
        done.stderr
    )
    assert not (tmp_path / "store").exists()


def test_a_search_finds_a_better_cutoff_and_goes_on_with_its_journal(tmp_path):
    pytest.importorskip("optuna")
    search = (*SWEEP, "descriptor.cutoff=interval(1,3)", "model.noise=0,0.1", PEARSON)
    done = vitreous(tmp_path, *search, "sweep.trials=3")
    assert done.returncode == 0, done.stderr
    first, folder = table(tmp_path)
    assert len(first) == 3
    assert all(1.0 <= float(row["descriptor.cutoff"]) <= 3.0 for row in first)
    again = (*search, f"sweep.study={folder / 'study.journal'}")
    done = vitreous(tmp_path, *again, "sweep.trials=5")
    assert done.returncode == 0, done.stderr
    rows, later = table(tmp_path)
    assert rows[:3] == first
    assert [row["job"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert {path.name for path in later.iterdir() if path.is_dir()} == {"3", "4"}
    done = vitreous(tmp_path, *again, "sweep.trials=5", "sweep.direction=minimize")
    assert done.returncode == 2
    assert "direction" in done.stderr


def test_an_interrupted_job_of_a_search_is_asked_for_again(tmp_path):
    pytest.importorskip("optuna")
    from vitreous.app.study import JOURNAL, Study

    given = {"x": Varied("x", interval=(0.0, 1.0))}
    settings = Settings(objective="score", trials=2)
    study = Study(given, settings, tmp_path)
    left = next(iter(study))  # and the process ends
    resumed = Study(
        given, Settings(objective="score", trials=2, study=str(tmp_path / JOURNAL)), tmp_path
    )
    asked = iter(resumed)
    assert next(asked) == left
    resumed.came_to(Row(resumed.first, left, objective=1.0))
    next(asked)
    resumed.came_to(Row(resumed.first + 1, left, objective=2.0))
    assert list(asked) == []
    other = Settings(objective="other", trials=2, study=str(tmp_path / JOURNAL))
    with pytest.raises(VitreousError, match="objective was 'score' and is 'other'"):
        Study(given, other, tmp_path)


def test_a_training_worse_than_most_is_stopped_whatever_the_direction(tmp_path):
    pytest.importorskip("optuna")
    from vitreous.app.study import Study
    from vitreous.core.watching import Stopped, epoch

    for direction in ("maximize", "minimize"):
        folder = tmp_path / direction
        folder.mkdir()
        given = {"x": Varied("x", interval=(0.0, 1.0))}
        settings = Settings(objective="score", trials=9, direction=direction)
        study = Study(given, settings, folder)
        asked = iter(study)
        for number in range(5):
            next(asked)
            with study.watching():
                for step in range(10):
                    epoch("train_mse", 100.0, step)
                    epoch("validation_mse", 1.0 - 0.01 * number, step)
            study.came_to(Row(number, {}, objective=1.0))
        next(asked)
        with study.watching(), pytest.raises(Stopped, match="stopped after epoch 6: validation"):
            for step in range(10):
                epoch("validation_mse", 5.0, step)
        study.came_to(Row(5, {}, state="stopped"))
    epoch("validation_mse", 1e9, 0)  # nobody watches: nothing happens


def test_the_five_numbers_that_matter_come_first():
    scores = {"goodness": {"model": {"coverage": {"sites": 1.0}, "nearest": {"event_1": 0.5}}}}
    scores["regression"] = {"r2": 0.9, "rmse": None}
    scores["other"] = {"model": {"number": 3.0}}
    found = flat_numbers(scores)
    assert "regression.rmse" not in found
    assert list(five(found)) == [
        "goodness.model.nearest.event_1",
        "regression.r2",
        "other.model.number",
        "goodness.model.coverage.sites",
    ]
    assert next(iter(five(found, "other.model.number"))) == "other.model.number"
    assert Settings(objective="a").best([Row(0, {})]) is None


def test_a_parallel_launcher_is_given_all_jobs_of_a_grid_at_once(tmp_path):
    from types import SimpleNamespace

    from vitreous.app.sweep import sweep

    given, asked = [Varied("a", ("1", "2", "3")), Varied("b", ("x",))], []

    def launch(jobs, first):
        asked.append((first, jobs))
        status = SimpleNamespace(name="COMPLETED")
        return [SimpleNamespace(status=status, _return_value={"n": int(j[0][2])}) for j in jobs]

    settings = {"objective": "n", "direction": "minimize"}
    rows = sweep(given, settings, tmp_path, lambda jobs: None, launch, together=True)
    assert asked == [(0, [["a=1", "b=x"], ["a=2", "b=x"], ["a=3", "b=x"]])]
    assert [(row.varied, row.objective) for row in rows] == [
        ({"a": str(n)}, float(n)) for n in (1, 2, 3)
    ]
    asked.clear()
    sweep(given, settings, tmp_path, lambda jobs: None, launch)
    assert [first for first, _ in asked] == [0, 1, 2]


@pytest.mark.parametrize("trials", [None, 3])
def test_a_job_whose_objective_is_undefined_is_no_end_of_the_sweep(trials, tmp_path, capsys):
    from types import SimpleNamespace

    from vitreous.app.sweep import sweep

    def launch(jobs, first):
        """The prediction of job 0 is a constant, which correlates with nothing."""
        scores = {"model": {"pearson": None if first == 0 else 0.1 * first}}
        done = SimpleNamespace(name="COMPLETED")
        return [SimpleNamespace(status=done, _return_value=scores) for _ in jobs]

    settings = {"objective": "model.pearson"} | ({"trials": trials} if trials else {})
    given = [Varied("a", ("1", "2", "3"))]
    rows = sweep(given, settings, tmp_path, lambda jobs: None, launch)
    assert [row.objective for row in rows] == [None, pytest.approx(0.1), pytest.approx(0.2)]
    told = capsys.readouterr().err
    assert "job 0: model.pearson is undefined, as of a constant prediction; the sweep goes" in told


@pytest.mark.parametrize(
    ("written", "whole"),
    [("interval(16,96)", True), ("tag(log,interval( 8 , 64))", True), ("interval(1.0,3)", False)],
)
def test_an_interval_of_whole_numbers_is_one_as_it_is_written(written, whole):
    """Hydra reads both ends as floats."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from vitreous.app.sweeper import _varied

    found = _varied(OverridesParser.create().parse_override(f"model.hidden={written}"))
    assert found.whole is whole
