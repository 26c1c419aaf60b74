"""Tracking with MLflow: parameters, metrics, figures, the resolved configuration, artifact keys and
the model of every run.

MLflow is imported when a run starts. No lock is held while a server is asked, which may accept a
call and never answer.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Tracked, Tracker
from vitreous.core.tracking import Beginning, Outcome
from vitreous.plugins.trackers._mlflow_database import prepare
from vitreous.plugins.trackers._mlflow_life import Life, close_killed

BATCH = 100  #: MLflow's limit of parameters or tags per call; ten times that for metrics
LONGEST = 500  #: characters recorded of a parameter's value
ANSWER = 10.0  #: seconds within which a server must answer at first
LATER = "60"  #: seconds within which it must answer afterwards, when it may be sent large files


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
        life = Life(beginning.folder)
        tags |= life.tags
        tags |= {"command": beginning.command} if beginning.command else {}
        tags |= {"mlflow.parentRunId": beginning.parent} if beginning.parent else {}
        try:
            with server.client() as client:
                experiment = server.experiment(client, self.experiment or beginning.name)
                close_killed(client, None if server.file else experiment)
                run = client.create_run(experiment, tags=tags).info.run_id
                _log_params(client, run, flatten(beginning.config))
        except BaseException:
            life.end()
            raise
        return MLflowRun(server, run, beginning.folder, life)


class MLflowRun(Tracked):
    """One run on a tracking server."""

    def __init__(self, server: Server, run: str, folder: Path, life: Life) -> None:
        self.id, self._server, self._folder, self._life = run, server, folder, life

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
        self._life.end()

    def fail(self, reason: str) -> None:
        """Mark the run as failed, if the server is still reachable."""
        try:
            with self._server.client() as client:
                client.set_tag(self.id, "failure", reason[:LONGEST])
                client.set_terminated(self.id, "FAILED")
            self._life.end()
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
        from mlflow.exceptions import MlflowException

        if (found := client.get_experiment_by_name(name)) is not None:
            return found.experiment_id
        location = (self.artifacts / name).as_uri() if self.file else None
        try:
            return client.create_experiment(name, artifact_location=location)
        except MlflowException:
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
            return found.experiment_id  # another run has just created it

    @property
    def file(self) -> Path | None:
        """The file of a local SQLite database."""
        return (
            Path(self.uri.removeprefix("sqlite:///")) if self.uri.startswith("sqlite:///") else None
        )

    @contextmanager
    def client(self, kept: str = "") -> Iterator[Any]:
        """A client. Failures of MLflow, the database and the disk raise a VitreousError, whose
        message includes ``kept``.
        """
        if self.file and find_spec("sqlalchemy") is None:
            raise MissingExtra("tracker 'mlflow' with a database", "sqlalchemy", "track")
        from mlflow.exceptions import MlflowException

        failures: tuple[type[Exception], ...] = (MlflowException, sqlite3.Error, OSError)
        if self.file:
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
        for name, level in (
            ("mlflow", logging.WARNING),
            ("alembic", logging.WARNING),
            ("urllib3", logging.ERROR),
        ):
            logging.getLogger(name).setLevel(level)
        # MLflow's defaults, 7 and 120, take minutes to detect a missing server
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", LATER)
        from mlflow.tracking import MlflowClient

        def opened(uri: str) -> Any:
            client = MlflowClient(tracking_uri=uri)
            client.search_experiments(max_results=1)
            return client

        if self.file:
            prepare(self.file, opened)
        else:
            self._refuse_silence()
        return opened(self.uri)

    def _refuse_silence(self) -> None:
        """Raise OSError if a server accepts a call, and does not answer. What else is wrong with
        it, MLflow says.
        """
        if not self.uri.startswith(("http://", "https://")):
            return
        import requests

        with suppress(requests.ConnectionError, requests.exceptions.InvalidURL):
            try:
                requests.get(self.uri, timeout=ANSWER, stream=True).close()
            except requests.ReadTimeout as error:
                raise OSError(
                    f"the server takes calls, but has not answered within {ANSWER:g} s"
                ) from error


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"a": {"b": 1}}`` as ``{"a.b": 1}``."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        flat.update(flatten(value, f"{name}.") if isinstance(value, Mapping) else {name: value})
    return flat


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
