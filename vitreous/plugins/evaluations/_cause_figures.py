"""Failures and their causes: the structure around each, and what raised its hazard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from vitreous.analysis.axes import COLOURS, plain
from vitreous.analysis.run_maps import event_sites

if TYPE_CHECKING:
    from vitreous.plugins.evaluations.failure_causes import Explained

Array = NDArray[np.float64]
_COLUMNS = 2  # more are not legible at the width of a page
_HATCHES = ("", "/////", ".....", "xxxxx")
_ACROSS = 7.0  # half the width of a panel, over the distance between atoms
_ABOUT = "cross: first event; circle: where it was expected; {width:.0f} {unit} wide; bars: factors"


def drawn(failures: Sequence[Explained], unit: str) -> Figure:
    """A pair of panels per failure: the sites around it, coloured by the logarithm of their hazard
    over that of the median site, and by meaning the factors at the site that failed.
    """
    columns = min(_COLUMNS, len(failures))
    rows = -(-len(failures) // columns)
    figure = Figure(figsize=(4.4 * columns, 2.5 * rows + 1.2), layout="constrained")
    pairs = figure.subplots(rows, 2 * columns, squeeze=False, width_ratios=[1.0, 0.8] * columns)
    meanings = list(failures[0].causes)
    looks = _looks(meanings)
    top = max(float(of.hazard.max()) for of in failures)
    half = [_ACROSS * _spacing(of) for of in failures]
    points: Any = None
    for of, width, (left, right) in zip(failures, half, pairs.reshape(-1, 2), strict=False):
        points = _structure(left, of, width, top)
        _factors(right, of, looks)
    bars = pairs[:, 1::2].ravel()[: len(failures)]
    ends = np.array([axes.get_xlim() for axes in bars])
    for axes in bars:
        axes.set_xlim(ends[:, 0].min(), ends[:, 1].max())
    for axes in pairs.ravel()[2 * len(failures) :]:
        axes.set_axis_off()
    label = "ln (hazard / that of the median site)"
    figure.colorbar(points, ax=pairs, label=label, shrink=min(1.0, 3.0 / rows), aspect=30)
    handles = [Patch(**looks[meaning], label=meaning) for meaning in meanings]
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)
    figure.suptitle(_ABOUT.format(width=2.0 * half[0], unit=unit), fontsize=10)
    return figure


def _looks(meanings: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Colours, hatched where they come again."""
    colours = COLOURS[1:]
    return {
        meaning: {
            "facecolor": colours[k % len(colours)],
            "hatch": _HATCHES[k // len(colours) % len(_HATCHES)],
            "edgecolor": "white",
        }
        for k, meaning in enumerate(meanings)
    }


def _spacing(of: Explained) -> float:
    """Distance between atoms, length."""
    glass = of.sample.configuration
    return (glass.volume / len(glass)) ** (1.0 / glass.dimension)


def _structure(axes: Any, of: Explained, half: float, top: float) -> Any:
    """Bonds and sites within ``half`` of the event; returns the coloured points."""
    glass, sites = of.sample.configuration, of.sample.labels.positions
    centre = event_sites(of.sample)[0]
    if len(glass.bonds):
        start = glass.minimum_image(glass.positions[glass.bonds[:, 0]] - centre)
        ends = glass.positions[glass.bonds]
        stop = start + glass.minimum_image(ends[:, 1] - ends[:, 0])
        near = (np.abs(start[:, :2]) <= 1.5 * half).all(axis=1)
        lines = np.stack([start[near, :2], stop[near, :2]], axis=1)
        axes.add_collection(LineCollection(list(lines), colors="#777777", linewidths=0.6))
    at = glass.minimum_image(sites - centre)[:, :2]
    near = (np.abs(at) <= 1.1 * half).all(axis=1)
    points = axes.scatter(
        *at[near].T, c=of.hazard[near], cmap="magma_r", vmin=0.0, vmax=top, s=14, zorder=2.0
    )
    axes.plot(0.0, 0.0, "x", color=COLOURS[2], markersize=9, markeredgewidth=2.0)
    axes.plot(*at[of.likeliest], "o", color=COLOURS[2], markersize=12, fillstyle="none")
    axes.set(xlim=(-half, half), ylim=(-half, half), aspect="equal", xticks=[], yticks=[])
    axes.set_title(f"glass {of.sample.name}, strain {of.strain:.3f}", fontsize=8, loc="left")
    return points


def _factors(axes: Any, of: Explained, looks: Mapping[str, Mapping[str, Any]]) -> None:
    """A bar per meaning: its factor at the site that failed."""
    factors = [float(np.exp(values[of.failed])) for values in of.causes.values()]
    for k, (factor, look) in enumerate(zip(factors, looks.values(), strict=True)):
        axes.barh(k, factor - 1.0, left=1.0, linewidth=0.0, **look)
    axes.set_xscale("log")
    axes.set(yticks=[], ylim=(len(factors) - 0.4, -0.6))
    axes.set_xlabel("factor", fontsize=7)
    plain(axes)
    axes.tick_params(labelsize=7)
