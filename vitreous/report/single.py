"""Pictures of what the commands on one glass find: a stress-strain curve with its events, a map of
sites, and atoms coloured by a number.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vitreous.analysis.axes import label_text, short_unit
from vitreous.core.data import Configuration, Labels, Trajectory, in_units
from vitreous.core.sample import Sample
from vitreous.core.vocabulary import UNITS
from vitreous.io.text import write_whole
from vitreous.report.figures import stress_strain
from vitreous.report.maps import draw_map, draw_network, reasons, sparse_ticks

Array = NDArray[np.float64]
Column = tuple[Array, str]  #: numbers and their unit
_DECADES = 100.0  # of the largest over the median, from which colours are logarithmic


def draw_curve(run: Trajectory, path: Path) -> Path:
    """The stress along the loading over strain, with the first events numbered."""
    events = Labels(
        name="events",
        level="event",
        unit="strain",
        values=run.events.strain,
        mask=np.ones(len(run.events), dtype=bool),
        positions=run.events.position.reshape(-1, run.initial.dimension),
        columns={"strain": run.events.strain},
    )
    sample = Sample.of(configuration=run.initial, trajectory=run, events=events)
    return _written(stress_strain(sample), path)


def draw_sites(glass: Configuration, labels: Labels, path: Path, masked: Mapping[str, int]) -> Path:
    """A map of the labelled sites of a plane glass with its network, red where weak; hatched
    where there is no value, with the number of such sites by reason, ``masked``, below the map.
    """
    values = np.where(labels.mask, labels.values, np.nan)
    figure = Figure(figsize=(5.6, 5.6), layout="constrained")
    axes = figure.subplots()
    low, high = np.nanpercentile(values, [1, 99])
    sample = Sample.of(configuration=glass, labels=labels)
    colours = draw_map(axes, sample, values, labels.weak_is, (float(low), float(high)))
    draw_network(axes, sample)
    bar = figure.colorbar(
        colours, ax=axes, location="bottom", shrink=0.85, aspect=30, pad=0.02, extend="both"
    )
    bar.set_label(label_text(labels.name, short_unit(in_units(labels.unit, glass.units))))
    sparse_ticks(bar)
    if masked:
        figure.supxlabel(reasons(labels, masked), fontsize=9)
    return _written(figure, path)


def draw_atoms(glass: Configuration, columns: Mapping[str, Column], path: Path) -> Path:
    """The atoms from above, a panel for each column, coloured by its numbers; grey where a number
    is not known.
    """
    figure = Figure(figsize=(5.6 * len(columns), 5.8), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(columns)))
    places = glass.in_file(glass.positions)
    length = UNITS[glass.units][0]
    size = float(np.clip(2.0e4 / len(glass), 1.0, 60.0))
    for axes, (name, (values, unit)) in zip(panels, columns.items(), strict=True):
        known = np.isfinite(values)
        axes.set_aspect("equal")
        axes.scatter(*places[~known, :2].T, c="#d0d0d0", s=size, linewidths=0)
        order = np.flatnonzero(known)[np.argsort(values[known], kind="stable")]  # largest on top
        drawn = axes.scatter(
            *places[order, :2].T,
            c=values[order],
            cmap="viridis",
            norm=_scale(values[known]),
            s=size,
            linewidths=0,
        )
        axes.set_xlabel(f"x ({short_unit(length)})")
        axes.set_ylabel(f"y ({short_unit(length)})")
        bar = figure.colorbar(
            drawn, ax=axes, location="bottom", shrink=0.85, aspect=30, pad=0.02, extend="both"
        )
        bar.set_label(label_text(name, short_unit(unit)))
        if not isinstance(drawn.norm, LogNorm):
            sparse_ticks(bar)
    return _written(figure, path)


def _scale(values: Array) -> Normalize:
    """Colours from the first to the last percent; logarithmic where few are far above the rest."""
    low, median, high = np.percentile(values, [1, 50, 99])
    if values.min() >= 0.0 and median > 0.0 and values.max() > _DECADES * median:
        return LogNorm(max(float(low), 1e-3 * float(median)), float(values.max()))
    return Normalize(low, high) if high > low else Normalize(low - 1.0, low + 1.0)


def _written(figure: Figure, path: Path) -> Path:
    FigureCanvasAgg(figure)
    content = io.BytesIO()
    figure.savefig(content, dpi=150, format="png")
    return write_whole(path, content.getvalue())
