"""``vitreous report | compare | reproduce | cite``: what can be asked of runs that are done."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.app.citing import bibtex
from vitreous.core.compose import ROLES
from vitreous.core.errors import VitreousError
from vitreous.core.run import FILE, Run
from vitreous.core.store import Store
from vitreous.io.tables import write_table

DIFFERENT = 1  #: exit status of ``reproduce`` where something came out otherwise


def main(options: argparse.Namespace) -> int:
    """Carry out one of the commands; returns the exit status."""
    return {"report": _report, "compare": _compare, "reproduce": _reproduce, "cite": _cite}[
        options.command
    ](options)


def _report(options: argparse.Namespace) -> int:
    from vitreous.app.evaluating import choose
    from vitreous.app.run import draw_report
    from vitreous.core.registry import discover, load_class

    folder, registry = _folder(options.run), discover()
    run = Run.open(folder, options.store)
    parts = {
        role: load_class(registry.by_target(ROLES[role], made["target"]))
        for role, made in run.about["components"].items()
    }
    chosen = choose(
        run.about["config"],
        parts,
        run.loadings[0].dimension,
        registry,
        run.samples[0].labels.components,
    )
    for path in draw_report(
        run, chosen.carry_out(run), chosen, folder, Path(options.out or folder)
    )[:1]:
        sys.stdout.write(f"{path}\n")
    return 0


def _compare(options: argparse.Namespace) -> int:
    scores = {name: _numbers(_scores(_folder(name))) for name in options.runs}
    rows = {
        metric: [found.get(metric) for found in scores.values()]
        for metric in dict.fromkeys(m for s in scores.values() for m in s)
    }
    names = _short_names(options.runs)
    if options.out is None:
        _print_table(names, rows)
        return 0
    out = Path(options.out)
    if out.suffix == ".csv":
        columns = np.array(
            [[np.nan if value is None else value for value in values] for values in rows.values()]
        ).T
        write_table(
            out, {"score": np.array(list(rows)), **dict(zip(options.runs, columns, strict=True))}
        )
    elif out.suffix in (".png", ".pdf", ".svg"):
        from vitreous.report.comparison import draw_comparison

        if not any(None not in values for values in rows.values()):
            raise VitreousError(
                "these runs have no score in common to draw; leave out --out for a table"
            )
        draw_comparison(names, rows, out)
    else:
        raise VitreousError(
            f"--out is {out}; expected a name that ends in .csv, .png, .pdf or .svg"
        )
    sys.stdout.write(f"{out}\n")
    return 0


def _scores(folder: Path) -> dict[str, Any]:
    """What a run reported on glasses never seen."""
    Run.about_of(folder)  # says what is wrong with a folder that holds no run
    try:
        return json.loads((folder / "scores.json").read_text())
    except (OSError, ValueError) as error:
        raise VitreousError(
            f"{folder} has no scores to compare ({type(error).__name__}); run its command again"
        ) from error


def _numbers(tree: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """``{"a": {"b": 1.0}}`` as ``{"a.b": 1.0}``, numbers alone."""
    flat: dict[str, float] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _numbers(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            flat[f"{prefix}{key}"] = float(value)
    return flat


def _short_names(runs: Sequence[str]) -> list[str]:
    """The last folders of each path, as many as tell them apart."""
    parts = [Path(run).absolute().parts for run in runs]
    for depth in range(1, max(map(len, parts)) + 1):
        short = ["/".join(each[-depth:]) for each in parts]
        if len(set(short)) == len(short):
            return short
    raise VitreousError("the same run is named twice; give different runs")


def _print_table(names: Sequence[str], rows: Mapping[str, Sequence[float | None]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("score, on test glasses", *names, box=None, pad_edge=False)
    for metric, values in rows.items():
        table.add_row(metric, *("-" if value is None else f"{value:.4g}" for value in values))
    console = Console(highlight=False)
    console.width = max(console.width, 40 + 24 * len(names))
    console.print(table)


def _reproduce(options: argparse.Namespace) -> int:
    from vitreous.app import progress
    from vitreous.app.run import assemble
    from vitreous.core.executor import Crew
    from vitreous.core.registry import discover
    from vitreous.plugins.executors.local import Local

    before = Run.open(options.run, options.store)
    for sample in before.samples:
        _ = sample.labels, sample.prediction  # what is gone is said before anything is computed
    pipeline = assemble(before.about["config"], discover())
    # The executor is ours, whatever the run's was: a run folder may come from a stranger.
    with (
        tempfile.TemporaryDirectory(prefix="vitreous-") as folder,
        Crew(Local().open, progress) as crew,
    ):
        after = pipeline.run(Store(folder), crew)
        differences = list(_differences(before, after))
    for line in differences:
        sys.stdout.write(f"{line}\n")
    if not differences:
        sys.stdout.write(f"all {len(before.samples)} cases came out the same, bit for bit\n")
    return DIFFERENT if differences else 0


def _differences(before: Run, after: Run) -> list[str]:
    """A line for each case that came out otherwise, and by how much."""
    found, known = {s.case: s for s in after.samples}, {s.case for s in before.samples}
    lines = [f"{s.title}: left out this time" for s in before.samples if s.case not in found]
    lines += [f"{s.title}: left out before" for s in after.samples if s.case not in known]
    for old in before.samples:
        new = found.get(old.case)
        if new is None:
            continue
        pairs = {
            "labels": (old.labels.values, new.labels.values),
            "prediction": (old.prediction, new.prediction),
            "uncertainty": (old.uncertainty, new.uncertainty),
        }
        for what, (a, b) in pairs.items():
            if a is not None and b is not None and not np.array_equal(a, b, equal_nan=True):
                lines.append(f"{old.title}: {what} differ {_apart(a, b)}")
    return lines


def _apart(a: np.ndarray, b: np.ndarray) -> str:
    """How far two arrays are from each other, in words."""
    if a.shape != b.shape:
        return f"in shape, {a.shape} and {b.shape}"
    both = np.isfinite(a) & np.isfinite(b)
    places = int((~((a == b) | (np.isnan(a) & np.isnan(b)))).sum())
    return (
        f"at {places} places, by up to {np.max(np.abs(a - b), where=both, initial=0.0):.3g} "
        "where both are known"
    )


def _folder(run: str) -> Path:
    """The folder of a run, which its file may stand for."""
    return Path(run).parent if Path(run).name == FILE else Path(run)


def _cite(options: argparse.Namespace) -> int:
    sys.stdout.write(bibtex(Run.about_of(Path(options.run))))
    return 0
