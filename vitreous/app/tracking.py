"""Tracking with MLflow: parameters, metrics, figures, the resolved configuration, artifact keys and the model of every run.

MLflow is imported only when a tracker is configured. The jobs of a sweep become child runs of one parent. The database's schema is created
once, under a lock, because MLflow's migrations do not survive two processes at a time.
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

from vitreous.core.build import checked_value
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.run import Run

PARENT = "VITREOUS_PARENT_RUN"
BATCH = 100  #: MLflow's limit of parameters or tags in one call; metrics take ten times that
SETTINGS = {"enabled": bool, "uri": str | None}
LONGEST = 500  #: characters kept of a parameter's value
PATIENCE = 5.0  #: seconds to wait for a locked database


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"a": {"b": 1}}`` as ``{"a.b": 1}``."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        flat.update(flatten(value, f"{name}.") if isinstance(value, Mapping) else {name: value})
    return flat


class NoTracker:
    """``tracker=none``."""

    def start(self, config: Mapping[str, Any], command: str, folder: Path) -> None: ...
    def finish(self, result: Run, scores: Mapping[str, Any], files: Sequence[Path], model_folder: Path | None) -> None: ...
    def fail(self, reason: str) -> None: ...


@dataclass(kw_only=True)
class MLflowTracker:
    """One MLflow run. ``uri``: a server or database; ``artifacts``: folder of a local database's artifacts."""

    uri: str
    experiment: str
    artifacts: Path
    run_id: str = ""
    folder: Path = Path()

    def start(self, config: Mapping[str, Any], command: str, folder: Path) -> None:
        """Open a run and record what it is; raises MissingExtra or VitreousError before anything is computed."""
        self.folder = folder
        tags = {"mlflow.runName": folder.name, "mlflow.source.name": "vitreous", "command": command, "folder": str(folder)}
        if parent := os.environ.get(PARENT):
            tags["mlflow.parentRunId"] = parent
        with self._told():
            client = self._client()
            self.run_id = client.create_run(self._experiment(client), tags=tags).info.run_id
            _log_params(client, self.run_id, flatten(config))

    def finish(self, result: Run, scores: Mapping[str, Any], files: Sequence[Path], model_folder: Path | None) -> None:
        """Record what came out, in batches."""
        with self._told():
            client = self._client()
            now = int(time.time() * 1000)
            metrics = [(_metric_name(name), value, step) for name, value, step in result.history]
            final = {**scores, "seconds": result.seconds, "samples": {"used": len(result.samples), "excluded": len(result.excluded)}}
            metrics += [(_metric_name(name), float(v), 0) for name, v in flatten(final).items() if isinstance(v, int | float)]
            _log_metrics(client, self.run_id, metrics, now)
            _log_tags(client, self.run_id, _artifact_tags(result))
            for path in files:
                client.log_artifact(self.run_id, str(path), "report" if path.suffix in (".html", ".png", ".svg") else None)
            if model_folder is not None:
                client.log_artifacts(self.run_id, str(model_folder), "model")
            client.set_terminated(self.run_id, "FINISHED")

    def fail(self, reason: str) -> None:
        """Mark the run as failed, if that can still be said."""
        if self.run_id:
            try:
                with self._told():
                    client = self._client()
                    client.set_tag(self.run_id, "failure", reason[:LONGEST])
                    client.set_terminated(self.run_id, "FAILED")
            except VitreousError:
                logging.getLogger("vitreous.tracking").warning("the tracked run %s could not be marked as failed", self.run_id)

    def open_parent(self, name: str) -> str:
        """A run that the jobs of a sweep join as children; its id."""
        with self._told():
            client = self._client()
            return client.create_run(self._experiment(client), tags={"mlflow.runName": name}).info.run_id

    def close_parent(self, run_id: str, failed: bool) -> None:
        with self._told():
            self._client().set_terminated(run_id, "FAILED" if failed else "FINISHED")

    def _experiment(self, client: Any) -> str:
        with _alone(self.artifacts.parent):
            found = client.get_experiment_by_name(self.experiment)
            if found is not None:
                return found.experiment_id
            location = (self.artifacts / self.experiment).as_uri() if self._file else None
            return client.create_experiment(self.experiment, artifact_location=location)

    @property
    def _file(self) -> Path | None:
        """The file of a local SQLite database."""
        return Path(self.uri.removeprefix("sqlite:///")) if self.uri.startswith("sqlite:///") else None

    def _client(self) -> Any:
        if self._file:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            _refuse_unwritable(self._file)
        for name, level in (("mlflow", logging.WARNING), ("alembic", logging.WARNING), ("urllib3", logging.ERROR)):
            logging.getLogger(name).setLevel(level)
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # MLflow's seven take minutes to notice a server that is not there
        with _alone(self.artifacts.parent):
            from mlflow.tracking import MlflowClient

            client = MlflowClient(tracking_uri=self.uri)
            client.search_experiments(max_results=1)  # creates the schema of a new database
        return client

    @contextmanager
    def _told(self) -> Iterator[None]:
        """MLflow's, the database's and the disk's failures as one sentence."""
        for package in ("mlflow", *(("sqlalchemy", "alembic") if self._file else ())):
            if find_spec(package) is None:
                raise MissingExtra("tracker 'mlflow'", package, "track")
        from mlflow.exceptions import MlflowException

        failures: tuple[type[Exception], ...] = (MlflowException, sqlite3.Error, OSError)
        if self._file:
            from sqlalchemy.exc import SQLAlchemyError

            failures = (*failures, SQLAlchemyError)
        try:
            yield
        except failures as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            kept = f"results are kept in the store and in {self.folder}; " if self.folder.name else ""
            raise VitreousError(
                f"tracking at {self.uri} failed ({reason.strip()[:200]}); {kept}mend it and run again, or use tracker=none"
            ) from error


