"""What labels of the non-affine motion of atoms share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler
from vitreous.mechanics.d2min import d2min


@dataclass(frozen=True, kw_only=True)
class OfD2min(Labeler):
    """Labels of D2min at ``strain``, of neighbours within ``cutoff`` (length)."""

    level: ClassVar = "atom"
    needs_trajectory: ClassVar = True
    dimensions: ClassVar = frozenset({2, 3})

    strain: float = 0.03
    cutoff: float = 2.5

    def __post_init__(self) -> None:
        if not (0.0 < self.strain < np.inf and 0.0 < self.cutoff < np.inf):
            raise VitreousError(
                f"labeler got strain={self.strain:g}, cutoff={self.cutoff:g}; expected a positive "
                "strain, and a positive length"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(strain=1e-3, cutoff=5.0)

    @property
    def strains(self) -> tuple[float, ...]:
        return (self.strain,)

    def moved(self, glass: Configuration, trajectory: Trajectory | None) -> NDArray[np.float64]:
        """(N,) D2min between the undeformed glass and its state at ``strain``, length squared.

        Raises:
            VitreousError: without a trajectory, or one that ended before; an atom with too few
            neighbours.
        """
        path = self.deformed(trajectory)
        frame = path.frame_at(self.strain)
        values, _ = d2min(
            glass.positions,
            glass.cell,
            path.frames[frame],
            path.cells[frame],
            glass.periodic,
            self.cutoff,
        )
        lonely = np.flatnonzero(np.isnan(values))
        if len(lonely):
            raise VitreousError(
                f"atom {lonely[0]} has too few neighbours within {self.cutoff:g} for D2min, and so "
                f"have {len(lonely) - 1} others; raise labeler.cutoff"
            )
        return values
