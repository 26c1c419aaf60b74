"""The bond graph around each site: SiO3 triangles as nodes, corner sharing as edges (Bachhav et al.
2025, Methods and fig. 6a).

Nodes are the centres of the triangles (silicon) within ``radius`` of the site; an edge joins two of
them that share an oxygen, and is listed in both directions. All vectors are given in the loading
frame, so that a common rotation of glass, sites and loading changes nothing. Columns whose name is,
or ends in, ``x`` or ``y`` change sign under the reflection of that loading axis; all others do not.
That is the whole convention a model needs to use the reflections as symmetries. Simple shear is not
left as it is by either reflection, so there the columns are called by the loading axes ``n`` and
``m`` instead, and no model takes them for mirrored.

======================  ============================================================  ==========
node column             meaning                                                       unit
======================  ============================================================  ==========
x, y                    position relative to the site, over the radius                1
distance                its length, over the radius                                   1
links                   number of edges kept inside the window                        1
======================  ============================================================  ==========

======================  ============================================================  ==========
edge column             meaning (from source to target)                               unit
======================  ============================================================  ==========
x, y, length            vector between the two silicons                               length
oxygen_x, oxygen_y      shared oxygen relative to the midpoint of the two silicons    length
oxygen_length           length of the Si-O bond of the source                         length
angle                   Si-O-Si angle                                                 radian
======================  ============================================================  ==========
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import Pairs, heights, pairs_within
from vitreous.analysis.silica_network import Bridges, bridges, species_index
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential

Array = NDArray[np.float64]
NODE_NAMES = ("x", "y", "distance", "links")
EDGE_NAMES = ("x", "y", "length", "oxygen_x", "oxygen_y", "oxygen_length", "angle")


class Windows(NamedTuple):
    """What is in the windows around sites: node rows ``near``, and G edges by ``source`` and
    ``target`` row and row of ``network``.
    """

    near: Pairs
    network: Bridges
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    link: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class BondGraph(Descriptor):
    """Graphs of corner-sharing triangles around sites or atoms (columns in the module's docstring).

    Raises:
        VitreousError: no bonds, missing species, a cell too small for the window (a triangle would
        stand in it twice), or an empty window.
    """

    form = "graph"
    levels = frozenset({"site", "atom"})
    dimensions = frozenset({2})
    needs_bonds = True
    rotation = "invariant"
    version = 2

    radius: float = 11.0
    centre: str = "Si"
    bridge: str = "O"

    def __post_init__(self) -> None:
        if not self.radius > 0:
            raise VitreousError(f"bond_graph radius is {self.radius:g}; expected a positive length")

    @property
    def window(self) -> float:
        """How far from a site its nodes stand, length."""
        return self.radius

    @property
    def reach(self) -> float:
        return self.window

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        return self._graphs(self._windows(configuration, sites), loading, level)

    def _windows(self, configuration: Configuration, sites: Array) -> Windows:
        network = bridges(configuration, self.centre, self.bridge)
        self._check_cell(configuration, network)
        centres = np.flatnonzero(configuration.species == species_index(configuration, self.centre))
        near = pairs_within(
            sites,
            configuration.positions[centres],
            configuration.cell,
            configuration.periodic,
            self.window,
        )
        empty = np.flatnonzero(np.diff(near.offsets) == 0)
        if len(empty):
            raise VitreousError(
                f"site {int(empty[0])} has no {self.centre} within {self.window:g}; use a larger "
                "radius or sites inside the glass"
            )
        near = near._replace(atom=centres[near.atom])
        return Windows(near, network, *_edges_inside(near, network, len(configuration)))

    def _graphs(self, windows: Windows, loading: Loading, level: str) -> Features:
        near, network, source, target, link = windows
        frame = loading.frame
        place = near.vector @ frame.T / self.radius
        kept = np.bincount(source, minlength=len(near.atom))
        nodes = np.column_stack([place, near.distance / self.radius, kept])
        edge_offsets = np.searchsorted(near.site[source], np.arange(len(near.offsets)))
        return Features(
            form="graph",
            level=level,
            names=column_names(NODE_NAMES, loading),
            values=nodes,
            offsets=near.offsets,
            edges=np.stack([source, target]),
            edge_values=_edge_columns(network, frame)[link],
            edge_names=column_names(EDGE_NAMES, loading),
            edge_offsets=edge_offsets,
        )

    def _check_cell(self, configuration: Configuration, network: Bridges) -> None:
        longest = float(np.sqrt((network.to_target**2).sum(axis=1).max(initial=0.0)))
        low = heights(configuration.cell)[list(configuration.periodic)].min(initial=np.inf)
        if low < 2 * self.window + longest:
            raise VitreousError(
                f"the cell is {low:.4g} high, but a window of {self.window:g} needs "
                f"{2 * self.window + longest:.4g} so that no atom enters "
                "it twice; use a smaller radius or a larger glass"
            )


def column_names(names: tuple[str, ...], loading: Loading) -> tuple[str, ...]:
    """The columns' names under this loading: called by the axes x and y only where mirroring an
    axis leaves the loading as it is.
    """
    if loading.mode != "simple_shear":
        return names
    axes = {"x": "n", "y": "m"}
    return tuple(
        name[:-1] + axes[name[-1]] if name in axes or name[-2:] in ("_x", "_y") else name
        for name in names
    )


def _edges_inside(
    near: Pairs, network: Bridges, atoms: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Edges with both ends in the same window: source node (G,), target node (G,), row of the
    network (G,), sorted by source node.
    """
    count = np.diff(network.offsets)[near.atom]
    source = np.repeat(np.arange(len(near.atom)), count)
    link = np.arange(len(source)) + np.repeat(
        network.offsets[near.atom] - (np.cumsum(count) - count), count
    )
    key = near.site * atoms + near.atom  # increasing: pairs come sorted by site, then atom
    wanted = near.site[source] * atoms + network.target[link]
    target = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    inside = key[target] == wanted
    return source[inside], target[inside], link[inside]


def _edge_columns(network: Bridges, frame: Array) -> Array:
    """(G, 7) edge columns of the whole network in the loading frame."""
    whole, half = network.to_target @ frame.T, network.to_oxygen @ frame.T
    other = half - whole  # from the target silicon to the oxygen
    length, bond, other_bond = (np.sqrt((v**2).sum(axis=1)) for v in (whole, half, other))
    cosine = np.clip((half * other).sum(axis=1) / (bond * other_bond), -1.0, 1.0)
    return np.column_stack([whole, length, half - 0.5 * whole, bond, np.arccos(cosine)])
