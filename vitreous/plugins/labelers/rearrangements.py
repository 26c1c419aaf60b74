"""The events of a deformation as labels: strain, drop, atom and position of each (Bachhav et al.
2025, Methods).

The position is that of the atom with the largest non-affine displacement in the *undeformed* glass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler, Potential
from vitreous.plugins.labelers._first import counted, refuse_kind


@dataclass(frozen=True, kw_only=True)
class Rearrangements(Labeler):
    """The first ``count`` events of the trajectory, in order of strain.

    Labels: values are the strains; columns strain, energy_drop (energy), stress_drop
    (energy/length^2), atom (index), move (length).

    Fields:
        count: number of events.
        smallest: events that moved no atom by more than this are ignored, length; 0 keeps all
        recorded events. kind: of the events: "any", or one that the simulator tells, such as
        "bond_break".
    """

    level: ClassVar = "event"
    needs_trajectory: ClassVar = True
    sign: ClassVar = "positive"
    dimensions: ClassVar = frozenset({2, 3})

    count: int = 6
    smallest: float = 0.0
    kind: str = field(default="any", metadata={"unkeyed": "any"})

    def __post_init__(self) -> None:
        if self.count < 1:
            raise VitreousError(f"rearrangements count is {self.count!r}; expected at least 1")
        if not 0.0 <= self.smallest < np.inf:
            raise VitreousError(
                f"rearrangements smallest is {self.smallest!r}; expected a length, or 0 for all "
                "events"
            )
        refuse_kind(self.kind)

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """The events of one glass. Raises VitreousError without a trajectory."""
        events = self.deformed(trajectory).events
        first = counted(events, self.kind, self.smallest, self.count)
        return Labels(
            name="rearrangements",
            level="event",
            unit="strain",
            values=events.strain[first],
            mask=np.ones(len(events.strain[first]), dtype=bool),
            positions=configuration.positions[events.atom[first]].reshape(
                -1, configuration.dimension
            ),
            columns={
                "strain": events.strain[first],
                "energy_drop": events.energy_drop[first],
                "stress_drop": events.stress_drop[first],
                "atom": events.atom[first],
                "move": np.asarray(events.move)[first],
            },
        )
