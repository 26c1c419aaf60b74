"""The atoms of the first broken bond, as a class (Font-Clos et al. 2022, Fig. 3A).

An event may break many bonds at once. The first is taken to be the one that is longest just before
the event (``_first.first_broken``), and both of its ends are of class "breaks"; so are those of its
mirror image in a bilayer: rounding decides which goes first. In a silica bilayer these are four of
3456 atoms, or three if they share the bridge between the layers. Where no frames about the event
were saved, it is the longest bond of the bridging atom that the simulator names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.plugins.labelers._first import OfFirstEvent, first_broken

CLASSES = ("intact", "breaks")
_NONE = np.empty((0, 2), dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class FirstBreak(OfFirstEvent):
    """Class "breaks" for both ends of the first broken bond and of its mirror image, "intact" for
    the other atoms, dimensionless; unknown (masked) for all if the deformation ends before.

    Fields:
        kind: "bond_break", which needs a simulator that detects broken bonds such as
            ``aqs_first_break``; of a "flip", a "rearrangement" or "any" first event, the bond of
            the atom it moved most that is longest after it.

    Raises:
        VitreousError: for an unknown kind, a glass without bonds, or without a deformation.
    """

    level: ClassVar = "atom"
    task: ClassVar = "class"
    needs_bonds: ClassVar = True
    version: ClassVar = 2

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        if not len(configuration.bonds):
            raise VitreousError(
                "first_break marks the ends of a bond, but the glass has no bonds; find them with "
                "generator.find_bonds=true (in Python: vitreous.io.bonds.bonded(glass))"
            )

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """One label per atom, in the order of the glass."""
        self.refuse(configuration, potential)
        first = self.first(trajectory)
        values = np.full(len(configuration), np.nan)
        if first is not None:
            assert trajectory is not None
            values[:] = CLASSES.index("intact")
            strain, atom, kind = first
            broken = first_broken(trajectory, strain) if kind == "bond_break" else _NONE
            values[broken if len(broken) else _longest_bond(trajectory, strain, atom)] = (
                CLASSES.index("breaks")
            )
        return Labels(
            name="first_break",
            level="atom",
            task="class",
            classes=CLASSES,
            unit="1",
            values=values,
            mask=np.isfinite(values),
            positions=configuration.positions,
            weak_is="high",
        )


def _longest_bond(trajectory: Trajectory, strain: float, atom: int) -> np.ndarray:
    """(2,) ends of the bond of ``atom`` that is longest in the first frame from ``strain`` on."""
    bonds, frame = trajectory.initial.bonds, trajectory.frame_at(strain)
    own = bonds[(bonds == atom).any(axis=1)]
    if not len(own):
        raise VitreousError(
            f"the first event is of atom {atom}, which has no bond; first_break labels networks "
            "whose atoms are bonded"
        )
    deformed = trajectory.initial.with_(
        positions=trajectory.frames[frame], cell=trajectory.cells[frame]
    )
    ends = deformed.positions[own]
    return own[np.linalg.norm(deformed.minimum_image(ends[:, 1] - ends[:, 0]), axis=1).argmax()]
