"""One job: components from the configuration, checks, the pipeline, and everything that a run leaves in its folder."""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.analysis.conformal import Intervals, intervals
from vitreous.app import progress
from vitreous.app.summary import print_summary
from vitreous.app.tracking import beginning, outcome
from vitreous.core.build import build, checked_value, construct
from vitreous.core.compose import ROLES, check
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.executor import Crew
from vitreous.core.pipeline import Pipeline
from vitreous.core.registry import Registry, discover, suggest
from vitreous.core.result import Result, Sample
from vitreous.core.split import Split
from vitreous.core.store import Store
from vitreous.direct import bundle

OPTIONAL = ("events", "descriptor", "indicators", "model")
NUMBERS = {"samples": int | None, "seed": int, "glass_seed": int}
KEYS = (*ROLES, "loading", "executor", "tracker", "split", *NUMBERS, "name", "report", "home", "store", "runs")
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
    pipeline = Pipeline(**parts, **numbers, loading=loading, split=split, providers=providers)
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


def run(job: Job) -> Result:
    """Carry out one job; whatever fails after the pipeline leaves store and folder intact."""
    registry = discover()
    pipeline = assemble(job.config, registry)
    executor = build(registry, "executor", job.config["executor"])
    tracker = build(registry, "tracker", job.config["tracker"])
    job.folder.mkdir(parents=True, exist_ok=True)
    (job.folder / "command.txt").write_text(job.command + "\n")
    (job.folder / "config.yaml").write_text(job.text)
    tracked = tracker.start(beginning(job.config, job.command, job.folder))
    try:
        store = Store(job.config["store"])
        with Crew(executor.open, progress) as crew:
            result = pipeline.run(store, crew, lambda line: _log.warning("%s", line))
        scores, files = write_results(job, pipeline, result)
    except BaseException as error:
        tracked.fail(f"{type(error).__name__}: {error}")
        raise
    model_folder = job.folder / "model" if result.model is not None else None
    print_summary(result, scores, job.folder, Path(job.config["store"]), files)
    tracked.finish(outcome(result, scores, files, model_folder))
    return result


def write_results(job: Job, pipeline: Pipeline, result: Result) -> tuple[dict[str, Any], list[Path]]:
    """Scores, predictions, the model and the report, into the run's folder; the scores, and the files worth tracking."""
    folder = job.folder
    files = [folder / "config.yaml", folder / "command.txt", folder / "samples.json"]
    about: dict[int, dict[str, Any]] = {s.index: {"role": s.role, "artifacts": dict(s.keys)} for s in result.samples}
    for turn, found in result.turned.items():
        for index, keys in found.items():
            about[index].setdefault("turned", {})[f"{turn:g}"] = dict(keys)
    excluded = {index: {"role": "excluded", "reason": reason} for index, reason in result.excluded.items()}
    files[-1].write_text(json.dumps({**about, **excluded}, indent=1))
    if result.model is None or pipeline.model is None:
        return {}, files
    set_by = intervals(result.role("validation"))
    for sample in result.samples:
        _write_prediction(folder / "predictions" / f"sample_{sample.index}.csv", sample, set_by)
    bundle.write(folder / "model", pipeline.model, result.model, pipeline.providers.get("model", ""))
    orientation = getattr(pipeline.indicators, "weak_is", None)
    scores = _scores(result, orientation)
    bundle.complete(folder / "model", pipeline, result, scores)
    (folder / "scores.json").write_text(json.dumps(scores, indent=1))
    files.append(folder / "scores.json")
    if job.config.get("report"):
        from vitreous.report import write_report

        files += write_report(result, folder, job.command, config=job.text, orientation=orientation)
    return scores, files


def _scores(result: Result, orientation: Mapping[str, str] | None) -> dict[str, Any]:
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
