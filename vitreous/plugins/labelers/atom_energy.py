"""The potential energy of every atom of the undeformed glass (Font-Clos et al. 2022, Fig. 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import UNITS, Configuration, Labels, Loading, Trajectory
from vitreous.core.interfaces import Labeler, Potential


@dataclass(frozen=True, kw_only=True)
class AtomEnergy(Labeler):
    """The energy of every atom, as its potential divides it (vitreous energy --per-atom)."""

    level: ClassVar = "atom"
    needs_trajectory: ClassVar = False
    dimensions: ClassVar = frozenset({2, 3})

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """One label per atom, in the order of the glass."""
        surface = potential.surface(configuration)
        energies = surface.atom_energies(configuration.positions, configuration.cell)
        return Labels(
            name="atom_energy",
            level="atom",
            unit=UNITS[configuration.units][1],
            values=energies,
            mask=np.ones(len(configuration), dtype=bool),
            positions=configuration.positions,
            weak_is="high",
        )
