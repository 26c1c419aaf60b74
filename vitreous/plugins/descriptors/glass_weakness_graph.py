"""The graph of ``glass_response_graph`` with the columns of ``network_weakness`` on its nodes:
where a network is stretched, on several scales, beside how it answers, for a network to weigh.

Names and units of the columns are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.interfaces import Potential
from vitreous.plugins.descriptors.glass_response_graph import GlassResponseGraph
from vitreous.plugins.descriptors.network_weakness import NetworkWeakness

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GlassWeaknessGraph(GlassResponseGraph):
    """``GlassResponseGraph`` with ``NetworkWeakness``; ``radii`` (lengths), ``ahead`` (a strain),
    ``centre`` and ``bridge`` as there.

    Raises:
        VitreousError: as either.
        NotConverged: a glass that is at no minimum of the potential.
    """

    needs_bonds = True

    species: tuple[str, ...] = ("Si", "O")
    cutoff: float = 3.3
    smooth: float = 4.0
    radii: tuple[float, ...] = (2.5, 4.0, 6.0)
    ahead: float = 0.05
    centre: str = "Si"
    bridge: str = "O"

    def __post_init__(self) -> None:
        object.__setattr__(self, "radii", tuple(map(float, self.radii)))
        super().__post_init__()
        self._weakness()

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        graph = super().describe(configuration, loading, sites, level, potential)
        found = self._weakness().describe(
            configuration, loading, configuration.positions, level, potential
        )
        return replace(
            graph,
            names=(*graph.names, *found.names),
            values=np.column_stack([graph.values, found.values]),
        )

    def _weakness(self) -> NetworkWeakness:
        return NetworkWeakness(
            radii=self.radii, ahead=self.ahead, centre=self.centre, bridge=self.bridge
        )
