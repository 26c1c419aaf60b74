"""A run that is done is reported, compared, computed again and cited from its folder."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from glasses import glass, run
from toy import vitreous

from vitreous.app.commands.cite import _fields, bibtex
from vitreous.app.commands.reproduce import _differences
from vitreous.io.write import write_configuration

TOY = ("run", "experiment=toy", "executor=serial", "tracker=none")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two runs of the toy experiment that differ by a field."""
    home = tmp_path_factory.mktemp("home")
    for cutoff in (2.0, 3.0):
        done = vitreous(home, *TOY, f"descriptor.cutoff={cutoff}")
        assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def runs(home):
    return [str(folder) for folder in sorted((home / "runs" / "toy").iterdir())]


def test_the_report_is_drawn_again_without_computing(home, runs, tmp_path):
    page = tmp_path / "again" / "report.html"
    done = vitreous(home, "report", runs[0], "--out", str(tmp_path / "again"))
    assert (done.returncode, done.stdout.strip()) == (0, str(page)), done.stderr
    assert "descriptor.cutoff=2.0" in page.read_text()


def test_scores_of_runs_stand_side_by_side(home, runs, tmp_path):
    done = vitreous(home, "compare", *runs)
    assert done.returncode == 0, done.stderr
    row = next(
        line for line in done.stdout.splitlines() if line.startswith("correlation.model.pearson")
    )
    known = [
        json.loads((home / "runs" / "toy" / run / "scores.json").read_text())["correlation"][
            "model"
        ]["pearson"]
        for run in runs
    ]
    assert row.split()[1:] == [f"{value:.4g}" for value in known]
    assert vitreous(home, "compare", *runs, "--out", str(tmp_path / "c.csv")).returncode == 0
    assert f"correlation.model.pearson,{known[0]},{known[1]}" in (tmp_path / "c.csv").read_text()
    assert vitreous(home, "compare", *runs, "--out", str(tmp_path / "c.png")).returncode == 0
    assert (tmp_path / "c.png").stat().st_size > 5000


def test_a_run_is_computed_again_and_compared(home, runs, tmp_path):
    done = vitreous(home, "reproduce", runs[0])
    assert (done.returncode, done.stderr) == (0, "")
    assert "cases came out the same, bit for bit" in done.stdout
    other = shutil.copytree(runs[0], tmp_path / "other")
    about = json.loads((other / "run.json").read_text())
    about["config"]["glass_seed"] = 1
    (other / "run.json").write_text(json.dumps(about))
    done = vitreous(home, "reproduce", str(other))
    assert done.returncode == 1
    assert "glass 0, pure shear, sign +1, at 0° in xy: labels differ at " in done.stdout


def test_what_one_of_two_runs_alone_predicts_is_a_difference():
    before = run(glass(0, [1.0, 2.0], [1.0, 2.5]))
    after = run(glass(0, [1.0, 2.0]))
    (gone,), (new,) = _differences(before, after), _differences(after, before)
    assert gone.endswith("predictions are there before only")
    assert new.endswith("predictions are there now only")
    assert not _differences(before, before)


def test_further_targets_and_sites_of_events_are_compared():
    (one,) = run(glass(0, [1.0, 2.0])).samples
    events = replace(one.labels, level="event", grid=())
    moved = replace(events, positions=events.positions + 0.1)
    other = replace(one.labels, values=[1.0, 2.5])
    before, after = (
        run(replace(one, values={**one.values, "label:x": labels, "events": there}))
        for labels, there in ((one.labels, events), (other, moved))
    )
    sites, target = _differences(before, after)
    assert "sites of events differ at 4 entries, by up to 0.1" in sites
    assert "labels of target x differ at 1 entries, by up to 0.5" in target


