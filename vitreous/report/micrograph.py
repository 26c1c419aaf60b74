"""A picture of what was found in a micrograph, over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vitreous.analysis.imaged_network import COORDINATED, DISTANT, NEAR
from vitreous.plugins.generators.tem_image import Imaged

_SIDE = 8.0  # of the picture, inches
_RING = {3: "#b2182b", 4: "#ef6548", 5: "#fdbb84", 7: "#a6bddb", 8: "#3690c0", 9: "#0570b0"}
_LARGE = "#4a1486"  # rings of ten and more
_FLAGS = {COORDINATED: ("s", "#e31a1c"), NEAR: ("D", "#ff7f00"), DISTANT: ("^", "#ffd92f")}


def draw_network(imaged: Imaged, path: Path) -> None:
    """Write a picture (``path``): bonds, silicons (of the border hollow, added by hand with a
    cross), rings of other than six sides by size, and flagged spots by reason.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.figure import Figure

    found = imaged.found
    height, width = imaged.region.shape
    longest = max(width, height)
    figure = Figure(
        figsize=(_SIDE * width / longest + 2.2, _SIDE * height / longest + 0.4),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    low, high = np.percentile(imaged.region, [0.5, 99.8])
    axes.imshow(imaged.region, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    rings = found.network.rings
    for size in sorted(set(rings.sizes.tolist()) - {6}):
        corners = [found.places[m] for m in rings.members if len(m) == size]
        axes.add_collection(
            PolyCollection(
                corners,
                facecolors=_RING.get(size, _LARGE),
                alpha=0.5,
                label=f"{size}-ring ({len(corners)})",
            )
        )
    axes.add_collection(
        LineCollection(list(found.places[found.network.bonds]), colors="#35c8e8", linewidths=1.0)
    )
    _spots(axes, imaged)
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_xlabel("x, pixels")
    axes.set_ylabel("y, pixels")
    figure.legend(loc="outside right upper", fontsize=8)
    figure.savefig(path, dpi=150, bbox_inches="tight")


def _spots(axes: Any, imaged: Imaged) -> None:
    found = imaged.found
    border = found.network.border
    groups = (
        (~border & ~found.flagged, "#35c8e8", "#35c8e8", "silicon"),
        (border, "none", "#35c8e8", "border, not judged"),
    )
    for chosen, face, edge, label in groups:
        axes.scatter(
            *found.places[chosen].T,
            s=9,
            facecolors=face,
            edgecolors=edge,
            linewidths=0.8,
            zorder=3,
            label=f"{label} ({int(chosen.sum())})",
        )
    for reason, (marker, colour) in _FLAGS.items():
        chosen = found.reasons == reason
        if chosen.any():
            axes.scatter(
                *found.places[chosen].T,
                s=70,
                marker=marker,
                facecolors="none",
                edgecolors=colour,
                linewidths=1.6,
                zorder=4,
                label=f"impossible {reason} ({int(chosen.sum())})",
            )
    if found.added.any():
        axes.scatter(
            *found.places[found.added].T,
            s=45,
            marker="+",
            c="#4dff4d",
            zorder=5,
            label=f"added ({int(found.added.sum())})",
        )
