"""Build the probe of one site: a free disc or ball around it inside a frozen annulus, which only
follows the affine deformation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Loading
from vitreous.core.interfaces import Potential
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.neighbours import around
from vitreous.mechanics.pair.surface import PairSurface
from vitreous.mechanics.probing.pair_probe import PairProbe, squared_table
from vitreous.mechanics.probing.probe import ContinuedProbe, ProbeProtocol
from vitreous.mechanics.probing.surface_probe import SurfaceProbe

Array = NDArray[Any]


def disc_probe(
    configuration: Configuration,
    potential: Potential,
    surface: EnergySurface,
    loading: Loading,
    site: Array,
    free_radius: float,
    frozen_ring: float,
    protocol: ProbeProtocol,
) -> tuple[NDArray[np.int64], ContinuedProbe]:
    """The atoms (M,) within ``free_radius + frozen_ring`` (length) of ``site`` (D,), free atoms
    first, and their probe.

    Atoms are sorted by distance, so that the result does not depend on their order in the glass.
    ``surface`` is the energy surface of the whole glass.
    """
    periodic = np.array(configuration.periodic)
    near, vectors = around(
        configuration.positions, site, configuration.cell, periodic, free_radius + frozen_ring
    )
    distance = np.sqrt((vectors**2).sum(axis=1))
    order = np.argsort(distance, kind="stable")
    near, vectors = near[order], vectors[order]
    free = int(np.searchsorted(distance[order], free_radius))
    if isinstance(surface, PairSurface) and configuration.dimension == 2:
        return near, PairProbe(
            vectors, free, surface.species[near], squared_table(surface.table), loading, protocol
        )
    cut = configuration.with_(
        positions=vectors,
        species=configuration.species[near],
        ids=configuration.ids[near],
        bonds=np.zeros((0, 2), int),
        periodic=(False,) * configuration.dimension,
    )
    return near, SurfaceProbe(cut, free, potential.surface(cut), loading, protocol)
