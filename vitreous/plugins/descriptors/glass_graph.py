"""One graph of the whole glass, whose edges are the vectors between neighbours in the frame of the
shear (Bapst et al., Nat. Phys. 16, 448 (2020), Methods; Fan & Ma, Nat. Commun. 12, 1506 (2021),
Methods).

=======  ===========================================  =======
column   meaning                                      unit
=======  ===========================================  =======
a name   nodes: 1 if the atom is of this species      1
x, y, z  edges: from the first atom to the second     length
=======  ===========================================  =======

x is the direction of shear, y the normal of its planes (``Loading.shear_axes``): what lets one
network answer differently for every orientation of the loading. Every image of an atom within
``cutoff`` is a neighbour, so two atoms of a small cell may share several edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.plugins.descriptors.density_map import channels_of
from vitreous.plugins.descriptors.symmetry_functions import atoms_at

Array = NDArray[np.float64]
AXES = ("x", "y", "z")


@dataclass(frozen=True, kw_only=True)
class GlassGraph(Descriptor):
    """Neighbours within ``cutoff`` (length; 2.0 sigma and 4.0 angstrom in Fan & Ma) of atoms of
    these ``species``.

    Raises:
        VitreousError: a cutoff that is not positive, species named twice; a glass with others,
        sites that are not atoms, or no two atoms within the cutoff.
    """

    form = "glass_graph"
    levels = frozenset({"atom"})
    dimensions = frozenset({2, 3})
    needs_bonds = False
    rotation = "invariant"

    species: tuple[str, ...] = ("S", "L")
    cutoff: float = 2.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "species", tuple(self.species))
        if not self.species or len(set(self.species)) != len(self.species):
            raise VitreousError(
                f"glass_graph got the species {', '.join(self.species) or 'none'}; name each once"
            )
        if not 0.0 < self.cutoff < np.inf:
            raise VitreousError(
                f"glass_graph cutoff is {self.cutoff:g}; expected a positive length"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(species=("Si", "O", "A", "B"), cutoff=4.0)

    @property
    def reach(self) -> float:
        """Messages of a network can cross the whole glass."""
        return np.inf

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        channels_of(configuration, self.species, "glass_graph")

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        where, n = configuration.positions, len(configuration)
        near = pairs_within(where, where, configuration.cell, configuration.periodic, self.cutoff)
        apart = near.distance > 0.0  # an atom is no neighbour of itself, but its images are
        if not apart.any():
            raise VitreousError(
                f"glass_graph found no two atoms within {self.cutoff:g}; use a larger cutoff"
            )
        kind = channels_of(configuration, self.species, "glass_graph")
        nodes = np.zeros((n, len(self.species)))
        nodes[np.arange(n), kind] = 1.0
        return Features(
            form="glass_graph",
            level=level,
            names=self.species,
            values=nodes,
            edges=np.stack([near.site[apart], near.atom[apart]]),
            edge_values=near.vector[apart] @ loading.shear_axes.T,
            edge_names=AXES[: configuration.dimension],
            site_nodes=atoms_at(configuration, sites),
        )
