"""How the bonds of a bundle's glasses are found in a glass that lists none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from vitreous.core.data import UNITS, Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.bonds import BOND_CUTOFF, close_pairs


@dataclass(frozen=True)
class BondFinder:
    """Atoms closer than ``cutoff`` (length) are bonded where their species are one of ``pairs``."""

    pairs: Sequence[Sequence[str]]
    cutoff: float

    @classmethod
    def of(cls, glasses: Sequence[Configuration], limit: float) -> Self | None:
        """The finder of training glasses that were bonded within ``limit``; None where they have no
        bonds, or nobody knows within which length.
        """
        pairs = {
            tuple(sorted((glass.names[i], glass.names[j])))
            for glass in glasses
            for i, j in np.unique(glass.species[glass.bonds], axis=0).tolist()
        }
        return (
            cls([list(pair) for pair in sorted(pairs)], limit) if pairs and limit < np.inf else None
        )

    def bonded(self, glass: Configuration) -> Configuration:
        """The glass with its bonds, whatever their number on each atom.

        Raises:
            VitreousError: no such pair is that close, or the cell is too small to tell.
        """
        near, _ = close_pairs(glass, self.cutoff)
        kinds = np.sort(np.array(glass.names)[glass.species[near]].reshape(-1, 2), axis=1)
        wanted = [(kinds == sorted(pair)).all(axis=1) for pair in self.pairs]
        bonds = near[np.any(wanted, axis=0)]
        if not len(bonds):
            named = " or ".join("-".join(pair) for pair in self.pairs)
            raise VitreousError(
                f"no {named} distance is below {self.cutoff:g} {UNITS[glass.units][0]}, the length "
                "within which the bundle's glasses are bonded; check the species and the units"
            )
        return glass.with_(bonds=bonds)


def silica_finder() -> dict[str, Any]:
    """The only one that bundles had up to format 3, as ``bundle.json`` says it."""
    return {"pairs": [["O", "Si"]], "cutoff": BOND_CUTOFF}