def test_the_numbers_of_a_strangers_glasses_name_no_files_elsewhere(home, runs, tmp_path):
    folder = shutil.copytree(runs[0], tmp_path / "strange")
    (folder / "test_..").mkdir()
    about = json.loads((folder / "run.json").read_text())
    for row in about["cases"]:
        row["case"]["glass"] = "../../../victim"
    (folder / "run.json").write_text(json.dumps(about))
    done = vitreous(home, "report", str(folder), "--store", str(home / "store"))
    assert done.returncode == 2
    assert "cases.glass is '../../../victim', a str; expected an integer" in done.stderr
    assert not list(tmp_path.rglob("victim*"))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"loading": -1}, "a case has glass 0, loading -1 and role 'test'"),
        ({"loading": 1}, "loading 1 .*expected a glass from 0, a loading from 0 to 0"),
        ({"glass": -1}, "a case has glass -1"),
        ({"role": "judge"}, "role 'judge'; .*one of train, validation, test"),
    ],
)
@pytest.mark.parametrize("table", ["cases", "incomplete"])
def test_a_strangers_run_has_no_case_that_no_run_has(
    home, runs, tmp_path, table, changed, sentence
):
    """Protects from a negative number, which would count from the end."""
    folder = shutil.copytree(runs[0], tmp_path / "strange")
    about = json.loads((folder / "run.json").read_text())
    case = {"glass": 0, "loading": 0, "role": "test", **changed}
    about[table].append({"case": case, "reason": "none", "keys": {}})
    (folder / "run.json").write_text(json.dumps(about))
    done = vitreous(home, "report", str(folder), "--store", str(home / "store"))
    assert done.returncode == 2
    assert re.fullmatch(
        f"vitreous: .*run.json is damaged .*{sentence}.*; run its command again",
        done.stderr.strip(),
    )


def test_a_report_follows_no_link_of_a_strangers_folder(home, runs, tmp_path):
    folder = shutil.copytree(runs[0], tmp_path / "strange")
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (folder / "report.html").unlink(missing_ok=True)
    (folder / "report.html").symlink_to(mine)
    done = vitreous(home, "report", str(folder), "--store", str(home / "store"))
    assert done.returncode == 0, done.stderr
    assert mine.read_text() == "mine"
    assert "<html" in (folder / "report.html").read_text()


def test_a_strangers_run_runs_no_commands_of_lammps(home, runs, tmp_path):
    victim = tmp_path / "victim"
    simulator = {
        "_target_": "vitreous.plugins.simulators.lammps_aqs.LammpsAQS",
        "pair_commands": [f"shell touch {victim}"],
    }
    folder = shutil.copytree(runs[0], tmp_path / "strange")
    about = json.loads((folder / "run.json").read_text())
    about["config"]["simulator"] = simulator
    (folder / "run.json").write_text(json.dumps(about))
    done = vitreous(home, "reproduce", str(folder), "--store", str(home / "store"))
    assert done.returncode == 2
    assert "simulator.pair_commands holds 'shell touch" in done.stderr
    assert not victim.exists()


def test_a_report_needs_neither_inputs_nor_the_files_beside_the_run(
    home, runs, tmp_path, monkeypatch
):
    from toyglass import components as toy

    monkeypatch.setattr(toy.Lattice, "__post_init__", lambda self: 1 / 0)
    folder = shutil.copytree(runs[0], tmp_path / "bare")
    (folder / "config.yaml").unlink()
    (folder / "command.txt").unlink()
    done = vitreous(home, "report", str(folder / "run.json"), "--store", str(home / "store"))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_is_cited(home, runs):
    done = vitreous(home, "cite", runs[0])
    assert done.returncode == 0, done.stderr
    assert "@software{numpy," in done.stdout
    assert done.stdout.count("@") == done.stdout.count("\n}\n")
    assert "note = {evaluation goodness" in done.stdout or "; evaluation goodness" in done.stdout
    assert "executor serial" in done.stdout
    assert not re.search(
        r"(?<!\\)_", re.sub(r"@\w+\{.*|doi = .*", "", done.stdout)
    )  # LaTeX stops at a bare underscore


