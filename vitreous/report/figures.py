"""The pictures of a run, each a ``matplotlib.figure.Figure``; nothing here touches pyplot's global state."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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

from vitreous.analysis.neighborhoods import wrap
from vitreous.analysis.scores import TRUE_MAP, Scores, pearson, percent
from vitreous.core.base import UNITS
from vitreous.core.run import Metric
from vitreous.core.sample import Sample
from vitreous.report.scoring import event_places

Array = NDArray[np.float64]
NUMBERED = 6  #: events given a number
_TOGETHER = 0.05  # of a map's width: events closer than this are drawn as one
_DECADE = 10.0
_INK, _GREY = "#222222", "#8a8a8a"
_COLOURS = ("#222222", "#c0392b", "#2471a3", "#1e8449", "#b7950b", "#7d3c98", "#5d6d7e")


def label_text(name: str, unit: str) -> str:
    """A quantity with its unit, as an axis says it."""
    shown = {"delta_tau": r"stress threshold $\Delta\tau$"}.get(name, name.replace("_", " "))
    raised = re.sub(r"\^(\d+)", r"$^\1$", unit)
    return f"{shown} ({raised})" if unit else shown


def maps(sample: Sample, indicator: str = "") -> Figure:
    """The true map, the model's, and one indicator's, with the network and the numbered events; red marks weak places."""
    truth = sample.labels
    shown = np.where(truth.mask, truth.values, np.nan)
    low, high = np.nanpercentile(shown, [1, 99])
    panels: list[tuple[str, Array, str, str, tuple[float, float]]] = [
        ("true map", shown, truth.weak_is, label_text(truth.name, truth.unit), (low, high))
    ]
    if sample.prediction is not None:
        panels.append(("predicted map", sample.prediction, truth.weak_is, label_text(truth.name, truth.unit), (low, high)))
    if sample.indicators is not None and indicator in sample.indicators.names:
        values = np.asarray(sample.indicators.values[:, sample.indicators.names.index(indicator)], dtype=np.float64)
        if np.isfinite(values).any():
            limits = tuple(np.nanpercentile(values, [1, 99]))
            panels.append((indicator.replace("_", " "), values, "high", label_text(indicator, ""), limits))  # type: ignore[arg-type]
    figure = Figure(figsize=(5.2 * len(panels), 5.3), layout="constrained")
    for axes, (title, values, side, label, limits) in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        colours = draw_map(axes, sample, values, side, limits)
        draw_network(axes, sample)
        draw_events(axes, sample)
        axes.set_title(title, fontsize=12, color=_INK)
        bar = figure.colorbar(colours, ax=axes, location="bottom", shrink=0.85, aspect=30, pad=0.02, extend="both")
        bar.set_label(label, fontsize=10)
        bar.ax.tick_params(labelsize=9)
        sparse_ticks(bar)
    return figure


def sparse_ticks(bar: Colorbar) -> None:
    """Few enough numbers, and short enough, that they do not run together."""
    bar.locator = MaxNLocator(5)
    bar.formatter.set_powerlimits((-2, 4))  # pyright: ignore[reportAttributeAccessIssue]
    bar.update_ticks()


def draw_map(axes: Axes, sample: Sample, values: Array, weak_is: str, limits: tuple[float, float]) -> ScalarMappable:
    """Values at the sites as coloured cells of the grid (or dots without one)."""
    labels, cell = sample.labels, sample.configuration.cell
    scale = Normalize(*limits) if limits[1] > limits[0] else Normalize(limits[0] - 1.0, limits[0] + 1.0)
    colours = "RdYlBu" if weak_is == "low" else "RdYlBu_r"
    axes.set_aspect("equal")
    length = UNITS[sample.configuration.units][0].replace("angstrom", "Å").replace("sigma", "σ")
    axes.set_xlabel(f"x ({length})", fontsize=10)
    axes.set_ylabel(f"y ({length})", fontsize=10)
    axes.tick_params(labelsize=9)
    if len(labels.grid) != 2:
        return axes.scatter(*labels.positions[:, :2].T, c=values, cmap=colours, norm=scale, s=14, linewidths=0)
    steps = cell / np.array(labels.grid)[:, None]
    if min(labels.grid) > 1:  # a glass with a boundary has its places in the box around it
        places = labels.positions.reshape(*labels.grid, 2)
        steps = np.stack([places[1, 0] - places[0, 0], places[0, 1] - places[0, 0]])
    i, j = np.meshgrid(*(np.arange(n + 1) - 0.5 for n in labels.grid), indexing="ij")
    corners = labels.positions[0] + i[..., None] * steps[0] + j[..., None] * steps[1]
    axes.set_xlim(corners[..., 0].min(), corners[..., 0].max())
    axes.set_ylim(corners[..., 1].min(), corners[..., 1].max())
    return axes.pcolormesh(corners[..., 0], corners[..., 1], values.reshape(labels.grid), cmap=colours, norm=scale, rasterized=True)


def _into_view(axes: Axes, sample: Sample, points: Array) -> Array:
    """Points moved by lattice vectors to where the map shows them."""
    glass = sample.configuration
    origin = (
        sample.labels.positions[0] - 0.5 * (glass.cell / np.array(sample.labels.grid)[:, None]).sum(axis=0) if sample.labels.grid else 0.0
    )
    return wrap(points - origin, glass.cell, glass.periodic) + origin


def draw_network(axes: Axes, sample: Sample) -> None:
    """The bonds as thin lines."""
    glass = sample.configuration
    if not len(glass.bonds) or glass.dimension != 2:
        return
    start = _into_view(axes, sample, glass.positions[glass.bonds[:, 0]])
    step = glass.minimum_image(glass.positions[glass.bonds[:, 1]] - glass.positions[glass.bonds[:, 0]])
    axes.add_collection(LineCollection(list(np.stack([start, start + step], axis=1)), colors=_INK, linewidths=0.35, alpha=0.55))


def draw_events(axes: Axes, sample: Sample) -> None:
    """The first events as numbered white circles; events at one place share theirs."""
    places = event_places(sample)[:NUMBERED]
    if not len(places):
        return
    places = _into_view(axes, sample, places)
    near = _TOGETHER * float(np.ptp(sample.labels.positions[:, 0]))
    left = dict(enumerate(places, start=1))
    while left:
        first, place = next(iter(left.items()))
        here = [number for number, other in left.items() if np.linalg.norm((other - place)[:2]) <= near]
        for number in here:
            del left[number]
        axes.text(
            place[0], place[1], ",".join(map(str, here)), ha="center", va="center_baseline", fontsize=8, fontweight="bold", color=_INK,
            zorder=4.0 - 0.1 * first, bbox={"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": _INK, "linewidth": 1.1},
        )  # fmt: skip


def stress_strain(sample: Sample) -> Figure | None:
    """The loading's stress over strain, with the events on it; None without a trajectory."""
    trajectory = sample.trajectory
    if trajectory is None:
        return None
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    stress = trajectory.scalar_stress
    axes.plot(trajectory.strain, stress, color=_COLOURS[2], linewidth=1.3)
    strains = np.sort(sample.events.columns["strain"]) if sample.events is not None and "strain" in sample.events.columns else np.zeros(0)
    top = np.array([stress[max(np.searchsorted(trajectory.strain, s - 1e-12) - 1, 0)] for s in strains])
    axes.plot(strains[NUMBERED:], top[NUMBERED:], "|", color=_GREY, markersize=7, zorder=2)
    axes.plot(strains[:NUMBERED], top[:NUMBERED], "o", color=_COLOURS[1], markersize=4.5, zorder=3)
    crowded, raised = 0.025 * np.ptp(trajectory.strain), 0
    for number, (x, y) in enumerate(zip(strains[:NUMBERED], top[:NUMBERED], strict=True), start=1):
        raised = raised + 1 if number > 1 and x - strains[number - 2] < crowded else 0
        note = axes.annotate(str(number), (x, y), xytext=(0, 6 + 11 * raised), textcoords="offset points", ha="center", fontsize=9)
        note.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    axes.margins(y=0.15)
    per = "area" if sample.configuration.dimension == 2 else "volume"
    axes.set_xlabel(f"strain ({trajectory.loading.mode.replace('_', ' ')})")
    axes.set_ylabel(f"stress ({UNITS[sample.configuration.units][1]} energy/{per})")
    _plain(axes)
    return figure


