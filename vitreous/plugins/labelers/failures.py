"""The first failures of a glass: around each the strain at which it came, elsewhere the strain up
to which nothing happened.

    y_i = +strain of event e     for sites i within ``radius`` of the atom that e moved most
    y_i = -strain of the end     for all others

as in a study of survival, where those who outlive it are censored (Cox, J. R. Stat. Soc. B 34, 187
(1972)). The end is that of event number ``count``, or of the deformation where it has fewer. A site
within reach of several events failed in the first. Which of the sites around an event it began at
is not known: its atom is where most happened, not where it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler, Potential
from vitreous.plugins.labelers._first import counted, refuse_kind


@dataclass(frozen=True, kw_only=True)
class Failures(Labeler):
    """Strain of failure of each atom, dimensionless, negative where it was seen to hold.

    Fields:
        count: number of events; what the structure at rest knows of later ones is less. radius: of
        the surroundings of an event, in the undeformed glass, length. smallest: events that moved
        no atom by more are ignored, length; 0 keeps all recorded ones. kind: of the events that
        count: "any", or one that the simulator tells, such as "bond_break".

    Raises:
        VitreousError: fields out of range, an unknown kind, or no deformation to label.
    """

    level: ClassVar = "atom"
    task: ClassVar = "survival"
    needs_trajectory: ClassVar = True
    dimensions: ClassVar = frozenset({2, 3})

    count: int = 3
    radius: float = 4.0
    smallest: float = 0.0
    kind: str = "any"

    def __post_init__(self) -> None:
        if self.count < 1 or not 0.0 < self.radius < np.inf or not 0.0 <= self.smallest < np.inf:
            raise VitreousError(
                f"failures got count={self.count}, radius={self.radius:g}, "
                f"smallest={self.smallest:g}; expected at least one event, a positive length, and "
                "a length or 0"
            )
        refuse_kind(self.kind)

    @classmethod
    def example(cls) -> Self:
        return cls(count=1)

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """One label per atom, in the order of the glass."""
        path = self.deformed(trajectory)
        events = path.events
        kept = counted(events, self.kind, self.smallest, self.count)
        whole = len(kept) == self.count
        end = events.strain[kept[-1]] if whole else path.strain[-1]
        values = np.full(len(configuration), -float(end))
        for event in kept[::-1]:  # the first overwrites what later ones wrote
            step = configuration.positions - configuration.positions[events.atom[event]]
            near = np.linalg.norm(configuration.minimum_image(step), axis=1) <= self.radius
            values[near] = events.strain[event]
        return Labels(
            name="failures",
            level="atom",
            task="survival",
            unit="strain",
            values=values,
            mask=np.ones(len(values), dtype=bool),
            positions=configuration.positions,
            weak_is="low",
        )
