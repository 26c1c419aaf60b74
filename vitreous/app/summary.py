"""What a run prints when it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.core.result import ROLES, Result


def print_summary(result: Result, scores: Mapping[str, Any], folder: Path, store: Path, files: Sequence[Path]) -> None:
    """A short table and the paths, on standard output."""
    from rich.console import Console
    from rich.table import Table

    from vitreous.app.tracking import flatten

    console = Console(highlight=False, soft_wrap=True)
    roles = ", ".join(f"{len(result.role(role))} {role}" for role in ROLES if result.role(role))
    console.print(f"samples   {roles}" + (f"; {len(result.excluded)} left out" if result.excluded else ""))
    fresh = ", ".join(f"{stage} {count}" for stage, count in result.fresh.items()) or "nothing, all was stored"
    console.print(f"computed  {fresh}")
    numbers = {name: value for name, value in flatten(scores).items() if isinstance(value, int | float) and not isinstance(value, bool)}
    if numbers:
        table = Table("score", "value", box=None, pad_edge=False)
        for name, value in list(numbers.items())[:30]:
            table.add_row(name, f"{value:.4g}")
        console.print(table)
        if len(numbers) > 30:
            console.print(f"and {len(numbers) - 30} more in {folder / 'scores.json'}")
    for path in [p for p in files if p.suffix == ".html"]:
        console.print(f"report    {path}")
    console.print(f"folder    {folder}\nstore     {store.absolute()}")