def test_citations_of_one_name_and_year_stay_two_entries_and_papers_are_read_whole():
    assert _fields("Saito & Rehmsmeier, PLoS ONE 10, e0118432 (2015)")["pages"] == "e0118432"
    assert _fields("Zaharia et al., IEEE Data Eng. Bull. 41 (4), 39 (2018)")["number"] == "4"
    two = {
        "executor": {"_target_": "vitreous.plugins.executors.serial.Serial"},
        "tracker": {"_target_": "vitreous.plugins.trackers.none.NoTracker"},
    }
    text = bibtex({"components": {}, "config": two, "vitreous": "0", "python": "3", "packages": {}})
    keys = re.findall(r"@\w+\{(.*),", text)
    assert len(keys) == len(set(keys)) == 4


@pytest.mark.parametrize("command", ["report", "compare", "reproduce", "cite"])
def test_a_folder_that_holds_no_run_is_refused(home, tmp_path, command):
    done = vitreous(home, command, str(tmp_path))
    assert done.returncode == 2
    assert (
        done.stderr
        == f"vitreous: {tmp_path} holds no run: there is no run.json in it; give the folder that "
        "a run printed at its end\n"
    )


@pytest.fixture
def told(home, runs, tmp_path):
    """What a command says of a run whose ``run.json`` was changed; it must refuse it."""

    def refused(command, change):
        folder = shutil.copytree(runs[0], tmp_path / "changed")
        about = json.loads((folder / "run.json").read_text())
        change(about)
        (folder / "run.json").write_text(json.dumps(about))
        (folder / "report.html").unlink(missing_ok=True)
        where = ["--store", str(home / "store")] if command == "report" else []
        done = vitreous(home, command, str(folder), *where)
        assert done.returncode == 2 and not done.stdout and not (folder / "report.html").exists()
        assert done.stderr.count("\n") == 1
        return done.stderr

    return refused


@pytest.mark.parametrize("command", ["report", "cite"])
def test_a_component_that_is_not_installed_is_named_with_what_to_install(told, command):
    def uninstall(about):
        made = about["components"]["descriptor"]
        made |= {"target": "other_glass.parts.Thing", "provider": "other-glass 2.1"}

    assert told(command, uninstall) == (
        "vitreous: the run used the descriptor 'other_glass.parts.Thing' of other-glass 2.1, which "
        "is not installed here; install it with pip install other-glass==2.1\n"
    )


@pytest.mark.parametrize("command", ["report", "cite"])
def test_of_an_evaluation_that_is_not_installed_the_module_is_named(told, command):
    """No artifact says which distribution it came from."""

    def uninstall(about):
        about["config"]["evaluations"]["own"] = {"_target_": "other_glass.scores.Luck"}

    assert told(command, uninstall).endswith(
        "evaluation 'other_glass.scores.Luck', which is not installed here; install the package "
        "that provides the module 'other_glass'\n"
    )


