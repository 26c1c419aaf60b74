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
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import UNITS, Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler, Potential
from vitreous.mechanics.d2min import d2min


@dataclass(frozen=True, kw_only=True)
class D2min(Labeler):
    """D2min of every atom at ``strain``, length squared.

    Fields:
        strain: at which the deformed glass is compared with the undeformed one. Several targets at
            other strains share one deformation. cutoff: of the neighbours, length.

    Raises:
        VitreousError: a strain or cutoff that is not positive; without a deformation, or one that
        ended before; an atom whose neighbours do not span the space.
    """

    level: ClassVar = "atom"
    needs_trajectory: ClassVar = True
    sign: ClassVar = "positive"
    dimensions: ClassVar = frozenset({2, 3})

    strain: float = 0.03
    cutoff: float = 2.5

    def __post_init__(self) -> None:
        refuse_out_of_range("d2min", self.strain, self.cutoff)

    @classmethod
    def example(cls) -> Self:
        return cls(strain=1e-3, cutoff=5.0)

    @property
    def strains(self) -> tuple[float, ...]:
        return (self.strain,)

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """One label per atom, in the order of the glass."""
        values = d2min_at(configuration, trajectory, self.strain, self.cutoff)
        return Labels(
            name="d2min",
            level="atom",
            unit=f"{UNITS[configuration.units][0]}^2",
            values=values,
            mask=np.ones(len(values), dtype=bool),
            positions=configuration.positions,
            weak_is="high",
        )


def refuse_out_of_range(labeler: str, strain: float, cutoff: float) -> None:
    """Raises VitreousError unless strain and cutoff are positive numbers."""
    if not (0.0 < strain < np.inf and 0.0 < cutoff < np.inf):
        raise VitreousError(
            f"{labeler} got strain={strain:g}, cutoff={cutoff:g}; expected a positive strain, and "
            "a positive length"
        )


def d2min_at(
    glass: Configuration, trajectory: Trajectory | None, strain: float, cutoff: float
) -> NDArray[np.float64]:
    """(N,) D2min between the undeformed glass and its state at ``strain``, length squared.

    Raises:
        VitreousError: without a trajectory, or one that ended before; an atom with too few
        neighbours.
    """
    if trajectory is None:
        raise VitreousError("D2min needs a deformation, but none was given; deform the glass first")
    frame = trajectory.frame_at(strain)
    values, _ = d2min(
        glass.positions,
        glass.cell,
        trajectory.frames[frame],
        trajectory.cells[frame],
        glass.periodic,
        cutoff,
    )
    lonely = np.flatnonzero(np.isnan(values))
    if len(lonely):
        raise VitreousError(
            f"atom {lonely[0]} has too few neighbours within {cutoff:g} for D2min, and so have "
            f"{len(lonely) - 1} others; raise labeler.cutoff"
        )
    return values
