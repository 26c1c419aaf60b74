"""Figure of a predicted map."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vitreous.analysis.axes import label_text
from vitreous.core.data import Configuration, Labels, in_units
from vitreous.core.sample import Sample
from vitreous.report.maps import draw_map, draw_network, reasons, sparse_ticks


def draw_prediction(
    glass: Configuration,
    labels: Labels,
    panels: Mapping[str, tuple[NDArray[np.float64], str, str]],
    path: Path,
    *,
    chances: bool = False,
    spots: Sequence[tuple[NDArray[np.float64], float]] = (),
    title: str = "",
    doubts: Sequence[str] = (),
    masked: Mapping[str, int] | None = None,
) -> None:
    """Write a PNG of maps with the network, darker and redder where weak.

    Args:
        panels: values at the sites of ``labels``, their unit, and the side that is weak ("low" or
        "high"), by name.
        chances: whether these are probabilities, whose colours run from 0 to the largest: of a rare
        class the few high ones are what one looks for.
        spots: places (D,) that are circled, and the probability that is written beside each.
        title: a line above the maps. doubts: reasons why the glass is out of domain, shown there
        in its place.
        masked: number of masked sites by reason, shown below the map.
    """
    sample = Sample.of(configuration=glass, labels=labels)
    figure = Figure(figsize=(5.6 * len(panels), 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, (values, unit, side)) in zip(
        np.atleast_1d(figure.subplots(1, len(panels))), panels.items(), strict=True
    ):
        low, high = (0.0, np.nanmax(values)) if chances else np.nanpercentile(values, [1, 99])
        colours = draw_map(axes, sample, values, side, (float(low), float(high)))
        draw_network(axes, sample)
        _circle(axes, glass, spots)
        bar = figure.colorbar(
            colours,
            ax=axes,
            location="bottom",
            shrink=0.85,
            aspect=30,
            pad=0.02,
            extend="neither" if chances else "both",
        )
        bar.set_label(label_text(name, in_units(unit, glass.units)))
        sparse_ticks(bar)
    if title and not doubts:
        figure.suptitle(title)
    if doubts:
        figure.suptitle("\n".join(["Do not trust this map:", *doubts]), color="firebrick")
    if masked:
        figure.supxlabel(reasons(labels, masked), fontsize=10)
    figure.savefig(path, dpi=150)


def _circle(
    axes: Any, glass: Configuration, spots: Sequence[tuple[NDArray[np.float64], float]]
) -> None:
    """A circle about each spot, with its probability beside it."""
    from matplotlib.patches import Circle

    width = float(np.linalg.norm(glass.cell, axis=1).min())
    for place, probability in spots:
        for image in _images(glass, place, 0.05 * width):
            axes.add_patch(Circle(image, 0.05 * width, fill=False, color="black", linewidth=1.6))
        axes.annotate(
            f"{100.0 * probability:.0f} %",
            (float(place[0]) + 0.0375 * width, float(place[1]) + 0.0375 * width),
            fontsize=11,
            bbox={"boxstyle": "round", "facecolor": "white", "alpha": 0.8, "linewidth": 0},
        )


def _images(
    glass: Configuration, place: NDArray[np.float64], radius: float
) -> list[tuple[float, float]]:
    """The place, first, and its periodic images whose circle reaches into the cell, (x, y)."""
    cell = glass.cell
    share = np.linalg.solve(cell.T, place)
    reach = radius * np.linalg.norm(np.linalg.inv(cell), axis=0)  # shares of the heights
    shifts = [
        (0, *(step for step in (1, -1) if periodic and -r < s + step < 1.0 + r))
        for s, r, periodic in zip(share[:2], reach[:2], glass.periodic[:2], strict=True)
    ]
    return [
        (float(x), float(y))
        for i, j in itertools.product(*shifts)
        for x, y in [(place + i * cell[0] + j * cell[1])[:2]]
    ]
