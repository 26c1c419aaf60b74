"""What speaks against an answer: how sure the model is of this glass, how far the glass lies from
those of the training, and whether it is at rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.bundles.bundle import Bundle
from vitreous.bundles.levels import level_of
from vitreous.bundles.likeness import Oddity, surface_of
from vitreous.core.data import Configuration
from vitreous.mechanics.boundary import moving

Array = NDArray[np.float64]
_ENOUGH = 40  # sites below which no correlation is expected
Ask = Callable[[Array], tuple[Array, Array | None]]  #: values and deviations at sites (M, D)


class Verdict(NamedTuple):
    """The fields of ``Prediction`` that say whether to trust it."""

    correlation: float | None
    odd: list[Oddity] | None
    doubtful: bool | None


def verdict(glass: Configuration, bundle: Bundle, ask: Ask) -> Verdict:
    """Whether to trust an answer for this glass, whatever the grid that it is asked for on.

    Where the training set a trust in maps, the correlation that the model's own deviations lead to
    expect decides; else how unusual the glass is among those of the training.
    """
    odd = (
        None
        if bundle.likeness is None
        else bundle.likeness.odd(glass, bundle.potential, bundle.uncut(glass))
    )
    if bundle.trust is None:
        return Verdict(None, odd, None if odd is None else bool(odd))
    sites = level_of(bundle).judged(glass, bundle)
    values, deviations = ask(sites) if len(sites) >= _ENOUGH else (np.zeros(0), None)
    if deviations is None:
        return Verdict(None, odd, None)
    correlation = bundle.trust.correlation(values, deviations)
    return Verdict(correlation, odd, not correlation >= bundle.trust.least)


def largest_force(glass: Configuration, bundle: Bundle) -> float:
    """NaN where the bundle has no potential that tells forces, or no atom of a glass that was cut
    out lies so deep that its force is as it was in the glass that it was cut from.
    """
    surface = surface_of(glass, bundle.potential)
    if surface is None:
        return float("nan")
    deep = None if bundle.uncut(glass) else moving(glass, surface.force_range)
    if deep is not None and not deep.any():
        return float("nan")
    forces = surface.energy_forces(glass.positions, glass.cell)[1]
    return float(np.abs(forces if deep is None else forces * deep).max())
