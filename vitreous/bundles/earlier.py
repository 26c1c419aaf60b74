"""What ``bundle.json`` said in earlier formats, as it says it today.

======  ==========================================================================================
format  what came with it
======  ==========================================================================================
1       plane silica with a map on a grid or on atoms; a likeness of columns of features
2       a likeness of densities, energies and bonds; copies of the potential's files
3       units and scatter in the likeness, intervals, trust
4       labels of any level and task, any species, bond finder, projection, reach; the potential
        only where the descriptor reads it
======  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vitreous.bundles.bonding import silica_finder

About = dict[str, Any]


def today(about: Mapping[str, Any]) -> About:
    """The same description in the newest format; of an earlier one nothing is judged that it does
    not know.

    Raises:
        KeyError: an entry of its format is missing. ValueError: one does not fit.
    """
    found = dict(about)
    while found["format"] in _STEPS:
        found = {**_STEPS[found["format"]](found), "format": found["format"] + 1}
    return found


def _from_2(about: About) -> About:
    return {**about, "likeness": None, "intervals": None, "trust": None}


def _from_3(about: About) -> About:
    glasses = about["glasses"]
    network = any(glasses["coordination"])
    if glasses["dimension"] not in (2, 3):  # before a list as long is made
        raise ValueError(f"glasses of {glasses['dimension']!r} dimensions; expected 2 or 3")
    return {
        **about,
        "label": {"task": "value", "components": [], "classes": [], "grid": [], **about["label"]},
        "projection": None,
        "bonds": silica_finder() if network else None,
        "glasses": {
            **glasses,
            "shares": [[share, share] for share in glasses["shares"]],
            "periodic": [True] * glasses["dimension"],
            "narrowest": None,
        },
    }


_STEPS: Mapping[int, Callable[[About], About]] = {
    1: dict,  # differs from format 2 in its likeness alone, and neither is kept
    2: _from_2,
    3: _from_3,
}
