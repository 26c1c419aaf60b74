"""Where the first bond breaks (Font-Clos et al. 2022, Methods, eqs. 10 and 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.interfaces import Potential
from vitreous.plugins.labelers._first import OfFirstEvent

AXES = ("x", "y")


@dataclass(frozen=True, kw_only=True)
class FractureLocation(OfFirstEvent):
    """One periodic position in the plane xy per glass: that of the first event of ``kind`` in the
    undeformed glass, in fractions of the cell from 0 to 1 (dimensionless); unknown (masked) if the
    deformation ends before.

    The location of a broken bond is its oxygen, which at most half a bond separates from the bond's
    middle.

    Fields:
        kind: "bond_break", which needs a simulator that detects broken bonds such as
            ``aqs_first_break``; "flip", "rearrangement", or "any" for the first event of all.

    Raises:
        VitreousError: for an unknown kind, or without a deformation.
    """

    task: ClassVar = "position"

    @property
    def components(self) -> tuple[str, ...]:
        return AXES

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """The label of one glass."""
        first = self.first(trajectory)
        centre = configuration.cell.sum(axis=0) / 2.0
        place = centre if first is None else configuration.positions[first[1]]
        fractions = (place @ np.linalg.inv(configuration.cell) % 1.0 % 1.0)[: len(AXES)]
        return Labels(
            name="fracture_location",
            level="sample",
            task="position",
            unit="1",
            components=AXES,
            values=np.where(first is None, np.nan, fractions)[None],
            mask=np.full((1, len(AXES)), first is not None),
            positions=centre[None],  # not the location: descriptors see these positions
        )
