"""Prediction goodness glass by glass: boxes of its quartiles over events (the form of Bachhav et al. 2025, Figs. 3, 7 and 8)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vitreous.analysis.scores import Scores

Array = NDArray[np.float64]
_COLOURS = ("#222222", "#c0392b", "#2471a3", "#1e8449", "#b7950b", "#7d3c98", "#5d6d7e")
_SPREAD = 0.8  # of the step between events that its boxes share


def by_glass(scores: Scores, name: str) -> Array:
    """(glasses, events) goodness of one map at the nearest place; NaN where there was no such event."""
    return np.array([row.nearest for row in scores.rows if row.name == name])


def goodness_boxes(panels: Mapping[str, Mapping[str, Array]]) -> Figure:
    """A panel per group of glasses, by title; in it the maps by name, each (glasses, events) of goodness.

    Boxes from quartile to quartile with the median, whiskers to the extremes, a line through the means.
    """
    figure = Figure(figsize=(6.4 * len(panels), 4.2), layout="constrained")
    for axes, (title, maps) in zip(np.atleast_1d(figure.subplots(1, len(panels), sharey=True)), panels.items(), strict=True):
        width = _SPREAD / len(maps)
        for k, (colour, (name, rows)) in enumerate(zip(_COLOURS * 3, maps.items(), strict=False)):
            known = [column[np.isfinite(column)] for column in rows.T]
            at = np.arange(1, len(known) + 1) + (k - 0.5 * (len(maps) - 1)) * width
            line = {"color": colour, "linewidth": 1.0}
            axes.boxplot(
                known, positions=at, widths=0.8 * width, whis=(0, 100), manage_ticks=False,
                boxprops=line, whiskerprops=line, capprops=line, medianprops=line,
            )  # fmt: skip
            means = [float(column.mean()) if len(column) else np.nan for column in known]
            axes.plot(at, means, "o-", color=colour, markersize=3.5, linewidth=0.9, label=name.replace("_", " "))
        axes.axhline(1.0, color="#8a8a8a", linewidth=0.6)
        axes.set_xticks(np.arange(1, max(rows.shape[1] for rows in maps.values()) + 1))
        axes.set_xlabel("event")
        axes.set_title(title, fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("prediction goodness C")
    named = {name: handle for axes in figure.axes for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=4 * len(panels), fontsize=8.5, frameon=False)
    return figure
