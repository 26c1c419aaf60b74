"""What a deformation refuses in one sentence, whichever engine carries it out."""

from __future__ import annotations

import numpy as np

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.mechanics.quasistatic.fixed_steps import steps_within
from vitreous.mechanics.quasistatic.places import nearest_distance

_NEAREST = 0.4, 10.0  # of the potential's length: expected distance of nearest neighbours


def refuse_short(strain_max: float, strain_step: float) -> None:
    """Raise VitreousError for a run that is shorter than one strain step."""
    if not steps_within(strain_max, strain_step):
        raise VitreousError(
            f"simulator.strain_step is {strain_step:g}, more than simulator.strain_max, "
            f"{strain_max:g}; expected a small part of it"
        )


def refuse_length(configuration: Configuration, potential: Potential) -> None:
    """Raise VitreousError if ``potential.length``, in which events are measured, is far from the
    median distance between nearest neighbours.
    """
    nearest = nearest_distance(configuration.positions, configuration.cell, configuration.periodic)
    least, most = (share * potential.length for share in _NEAREST)
    if np.isfinite(nearest) and not least <= nearest <= most:
        raise VitreousError(
            f"nearest neighbours are {nearest:.3g} apart, but the length of "
            f"{type(potential).__name__}, in which events are measured, is {potential.length:g}; "
            "set the class attribute length of the potential to about the size of an atom"
        )
