"""Why one site fails before others: what sets its hazard apart from that of the median site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def causes(
    contributions: Array, names: Sequence[str], meanings: Mapping[str, str]
) -> dict[str, Array]:
    """By meaning, or by name where a column has none: (M,) how much of the logarithm of its hazard
    sets each site apart from the median site of the glass, from the ``contributions`` (M, C) of the
    columns; those of one meaning are added up.
    """
    found: dict[str, Array] = {}
    for name, column in zip(names, contributions.T, strict=True):
        meaning = meanings.get(name, name.replace("_", " "))
        found[meaning] = found.get(meaning, 0.0) + column
    return {meaning: values - np.nanmedian(values) for meaning, values in found.items()}


def in_digits(factor: float) -> str:
    """Two significant digits, as a number that is read: 2.3, 130, 14,000."""
    return f"{factor:.1f}" if factor < 10.0 else f"{float(f'{factor:.2g}'):,.0f}"


def strongest(of: Mapping[str, Array], site: int, most: int = 2) -> list[tuple[str, float]]:
    """What raises the hazard of a site, the strongest first: (meaning, factor), at least 2."""
    factors = [(meaning, float(np.exp(values[site]))) for meaning, values in of.items()]
    return sorted((each for each in factors if each[1] >= 2.0), key=lambda each: -each[1])[:most]