def test_a_configuration_that_was_emptied_is_not_drawn(home, runs, tmp_path):
    folder = shutil.copytree(runs[0], tmp_path / "emptied")
    (folder / "config.yaml").write_text("\n")
    (folder / "report.html").unlink(missing_ok=True)
    done = vitreous(home, "report", str(folder), "--store", str(home / "store"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"vitreous: {folder / 'config.yaml'} is empty, but the run wrote")
    assert not (folder / "report.html").exists()


@pytest.mark.parametrize("stage", ["relax", "predict", "fit"])
def test_a_store_that_was_half_deleted_is_one_sentence(home, runs, tmp_path, stage):
    """Counted without reading anything, before evaluations fail one after the other."""
    store = shutil.copytree(home / "store", tmp_path / "store")
    shutil.rmtree(store / stage)
    done = vitreous(home, "report", runs[0], "--store", str(store), "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (2, "") and not (tmp_path / "out").exists()
    assert re.fullmatch(
        rf"vitreous: the store does not hold \d+ of the \d+ artifacts of this run \({stage}\); say "
        r"where they are with --store FOLDER, or run its command again\n",
        done.stderr,
    )


def test_a_run_of_several_targets_is_reported_and_cited(home, tmp_path):
    two = "+targets.again={_target_: toyglass.components.Map, grid: 3}"
    done = vitreous(home, *TOY, two, f"hydra.run.dir={tmp_path / 'two'}")
    assert done.returncode == 0, done.stderr
    for command in ("report", "cite"):
        done = vitreous(home, command, str(tmp_path / "two"))
        assert done.returncode == 0, done.stderr


def test_runs_are_named_by_what_tells_them_apart(home, runs):
    """Not by the second in which they began."""
    done = vitreous(home, "compare", *runs)
    head = done.stdout.splitlines()[0]
    assert head.split("  ")[-1].strip() == "descriptor.cutoff=3.0" and "cutoff=2.0" in head
    assert "experiment=toy" not in head


def test_long_names_of_scores_are_not_broken(home, runs):
    done = vitreous(home, "compare", runs[0])
    scores = json.loads((home / "runs" / "toy" / runs[0] / "scores.json").read_text())
    first = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert all(name.split(".")[0] in scores for name in first)


def test_a_refused_run_leaves_no_folder(home, tmp_path):
    folder = tmp_path / "refused"
    done = vitreous(home, *TOY, "split.test=7", f"hydra.run.dir={folder}")
    assert done.returncode == 2 and "split.test asks for 7" in done.stderr
    assert not folder.exists()


def test_a_refused_run_touches_nothing_that_was_there(home, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    assert vitreous(home, *TOY, "split.test=7", f"hydra.run.dir={folder}").returncode == 2
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_record_of_a_run_is_written_checked_and_tabulated(home, runs, tmp_path):
    make = ("record", "make", runs[0], "--licence", "CC0", "--out", str(tmp_path))
    done = vitreous(home, *make, "--name", "toy-1")
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "toy-1.json")), done.stderr
    checked = vitreous(home, "record", "check", done.stdout.strip())
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.endswith("0 missing; the scores are as stated\n")
    rows = vitreous(home, "record", "table", done.stdout.strip()).stdout.splitlines()
    assert len(rows) == 3 and rows[0].startswith("| generator | label |")
    again = vitreous(home, *make, "--name", "toy-1")
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    for bad in ("../toy", "a b", ""):
        refused = vitreous(home, *make, "--name", bad)
        assert refused.returncode == 2 and "letters, digits, - and _" in refused.stderr
    elsewhere = vitreous(
        home, "record", "check", done.stdout.strip(), "--store", str(tmp_path / "empty")
    )
    assert elsewhere.returncode == 2 and "load its data set first" in elsewhere.stderr


def test_scores_of_a_quick_trial_are_called_meaningless_on_the_console_and_the_page(tmp_path):
    sentence = "debug=fast: this checks that the run works; its scores and predictions mean nothing"
    for more, there in (("trainer.quick=true", True), ("trainer.quick=false", False)):
        done = vitreous(tmp_path, *TOY, "report=true", more)
        assert done.returncode == 0, done.stderr
        page = sorted((tmp_path / "runs" / "toy").iterdir())[-1] / "report.html"
        assert (f"note      {sentence}\n" in done.stdout) is there
        # before what is read as a result
        lead = page.read_text().partition("<nav>")[0].partition('<div class="lead">')[2]
        assert (f"<p>{sentence}.</p>" in lead) is there


def test_a_report_leaves_out_what_the_run_left_out_for_want_of_bonds(tmp_path, toys):
    """A generator of files makes bonds or not: its class alone does not say."""
    from toyglass.components import Lattice

    for k in range(6):
        write_configuration(
            tmp_path / f"glass{k}.extxyz", Lattice().generate(k, np.random.default_rng(k))
        )
    done = vitreous(
        tmp_path,
        *TOY,
        "generator=file",
        f"generator.path={tmp_path}/*.extxyz",
        "generator.find_bonds=false",
    )
    assert done.returncode == 0, done.stderr
    reason = "evaluation 'rings' needs bonds, but generator 'file' makes glasses without a bond"
    assert reason in done.stdout
    (folder,) = (tmp_path / "runs" / "toy").iterdir()
    done = vitreous(tmp_path, "report", str(folder))
    assert done.returncode == 0, done.stderr
    page = (folder / "report.html").read_text()
    assert "not evaluated: rings" in page and ">Rings of the glasses<" not in page
