"""Style of all figures: colours, marks of series, plain axes, and axis labels with units.

One colour belongs to one thing in every figure: black to the true map, ``MODEL_COLOUR`` to the
model, ``GREY`` and dots to chance; red marks events. A series has a mark and a dash of its own,
too, so that figures can be read without colours.
"""

from __future__ import annotations

import re
from typing import Any

COLOURS = ("#222222", "#c0392b", "#2471a3", "#1e8449", "#b7950b", "#7d3c98", "#5d6d7e")
MODEL_COLOUR = COLOURS[2]
GREY = "#8a8a8a"
_OTHERS = (*COLOURS[3:], COLOURS[1])
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">", "h")
_DASHES = ("-", "-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
_SHORT = {"angstrom": "Å", "sigma": "σ", "epsilon": "ε"}
_SYMBOLS = {
    "delta_tau": "stress threshold Δτ",
    "d2min": "D2min",
    "failures": "a site alone would fail at",
}


def series(number: int) -> dict[str, Any]:
    """Colour, mark and dash of a series: 0 is the truth, 1 the model, others follow."""
    colour = (
        (COLOURS[0], MODEL_COLOUR)[number] if number < 2 else _OTHERS[(number - 2) % len(_OTHERS)]
    )
    return {
        "color": colour,
        "marker": _MARKERS[number % len(_MARKERS)],
        "linestyle": _DASHES[number % len(_DASHES)],
    }


def label_text(name: str, unit: str) -> str:
    """Axis label of a quantity with its unit; numbers without one (unit 1) have none."""
    shown = _SYMBOLS.get(name, name.replace("_", " "))
    return shown if unit in ("", "1") else f"{shown} ({_raised(unit)})"


def short_unit(unit: str) -> str:
    """A unit with the symbols of its lengths and energies: a power of ten needs room, too."""
    for word, symbol in _SHORT.items():
        unit = unit.replace(word, symbol)
    return unit


def with_unit(number: str, unit: str) -> str:
    """A written number followed by its unit, none where it is 1."""
    return number if unit in ("", "1") else f"{number} {_raised(unit)}"


def _raised(unit: str) -> str:
    return re.sub(r"\^(\d+)", r"$^\1$", unit)


def counted(number: int, one: str, more: str) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else more}"


def with_minus(text: str) -> str:
    """``text`` with minus signs before its negative numbers, where hyphens stood."""
    return re.sub(r"(?<![\w.)\]-])-(?=\d|\.\d)", "−", text)


def plain(axes: Any) -> None:
    """Remove the frame of the axes and draw a light grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
