"""Figures of prediction goodness: means by event, and boxes of the quartiles over glasses
(Bachhav et al. 2025, Figs. 3, 7, 8).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vitreous.analysis.axes import GREY, plain, series
from vitreous.analysis.run_maps import MODEL
from vitreous.analysis.scores import TRUE_MAP, Scores

Array = NDArray[np.float64]
FEW = 5  #: glasses from which quartiles mean something
_SPREAD = 0.8  # of the distance between events, covered by the boxes of one


def goodness_boxes(panels: Mapping[str, Mapping[str, Array]], model: str = MODEL) -> Figure:
    """One panel per group of glasses, by title; in each the maps by name, (glasses, events) of
    goodness; ``model`` is the map that is drawn as the model's.

    Boxes range from quartile to quartile with the median, whiskers to the extremes; of fewer than
    ``FEW`` glasses every one is a point instead. A line goes through the means.
    """
    figure = Figure(figsize=(6.4 * len(panels), 4.2), layout="constrained")
    seen = looks(dict.fromkeys(name for maps in panels.values() for name in maps), model)
    for axes, (title, maps) in zip(
        np.atleast_1d(figure.subplots(1, len(panels), sharey=True)), panels.items(), strict=True
    ):
        width = _SPREAD / len(maps)
        for k, (name, rows) in enumerate(maps.items()):
            known = [column[np.isfinite(column)] for column in rows.T]
            at = np.arange(1.0, len(known) + 1) + (k - 0.5 * (len(maps) - 1)) * width
            look = seen[name]
            if max(map(len, known), default=0) < FEW:
                _points(axes, at, known, look["color"])
            else:
                _boxes(axes, at, known, look["color"], 0.8 * width)
            means = [float(column.mean()) if len(column) else np.nan for column in known]
            axes.plot(at, means, **look, markersize=4, linewidth=0.9, label=name.replace("_", " "))
        axes.axhline(1.0, color="#8a8a8a", linewidth=0.6)
        axes.set_xticks(np.arange(1, max(rows.shape[1] for rows in maps.values()) + 1))
        axes.set_xlabel("event, in order of strain")
        axes.set_title(title, fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("prediction goodness C")
    named = {
        name: handle
        for axes in figure.axes
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        list(named.values()),
        list(named),
        loc="outside lower center",
        ncols=4 * len(panels),
        fontsize=8.5,
        frameon=False,
    )
    return figure


def goodness_curves(scores: Scores, unit: str) -> Figure:
    """Mean prediction goodness by event for each map, at the nearest site and within the radius,
    with the chance level; ``unit`` is that of the radius.
    """
    figure = Figure(figsize=(10.5, 4.0), layout="constrained")
    seen = looks(scores.names)
    number = np.arange(1, scores.events + 1)
    for axes, which in zip(figure.subplots(1, 2, sharey=True), ("nearest", "within"), strict=True):
        for name in scores.names:
            strong = {"linewidth": 2.0, "zorder": 3} if name in (TRUE_MAP, MODEL) else {}
            axes.plot(
                number,
                getattr(scores.mean(name), which),
                **seen[name],
                markersize=4.5,
                label=name.replace("_", " "),
                **{"linewidth": 1.0, **strong},
            )
        chance = np.zeros(scores.events) if which == "nearest" else np.array(scores.chance)
        axes.plot(number, chance, ":", color=GREY, linewidth=1.5, label="chance")
        axes.axhline(1.0, color=GREY, linewidth=0.6)
        axes.set_ylim(-1.05, 1.08)
        axes.set_xticks(number)
        axes.set_xlabel("event, in order of strain")
        title = (
            "at the nearest site of the map"
            if which == "nearest"
            else f"weakest site within {scores.radius:.3g} {unit} of the event"
        )
        axes.set_title(title, fontsize=11)
        plain(axes)
        if which == "nearest":
            axes.set_ylabel("prediction goodness C")
        else:
            axes.legend(fontsize=8.5, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def looks(names: Iterable[str], model: str = MODEL) -> dict[str, dict[str, Any]]:
    """Colour, mark and dash of each map: black is the true map and blue the model, wherever they
    stand; the others follow, no two alike.
    """
    own, others = {TRUE_MAP: 0, model: 1}, itertools.count(2)
    return {name: series(own[name] if name in own else next(others)) for name in names}


def _points(axes: Axes, at: Array, known: Sequence[Array], colour: str) -> None:
    """Each glass as a hollow dot."""
    across = np.concatenate([np.full(len(c), x) for x, c in zip(at, known, strict=True)])
    axes.plot(
        across,
        np.concatenate(known),
        "o",
        markerfacecolor="none",
        markeredgecolor=colour,
        markersize=7,
        alpha=0.6,
        label="_glass",
    )


def _boxes(axes: Axes, at: Array, known: Sequence[Array], colour: str, width: float) -> None:
    line = {"color": colour, "linewidth": 1.0}
    axes.boxplot(
        known,
        positions=at,
        widths=width,
        whis=(0, 100),
        manage_ticks=False,
        boxprops=line,
        whiskerprops=line,
        capprops=line,
        medianprops=line,
    )
