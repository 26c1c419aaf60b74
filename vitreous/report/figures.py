"""Figures of a run, each a ``matplotlib.figure.Figure``, without pyplot's global state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from vitreous.analysis.axes import COLOURS, GREY, label_text, plain
from vitreous.analysis.neighborhoods import wrap
from vitreous.analysis.run_maps import event_sites
from vitreous.core.run import Metric
from vitreous.core.sample import Sample
from vitreous.core.vocabulary import UNITS, in_units

Array = NDArray[np.float64]
NUMBERED = 6  #: events that are numbered
_TOGETHER = 0.05  # of a map's width: closer events share one circle
_DECADE = 10.0
_INK = "#222222"


def maps(sample: Sample, indicator: str = "") -> Figure:
    """The true map, the predicted map, and one indicator's, with the network and the numbered
    events; red marks weak sites.
    """
    truth = sample.labels
    unit = in_units(truth.unit, sample.configuration.units)
    shown = np.where(truth.mask, truth.values, np.nan)
    low, high = np.nanpercentile(shown, [1, 99])
    panels: list[tuple[str, Array, str, str, tuple[float, float]]] = [
        ("true map", shown, truth.weak_is, label_text(truth.name, unit), (low, high))
    ]
    if sample.prediction is not None:
        panels.append(
            (
                "predicted map",
                sample.prediction,
                truth.weak_is,
                label_text(truth.name, unit),
                (low, high),
            )
        )
    if sample.indicators is not None and indicator in sample.indicators.names:
        values = np.asarray(
            sample.indicators.values[:, sample.indicators.names.index(indicator)], dtype=np.float64
        )
        if np.isfinite(values).any():
            limits = tuple(np.nanpercentile(values, [1, 99]))
            panels.append(
                (indicator.replace("_", " "), values, "high", label_text(indicator, ""), limits)
            )  # type: ignore[arg-type]
    figure = Figure(figsize=(5.2 * len(panels), 5.3), layout="constrained")
    for axes, (title, values, side, label, limits) in zip(
        np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True
    ):
        colours = draw_map(axes, sample, values, side, limits)
        draw_network(axes, sample)
        draw_events(axes, sample)
        axes.set_title(title, fontsize=12, color=_INK)
        bar = figure.colorbar(
            colours, ax=axes, location="bottom", shrink=0.85, aspect=30, pad=0.02, extend="both"
        )
        bar.set_label(label, fontsize=10)
        bar.ax.tick_params(labelsize=9)
        sparse_ticks(bar)
    return figure


def sparse_ticks(bar: Colorbar) -> None:
    """Limit the number and length of tick labels so that they do not overlap."""
    bar.locator = MaxNLocator(5)
    bar.formatter.set_powerlimits((-2, 4))  # pyright: ignore[reportAttributeAccessIssue]
    bar.update_ticks()


def draw_map(
    axes: Axes, sample: Sample, values: Array, weak_is: str, limits: tuple[float, float]
) -> ScalarMappable:
    """Draw values at the sites as coloured grid cells, or as dots without a grid."""
    labels, cell = sample.labels, sample.configuration.cell
    scale = (
        Normalize(*limits) if limits[1] > limits[0] else Normalize(limits[0] - 1.0, limits[0] + 1.0)
    )
    colours = "RdYlBu" if weak_is == "low" else "RdYlBu_r"
    axes.set_aspect("equal")
    length = UNITS[sample.configuration.units][0].replace("angstrom", "Å").replace("sigma", "σ")
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
    return axes.pcolormesh(
        corners[..., 0],
        corners[..., 1],
        values.reshape(labels.grid),
        cmap=colours,
        norm=scale,
        rasterized=True,
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
    """Draw the first events as numbered white circles; coincident events share one."""
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


def stress_strain(sample: Sample) -> Figure:
    """Stress-strain curve along the loading, with the events."""
    trajectory = sample.trajectory
    assert trajectory is not None, "a glass that was not deformed has no curve"
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    stress = trajectory.scalar_stress
    axes.plot(trajectory.strain, stress, color=COLOURS[2], linewidth=1.3)
    strains = (
        np.sort(sample.events.columns["strain"])
        if sample.events is not None and "strain" in sample.events.columns
        else np.zeros(0)
    )
    top = np.array(
        [stress[max(np.searchsorted(trajectory.strain, s - 1e-12) - 1, 0)] for s in strains]
    )
    axes.plot(strains[NUMBERED:], top[NUMBERED:], "|", color=GREY, markersize=7, zorder=2)
    axes.plot(strains[:NUMBERED], top[:NUMBERED], "o", color=COLOURS[1], markersize=4.5, zorder=3)
    crowded, raised = 0.025 * np.ptp(trajectory.strain), 0
    for number, (x, y) in enumerate(zip(strains[:NUMBERED], top[:NUMBERED], strict=True), start=1):
        raised = raised + 1 if number > 1 and x - strains[number - 2] < crowded else 0
        note = axes.annotate(
            str(number),
            (x, y),
            xytext=(0, 6 + 11 * raised),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
        note.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    axes.margins(y=0.15)
    per = "area" if sample.configuration.dimension == 2 else "volume"
    axes.set_xlabel(f"strain ({trajectory.loading.mode.replace('_', ' ')})")
    axes.set_ylabel(label_text("stress", in_units(f"energy/{per}", sample.configuration.units)))
    plain(axes)
    return figure


def curves(history: Sequence[Metric]) -> dict[str, list[tuple[int, float]]]:
    """(step, value) of every logged metric that has more than one step, by name."""
    found: dict[str, list[tuple[int, float]]] = {}
    for name, value, step in history:
        found.setdefault(name, []).append((step, value))
    return {name: sorted(points) for name, points in found.items() if len(points) > 1}


def training(history: Sequence[Metric]) -> Figure:
    """The logged metrics of the fit, over its steps."""
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axes = figure.subplots()
    for colour, (name, points) in zip(COLOURS[1:] * 3, curves(history).items(), strict=False):
        axes.plot(
            *zip(*points, strict=True),
            ".-",
            color=colour,
            linewidth=1.2,
            markersize=4,
            label=name.replace("_", " "),
        )
    values = [value for points in curves(history).values() for _, value in points]
    if min(values) > 0.0 and max(values) > _DECADE * min(
        values
    ):  # within a decade, a logarithmic axis would have only one or two labels
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step of the fit (epoch, or entry of the grid)")
    axes.legend(frameon=False, fontsize=9)
    plain(axes)
    return figure
