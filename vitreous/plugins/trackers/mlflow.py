"""Tracking with MLflow: parameters, metrics, figures, the resolved configuration, artifact keys and
the model of every run.

MLflow is imported when a run starts. The database's schema is created once, under a lock, because
MLflow's migrations fail if two processes run them at once.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Tracked, Tracker
from vitreous.core.tracking import Beginning, Outcome

BATCH = 100  #: MLflow's limit of parameters or tags per call; ten times that for metrics
LONGEST = 500  #: characters recorded of a parameter's value
PATIENCE = 5.0  #: seconds to wait for a locked database


@dataclass(frozen=True, kw_only=True)
class MLflow(Tracker):
    """One MLflow run per run, with one parent run per sweep.

    Fields:
        uri: a server or database; None: the file mlflow.db beside the runs.
        experiment: the MLflow experiment of the run; None: the run's name.
    """

    uri: str | None = None
    experiment: str | None = None

    def start(self, beginning: Beginning) -> Tracked:
        runs = beginning.runs.absolute()
        server = Server(
            uri=self.uri or f"sqlite:///{runs / 'mlflow.db'}", artifacts=runs / "mlartifacts"
        )
        tags = {
            "mlflow.runName": beginning.title,
            "mlflow.source.name": "vitreous",
            "folder": str(beginning.folder),
        }
        tags |= {"command": beginning.command} if beginning.command else {}
        tags |= {"mlflow.parentRunId": beginning.parent} if beginning.parent else {}
        with server.client() as client:
            experiment = server.experiment(client, self.experiment or beginning.name)
            run = client.create_run(experiment, tags=tags).info.run_id
            _log_params(client, run, flatten(beginning.config))
        return MLflowRun(server, run, beginning.folder)


class MLflowRun(Tracked):
    """One run on a tracking server."""

    def __init__(self, server: Server, run: str, folder: Path) -> None:
        self.id, self._server, self._folder = run, server, folder

    def finish(self, outcome: Outcome) -> None:
        """Record the outcome, in batches."""
        kept = f"results are kept in the store and in {self._folder}; "
        with self._server.client(kept) as client:
            now = int(time.time() * 1000)
            metrics = [(_metric_name(name), value, step) for name, value, step in outcome.history]
            flat = flatten(outcome.scores)
            metrics += [
                (_metric_name(name), float(v), 0)
                for name, v in flat.items()
                if isinstance(v, int | float)
            ]
            _log_metrics(client, self.id, metrics, now)
            _log_tags(client, self.id, outcome.tags)
            for path in outcome.files:
                client.log_artifact(
                    self.id,
                    str(path),
                    "report" if path.suffix in (".html", ".png", ".svg") else None,
                )
            if outcome.model is not None:
                client.log_artifacts(self.id, str(outcome.model), "model")
            client.set_terminated(self.id, "FINISHED")

    def fail(self, reason: str) -> None:
        """Mark the run as failed, if the server is still reachable."""
        try:
            with self._server.client() as client:
                client.set_tag(self.id, "failure", reason[:LONGEST])
                client.set_terminated(self.id, "FAILED")
        except VitreousError:
            logging.getLogger("vitreous.tracking").warning(
                "the tracked run %s could not be marked as failed", self.id
            )


@dataclass(frozen=True, kw_only=True)
class Server:
    """A tracking server or database. ``artifacts``: folder of a local database's artifacts."""

    uri: str
    artifacts: Path

    def experiment(self, client: Any, name: str) -> str:
        """The id of the experiment of this name, created if missing."""
        with _alone(self.artifacts.parent):
            found = client.get_experiment_by_name(name)
            if found is not None:
                return found.experiment_id
            location = (self.artifacts / name).as_uri() if self._file else None
            return client.create_experiment(name, artifact_location=location)

    @property
    def _file(self) -> Path | None:
        """The file of a local SQLite database."""
        return (
            Path(self.uri.removeprefix("sqlite:///")) if self.uri.startswith("sqlite:///") else None
        )

    @contextmanager
    def client(self, kept: str = "") -> Iterator[Any]:
        """A client. Failures of MLflow, the database and the disk raise a VitreousError, whose
        message includes ``kept``.
        """
        if self._file and find_spec("sqlalchemy") is None:
            raise MissingExtra("tracker 'mlflow' with a database", "sqlalchemy", "track")
        from mlflow.exceptions import MlflowException

        failures: tuple[type[Exception], ...] = (MlflowException, sqlite3.Error, OSError)
        if self._file:
            from sqlalchemy.exc import SQLAlchemyError

            failures = (*failures, SQLAlchemyError)
        try:
            yield self._connect()
        except failures as error:
            reason = next(
                (line for line in str(error).splitlines() if line.strip()), type(error).__name__
            )
            raise VitreousError(
                f"tracking at {self.uri} failed ({reason.strip()[:200]}); {kept}fix it and run "
                "again, or use tracker=none"
            ) from error

    def _connect(self) -> Any:
        if self._file:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            _refuse_unwritable(self._file)
        for name, level in (
            ("mlflow", logging.WARNING),
            ("alembic", logging.WARNING),
            ("urllib3", logging.ERROR),
        ):
            logging.getLogger(name).setLevel(level)
        os.environ.setdefault(
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2"
        )  # MLflow's default, seven, takes minutes to detect a missing server
        with _alone(self.artifacts.parent):
            from mlflow.tracking import MlflowClient

            client = MlflowClient(tracking_uri=self.uri)
            client.search_experiments(max_results=1)  # creates the schema of a new database
        return client


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"a": {"b": 1}}`` as ``{"a.b": 1}``."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        flat.update(flatten(value, f"{name}.") if isinstance(value, Mapping) else {name: value})
    return flat


def _refuse_unwritable(database: Path) -> None:
    """Raise sqlite3.OperationalError if the database cannot be opened or remains locked: MLflow
    would retry for minutes.
    """
    connection = sqlite3.connect(database, timeout=PATIENCE)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
    finally:
        connection.close()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process of this machine at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _metric_name(name: str) -> str:
    return re.sub(r"[^\w\-. :/]", "_", name)


def _log_params(client: Any, run_id: str, flat: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    params = [Param(_metric_name(name), str(value)[:LONGEST]) for name, value in flat.items()]
    _in_batches(params, BATCH, lambda part: client.log_batch(run_id, params=part))


def _log_metrics(
    client: Any, run_id: str, metrics: Sequence[tuple[str, float, int]], now: int
) -> None:
    from mlflow.entities import Metric

    entities = [Metric(name, value, now, step) for name, value, step in metrics]
    _in_batches(entities, BATCH * 10, lambda part: client.log_batch(run_id, metrics=part))


def _log_tags(client: Any, run_id: str, tags: Mapping[str, str]) -> None:
    from mlflow.entities import RunTag

    _in_batches(
        [RunTag(name, value) for name, value in tags.items()],
        BATCH,
        lambda part: client.log_batch(run_id, tags=part),
    )


def _in_batches(items: Sequence[Any], size: int, log: Callable[[Sequence[Any]], None]) -> None:
    for start in range(0, len(items), size):
        log(items[start : start + size])
