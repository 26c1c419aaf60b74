"""Check before a deformation whether the glass can follow it: free boundaries and thin cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.boundary import across, free_directions
from vitreous.mechanics.neighbours import refuse_thin

Array = NDArray[Any]

_NEGLIGIBLE = 1e-9  # of a strain


def refuse_deformation(
    configuration: Configuration, loading: Loading, strain_max: float, surface: EnergySurface | None
) -> None:
    """Raise VitreousError for a loading that the glass cannot follow up to ``strain_max``.

    That is a loading of another dimension, one that inverts the cell, one that strains a direction
    in which the glass is not periodic (its free boundary would not transmit the strain), or one
    that makes the cell thinner than the ``cutoff`` of ``surface``, if it has one.
    """
    if loading.dimension != configuration.dimension:
        raise VitreousError(
            f"the loading has {loading.dimension} dimensions, the glass "
            f"{configuration.dimension}; set loading.dimension"
        )
    stretched = configuration.cell @ loading.deformation_gradient(strain_max).T
    rate = loading.velocity_gradient(0.0)
    if _touches(0.5 * (rate + rate.T), configuration):
        free = free_directions(configuration.periodic)
        raise VitreousError(
            f"the glass is not periodic along {free}, but {loading.mode} strains it there and a "
            "free boundary transmits no strain; deform a glass that is periodic there"
        )
    refuse_thin(
        stretched,
        configuration.periodic,
        getattr(surface, "cutoff", 0.0),
        f" at strain {strain_max:g}",
    )


def refuse_lengths(configuration: Configuration, axes: tuple[int, ...]) -> None:
    """Raise VitreousError if the cell's lengths along ``axes`` cannot relax, because the glass is
    not periodic there.
    """
    for axis in axes:
        if _touches(np.diag(np.eye(configuration.dimension)[axis]), configuration):
            raise VitreousError(
                f"the glass is not periodic along {free_directions(configuration.periodic)}, so "
                "its cell has no length to relax along "
                f"{'xyz'[axis]}; leave it out of the cell's directions"
            )


def _touches(strain: Array, configuration: Configuration) -> bool:
    """Whether a symmetric strain (D, D) acts on a free direction."""
    free = across(configuration.cell, configuration.periodic)
    return bool(np.abs(strain @ free).max(initial=0.0) > _NEGLIGIBLE * np.abs(strain).max())
