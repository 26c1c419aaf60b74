"""Figures of the surroundings of fertile and stable atoms (Fan & Ma 2021, Fig. 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vitreous.analysis.axes import GREY, label_text, plain
from vitreous.core.loading import Loading
from vitreous.plugins.evaluations._surroundings import (
    FERTILE,
    PHI,
    STABLE,
    THETA,
    Bins,
    Pair,
    Sums,
    elongation,
    mean_images,
)

Array = NDArray[np.float64]
Images = Mapping[str, Mapping[Pair, Array]]  #: by what is done to the glasses, and pair
_SYMBOLS = {THETA: r"$\theta$", PHI: r"$\varphi$"}
_SHOWN = (0.7, 1.6)  #: of the position of the first peak: the range of r that is drawn


def figures(
    groups: Mapping[str, Mapping[Pair, Sums]],
    loadings: Mapping[str, Loading],
    bins: Bins,
    unit: str,
) -> dict[str, Callable[[], Figure]]:
    """By file stem, those of what there is."""
    zeta = {kind: of.frame @ elongation(of) for kind, of in loadings.items()}
    images: dict[str, Images] = {
        name: {kind: mean_images(sums, kind) for kind in loadings} for name, sums in groups.items()
    }
    images["difference"] = {
        kind: {
            pair: image - images[STABLE][kind][pair]
            for pair, image in images[FERTILE][kind].items()
            if pair in images[STABLE][kind]
        }
        for kind in loadings
    }
    found: dict[str, Callable[[], Figure]] = {
        f"density_{name}": lambda of=of, signed=name not in groups: densities(
            of, zeta, bins.pixel, unit, signed
        )
        for name, of in images.items()
        if any(of.values())
    }
    shared = [pair for pair in sorted(groups[FERTILE]) if pair in groups[STABLE]]
    for kind in (THETA, PHI):
        if shared and kind in groups[FERTILE][shared[0]].counts:
            found[f"g_{kind}"] = lambda kind=kind: correlations(groups, shared, bins, kind, unit)
    return found


def densities(
    images: Images, zeta: Mapping[str, Array], pixel: float, unit: str, signed: bool
) -> Figure:
    """A row per pair of species, a column per loading; a dashed line along zeta. ``signed``
    differences are red where there are more neighbours around fertile atoms.
    """
    pairs = sorted({pair for of in images.values() for pair in of})
    figure = Figure(figsize=(2.6 * len(images) + 1.0, 2.4 * len(pairs)), layout="constrained")
    grid = figure.subplots(len(pairs), len(images), squeeze=False, sharex=True, sharey=True)
    for row, pair in zip(grid, pairs, strict=True):
        there = [of[pair] for of in images.values() if pair in of]
        most = max(float(np.abs(image).max()) for image in there) or 1.0
        half = 0.5 * pixel * len(there[0])
        norm = Normalize(-most if signed else 0.0, most)
        colours = "RdBu_r" if signed else "Greys"
        for axes, (kind, of) in zip(row, images.items(), strict=True):
            axes.set_aspect("equal")
            axes.tick_params(labelsize=8)
            if pair in of:
                extent = (-half, half, -half, half)
                axes.imshow(of[pair], origin="lower", extent=extent, cmap=colours, norm=norm)
            along = 0.97 * half * zeta[kind][:2] / np.abs(zeta[kind][:2]).max()
            axes.plot(*np.array([-along, along]).T, "--", color="#1e8449", linewidth=0.9)
        row[0].set_ylabel(f"{pair[1]} around {pair[0]}\n{label_text('y', unit)}", fontsize=9)
        figure.colorbar(ScalarMappable(norm, colours), ax=list(row), shrink=0.85, pad=0.02)
    for axes, kind in zip(grid[0], images, strict=True):
        axes.set_title(kind, fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel(label_text("x", unit), fontsize=9)
    return figure


def correlations(
    groups: Mapping[str, Mapping[Pair, Sums]],
    pairs: list[Pair],
    bins: Bins,
    kind: str,
    unit: str,
) -> Figure:
    """A panel per pair of species: g of the neighbours against r near its first peak, a colour per
    bin of the angle for fertile atoms, a grey for stable ones.
    """
    columns = min(2, len(pairs))
    figure = Figure(
        figsize=(4.2 * columns + 0.8, 3.0 * -(-len(pairs) // columns)), layout="constrained"
    )
    grid = figure.subplots(-(-len(pairs) // columns), columns, squeeze=False).ravel()
    degrees = np.rad2deg(0.5 * (bins.angles[1:] + bins.angles[:-1]))
    norm, colours = Normalize(0.0, 90.0), colormaps["viridis"]
    r = 0.5 * (bins.radii[1:] + bins.radii[:-1])
    for axes, pair in zip(grid, pairs, strict=False):
        curves = {name: groups[name][pair].correlation(kind, bins) for name in (STABLE, FERTILE)}
        for name, g in curves.items():
            for angle, row in zip(degrees, [] if g is None else g, strict=False):
                shade = str(0.45 + 0.4 * angle / 90.0)
                colour = colours(norm(angle)) if name == FERTILE else shade
                axes.plot(r, row, color=colour, linewidth=1.2)
        axes.set_xlim(*_range(groups[FERTILE][pair].numbers(bins), bins, kind))
        axes.set_title(f"{pair[1]} around {pair[0]}", fontsize=10)
        axes.set_xlabel(label_text("r", unit), fontsize=9.5)
        axes.set_ylabel(f"g(r, {_SYMBOLS[kind]})", fontsize=9.5)
        plain(axes)
    for axes in grid[len(pairs) :]:
        axes.remove()
    (grey,) = grid[0].plot([], [], color=GREY)
    grid[0].legend([grey], ["stable atoms"], fontsize=8.5, frameon=False)
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=list(grid[: len(pairs)]), shrink=0.8)
    bar.set_label(f"{_SYMBOLS[kind]} of neighbours of fertile atoms (degrees)", fontsize=9)
    return figure


def _range(numbers: Mapping[str, Any], bins: Bins, kind: str) -> tuple[float, float]:
    """The range of r that is drawn: about the first peak, or all without one."""
    near = numbers["parallel" if kind == THETA else "in_plane"]
    if near is None:
        return 0.0, bins.cutoff
    return _SHOWN[0] * near, min(_SHOWN[1] * near, bins.cutoff)
