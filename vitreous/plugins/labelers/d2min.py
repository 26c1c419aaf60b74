"""Non-affine squared displacement of every atom when the glass has been strained (Falk & Langer,
Phys. Rev. E 57, 7192 (1998); Fan & Ma, Nat. Commun. 12, 1506 (2021)).

    D2min_i = min over F of sum_j |r'_ij - F r_ij|^2

over the atoms j within ``cutoff`` of atom i in the undeformed glass, r_ij and r'_ij from i to j
before and after: a plain sum, as in OVITO (``vitreous.mechanics.d2min``). Fan & Ma do not give the
cutoff; 2.5 is where their two-dimensional Lennard-Jones potential ends, and near the first minimum
of g(r) stands 1.6 (sigma). In Cu-Zr take 4 to 5 angstrom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import UNITS, Configuration, Labels, Loading, Trajectory
from vitreous.core.interfaces import Potential
from vitreous.plugins.labelers._moved import OfD2min


@dataclass(frozen=True, kw_only=True)
class D2min(OfD2min):
    """D2min of every atom at ``strain``, length squared.

    Fields:
        strain: at which the deformed glass is compared with the undeformed one. Several targets at
            other strains share one deformation. cutoff: of the neighbours, length.

    Raises:
        VitreousError: a strain or cutoff that is not positive; without a deformation, or one that
        ended before; an atom whose neighbours do not span the space.
    """

    sign: ClassVar = "positive"

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """One label per atom, in the order of the glass."""
        values = self.moved(configuration, trajectory)
        return Labels(
            name="d2min",
            level="atom",
            unit=f"{UNITS[configuration.units][0]}^2",
            values=values,
            mask=np.ones(len(values), dtype=bool),
            positions=configuration.positions,
            weak_is="high",
        )
