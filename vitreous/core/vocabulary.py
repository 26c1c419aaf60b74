"""The words that data, components and plugins may use."""

from __future__ import annotations

from collections.abc import Mapping

UNITS: Mapping[str, tuple[str, str]] = {
    "metal": ("angstrom", "eV"),
    "silica2d": (
        "angstrom",
        "reduced",
    ),  # Roy-Heyde-Heuer Yukawa model: angstrom, energy unit unspecified
    "lj": ("sigma", "epsilon"),
}
LEVELS = ("sample", "atom", "site", "field", "event")
TASKS = ("value", "class", "position", "image")
FORMS = ("vector", "image", "graph", "sequence")
