"""Whether the bonds that a glass lists are those that its atoms have: after relaxing, some may have
broken, and others formed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.core.configuration import Configuration
from vitreous.core.errors import NetworkChanged
from vitreous.core.pairs import pairs_closer
from vitreous.core.vocabulary import UNITS

Array = NDArray[np.float64]
Pairs = NDArray[np.int64]


class Change(NamedTuple):
    """What became of a network.

    Fields:
        broken: (K, 2) listed bonds that are too long to be any, the longest first; lengths: (K,)
        theirs, length unit.
        formed: (P, 2) atoms of kinds that bond, close enough to be bonded, that are not listed.
    """

    broken: Pairs
    lengths: Array
    formed: Pairs

    @property
    def any(self) -> bool:
        """Whether some bond broke or formed."""
        return len(self.broken) + len(self.formed) > 0


def network_change(glass: Configuration, limit: float) -> Change:
    """Where the listed bonds of a glass are not the pairs of atoms closer than ``limit`` (length),
    kinds that no listed bond joins left out; nothing for a glass without bonds, or an infinite
    limit. Of the images of a pair, the nearest counts.
    """
    bonds = np.sort(glass.bonds, axis=1)
    if not len(bonds) or not np.isfinite(limit):
        return Change(bonds[:0], np.zeros(0), bonds[:0])
    length = bond_lengths(glass)
    order = np.argsort(-length, kind="stable")
    order = order[length[order] > limit]
    near = pairs_closer(glass, limit)
    near = near[np.isin(_kinds(glass, near), _kinds(glass, bonds))]
    listed = np.isin(near @ [len(glass), 1], bonds @ [len(glass), 1])
    return Change(bonds[order], length[order], near[~listed])


def bond_lengths(glass: Configuration) -> Array:
    """(B,) distance between the atoms of every listed bond, through periodic boundaries."""
    ends = glass.positions[glass.bonds]
    return np.linalg.norm(glass.minimum_image(ends[:, 1] - ends[:, 0]), axis=1)


def refuse_changed(glass: Configuration, limit: float) -> None:
    """Raise NetworkChanged, in one sentence, for a relaxed glass whose bonds are no longer those
    that it was made with.

    ``limit`` (length): atoms of kinds that bond are bonded where they are closer.
    """
    change = network_change(glass, limit)
    if change.any:
        raise NetworkChanged(
            f"relaxing changed the network: {described(glass, change, limit)}; use another glass, "
            "or the relaxed one with its bonds found anew"
        )


def described(glass: Configuration, change: Change, limit: float) -> str:
    """What became of a network, in words, by the identifiers of its atoms."""
    unit = UNITS[glass.units][0]
    said = []
    if len(change.broken):
        i, j = glass.ids[change.broken[0]]
        more = f", the longest of {len(change.broken)} that broke" if len(change.broken) > 1 else ""
        said.append(
            f"the bond between atoms {i} and {j} is {change.lengths[0]:.3f} {unit} long{more} (a "
            f"bond is at most {limit:g})"
        )
    if len(change.formed):
        i, j = glass.ids[change.formed[0]]
        more = f", and {len(change.formed) - 1} more pairs" if len(change.formed) > 1 else ""
        said.append(
            f"atoms {i} and {j}{more}, not bonded before, stand closer than {limit:g} {unit}"
        )
    return "; ".join(said)


def _kinds(glass: Configuration, pairs: Pairs) -> Pairs:
    """(P,) one number for each pair of species, whichever comes first."""
    return np.sort(glass.species[pairs], axis=1) @ [len(glass.names), 1]