def parity(samples: Sequence[Sample]) -> Figure | None:
    """Predicted over true values for training, validation and test glasses, where both are known; None without predictions or labels."""
    roles = {role: [s for s in samples if s.role == role and s.prediction is not None] for role in ("train", "validation", "test")}
    roles = {role: chosen for role, chosen in roles.items() if chosen}
    if not roles:
        return None
    figure = Figure(figsize=(4.1 * len(roles), 4.7), layout="constrained")
    grid = np.atleast_1d(figure.subplots(1, len(roles), sharex=True, sharey=True))
    first = next(iter(roles.values()))[0].labels
    known = {role: _true_and_predicted(chosen) for role, chosen in roles.items()}
    shown = np.concatenate(list(known.values()), axis=1)
    if not shown.size:
        return None
    ends = [shown.min(), shown.max()]
    for axes, (role, chosen) in zip(grid, roles.items(), strict=True):
        true, predicted = known[role]
        axes.plot(true, predicted, ".", color=_COLOURS[2], markersize=4, alpha=0.4, markeredgewidth=0, rasterized=True)
        axes.plot(ends, ends, color=_COLOURS[1], linewidth=1.2)
        r = pearson(true, predicted, np.ones(len(true), dtype=bool))
        rmse = float(np.sqrt(np.mean((true - predicted) ** 2))) if len(true) else float("nan")
        axes.set_title(f"{role}: {len(chosen)} {'glass' if len(chosen) == 1 else 'glasses'}", fontsize=11)
        pooled = "" if len(chosen) == 1 else " (all places together)"
        labelled = sum(int(s.labels.mask.sum()) for s in chosen)
        pooled += "" if len(true) == labelled else f"\nover {percent(len(true) / labelled)} of the labelled places"
        axes.text(0.04, 0.96, f"r = {r:.3f}{pooled}\nrms error {rmse:.3g}", transform=axes.transAxes, va="top", fontsize=9)
        axes.set_aspect("equal", adjustable="box")
        axes.set_xlabel(f"true {label_text(first.name, first.unit)}", fontsize=9.5)
        _plain(axes)
    grid[0].set_ylabel("predicted", fontsize=9.5)
    return figure


