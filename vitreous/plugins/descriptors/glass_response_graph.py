"""The graph of ``glass_graph`` with what the glass at rest answers to the loading on it: the linear
response as features of a network.

As the loading begins, atoms move by dx/dstrain = G x + u (``vitreous.mechanics.linear``), and u
changes by v (``vitreous.mechanics.second_response``); u is given on the nodes, its differences
between neighbours on the edges, in the frame of the shear.

=============  ======================================================  =======
column         meaning                                                 unit
=============  ======================================================  =======
a name         nodes: 1 if the atom is of this species                 1
energy         nodes: potential energy of the atom                     energy
growth         nodes: sign(g) log(1 + |g|), g the nonaffine_growth of  1
               ``mechanical``: mean of u . v over mean of u . u
acceleration   nodes: log |v|                                          1
u_x, u_y, u_z  nodes: non-affine velocity u                            length
x, y, z        edges: from the first atom to the second                length
du_x, ...      edges: u of the second atom less that of the first      length
=============  ======================================================  =======
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.mechanics.linear import nonaffine_velocity
from vitreous.mechanics.second_response import second_response
from vitreous.plugins.descriptors.glass_graph import GlassGraph
from vitreous.plugins.descriptors.mechanical import LEAST, gaussian_mean, growth

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GlassResponseGraph(GlassGraph):
    """``GlassGraph`` with energies and the response to first and second order. ``smooth``: width of
    the Gaussian of the means, length.

    Raises:
        VitreousError: as ``GlassGraph``; no potential, or one that does not know the glass.
        NotConverged: a glass that is at no minimum of the potential.
    """

    needs_potential: ClassVar = True

    smooth: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.smooth < np.inf:
            raise VitreousError(
                f"glass_response_graph smooth is {self.smooth:g}; expected a positive length"
            )

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        potential = self.needed(potential)
        graph = super().describe(configuration, loading, sites, level)
        surface = potential.surface(configuration)
        with threadpool_limits(1):
            u = nonaffine_velocity(surface, configuration, loading)
            v = second_response(surface, configuration, loading, u)
        rate = growth(u, v, gaussian_mean(configuration, self.smooth))
        nodes = {
            "energy": surface.atom_energies(configuration.positions, configuration.cell),
            "growth": np.sign(rate) * np.log1p(np.abs(rate)),
            "acceleration": np.log(np.maximum(np.linalg.norm(v, axis=1), LEAST)),
        }
        u = u @ loading.shear_axes.T
        first, second = graph.edges
        return replace(
            graph,
            names=(*graph.names, *nodes, *(f"u_{axis}" for axis in graph.edge_names)),
            values=np.column_stack([graph.values, *nodes.values(), u]),
            edge_names=(*graph.edge_names, *(f"du_{axis}" for axis in graph.edge_names)),
            edge_values=np.column_stack([graph.edge_values, u[second] - u[first]]),
        )
