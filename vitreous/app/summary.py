"""What a run prints when it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.core.cases import ROLES
from vitreous.core.evaluated import Evaluated, Table
from vitreous.core.run import Run

_WIDE = 100  # characters: a table is never squeezed, a narrower terminal breaks its lines


def print_summary(
    result: Run,
    found: Mapping[str, Evaluated],
    left_out: Mapping[str, str],
    folder: Path,
    store: Path,
    files: Sequence[Path],
) -> None:
    """The tables that evaluations want shown, why others were left out, and the paths, on standard
    output.
    """
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    roles = ", ".join(f"{len(result.glasses(role))} {role}" for role in ROLES if result.role(role))
    along = (
        f", {len(result.samples)} cases along {len(result.loadings)} loadings"
        if len(result.loadings) > 1
        else ""
    )
    left = len(result.excluded) + len(result.incomplete)
    console.print(f"glasses   {roles}{along}" + (f"; {left} left out" if left else ""))
    fresh = (
        ", ".join(f"{stage} {count}" for stage, count in result.fresh.items())
        or "nothing, all was stored"
    )
    console.print(f"computed  {fresh}")
    for each in found.values():
        for table in each.tables:
            if table.summary and table.rows:
                console.width = max(console.width, _WIDE)
                console.print(_drawn(table))
    for case, reason in result.incomplete.items():
        console.print(
            f"left out  glass {case.glass}, {result.loadings[case.loading].title}: {reason}"
        )
    for glass, reason in result.excluded.items():
        console.print(f"left out  glass {glass}: {reason}")
    for reason in left_out.values():
        console.print(f"left out  {reason}")
    for path in [p for p in files if p.suffix == ".html"]:
        console.print(f"report    {path}")
    console.print(f"folder    {folder}\nstore     {store.absolute()}")


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
