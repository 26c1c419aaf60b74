"""The words that data, components and plugins may use."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

UNITS: Mapping[str, tuple[str, str]] = {
    "metal": ("angstrom", "eV"),
    "silica2d": (
        "angstrom",
        "reduced",
    ),  # Roy-Heyde-Heuer Yukawa model: angstrom, energy unit unspecified
    "lj": ("sigma", "epsilon"),
}
_WORDS: Mapping[str, str] = {"area": "length^2", "volume": "length^3"}
LEVELS = ("sample", "atom", "site", "field", "event")
TASKS = ("value", "class", "position", "image", "survival")
#: at which hazards of sites are stored; between them their logarithms are smooth in that of the
#: strain (``vitreous.analysis.first_passage``)
HAZARD_STRAINS = np.geomspace(1e-4, 1.0, 41)
HAZARD_STRAINS.setflags(write=False)
FORMS = ("vector", "image", "graph", "sequence", "glass_graph", "glass_image")


def in_units(unit: str, units: str) -> str:
    """A unit written out, such as "energy/area", in those of a glass: "eV/angstrom^2"."""
    length, energy = UNITS[units]
    named = {"length": length, "energy": "reduced energy" if energy == "reduced" else energy}
    for words in (_WORDS, named):
        unit = re.sub(r"\b[a-z]+\b", lambda word, of=words: of.get(word[0], word[0]), unit)
    return unit
