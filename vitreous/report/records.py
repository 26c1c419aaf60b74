"""Records: what a run predicted for its test glasses, and the scores of it, for others to check.

A record is two files, ``NAME.json`` and ``NAME.npz`` (predictions, an archive as the store's). Who
checks one reads the labels from their own store, where a data set put them, and scores the
predictions again: nothing of the one who made it is run, neither model nor evaluation. What cannot
be checked so is that the model was fitted to other glasses than these; that is for the command in
the record, and the good name of its author.

A missing prediction (NaN at a labelled site) counts as a blind guess, the median of its glass.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.archive import Damaged, read_archive, read_json, write_archive
from vitreous.core.build import build, construct
from vitreous.core.cases import Case
from vitreous.core.errors import VitreousError
from vitreous.core.loading import Loading
from vitreous.core.registry import discover
from vitreous.core.run import Run
from vitreous.core.sample import Sample, Shelf
from vitreous.core.store import Store

Array = NDArray[np.floating]
FORMAT = 1
SCORED_BY = ("classes", "ranking", "correlation", "regression")  #: ours alone are ever run
AGREES = 1e-9  #: of stated and recomputed scores
_TEXT = ("name", "licence", "created", "command", "vitreous", "python", "machine", "sha256")
_TABLES = ("components", "evaluations", "scores", "counts", "packages")


def make(run: Run, name: str, licence: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """The record of a run, and its predictions by name of case.

    Raises:
        VitreousError: a run without predictions for test glasses, or that nothing of ``SCORED_BY``
        scores.
    """
    test = [s for s in run.role("test") if s.prediction is not None]
    if not test:
        raise VitreousError("this run predicts nothing for test glasses; a record needs a model")
    config = run.about["config"].get("evaluations") or {}
    chosen = {k: v for k, v in config.items() if _named(v) in SCORED_BY}
    predictions: dict[str, Array] = {}
    for sample in test:
        given = sample.prediction if sample.probabilities is None else sample.probabilities
        values = np.asarray(given, dtype=np.float64)
        # of two classes the last is kept: the other has what is left
        predictions[sample.name] = values[:, 1] if _two_classes(sample) else values
    about = {key: run.about[key] for key in ("created", "command", "vitreous", "python")}
    record: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "licence": licence,
        **about,
        "machine": platform.machine(),
        "packages": dict(run.about["packages"]),
        "components": dict(run.about["components"]),
        "loadings": [loading.recipe() for loading in run.loadings],
        "cases": [
            {"case": asdict(s.case), "label": s.keys["label"], "glass": s.keys["relax"]}
            for s in test
        ],
        "counts": _counts(run, test, predictions),
    }
    record["scores"] = _scores(_again(record, predictions, run.shelf), chosen)
    record["evaluations"] = {k: v for k, v in chosen.items() if k in record["scores"]}
    if not record["scores"]:
        raise VitreousError(
            f"no evaluation of this run scores its predictions; add one of {', '.join(SCORED_BY)}"
        )
    return record, predictions


def write(record: Mapping[str, Any], predictions: Mapping[str, Array], folder: Path) -> Path:
    """Write both files; returns the first. Raises VitreousError where one is there."""
    path = folder / f"{record['name']}.json"
    for one in (path, path.with_suffix(".npz")):
        if one.exists():
            raise VitreousError(f"{one} is there already; give the record another --name")
    write_archive(path.with_suffix(".npz"), {"manifest": np.array("{}"), **predictions})
    content = {**record, "sha256": _checksum(path.with_suffix(".npz"))}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def check(path: Path, store: Store) -> dict[str, Any]:
    """The record, once its predictions score what it says.

    Raises:
        VitreousError: files that cannot be read or are no record, predictions that are not those
        that were scored or fit no labels, labels that the store lacks, or other scores.
    """
    record = read(path)
    archive = path.with_suffix(".npz")
    if not archive.is_file() or _checksum(archive) != record["sha256"]:
        raise VitreousError(f"{archive} is not the file that {path} was written with")
    try:
        _, predictions = read_archive(archive)
    except Damaged as error:
        raise VitreousError(f"{archive} is damaged ({error})") from error
    shelf = Shelf(lambda stage, key: _artifact(store, stage, key))
    run = _again(record, predictions, shelf)
    found = _scores(run, record["evaluations"])
    wrong = sorted(_differences(record["scores"], found))
    counts = _counts(run, run.samples, predictions)
    wrong += [k for k in ("sites", "missing") if counts[k] != record["counts"].get(k)]
    if wrong:
        raise VitreousError(
            f"{path} states other numbers than its predictions have: {', '.join(wrong[:5])}"
        )
    return record


def read(path: Path) -> dict[str, Any]:
    """What a record says, unchecked but for its form. Raises VitreousError for anything else."""
    try:
        record = read_json(path)
    except (OSError, ValueError) as error:
        raise VitreousError(f"{path} is no record ({error})") from error
    if record.get("format") != FORMAT:
        raise VitreousError(
            f"{path} has format {record.get('format')!r}; this version reads {FORMAT}"
        )
    lacking = [k for k in _TEXT if not isinstance(record.get(k), str)]
    lacking += [k for k in _TABLES if not isinstance(record.get(k), dict)]
    lacking += [k for k in ("cases", "loadings") if not isinstance(record.get(k), list)]
    if lacking:
        raise VitreousError(f"{path} is no whole record: it lacks {', '.join(lacking)}")
    return record


def _again(record: Mapping[str, Any], predictions: Mapping[str, Array], shelf: Shelf | None) -> Run:
    """A run of the test cases alone, with these predictions."""
    assert shelf is not None
    try:
        loadings = tuple(construct(Loading, "loading", each) for each in record["loadings"])
        samples = []
        for row in record["cases"]:
            case = construct(Case, "cases", row["case"])
            keys = {"label": row["label"], "relax": row["glass"]}
            samples.append(Sample.stored(case, loadings[case.loading], keys, shelf))
    except (KeyError, TypeError, IndexError) as error:
        raise VitreousError(
            f"the cases of this record are damaged ({type(error).__name__}: {error})"
        ) from error
    return Run(loadings=loadings, samples=tuple(_with_predictions(s, predictions) for s in samples))


def _with_predictions(sample: Sample, predictions: Mapping[str, Array]) -> Sample:
    """The sample with its prediction: numbers (M,), or probabilities (M, classes), of two classes
    that of the last (M,).
    """
    labels, given = sample.labels, predictions.get(sample.name)
    shape = labels.values.shape
    if labels.classes and not _two_classes(sample):
        shape = (len(labels), len(labels.classes))
    if given is None or given.shape != shape or given.dtype.kind != "f":
        raise VitreousError(
            f"the record's prediction for glass {sample.name} has shape "
            f"{None if given is None else given.shape}; its labels ask for {shape}"
        )
    predicted: dict[str, Any] = {"uncertainty": None}
    if labels.classes:
        columns = [1.0 - given, given] if _two_classes(sample) else given.T
        known = np.column_stack([_filled(column) for column in columns])
        predicted |= {"probabilities": known, "prediction": known.argmax(axis=1).astype(float)}
    else:
        predicted["prediction"] = _filled(given)
    return replace(sample, values={**sample.values, "predict": predicted})


def _two_classes(sample: Sample) -> bool:
    return len(sample.labels.classes) == 2


def _silent(given: Array) -> NDArray[np.bool_]:
    """(M,) where there is no prediction."""
    rows = np.isfinite(given).reshape(len(given), -1)
    return np.asarray(~rows.all(axis=1), dtype=np.bool_)


def _filled(given: Array) -> Array:
    """Missing predictions as blind guesses: the median of the others, or zero."""
    values, known = given.astype(np.float64), np.isfinite(given)
    return np.where(known, values, np.median(values[known]) if known.any() else 0.0)


def _scores(run: Run, evaluations: Mapping[str, Any]) -> dict[str, Any]:
    """What our own evaluations give for the model, by name."""
    registry, found = discover(), {}
    for name, given in evaluations.items():
        if _named(given) not in SCORED_BY:
            raise VitreousError(
                f"a record is scored by {', '.join(SCORED_BY)}, not by {_named(given)}"
            )
        evaluation = build(registry, "evaluation", given, f"evaluations.{name}")
        first = run.role("test")[0].labels
        if first.task not in evaluation.tasks or first.level not in evaluation.levels:
            continue
        numbers = evaluation.evaluate(run).numbers.get("model")
        if numbers:
            found[name] = numbers
    return found


def _named(given: Any) -> str:
    """The name of an evaluation of ours by its target; empty for others."""
    target = str(given.get("_target_", "")) if isinstance(given, Mapping) else ""
    return target.split(".")[3] if target.startswith("vitreous.plugins.evaluations.") else ""


def _counts(run: Run, test: Sequence[Sample], predictions: Mapping[str, Array]) -> dict[str, int]:
    """Glasses learnt from, test glasses, cases, labelled sites, and those without a prediction."""
    known = {s.name: s.labels.mask for s in test}
    missing = sum(int(_silent(predictions[name])[mask].sum()) for name, mask in known.items())
    return {
        "glasses_learnt_from": len(run.glasses("train")),
        "test_glasses": len({s.index for s in test}),
        "test_cases": len(test),
        "sites": sum(int(mask.sum()) for mask in known.values()),
        "missing": missing,
    }


def _differences(stated: Any, found: Any, prefix: str = "") -> list[str]:
    """Names of the numbers that differ."""
    if isinstance(stated, Mapping) and isinstance(found, Mapping):
        return [
            each
            for key in {*stated, *found}
            for each in _differences(stated.get(key), found.get(key), f"{prefix}{key}.")
        ]
    numbers = [isinstance(x, int | float) and not isinstance(x, bool) for x in (stated, found)]
    close = all(numbers) and abs(stated - found) <= AGREES
    return [] if close or (stated is None and found is None) else [prefix.rstrip(".")]


def _artifact(store: Store, stage: str, key: Any) -> Any:
    plain = isinstance(key, str) and re.fullmatch(r"[0-9a-f]{64}", key)
    found = store.get(stage, key) if plain else None
    if found is None:
        raise VitreousError(
            f"{store.folder} lacks the {stage} {str(key)[:12]!a} that this record was scored on; "
            "load its data set first (vitreous data load NAME)"
        )
    return found[0]


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """Markdown, a row per record, those of one material and label together; ``–`` where a record
    has no such score, no column where none has it.
    """
    shown = [of for of in COLUMNS if any(_cell(record, of[1:]) != _NONE for record in records)]
    head = ["generator", "label", "descriptor", "model", *(title for title, *_ in shown)]
    rows = [
        [
            *(_component(record, kind) for kind in ("generator", "labeler", "descriptor", "model")),
            *(_cell(record, where) for _, *where in shown),
        ]
        for record in records
    ]
    lines = [head, ["---"] * len(head), *sorted(rows, key=lambda row: row[:2])]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


#: of the table: title, and where the number lies in a record
COLUMNS = (
    ("learnt from", "counts", "glasses_learnt_from"),
    ("test cases", "counts", "test_cases"),
    ("missing", "counts", "missing"),
    ("balanced accuracy", "scores", "classes", "balanced_accuracy"),
    ("average precision", "scores", "classes", "average_precision"),
    ("C_rank", "scores", "ranking", "c_rank"),
    ("overlap", "scores", "ranking", "overlap"),
    ("R²", "scores", "regression", "r2"),
)
_NONE = "–"


def _component(record: Mapping[str, Any], kind: str) -> str:
    """The last module of its target, such as ``glass_network``."""
    target = str(record["components"].get(kind, {}).get("target", ""))
    return "".join(c for c in target.split(".")[-2:][0] if c.isalnum() or c in "_-") or _NONE


def _cell(record: Mapping[str, Any], where: Sequence[str]) -> str:
    value: Any = record
    for key in where:
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, int | float):
        return _NONE
    return f"{value:d}" if isinstance(value, int) else f"{value:.3f}"
