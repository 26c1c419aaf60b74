"""Where the first bond breaks (Font-Clos et al. 2022, Methods, eqs. 10 and 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.interfaces import Potential
from vitreous.plugins.labelers._first import OfFirstEvent, first_broken

AXES = ("x", "y")


@dataclass(frozen=True, kw_only=True)
class FractureLocation(OfFirstEvent):
    """One periodic position in the plane xy per glass: that of the first event of ``kind`` in the
    undeformed glass, in fractions of the cell from 0 to 1 (dimensionless); unknown (masked) if the
    deformation ends before.

    The location of a broken bond is its bridging atom, which at most half a bond separates from the
    bond's middle. An event may break many bonds at once: the first is taken to be the one that is
    longest just before it (``_first.first_broken``); where no frames about the event were saved, it
    is that of the bridging atom that the simulator names.

    Fields:
        kind: "bond_break", which needs a simulator that detects broken bonds such as
            ``aqs_first_break``; "flip", "rearrangement", or "any" for the first event of all.

    Raises:
        VitreousError: for an unknown kind, or without a deformation.
    """

    task: ClassVar = "position"
    version: ClassVar = 2

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
        place = centre
        if first is not None:
            assert trajectory is not None
            place = configuration.positions[_atom(trajectory, *first)]
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


def _atom(trajectory: Trajectory, strain: float, atom: int, kind: str) -> int:
    """The bridging atom of the first broken bond, that with fewer bonds; else the event's atom."""
    broken = first_broken(trajectory, strain) if kind == "bond_break" else np.empty((0, 2), int)
    if not len(broken):
        return atom
    bonds = np.bincount(trajectory.initial.bonds.ravel())
    return int(broken[0, np.argmin(bonds[broken[0]])])
