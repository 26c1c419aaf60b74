"""What a run prints when it is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.analysis.axes import label_text
from vitreous.core.cases import ROLES
from vitreous.core.data import in_units
from vitreous.core.evaluated import Evaluated, Table
from vitreous.core.run import Run
from vitreous.core.sample import Sample

#: whose labels they are, by the level
_OF = {
    "sample": "of each glass",
    "atom": "of each atom",
    "site": "of each site",
    "field": "over each glass",
    "event": "of each event",
}
_WIDE = 100  # characters: a table is never squeezed, a narrower terminal breaks its lines


def print_summary(
    result: Run,
    found: Mapping[str, Evaluated],
    left_out: Mapping[str, str],
    folder: Path,
    store: Path,
    files: Sequence[Path],
    warning: str = "",
) -> None:
    """The tables that evaluations want shown, beneath them a ``warning``, why others were left out,
    and the paths, on standard output, all at once. Raises OSError where it cannot be written.
    """
    from rich.console import Console

    # paths and names of columns may hold brackets, which are no markup
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    with console.capture() as captured:
        _say(console, result, found, left_out, folder, store, files, warning)
    sys.stdout.write(captured.get())
    sys.stdout.flush()


def _say(
    console: Any,
    result: Run,
    found: Mapping[str, Evaluated],
    left_out: Mapping[str, str],
    folder: Path,
    store: Path,
    files: Sequence[Path],
    warning: str,
) -> None:
    roles = ", ".join(f"{len(result.glasses(role))} {role}" for role in ROLES if result.role(role))
    along = (
        f", {len(result.samples)} cases along {len(result.loadings)} loadings"
        if len(result.loadings) > 1
        else ""
    )
    left = len(result.excluded) + len(result.incomplete)
    console.print(f"glasses   {roles}{along}" + (f"; {left} left out" if left else ""))
    if result.samples:
        console.print(f"label     {_named(result.samples[0])}")
    fresh = (
        ", ".join(f"{stage} {count}" for stage, count in result.fresh.items())
        or "nothing, all was stored"
    )
    console.print(f"computed  {fresh}")
    for each in found.values():
        for table in each.tables:
            if table.summary and table.rows:
                console.width = max(console.width, _WIDE)
                if table.title:
                    console.print(f"\n{table.title}:")
                console.print(_drawn(table))
    if warning:
        console.print(f"note      {warning}")
    for case, reason in result.incomplete.items():
        console.print(
            f"left out  glass {case.glass}, {result.loadings[case.loading].title}: {reason}"
        )
    for glass, reason in result.excluded.items():
        console.print(f"left out  glass {glass}: {reason}")
    for reason in left_out.values():
        console.print(f"skipped   {reason}")
    for path in [p for p in files if p.suffix == ".html"]:
        console.print(f"report    {path}")
    console.print(f"folder    {folder}\nstore     {store.absolute()}")


def _named(sample: Sample) -> str:
    """What the labels are, with their unit."""
    labels = sample.labels
    unit = in_units(labels.unit, sample.configuration.units)
    of = "" if unit in ("", "1") else f"({unit}) "
    return f"{label_text(labels.name, '')} {of}{_OF[labels.level]}"


def to_nowhere() -> None:
    """Let standard output go nowhere, once it takes no more: what is left in its buffer would be
    complained of again when Python ends.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _drawn(table: Table) -> Any:
    from rich.table import Table as Drawn

    drawn = Drawn(
        *(column.heading for column in table.columns),
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for row in table.rows:
        drawn.add_row(
            *(column.written(cell) for column, cell in zip(table.columns, row, strict=True))
        )
    return drawn
