"""Figures of attention maps (Font-Clos et al. 2022, Figs. 1D, 3 to 5 and S3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vitreous.analysis.attention import divergence
from vitreous.analysis.axes import COLOURS, label_text, plain, series
from vitreous.core.data import Attention
from vitreous.core.evaluated import Numbers
from vitreous.core.sample import Sample

Array = NDArray[np.float64]
_ARROWS = 16  #: per side


class Shown(NamedTuple):
    """A glass that is drawn: the image of its first channel, its maps, where its defects are, and
    the true location in fractions of the cell.
    """

    sample: Sample
    picture: Array
    maps: tuple[Attention, ...]
    structure: Array | None
    place: Array | None


def magnitude(maps: Attention) -> Array:
    """(H, W) the length of the weights of all numbers that are predicted of the first site."""
    return np.linalg.norm(maps.weight[0], axis=0)


def maps(shown: Sequence[Shown]) -> Figure:
    """A row per glass: its image, its defects, and at every resolution its map with a scale, the
    length |G| of the weights.
    """
    count = 2 + len(shown[0].maps)
    figure = Figure(figsize=(2.2 * count, 2.45 * len(shown)), layout="constrained")
    grid = figure.subplots(len(shown), count, squeeze=False)
    for row, glass in zip(grid, shown, strict=True):
        extent = _extent(glass)
        row[0].imshow(glass.picture, origin="lower", extent=extent, cmap="gray")
        row[0].set_ylabel(f"{glass.sample.name}: {_caption(glass.sample)}", fontsize=8)
        if glass.structure is not None:
            row[1].imshow(glass.structure, origin="lower", extent=extent, cmap="Reds")
        for axes, each in zip(row[2:], glass.maps, strict=True):
            _scaled(
                figure,
                axes,
                axes.imshow(magnitude(each), origin="lower", extent=extent, cmap="viridis"),
            )
        for axes in row:
            _mark(axes, glass)
    titles = ["image", "defects", *(f"attention |G|, r = {of.resolution}" for of in shown[0].maps)]
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=9)
    return figure


def fields(shown: Sequence[Shown]) -> Figure:
    """A panel per glass: arrows (G_x, G_y) over their divergence, at the coarsest resolution; a
    circle at the true location, a star at the predicted one.
    """
    figure = Figure(figsize=(4.2 * len(shown), 4.0), layout="constrained")
    for axes, glass in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        field, extent = glass.maps[-1].signed[0], _extent(glass)
        spread = divergence(field, (extent[1], extent[3]))
        most = float(np.abs(spread).max()) or 1.0
        drawn = axes.imshow(
            spread, origin="lower", extent=extent, cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.8
        )
        _scaled(figure, axes, drawn).set_label("divergence of (G_x, G_y)", fontsize=9)
        height, width = spread.shape
        rows, columns = (
            np.arange(0, height, max(1, height // _ARROWS)),
            np.arange(0, width, max(1, width // _ARROWS)),
        )
        x, y = (columns + 0.5) / width * extent[1], (rows + 0.5) / height * extent[3]
        axes.quiver(x, y, *field[:, rows][:, :, columns], color=COLOURS[0], width=0.004)
        _mark(axes, glass)
        if glass.sample.prediction is not None:
            found = np.asarray(glass.sample.prediction)[0] @ glass.sample.configuration.cell[:2, :2]
            axes.plot(*found, "*", color=COLOURS[4], markersize=14, markeredgecolor="k")
        axes.set_title(f"glass {glass.sample.name}, r = {glass.maps[-1].resolution}", fontsize=10)
    return figure


def glasses(
    values: Mapping[str, float],
    numbers: Mapping[str, Mapping[str, Numbers]],
    label: tuple[str, str],
    unit: str,
) -> Figure:
    """Every number that is known against the label, a point per glass, a colour and a mark per
    resolution.
    """
    titles = {
        "participation": "participation ratio",
        "defects": "correlation with defects",
        "energy": "correlation with energy",
        "peak_error": f"peak to location ({unit})",
    }
    each = [of for by in numbers.values() for of in by.values()]
    names = [name for name in titles if any(of[name] is not None for of in each)]
    figure = Figure(figsize=(4.0 * len(names), 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for k, r in enumerate(next(iter(numbers.values()))):
            points = [
                (values[glass], by[r][name])
                for glass, by in numbers.items()
                if by[r][name] is not None
            ]
            look = {**series(k), "linestyle": "none", "markersize": 4.5}
            axes.plot(*np.array(points).reshape(-1, 2).T, **look, label=f"r = {r}")
        shown = label_text(label[0], label[1] if label[1] != "1" else "")
        axes.set_xlabel(f"true {shown}", fontsize=9.5)
        axes.set_ylabel(titles[name], fontsize=9.5)
        plain(axes)
    figure.axes[0].legend(fontsize=8, frameon=False)
    return figure


def _extent(glass: Shown) -> tuple[float, float, float, float]:
    x, y = np.linalg.norm(glass.sample.configuration.cell[:2], axis=1)
    return (0.0, float(x), 0.0, float(y))


def _caption(sample: Sample) -> str:
    if sample.labels.task == "position":
        return "location"
    return f"{sample.labels.name.replace('_', ' ')} {float(sample.labels.values[0]):.3g}"


def _scaled(figure: Figure, axes: Any, drawn: Any) -> Any:
    """The colour scale of one panel, with few ticks."""
    scale = figure.colorbar(drawn, ax=axes, shrink=0.8, pad=0.02, aspect=25)
    scale.ax.tick_params(labelsize=6)
    scale.ax.locator_params(nbins=4)
    return scale


def _mark(axes: Any, glass: Shown) -> None:
    """The true location as a circle, no ticks."""
    axes.set_xticks([])
    axes.set_yticks([])
    if glass.place is not None:
        there = glass.place @ glass.sample.configuration.cell[:2, :2]
        axes.plot(*there, "o", mfc="none", mec=COLOURS[1], markersize=9, mew=1.8)