def _true_and_predicted(samples: Sequence[Sample]) -> Array:
    """(2, K) true and predicted values of all places at which both are known."""
    both = [np.stack([s.labels.values, np.asarray(s.prediction, dtype=np.float64)]) for s in samples]
    return np.concatenate([values[:, np.isfinite(values).all(axis=0)] for values in both], axis=1)


def goodness(scores: Scores) -> Figure:
    """Mean prediction goodness by event for each map, at the nearest place and within the radius, with the level of chance."""
    figure = Figure(figsize=(10.5, 4.0), layout="constrained")
    number = np.arange(1, scores.events + 1)
    for axes, which in zip(figure.subplots(1, 2, sharey=True), ("nearest", "within"), strict=True):
        for colour, name in zip(_COLOURS * 3, scores.names, strict=False):
            style = {"linewidth": 2.0, "zorder": 3} if name in (TRUE_MAP, "model") else {"linewidth": 1.0, "linestyle": "--"}
            axes.plot(
                number, getattr(scores.mean(name), which), marker="o", color=colour, markersize=4.5, label=name.replace("_", " "), **style
            )
        chance = np.zeros(scores.events) if which == "nearest" else np.array(scores.chance)
        axes.plot(number, chance, ":", color=_GREY, linewidth=1.5, label="chance")
        axes.axhline(1.0, color=_GREY, linewidth=0.6)
        axes.set_ylim(-1.05, 1.08)
        axes.set_xticks(number)
        axes.set_xlabel("event")
        title = "at the nearest place of the map" if which == "nearest" else f"weakest place within {scores.radius:.3g} of the event"
        axes.set_title(title, fontsize=11)
        _plain(axes)
        if which == "nearest":
            axes.set_ylabel("prediction goodness C")
        else:
            axes.legend(fontsize=8.5, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def training(history: Sequence[Metric]) -> Figure | None:
    """Every logged metric that has more than one step; None when there is none."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for name, value, step in history:
        curves.setdefault(name, []).append((step, value))
    curves = {name: sorted(points) for name, points in curves.items() if len(points) > 1}
    if not curves:
        return None
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axes = figure.subplots()
    for colour, (name, points) in zip(_COLOURS[1:] * 3, curves.items(), strict=False):
        axes.plot(*zip(*points, strict=True), ".-", color=colour, linewidth=1.2, markersize=4, label=name.replace("_", " "))
    values = [value for points in curves.values() for _, value in points]
    if min(values) > 0.0 and max(values) > _DECADE * min(values):  # within one, a logarithmic axis would have but a number or two
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step of the fit (epoch, or entry of the grid)")
    axes.legend(frameon=False, fontsize=9)
    _plain(axes)
    return figure


def rings(counts: Mapping[int, int]) -> Figure:
    """Share of rings by size."""
    figure = Figure(figsize=(4.6, 3.0), layout="constrained")
    axes = figure.subplots()
    total = sum(counts.values())
    bars = axes.bar(list(counts), [n / total for n in counts.values()], color=_COLOURS[2], width=0.7)
    axes.bar_label(bars, fmt="%.3f", fontsize=8.5)
    axes.set_xticks(range(min(counts), max(counts) + 1))
    axes.set_xlabel("ring size (silicons)")
    axes.set_ylabel("share of rings")
    axes.margins(y=0.12)
    _plain(axes)
    return figure


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
