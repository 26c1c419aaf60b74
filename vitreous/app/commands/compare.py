"""``vitreous compare``: scores of several runs side by side."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from vitreous.app.run_options import folder_of, scores_of
from vitreous.core.errors import VitreousError

SUMMARY = "scores of several runs side by side"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.description = "Scores of several runs side by side."
    parser.add_argument("runs", nargs="+", metavar="RUN", help="the folder of a run")
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="write a table (.csv) or draw the models' scores (.png, .pdf, .svg)",
    )


def carry_out(options: argparse.Namespace) -> int:
    """Print the scores, or write them to a table or a figure."""
    import numpy as np

    from vitreous.io.tables import write_table

    scores = {name: scores_of(folder_of(name)) for name in options.runs}
    rows = {
        metric: [found.get(metric) for found in scores.values()]
        for metric in dict.fromkeys(m for s in scores.values() for m in s)
    }
    names = _names(options.runs)
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


def _names(runs: Sequence[str]) -> list[str]:
    """What tells the runs apart: the arguments of their commands that not all of them have; or
    where that does not, their folders.
    """
    folders = _short_names(runs)
    words = [_arguments(folder_of(run)) for run in runs]
    own = [" ".join(w for w in each if any(w not in other for other in words)) for each in words]
    names = [name or f"({folder})" for name, folder in zip(own, folders, strict=True)]
    return names if any(own) and len(set(names)) == len(names) else folders


def _arguments(folder: Path) -> list[str]:
    """Those of the command that made a run, but where its results go."""
    from vitreous.core.run import Run

    try:
        words = shlex.split(Run.about_of(folder)["command"])[2:]
    except ValueError:  # a quotation without an end: not as vitreous writes it
        return []
    return [word for word in words if not word.startswith(("hydra.", "home=", "store=", "runs="))]


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

    table = Table("score, on test glasses", box=None, pad_edge=False)
    for name in names:
        table.add_column(name, min_width=10, max_width=40, overflow="fold")
    for metric, values in rows.items():
        table.add_row(metric, *("-" if value is None else f"{value:.4g}" for value in values))
    console = Console(highlight=False, markup=False, emoji=False)
    longest = max([len("score, on test glasses"), *map(len, rows)])
    console.width = max(console.width, longest + 42 * len(names))
    console.print(table)
