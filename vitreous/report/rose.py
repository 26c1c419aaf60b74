"""Figure of how one atom answers shear of any direction (Fan & Ma 2021, Fig. 4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vitreous.analysis.axes import COLOURS, GREY, MODEL_COLOUR, label_text
from vitreous.core.data import in_units

Array = NDArray[np.float64]


def draw_rose(
    angles: Array,
    measured: Mapping[str, Array],
    units: str,
    path: Path,
    predicted: Array | None = None,
    predicted_name: str = "",
) -> None:
    """Write a PNG of polar plots, one for each strain: D2min relative to its largest value, dotted,
    and what a model predicts, solid, as it is where it is a probability, else relative to its
    largest value.

    Args:
        angles: (A,) of half a turn, degrees; the other half is drawn as its repetition.
        measured: (A,) D2min by strain. units: of the glass, which name that of D2min.
    """
    figure = Figure(figsize=(4.2 * len(measured), 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(measured), subplot_kw={"projection": "polar"}, squeeze=False)
    for axes, (strain, values) in zip(panels[0], measured.items(), strict=True):
        largest = max(float(values.max()), np.finfo(float).tiny)
        unit = label_text("", in_units("length^2", units)).strip()
        label = f"D2min, circle: {largest:.3g} {unit}"
        axes.plot(
            *_around(angles, values / largest),
            ":o",
            color=COLOURS[0],
            ms=3,
            label=label,
            clip_on=False,
        )
        if predicted is not None:
            chance = predicted_name.startswith("probability")
            shown = predicted / (1.0 if chance else np.abs(predicted).max())
            name = predicted_name.replace("_", " ")
            axes.plot(*_around(angles, shown), color=MODEL_COLOUR, label=name)
        _dress(axes, f"strain {strain}")
    figure.savefig(path, dpi=150)


def _around(angles: Array, values: Array) -> tuple[Array, Array]:
    """Angles (2A + 1,), radians, and values of the whole turn, closed."""
    turn = np.deg2rad(np.concatenate([angles, angles + 180.0, angles[:1] + 360.0]))
    return turn, np.concatenate([values, values, values[:1]])


def _dress(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=10)
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks([0.5, 1.0], [])
    axes.tick_params(labelsize=8)
    axes.grid(color=GREY, alpha=0.3, linewidth=0.6)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), fontsize=8, frameon=False)
