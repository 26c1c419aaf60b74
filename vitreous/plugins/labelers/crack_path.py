"""The atoms of the crack: those that have lost a bond at the end of the deformation (Font-Clos et
al. 2022, Methods).

With ``simulator=aqs_fracture`` the deformation ends at complete fracture; with another simulator
the crack may be incomplete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler, Potential
from vitreous.mechanics.quasistatic.separation import intact


@dataclass(frozen=True, kw_only=True)
class CrackPath(Labeler):
    """1 for both ends of every bond of the undeformed glass that is longer than ``far`` (length) in
    the last frame, 0 for other atoms.

    Raises:
        VitreousError: for a glass without bonds, or without a deformation.
    """

    level: ClassVar = "atom"
    needs_trajectory: ClassVar = True
    needs_bonds: ClassVar = True
    sign: ClassVar = "positive"
    dimensions: ClassVar = frozenset({2, 3})

    far: float = 2.2

    def __post_init__(self) -> None:
        if not self.far > 0.0:
            raise VitreousError(f"labeler.far is {self.far!r}; expected a positive length")

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        if not len(configuration.bonds):
            raise VitreousError(
                "crack_path marks atoms that lose bonds, but the glass has no bonds; find them "
                "with generator.find_bonds=true (in Python: vitreous.io.bonds.bonded(glass))"
            )

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """One label per atom, in the order of the glass."""
        path = self.deformed(trajectory)
        self.refuse(configuration, potential)
        bonds = configuration.bonds
        held = intact(path.frames[-1], path.cells[-1], configuration.periodic, bonds, self.far)
        values = np.zeros(len(configuration))
        values[bonds[~held].ravel()] = 1.0
        return Labels(
            name="crack_path",
            level="atom",
            unit="1",
            values=values,
            mask=np.ones(len(values), dtype=bool),
            positions=configuration.positions,
            weak_is="high",
        )
