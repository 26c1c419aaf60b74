"""Scores of several runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_ROWS = 12  #: scores a column


def draw_comparison(names: Sequence[str], rows: Mapping[str, Sequence[float | None]], path: Path) -> None:
    """A dot for each run and score, a panel for each dozen of scores that all runs have."""
    shared = [(metric, values) for metric, values in rows.items() if None not in values]
    panels = [shared[k : k + _ROWS] for k in range(0, len(shared), _ROWS)] or [[]]
    figure = Figure(figsize=(6.2 * len(panels), 0.9 + 0.36 * max(map(len, panels))), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, panel in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        at = np.arange(len(panel))
        for k, name in enumerate(names):
            axes.plot([values[k] for _, values in panel], at, "o", markersize=6, label=name)  # pyright: ignore[reportArgumentType]
        axes.set_yticks(at, [metric for metric, _ in panel])
        axes.invert_yaxis()
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(frameon=False, loc="best")
    figure.savefig(path, dpi=150)
