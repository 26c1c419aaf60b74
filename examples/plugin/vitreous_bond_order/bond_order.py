"""Bond-orientational order of the network around each site (after Nelson & Halperin, Phys. Rev. B
19, 2457 (1979)).

Every silicon i has neighbours j across an oxygen, in directions theta_ij from the loading axis.
Averaged over the silicons within ``radius`` of a site:

=================  ==============================================================  =========
column             meaning                                                         unit
=================  ==============================================================  =========
order_3            | mean over j of exp(3 i theta_ij) |, 1 for regular triangles   1
order_6            | mean over i and j of exp(6 i theta_ij) |, 1 in a honeycomb    1
angle_variance     variance of the Si-Si-Si angles                                 radian^2
smallest_angle     smallest Si-Si-Si angle in the disc                             radian
alignment          mean of cos(2 theta_ij): bonds along (+) or across (-) loading  1
=================  ==============================================================  =========
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.analysis.silica_network import bridges, species_index
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential

Array = NDArray[Any]
NAMES = ("order_3", "order_6", "angle_variance", "smallest_angle", "alignment")


@dataclass(frozen=True, kw_only=True)
class BondOrder(Descriptor):
    """Order and angles of the silicon network in a disc (columns in the module's docstring).

    Raises:
        VitreousError: no bonds, missing species, or a disc without silicon.
    """

    form = "vector"
    levels = frozenset({"site", "atom"})
    dimensions = frozenset({2})
    needs_bonds = True
    rotation = "invariant"

    radius: float = 8.0
    centre: str = "Si"
    bridge: str = "O"

    def __post_init__(self) -> None:
        if self.radius <= 0:
            raise VitreousError(f"bond_order radius is {self.radius:g}; expected a positive length")

    @property
    def reach(self) -> float:
        return self.radius

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        atoms = np.flatnonzero(configuration.species == species_index(configuration, self.centre))
        near = pairs_within(
            sites,
            configuration.positions[atoms],
            configuration.cell,
            configuration.periodic,
            self.radius,
        )
        empty = np.flatnonzero(np.diff(near.offsets) == 0)
        if len(empty):
            raise VitreousError(
                f"no {self.centre} lies within {self.radius:g} of site {int(empty[0])}; use a "
                "larger radius"
            )
        table = atom_table(configuration, loading, self.centre, self.bridge)[atoms[near.atom]]
        start, count = near.offsets[:-1], np.diff(near.offsets)
        mean = np.add.reduceat(table, start, axis=0) / count[:, None]
        smallest = np.minimum.reduceat(table[:, 5], start)
        order_6 = np.hypot(mean[:, 1], mean[:, 2])
        angle_variance = mean[:, 4] - mean[:, 3] ** 2
        values = np.column_stack([mean[:, 0], order_6, angle_variance, smallest, mean[:, 6]])
        return Features(form="vector", level=level, names=NAMES, values=values)


def atom_table(configuration: Configuration, loading: Loading, centre: str, bridge: str) -> Array:
    """(N, 7) per atom: |psi_3|, Re and Im of psi_6, mean, mean square and smallest of its angles,
    mean cos(2 theta); 0 without bonds.
    """
    network = bridges(configuration, centre, bridge)
    table = np.zeros((len(configuration), 7))
    direction = network.to_target @ loading.frame.T
    theta = np.arctan2(direction[:, 1], direction[:, 0])
    for atom in np.flatnonzero(np.diff(network.offsets)):
        own = np.sort(theta[network.offsets[atom] : network.offsets[atom + 1]])
        gaps = np.diff(own, append=own[0] + 2 * np.pi)
        psi_6 = np.exp(6j * own).mean()
        order = np.abs(np.exp(3j * own).mean())
        table[atom] = (
            order,
            psi_6.real,
            psi_6.imag,
            gaps.mean(),
            (gaps**2).mean(),
            gaps.min(),
            np.cos(2 * own).mean(),
        )
    return table
