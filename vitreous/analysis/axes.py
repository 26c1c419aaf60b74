"""Style of all figures: colours, plain axes, and axis labels with units."""

from __future__ import annotations

import re
from typing import Any

COLOURS = ("#222222", "#c0392b", "#2471a3", "#1e8449", "#b7950b", "#7d3c98", "#5d6d7e")
GREY = "#8a8a8a"
_SYMBOLS = {
    "delta_tau": r"stress threshold $\Delta\tau$",
    "failures": "a site alone would fail at",
}


def label_text(name: str, unit: str) -> str:
    """Axis label of a quantity with its unit; numbers without one (unit 1) have none."""
    shown = _SYMBOLS.get(name, name.replace("_", " "))
    raised = re.sub(r"\^(\d+)", r"$^\1$", unit)
    return shown if unit in ("", "1") else f"{shown} ({raised})"


def plain(axes: Any) -> None:
    """Remove the frame of the axes and draw a light grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