def _refuse_unwritable(database: Path) -> None:
    """Raise sqlite3.OperationalError if the database cannot be opened or stays locked: MLflow itself would retry for minutes."""
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


def _log_metrics(client: Any, run_id: str, metrics: Sequence[tuple[str, float, int]], now: int) -> None:
    from mlflow.entities import Metric

    entities = [Metric(name, value, now, step) for name, value, step in metrics]
    _in_batches(entities, BATCH * 10, lambda part: client.log_batch(run_id, metrics=part))


def _log_tags(client: Any, run_id: str, tags: Mapping[str, str]) -> None:
    from mlflow.entities import RunTag

    _in_batches([RunTag(name, value) for name, value in tags.items()], BATCH, lambda part: client.log_batch(run_id, tags=part))


def _in_batches(items: Sequence[Any], size: int, log: Callable[[Sequence[Any]], None]) -> None:
    for start in range(0, len(items), size):
        log(items[start : start + size])


def _artifact_tags(result: Run) -> dict[str, str]:
    tags = {f"artifacts.sample_{s.name}": " ".join(f"{stage}={key}" for stage, key in s.keys.items()) for s in result.samples}
    return {**tags, "artifacts.fit": result.model_key} if result.model_key else tags


def tracker(config: Mapping[str, Any], runs: Path) -> NoTracker | MLflowTracker:
    """The tracker that a configuration asks for; nothing is opened yet. Raises VitreousError for settings of the wrong type."""
    for name, hint in SETTINGS.items():
        checked_value(f"tracker.{name}", config.get(name), hint)
    if not config.get("enabled"):
        return NoTracker()
    runs = runs.absolute()
    uri = config.get("uri") or f"sqlite:///{runs / 'mlflow.db'}"
    return MLflowTracker(uri=str(uri), experiment=str(config.get("experiment") or "vitreous"), artifacts=runs / "mlartifacts")


_sweep: dict[str, Any] = {}


class SweepRefused(BaseException):
    """The sweep's parent run cannot be opened. Hydra turns a callback's ordinary exceptions into warnings and goes on; not this one."""


class SweepCallback:
    """Called by Hydra around a sweep: opens the parent run, hands its id to the jobs through the environment, and closes it."""

    def on_multirun_start(self, config: Any, **_: Any) -> None:
        try:
            opened = tracker(config.tracker, Path(config.runs))
            if isinstance(opened, MLflowTracker):
                os.environ[PARENT] = opened.open_parent(f"sweep {Path(config.hydra.sweep.dir).name}")
                _sweep["tracker"] = opened
        except VitreousError as error:
            raise SweepRefused(str(error)) from error

    def on_multirun_end(self, config: Any, **_: Any) -> None:
        close_sweep(failed=False)

    def on_run_start(self, config: Any, **_: Any) -> None: ...
    def on_run_end(self, config: Any, **_: Any) -> None: ...
    def on_job_start(self, config: Any, **_: Any) -> None: ...
    def on_job_end(self, config: Any, job_return: Any, **_: Any) -> None: ...
    def on_compose_config(self, config: Any, **_: Any) -> None: ...


def close_sweep(failed: bool) -> None:
    """End the sweep's parent run, if this process opened one and it is still open."""
    opened = _sweep.pop("tracker", None)
    if opened is not None:
        opened.close_parent(os.environ.pop(PARENT), failed)
