"""What MLflow is told: parameters, metrics, configuration, artifact keys, the model; and what
happens when it cannot be told.
"""

import shutil
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from toy import environment, vitreous

from vitreous.core.errors import VitreousError

pytest.importorskip("mlflow")
TOY = ("experiment=toy", "tracker=mlflow")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A tracked run, and a tracked sweep of two jobs."""
    folder = tmp_path_factory.mktemp("tracked")
    for arguments in (("run", *TOY), ("run", "-m", *TOY, "model.noise=0,0.1")):
        done = vitreous(folder, *arguments)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def client(home):
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=f"sqlite:///{home / 'runs' / 'mlflow.db'}")


@pytest.fixture(scope="module")
def runs(client):
    experiment = client.get_experiment_by_name("toy")
    return client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])


def test_a_run_is_recorded_with_parameters_metrics_tags_and_files(client, runs, home):
    run = runs[0]
    assert run.info.status == "FINISHED"
    assert run.data.params["descriptor.cutoff"] == "2.0"
    assert run.data.tags["command"] == "vitreous run experiment=toy tracker=mlflow"
    assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")] == [
        (0, 1.0),
        (1, 0.5),
        (2, 1 / 3),
    ]
    assert "correlation.model.pearson" in run.data.metrics
    assert run.data.metrics["goodness.model.coverage.sites"] == 1.0
    assert len(run.data.tags["artifacts.fit"]) == 64
    assert "label=" in run.data.tags["artifacts.sample_0"]
    names = {f.path for f in client.list_artifacts(run.info.run_id)}
    assert {"config.yaml", "scores.json", "model"} <= names
    assert run.info.artifact_uri.startswith((home / "runs").as_uri())


def test_the_jobs_of_a_sweep_are_children_of_one_parent(runs):
    single, parent, *children = runs
    assert "mlflow.parentRunId" not in {**single.data.tags, **parent.data.tags}
    assert {c.data.tags["mlflow.parentRunId"] for c in children} == {parent.info.run_id}
    assert {c.data.params["model.noise"] for c in children} == {"0", "0.1"}
    assert {r.info.status for r in runs} == {"FINISHED"}


def test_the_tracked_model_loads_without_pickle_and_predicts_the_same(
    client, runs, home, toys, monkeypatch
):
    pytest.importorskip("pandas")
    import mlflow

    from vitreous.core.store import Store

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    tags = runs[0].data.tags["artifacts.sample_0"]
    key = dict(part.split("=") for part in tags.split())["describe"]
    features, _ = Store(home / "store").get("describe", key)
    rows = (home / "runs").glob("toy/*/predictions/sample_0.csv")
    expected = [float(row.split(",")[-1]) for row in next(rows).read_text().splitlines()[1:]]
    model = mlflow.pyfunc.load_model(client.download_artifacts(runs[0].info.run_id, "model"))
    assert np.array_equal(model.predict(features), expected)


def test_a_tracked_bundle_that_was_changed_is_refused(tmp_path):
    pytest.importorskip("pandas")
    import mlflow

    from vitreous.bundles.read import SHIPPED

    folder = tmp_path / "bundle"
    shutil.copytree(SHIPPED / "listi", folder)
    mlflow.pyfunc.load_model(str(folder))
    weights = next(folder.rglob("weights.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-4] + bytes(4))
    with pytest.raises(VitreousError, match="was tampered with"):
        mlflow.pyfunc.load_model(str(folder))


def test_a_failed_run_is_marked_with_its_reason(home, client, runs):
    done = vitreous(home, "run", *TOY, "generator.species=B", "name=fails")
    assert done.returncode == 2
    experiment = client.get_experiment_by_name("fails")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FAILED"
    assert "the glass has species" in run.data.tags["failure"]


def test_a_locked_database_is_one_sentence_and_what_is_stored_is_kept(home, monkeypatch):
    monkeypatch.setattr("vitreous.plugins.trackers._mlflow_database.PATIENCE", 0.2)
    before = sorted((home / "store").rglob("*.npz"))
    connection = sqlite3.connect(home / "runs" / "mlflow.db")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        done = vitreous(home, "run", *TOY)
    finally:
        connection.close()
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "tracking at sqlite:///" in line
    assert "database is locked" in line
    assert "tracker=none" in line
    assert sorted((home / "store").rglob("*.npz")) == before


def test_a_database_locked_at_the_end_loses_no_result(tmp_path, toys, monkeypatch):
    from vitreous.app import run as job

    genuine = job.write_results

    def then_lock(*arguments):
        written = genuine(*arguments)
        locking.append(sqlite3.connect(tmp_path / "mlflow.db"))
        locking[0].execute("BEGIN EXCLUSIVE")
        return written

    locking = []
    monkeypatch.setattr(job, "write_results", then_lock)
    monkeypatch.setattr("vitreous.plugins.trackers._mlflow_database.PATIENCE", 0.2)
    database = f"sqlite:///{tmp_path / 'mlflow.db'}"
    config = {
        **toy_config(tmp_path),
        "tracker": {"_target_": "vitreous.plugins.trackers.mlflow.MLflow", "uri": database},
    }
    with pytest.raises(VitreousError, match=r"database is locked.*results are kept in the store"):
        job.run(job.Job(config=config, text="", folder=tmp_path / "run", command="vitreous run"))
    locking[0].close()
    assert (tmp_path / "run" / "scores.json").exists()
    assert list((tmp_path / "store" / "fit").rglob("*.npz"))


def toy_config(home):
    """What Hydra composes for experiment=toy."""
    shown = vitreous(home, "run", "experiment=toy", "--cfg", "job", "--resolve").stdout
    import yaml

    return {**yaml.safe_load(shown), "store": str(home / "store"), "runs": str(home)}


def test_an_unreachable_server_is_one_sentence_before_anything_is_computed(tmp_path):
    done = vitreous(
        tmp_path, "run", *TOY, "tracker.uri=http://127.0.0.1:9", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0"
    )
    assert done.returncode == 2
    assert "tracking at http://127.0.0.1:9 failed" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "store").exists()


def test_two_runs_that_start_together_on_no_database_both_succeed(tmp_path):
    command = [sys.executable, "-m", "vitreous.cli", "run", *TOY]
    started = [
        subprocess.Popen(
            command, env=environment(tmp_path), cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    assert [(p.wait(200), p.stderr.read() if p.stderr else "") for p in started] == [
        (0, ""),
        (0, ""),
    ]


def test_without_a_tracker_mlflow_is_not_imported(tmp_path):
    code = (
        "import sys; from vitreous.cli import main; main(['run', 'experiment=toy']); "
        "sys.exit('mlflow' in sys.modules)"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], env=environment(tmp_path), cwd=tmp_path, check=False
        ).returncode
        == 0
    )


def test_without_mlflow_the_tracker_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)  # as if it were not installed
    done = vitreous(tmp_path, "run", *TOY)
    assert done.returncode == 2
    assert "tracker 'mlflow' of vitreous" in done.stderr
    assert (
        "needs the package 'mlflow', which is not installed; pip install 'vitreous[track]'"
        in done.stderr
    )
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    "uri", ["sqlite:////proc/none.db", "sqlite:////dev/full", "http://127.0.0.1:9"]
)
def test_a_tracker_that_cannot_be_reached_is_one_sentence_before_anything_is_computed(
    uri, tmp_path
):
    done = vitreous(tmp_path, "run", *TOY, f"tracker.uri={uri}")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"tracking at {uri} failed" in line
    assert not (tmp_path / "store").exists()


def test_a_sweep_whose_parent_cannot_be_opened_is_refused(tmp_path):
    done = vitreous(tmp_path, "run", "-m", *TOY, "tracker.uri=sqlite:////proc/none.db", "seed=0,1")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "tracking at sqlite:////proc/none.db failed" in line
    assert not (tmp_path / "store").exists()


def statuses(home):
    """Of the tracked runs in a home."""
    with sqlite3.connect(home / "runs" / "mlflow.db") as database:
        return [status for (status,) in database.execute("select status from runs")]


@pytest.fixture
def empty(tmp_path, home):
    """A home with brackets in its name, and a database without runs: making one takes seconds."""
    folder = tmp_path / "glass[/b]es[1]"
    (folder / "runs").mkdir(parents=True)
    shutil.copy(home / "runs" / "mlflow.db", folder / "runs")
    with sqlite3.connect(folder / "runs" / "mlflow.db") as database:
        for table in ("tags", "params", "metrics", "latest_metrics", "runs"):
            database.execute(f"delete from {table}")
    return folder


def test_brackets_in_a_path_are_printed_as_they_are(empty):
    done = vitreous(empty, "run", *TOY)
    assert done.returncode == 0, done.stderr
    assert f"store     {empty / 'store'}\n" in done.stdout
    assert statuses(empty) == ["FINISHED"]


@pytest.mark.parametrize(
    ("sink", "status", "sentence"),
    [
        ("/dev/full", 2, "the summary cannot be printed (No space left on device); everything is"),
        ("| true", 0, ""),
    ],
)
def test_a_run_whose_output_is_lost_is_finished_and_ends_politely(empty, sink, status, sentence):
    shell = f"{sys.executable} -m vitreous.cli run {' '.join(TOY)}"
    shell += f" > {sink}; exit $?" if status == 2 else f" {sink}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", shell],
        env=environment(empty),
        cwd=empty,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert len(done.stderr.splitlines()) == (status == 2)
    assert sentence in done.stderr
    assert statuses(empty) == ["FINISHED"]


def test_a_command_whose_output_is_lost_says_so(tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "vitreous.cli", "list"],
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "the output or a file cannot be written: No space left on device" in done.stderr
