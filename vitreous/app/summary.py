"""What a run prints when it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.core.result import ROLES, Result

_WIDE = 100  # characters: the table of six events is never squeezed, a narrower terminal breaks its lines


def print_summary(result: Result, scores: Mapping[str, Any], folder: Path, store: Path, files: Sequence[Path]) -> None:
    """A short table and the paths, on standard output."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    roles = ", ".join(f"{len(result.role(role))} {role}" for role in ROLES if result.role(role))
    turned = "".join(f"; {len(found)} also at {turn:g} degrees" for turn, found in result.turned.items())
    console.print(f"samples   {roles}{turned}" + (f"; {len(result.excluded)} left out" if result.excluded else ""))
    fresh = ", ".join(f"{stage} {count}" for stage, count in result.fresh.items()) or "nothing, all was stored"
    console.print(f"computed  {fresh}")
    maps = {name: row for name, row in scores.items() if isinstance(row, Mapping)}
    if maps:
        console.width = max(console.width, _WIDE)
        console.print(_table(maps))
    for path in [p for p in files if p.suffix == ".html"]:
        console.print(f"report    {path}")
    console.print(f"folder    {folder}\nstore     {store.absolute()}")


def _table(maps: Mapping[str, Mapping[str, Any]]) -> Any:
    """One line per map, on glasses never seen: goodness at the nearest place by event, correlation with the true map, and coverage."""
    from rich.table import Table

    from vitreous.analysis.scores import percent

    events = list(next(iter(maps.values()))["goodness_nearest"])
    headings = [f"C {name.removeprefix('event_')}" for name in events]
    table = Table(
        "map, on test glasses", *headings, "Pearson", "Spearman", "places", "events", box=None, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for name, row in maps.items():
        values = [*row["goodness_nearest"].values(), row["pearson"], row["spearman"]]
        covered = (percent(np.nan if share is None else share) for share in row["coverage"].values())
        table.add_row(name, *("-" if value is None else f"{value:.2f}" for value in values), *covered)
    return table
