"""MLflow on a database of this machine: where it lies, what it holds, and how it complains."""

import logging
from pathlib import Path

import pytest

from vitreous.core.errors import VitreousError
from vitreous.core.tracking import Beginning, Outcome
from vitreous.plugins.trackers import mlflow as tracking
from vitreous.plugins.trackers.mlflow import MLflow, flatten

pytest.importorskip("mlflow")


def beginning(runs: Path, **more) -> Beginning:
    return Beginning(
        **{
            "name": "study",
            "title": "first",
            "folder": runs / "study" / "first",
            "runs": runs,
            **more,
        }
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs, with its database."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def client(runs):
    from mlflow.tracking import MlflowClient

    MLflow().start(beginning(runs))
    return MlflowClient(tracking_uri=f"sqlite:///{runs / 'mlflow.db'}")


def test_a_run_joins_the_experiment_of_its_name_or_the_one_asked_for(client, runs):
    for tracker, name in ((MLflow(), "study"), (MLflow(experiment="other"), "other")):
        run = client.get_run(tracker.start(beginning(runs)).id)
        assert client.get_experiment(run.info.experiment_id).name == name
        assert run.info.artifact_uri.startswith((runs / "mlartifacts" / name).as_uri())


def test_a_database_elsewhere_is_used_when_it_is_named(runs, tmp_path):
    MLflow(uri=f"sqlite:///{tmp_path / 'mine.db'}").start(beginning(tmp_path / "runs"))
    assert (tmp_path / "mine.db").exists()
    assert not (tmp_path / "runs" / "mlflow.db").exists()


def test_a_run_that_begins_is_running_with_settings_command_and_parent(client, runs):
    told = {
        "config": {"model": {"alpha": 0.5, "name": "x" * 900}},
        "command": "vitreous run",
        "parent": "0123",
    }
    run = client.get_run(MLflow().start(beginning(runs, **told)).id)
    assert run.info.status == "RUNNING"
    assert run.data.params == {"model.alpha": "0.5", "model.name": "x" * tracking.LONGEST}
    assert {
        "command": "vitreous run",
        "mlflow.parentRunId": "0123",
    }.items() <= run.data.tags.items()


def test_many_numbers_go_in_batches_and_what_is_undefined_is_left_out(client, runs):
    tracked = MLflow().start(beginning(runs, config={f"p{i}": i for i in range(250)}))
    history = tuple(("loss", 1.0 / (i + 1), i) for i in range(1200))
    tracked.finish(
        Outcome(
            history=history,
            scores={"map": {"C (1)": 0.5, "C 2": None}},
            tags={f"t{i}": "x" for i in range(150)},
        )
    )
    run = client.get_run(tracked.id)
    assert run.info.status == "FINISHED"
    assert len(run.data.params) == 250
    assert sum(tag.startswith("t") for tag in run.data.tags) == 150
    assert {k: v for k, v in run.data.metrics.items() if k != "loss"} == {"map.C _1_": 0.5}
    assert len(client.get_metric_history(tracked.id, "loss")) == 1200


def test_a_failure_is_recorded_and_one_that_cannot_be_is_a_warning(
    client, runs, caplog, monkeypatch
):
    tracked = MLflow().start(beginning(runs))
    tracked.fail("ValueError: " + "x" * 900)
    run = client.get_run(tracked.id)
    assert run.info.status == "FAILED"
    assert len(run.data.tags["failure"]) == tracking.LONGEST

    def unwritable(database):
        raise OSError("read-only")

    monkeypatch.setattr(tracking, "_refuse_unwritable", unwritable)
    with caplog.at_level(logging.WARNING):
        tracked.fail("ValueError")
    assert f"the tracked run {tracked.id} could not be marked as failed" in caplog.text
    with pytest.raises(
        VitreousError,
        match=r"failed \(read-only\); results are kept in the store and in .*first; fix it",
    ):
        tracked.finish(Outcome())


def test_nested_settings_have_names_with_dots():
    assert flatten({"a": {"b": 1, "c": {"d": 2}}, "e": [3]}) == {"a.b": 1, "a.c.d": 2, "e": [3]}
