"""MLflow on a database of this machine: where it lies, what it holds, and how it complains."""

import json
import logging
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from vitreous.core import locks
from vitreous.core.errors import VitreousError
from vitreous.core.tracking import Beginning, Outcome
from vitreous.plugins.trackers import _mlflow_database as database
from vitreous.plugins.trackers import mlflow as tracking
from vitreous.plugins.trackers._mlflow_life import close_killed
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

    def unwritable(database, opened):
        raise OSError("read-only")

    monkeypatch.setattr(tracking, "prepare", unwritable)
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


@pytest.fixture
def copied(runs, client, tmp_path):
    """A whole database without runs, in a folder of its own."""
    folder = tmp_path / "runs"
    folder.mkdir()
    shutil.copy(runs / "mlflow.db", folder)
    with sqlite3.connect(folder / "mlflow.db") as database:
        for table in ("tags", "params", "metrics", "latest_metrics", "runs"):
            database.execute(f"delete from {table}")
    return folder


def half_made(folder):
    """As kill -9 leaves it in the middle of its making: tables, and no version of the schema."""
    with sqlite3.connect(folder / "mlflow.db") as database:
        database.execute("drop table trace_info")
        database.execute("update alembic_version set version_num = '97727af70f4d'")


def statuses(folder):
    with sqlite3.connect(folder / "mlflow.db") as database:
        return [status for (status,) in database.execute("select status from runs")]


def test_a_database_left_half_made_is_replaced_told_and_kept(copied, caplog):
    half_made(copied)
    MLflow().start(beginning(copied))
    assert statuses(copied) == ["RUNNING"]
    assert "was left half made by a run that was killed, and held no runs" in caplog.text
    assert sorted(p.name for p in copied.glob("*mlflow.db*")) == [
        "mlflow.db",
        "mlflow.db.half-made",
    ]


def test_a_database_that_holds_runs_is_never_replaced(copied):
    MLflow().start(beginning(copied)).finish(Outcome())
    half_made(copied)
    before = (copied / "mlflow.db").read_bytes()
    database.prepare(copied / "mlflow.db", lambda uri: pytest.fail(f"{uri} was opened"))
    assert (copied / "mlflow.db").read_bytes() == before


def test_a_whole_database_without_runs_is_kept(copied):
    MLflow().start(beginning(copied, name="new"))
    assert not (copied / "mlflow.db.half-made").exists()
    with sqlite3.connect(copied / "mlflow.db") as kept:
        assert ("study",) in kept.execute("select name from experiments").fetchall()


def test_a_database_appears_whole_or_not_at_all(tmp_path):
    class Killed(BaseException):
        pass

    def opened(uri):
        sqlite3.connect(uri.removeprefix("sqlite:///")).execute("create table issues (x)")
        raise Killed

    with pytest.raises(Killed):
        database.prepare(tmp_path / "mlflow.db", opened)
    assert not (tmp_path / "mlflow.db").exists()
    database.prepare(tmp_path / "mlflow.db", lambda uri: None)
    assert [p.name for p in tmp_path.iterdir()] == ["mlflow.db"]


def test_what_is_no_database_is_refused_and_not_replaced(tmp_path):
    for content in (b"a letter to a friend " * 100,):
        (tmp_path / "mlflow.db").write_bytes(content)
        with pytest.raises(VitreousError, match="file is not a database"):
            MLflow().start(beginning(tmp_path))
        assert (tmp_path / "mlflow.db").read_bytes() == content


