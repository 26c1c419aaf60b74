"""Figure of the scores of several runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vitreous.analysis.axes import series

_ROWS, _ACROSS = 20, 2  #: scores per panel, panels per row


def draw_comparison(
    names: Sequence[str], rows: Mapping[str, Sequence[float | None]], path: Path
) -> None:
    """Write a figure with a dot for each run and each score of the model that all runs have;
    indicators and pooled values appear only in the table.
    """
    shared = {
        metric: [v for v in values if v is not None]
        for metric, values in rows.items()
        if None not in values
    }
    of_models = {
        m: v
        for m, v in shared.items()
        if (".model." in m or m.startswith("regression")) and ".pooled." not in m
    }
    chosen = list((of_models or shared).items())
    panels = [chosen[k : k + _ROWS] for k in range(0, len(chosen), _ROWS)]
    down = -(-len(panels) // _ACROSS)
    across = min(len(panels), _ACROSS)
    figure = Figure(
        figsize=(6.4 * across, (1.1 + 0.3 * max(map(len, panels))) * down), layout="constrained"
    )
    FigureCanvasAgg(figure)
    grid = np.atleast_1d(figure.subplots(down, across)).ravel()
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    for axes, panel in zip(grid, panels, strict=False):
        at = np.arange(len(panel))
        for k, name in enumerate(names):
            mark = {**series(k + 1), "linestyle": "none"}
            axes.plot([values[k] for _, values in panel], at, markersize=6, label=name, **mark)
        axes.set_yticks(at, [metric for metric, _ in panel], fontsize=9)
        axes.invert_yaxis()
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", frameon=False)
    figure.savefig(path, dpi=150)
