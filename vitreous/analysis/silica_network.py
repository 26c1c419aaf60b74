"""The network of a silica glass: silicon centres joined by shared oxygens, as plain arrays.

Two-coordinated oxygens are bridges. ``bridges`` lists every bridge in both directions, so a
silicon's neighbours are the rows that start at it; each row has its own vectors, so the list is
correct in small cells too, where two silicons may be joined twice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.core.bridges import meeting_bonds
from vitreous.core.configuration import Configuration
from vitreous.core.errors import VitreousError

LONGEST = 1.42  #: of the median bond, 2.2 angstrom in silica: a longer bond is broken
Array = NDArray[np.float64]
Indices = NDArray[np.int64]


class Bridges(NamedTuple):
    """G directed bridges source -> oxygen -> target, sorted by source.

    Fields:
        source, oxygen, target: (G,) atom indices. to_oxygen: (G, D) source to oxygen. to_target:
        (G, D) source to target, length unit. offsets: (N+1,) the bridges that start at each atom.
    """

    source: Indices
    oxygen: Indices
    target: Indices
    to_oxygen: Array
    to_target: Array
    offsets: Indices


def species_index(configuration: Configuration, name: str) -> int:
    """The index of a species. Raises VitreousError if the glass has no atom of that name."""
    if name not in configuration.names or not np.any(
        configuration.species == configuration.names.index(name)
    ):
        raise VitreousError(
            f"the glass contains {', '.join(configuration.names)} but no '{name}'; name the "
            "species of its network centres and bridges"
        )
    return configuration.names.index(name)


def centre_bonds(
    configuration: Configuration, centre: str, bridge: str
) -> tuple[Indices, Indices, Array]:
    """Bonds between the two species: centre atom (B,), bridge atom (B,), vector centre -> bridge
    (B, D).

    Raises:
        VitreousError: if there is no bond list, no bond of this kind, or a broken (too long) bond.
    """
    a, b = species_index(configuration, centre), species_index(configuration, bridge)
    bonds = configuration.bonds
    if not len(bonds):
        raise VitreousError(
            "the glass has no bonds; use a generator that finds them (generator=file finds "
            "Si-O bonds by distance)"
        )
    kinds = configuration.species[bonds]
    flip = (kinds[:, 0] == b) & (kinds[:, 1] == a)
    keep = flip | ((kinds[:, 0] == a) & (kinds[:, 1] == b))
    if not keep.any():
        raise VitreousError(
            f"none of the {len(bonds)} bonds joins '{centre}' with '{bridge}'; check the species "
            "names"
        )
    pairs = np.where(flip[:, None], bonds[:, ::-1], bonds)[keep]
    vector = configuration.minimum_image(
        configuration.positions[pairs[:, 1]] - configuration.positions[pairs[:, 0]]
    )
    _refuse_broken(configuration, pairs, np.linalg.norm(vector, axis=1))
    return pairs[:, 0], pairs[:, 1], vector


def _refuse_broken(configuration: Configuration, pairs: Indices, length: Array) -> None:
    median, worst = float(np.median(length)), int(length.argmax())
    if length[worst] > LONGEST * median:
        i, j = configuration.ids[pairs[worst]]
        raise VitreousError(
            f"the listed bond between atoms {i} and {j} is {length[worst]:.4g} long, but the "
            f"median is {median:.4g}: beyond {LONGEST * median:.4g} a bond is broken; find the "
            "bonds again, or exclude this glass"
        )


def bridges(configuration: Configuration, centre: str = "Si", bridge: str = "O") -> Bridges:
    """Every pair of centres that share a bridging atom, in both directions. Bridge atoms with one
    bond are ignored.

    Raises:
        VitreousError: if there are no such species or bonds.
    """
    silicon, oxygen, vector = centre_bonds(configuration, centre, bridge)
    order = np.lexsort((silicon, oxygen))
    silicon, oxygen, vector = silicon[order], oxygen[order], vector[order]
    pairs = meeting_bonds(oxygen)
    first, second = np.concatenate([pairs, pairs[:, ::-1]]).T  # both directions
    order = np.lexsort((second, first, silicon[first]))
    first, second = first[order], second[order]
    offsets = np.concatenate(
        [[0], np.cumsum(np.bincount(silicon[first], minlength=len(configuration)))]
    )
    return Bridges(
        silicon[first],
        oxygen[first],
        silicon[second],
        vector[first],
        vector[first] - vector[second],
        offsets.astype(np.int64),
    )
