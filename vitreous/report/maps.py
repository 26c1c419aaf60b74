"""Maps of a glass: values at its sites with the network and the events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from vitreous.analysis.axes import counted, label_text, short_unit
from vitreous.analysis.neighborhoods import wrap
from vitreous.analysis.run_maps import event_sites
from vitreous.core.data import Labels
from vitreous.core.sample import Sample
from vitreous.core.vocabulary import UNITS, in_units

Array = NDArray[np.float64]
NUMBERED = 6  #: events that are numbered
_TOGETHER = 0.05  # of a map's width: closer events share one circle
_INK = "#222222"
_CELLS = 1000  # sites of a map that stays a drawing, with their values under the pointer
#: from strong to weak; ever darker, so that it can be read without colours, too
WEAKNESS = LinearSegmentedColormap.from_list(
    "weakness", ["#dcedf7", "#fbd58f", "#f4a259", "#dd5f3c", "#b01c2c", "#7a0a20"]
)
_OF_SIDE = {"high": WEAKNESS, "low": WEAKNESS.reversed()}


class Panel(NamedTuple):
    """A map to draw: its title, values (M,), the weak side, the label of its colours, and the
    values at their two ends.
    """

    title: str
    values: Array
    weak_is: str
    label: str
    limits: tuple[float, float]


def maps(sample: Sample, indicator: str = "") -> Figure:
    """The true map, the predicted map, and one indicator's, with the network and the numbered
    events; the darker and redder, the weaker.
    """
    panels = map_panels(sample, indicator)
    figure = Figure(figsize=(3.7 * len(panels), 4.1), layout="constrained")
    for axes, panel in zip(
        np.atleast_1d(figure.subplots(1, len(panels))), panels.values(), strict=True
    ):
        _draw_panel(figure, axes, sample, panel)
    return figure


def single_map(sample: Sample, panel: Panel) -> Figure:
    """One panel of ``maps`` alone."""
    figure = Figure(figsize=(4.2, 4.5), layout="constrained")
    _draw_panel(figure, figure.subplots(), sample, panel)
    return figure


def map_panels(sample: Sample, indicator: str = "") -> dict[str, Panel]:
    """What ``maps`` shows, by short name: "true", "predicted" and "indicator", as far as known."""
    truth = sample.labels
    label = label_text(truth.name, short_unit(in_units(truth.unit, sample.configuration.units)))
    shown = np.where(truth.mask, truth.values, np.nan)
    low, high = np.nanpercentile(shown, [1, 99])
    side, limits = truth.weak_is, (float(low), float(high))
    found = {"true": Panel("true map", shown, side, label, limits)}
    if sample.prediction is not None:
        found["predicted"] = Panel("predicted map", sample.prediction, side, label, limits)
    if sample.indicators is not None and indicator in sample.indicators.names:
        column = sample.indicators.names.index(indicator)
        values = np.asarray(sample.indicators.values[:, column], dtype=np.float64)
        if np.isfinite(values).any():
            low, high = np.nanpercentile(values, [1, 99])
            title = indicator.replace("_", " ")
            found["indicator"] = Panel(
                title, values, "high", label_text(indicator, ""), (float(low), float(high))
            )
    return found


def _draw_panel(figure: Figure, axes: Axes, sample: Sample, panel: Panel) -> None:
    colours = draw_map(axes, sample, panel.values, panel.weak_is, panel.limits)
    draw_network(axes, sample)
    draw_events(axes, sample)
    axes.set_title(panel.title, fontsize=12, color=_INK)
    bar = figure.colorbar(
        colours, ax=axes, location="bottom", shrink=0.85, aspect=30, pad=0.02, extend="both"
    )
    bar.set_label(panel.label, fontsize=9)
    bar.ax.tick_params(labelsize=9)
    sparse_ticks(bar)


def empty(labels: Labels) -> str:
    """How places without a value look in ``draw_map``."""
    return "hatched" if len(labels.grid) == 2 else "not drawn"


def reasons(labels: Labels, masked: Mapping[str, int]) -> str:
    """A line for each reason why places have no value, with their number."""
    return "\n".join(
        f"{empty(labels)}: {reason} ({counted(count, 'site', 'sites')})"
        for reason, count in masked.items()
    )


def sparse_ticks(bar: Colorbar) -> None:
    """Limit the number and length of tick labels so that they do not overlap."""
    bar.locator = MaxNLocator(5)
    bar.formatter.set_powerlimits((-3, 4))  # pyright: ignore[reportAttributeAccessIssue]
    bar.update_ticks()


def draw_map(
    axes: Axes, sample: Sample, values: Array, weak_is: str, limits: tuple[float, float]
) -> ScalarMappable:
    """Draw values at the sites as coloured grid cells, or as dots without a grid."""
    labels, cell = sample.labels, sample.configuration.cell
    scale = (
        Normalize(*limits) if limits[1] > limits[0] else Normalize(limits[0] - 1.0, limits[0] + 1.0)
    )
    colours = _OF_SIDE[weak_is]
    axes.set_aspect("equal")
    length = short_unit(UNITS[sample.configuration.units][0])
    axes.set_xlabel(f"x ({length})", fontsize=10)
    axes.set_ylabel(f"y ({length})", fontsize=10)
    axes.tick_params(labelsize=9)
    if len(labels.grid) != 2:
        return axes.scatter(
            *labels.positions[:, :2].T, c=values, cmap=colours, norm=scale, s=14, linewidths=0
        )
    steps = cell / np.array(labels.grid)[:, None]
    if min(labels.grid) > 1:  # with a free boundary, sites fill the bounding box
        sites = labels.positions.reshape(*labels.grid, 2)
        steps = np.stack([sites[1, 0] - sites[0, 0], sites[0, 1] - sites[0, 0]])
    i, j = np.meshgrid(*(np.arange(n + 1) - 0.5 for n in labels.grid), indexing="ij")
    corners = labels.positions[0] + i[..., None] * steps[0] + j[..., None] * steps[1]
    axes.set_xlim(corners[..., 0].min(), corners[..., 0].max())
    axes.set_ylim(corners[..., 1].min(), corners[..., 1].max())
    if not np.isfinite(values).all():
        axes.patch.set(hatch="////", edgecolor="#c8c8c8", linewidth=0)  # not a pale colour
    return axes.pcolormesh(
        corners[..., 0],
        corners[..., 1],
        values.reshape(labels.grid),
        cmap=colours,
        norm=scale,
        edgecolors="face",  # without gaps between cells where the picture is scaled
        linewidth=0.25,
        rasterized=len(values) > _CELLS,
    )


def _into_view(axes: Axes, sample: Sample, points: Array) -> Array:
    """Points moved by lattice vectors into the displayed cell."""
    glass = sample.configuration
    origin = (
        sample.labels.positions[0]
        - 0.5 * (glass.cell / np.array(sample.labels.grid)[:, None]).sum(axis=0)
        if sample.labels.grid
        else 0.0
    )
    return wrap(points - origin, glass.cell, glass.periodic) + origin


def draw_network(axes: Axes, sample: Sample) -> None:
    """Draw the bonds as thin lines."""
    glass = sample.configuration
    if not len(glass.bonds) or glass.dimension != 2:
        return
    start = _into_view(axes, sample, glass.positions[glass.bonds[:, 0]])
    step = glass.minimum_image(
        glass.positions[glass.bonds[:, 1]] - glass.positions[glass.bonds[:, 0]]
    )
    axes.add_collection(
        LineCollection(
            list(np.stack([start, start + step], axis=1)), colors=_INK, linewidths=0.35, alpha=0.55
        )
    )


def draw_events(axes: Axes, sample: Sample) -> None:
    """Draw the first events as numbers in white boxes; coincident events share one."""
    positions = event_sites(sample)[:NUMBERED]
    if not len(positions):
        return
    positions = _into_view(axes, sample, positions)
    near = _TOGETHER * float(np.ptp(sample.labels.positions[:, 0]))
    left = dict(enumerate(positions, start=1))
    while left:
        first, position = next(iter(left.items()))
        here = [
            number
            for number, other in left.items()
            if np.linalg.norm((other - position)[:2]) <= near
        ]
        for number in here:
            del left[number]
        axes.text(
            position[0],
            position[1],
            ",".join(map(str, here)),
            ha="center",
            va="center_baseline",
            fontsize=8,
            fontweight="bold",
            color=_INK,
            zorder=4.0 - 0.1 * first,
            bbox={
                "boxstyle": "round,pad=0.3",
                "facecolor": "white",
                "edgecolor": _INK,
                "linewidth": 1.1,
            },
        )
