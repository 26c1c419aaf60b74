"""What a run prints when it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.core.cases import ROLES
from vitreous.core.run import Run

_WIDE = 100  # characters: the table of six events is never squeezed, a narrower terminal breaks its lines


def print_summary(result: Run, scores: Mapping[str, Any], folder: Path, store: Path, files: Sequence[Path]) -> None:
    """A short table and the paths, on standard output."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    roles = ", ".join(f"{len(result.glasses(role))} {role}" for role in ROLES if result.role(role))
    along = f", {len(result.samples)} cases along {len(result.loadings)} loadings" if len(result.loadings) > 1 else ""
    left_out = len(result.excluded) + len(result.incomplete)
    console.print(f"glasses   {roles}{along}" + (f"; {left_out} left out" if left_out else ""))
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
