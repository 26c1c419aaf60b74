"""The strain of the first broken bond, for windows that slide over a glass (Font-Clos et al. 2022,
Fig. 6A): a network learns it from windows as large as a glass, and where it predicts the lowest
strain in a larger glass, that is thought to break first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.plugins.labelers._first import OfFirstEvent


@dataclass(frozen=True, kw_only=True)
class WindowStrain(OfFirstEvent):
    """The strain of the first event of ``kind``, the same at every site of a grid over the glass;
    unknown (masked) if the deformation ends before.

    Fields:
        spacing: about that of the grid along x and y, of which there is a whole number, length.
        kind: as of ``fracture_strain``.

    Raises:
        VitreousError: an unknown kind, a spacing that is no length, or no deformation.
    """

    level: ClassVar = "site"

    spacing: float = 10.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.spacing < np.inf:
            raise VitreousError(f"labeler.spacing is {self.spacing:g}; expected a positive length")

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """The labels of one glass, in the middle of its height."""
        first, cell = self.first(trajectory), configuration.cell
        sides = np.linalg.norm(cell[:2], axis=1)
        grid = tuple(max(1, round(float(side) / self.spacing)) for side in sides)
        ticks = np.meshgrid(*((np.arange(n) + 0.5) / n for n in grid), indexing="ij")
        sites = np.stack(ticks, -1).reshape(-1, 2) @ cell[:2] + 0.5 * cell[2:].sum(axis=0)
        known = np.full(len(sites), first is not None)
        return Labels(
            name="window_strain",
            level="site",
            unit="1",
            values=np.where(known, np.nan if first is None else first[0], np.nan),
            mask=known,
            positions=sites,
            weak_is="low",
            grid=grid,
        )