@pytest.fixture
def silent():
    """A server that accepts calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_never_answers_is_one_sentence_and_holds_no_lock(
    silent, tmp_path, monkeypatch
):
    monkeypatch.setattr(tracking, "ANSWER", 2.0)
    told = []

    def start():
        try:
            MLflow(uri=silent).start(beginning(tmp_path))
        except VitreousError as error:
            told.append(str(error))

    waiting = threading.Thread(target=start)
    waiting.start()
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    while waiting.is_alive():
        with locks.alone(tmp_path):
            waiting.join(0.05)
    (sentence,) = told
    assert f"tracking at {silent} failed" in sentence
    assert "takes calls, but has not answered within 2 s" in sentence
    assert "tracker=none" in sentence
    assert not (tmp_path / "study" / "first" / ".running").exists()


class Fickle(BaseHTTPRequestHandler):
    """As much of an MLflow server as a run of ours asks, while it is awake."""

    awake = threading.Event()
    replies: ClassVar = {
        "get-by-name": {"experiment": {"experiment_id": "1", "name": "study"}},
        "create": {"run": {"info": {"run_id": "abc", "run_uuid": "abc", "experiment_id": "1"}}},
    }
    said: ClassVar[list[str]] = []

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.awake.wait(30)
        last = self.path.partition("?")[0].rpartition("/")[2]
        self.said.append(last)
        content = json.dumps(self.replies.get(last, {})).encode()
        with suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def fickle(monkeypatch):
    monkeypatch.setattr(tracking, "ANSWER", 1.0)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Fickle) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        Fickle.awake.set()
        yield server
        Fickle.awake.set()
        server.shutdown()
        serving.join()


def test_a_server_that_falls_silent_or_goes_away_is_one_sentence_and_may_come_back(
    fickle, tmp_path
):
    uri = f"http://127.0.0.1:{fickle.server_address[1]}"
    tracked = MLflow(uri=uri).start(beginning(tmp_path))
    done = Outcome(scores={"a": 1.0})
    Fickle.awake.clear()
    began = time.monotonic()
    with pytest.raises(VitreousError, match=r"has not answered within 1 s.*; results are kept in "):
        tracked.finish(done)
    assert time.monotonic() - began < 20
    Fickle.awake.set()
    Fickle.said.clear()
    tracked.finish(done)
    assert Fickle.said[-1] == "update" and "log-batch" in Fickle.said
    fickle.socket.close()
    with pytest.raises(VitreousError, match=r"tracking at .* failed \(.*; results are kept in "):
        tracked.finish(done)


def test_a_lock_that_is_never_released_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0.1)
    with (
        locks.alone(tmp_path),
        pytest.raises(VitreousError, match=r"held the lock on .* for 0.1 s"),
    ):
        database.prepare(tmp_path / "mlflow.db", lambda uri: None)


RUNNING = """
import sys
from pathlib import Path
from vitreous.core.tracking import Beginning
from vitreous.plugins.trackers.mlflow import MLflow
runs = Path(sys.argv[1])
tracked = MLflow().start(Beginning(name="old", title="x", folder=runs / "old" / "x", runs=runs))
print(tracked.id, flush=True)
sys.stdin.read()
"""


def test_a_killed_run_is_closed_at_the_next_start_and_a_living_one_is_not(copied, caplog):
    from mlflow.tracking import MlflowClient

    other = subprocess.Popen(
        [sys.executable, "-c", RUNNING, str(copied)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    known = other.stdout.readline().strip()
    client = MlflowClient(tracking_uri=f"sqlite:///{copied / 'mlflow.db'}")
    here = MLflow().start(beginning(copied))
    assert client.get_run(known).info.status == "RUNNING"
    other.kill()
    other.wait()
    MLflow().start(beginning(copied, folder=copied / "second"))
    run = client.get_run(known)
    assert run.info.status == "KILLED"
    assert "its process ended before it could close it" in run.data.tags["failure"]
    assert f"the tracked run in {copied / 'old' / 'x'} is closed: its process ended" in caplog.text
    assert not (copied / "old" / "x" / ".running").exists()
    assert client.get_run(here.id).info.status == "RUNNING"
    here.finish(Outcome())
    assert client.get_run(here.id).info.status == "FINISHED"
    assert not list(copied.glob("study/first/.running"))


def test_a_run_of_another_machine_is_never_closed(copied):
    from mlflow.tracking import MlflowClient

    first = MLflow().start(beginning(copied))
    first._life.end()  # its lock cannot be seen from here
    (copied / "study" / "first" / ".running").touch()
    client = MlflowClient(tracking_uri=f"sqlite:///{copied / 'mlflow.db'}")
    client.set_tag(first.id, "vitreous.host", "far-away")
    MLflow().start(beginning(copied, folder=copied / "second"))
    assert client.get_run(first.id).info.status == "RUNNING"


class Strict:
    """A server with three killed runs, the first of which it does not let close."""

    def __init__(self, folder):
        self.runs, self.closed, self.searched = {}, [], []
        for name in ("deleted", "second", "third"):
            (folder / name).mkdir()
            (folder / name / ".running").touch()
            self.runs[name] = SimpleNamespace(
                info=SimpleNamespace(run_id=name),
                data=SimpleNamespace(tags={"folder": str(folder / name)}),
            )

    def search_experiments(self):
        return [SimpleNamespace(experiment_id=number) for number in ("0", "7")]

    def search_runs(self, experiments, filter_string):
        self.searched = experiments
        return list(self.runs.values())

    def set_tag(self, run, name, value):
        from mlflow.exceptions import MlflowException

        if run == "deleted":
            raise MlflowException("the run is deleted")

    def set_terminated(self, run, status):
        self.closed.append((run, status))


def test_a_killed_run_that_cannot_be_closed_keeps_no_other_from_it(tmp_path):
    server = Strict(tmp_path)
    close_killed(server, None)
    assert server.searched == ["0", "7"]
    assert server.closed == [("second", "KILLED"), ("third", "KILLED")]
    left = sorted(path.parent.name for path in tmp_path.glob("*/.running"))
    assert left == ["deleted"]
    close_killed(server, "7")
    assert server.searched == ["7"]
    assert len(server.closed) == 2
