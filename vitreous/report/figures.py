"""Figures of a run: stress-strain curves, and the course of a training, each a
``matplotlib.figure.Figure``, without pyplot's global state.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from vitreous.analysis.axes import COLOURS, GREY, label_text, plain, series, short_unit
from vitreous.core.run import Metric
from vitreous.core.sample import Sample
from vitreous.core.vocabulary import in_units
from vitreous.report.maps import NUMBERED

_DECADE = 10.0


def stress_strain(sample: Sample) -> Figure:
    """Stress-strain curve along the loading, with the events."""
    trajectory = sample.trajectory
    assert trajectory is not None, "a glass that was not deformed has no curve"
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    stress = trajectory.scalar_stress
    axes.plot(trajectory.strain, stress, color=COLOURS[0], linewidth=1.3)
    strains = (
        np.sort(sample.events.columns["strain"])
        if sample.events is not None and "strain" in sample.events.columns
        else np.zeros(0)
    )
    top = np.array(
        [stress[max(np.searchsorted(trajectory.strain, s - 1e-12) - 1, 0)] for s in strains]
    )
    axes.plot(strains[NUMBERED:], top[NUMBERED:], "|", color=GREY, markersize=7, zorder=2)
    axes.plot(
        strains[:NUMBERED],
        top[:NUMBERED],
        "o",
        color=COLOURS[1],
        markersize=4.5,
        zorder=3,
        label="event",
    )
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
    axes.set_ylabel(
        label_text("stress", short_unit(in_units(f"energy/{per}", sample.configuration.units)))
    )
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
    for k, (name, points) in enumerate(curves(history).items(), start=1):
        axes.plot(
            *zip(*points, strict=True),
            **series(k),
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
    axes.set_ylabel("loss or score, as named")
    axes.legend(frameon=False, fontsize=9)
    plain(axes)
    return figure
