"""What labels of the first event of a deformation share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from vitreous.core.data import Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler

KINDS = ("bond_break", "flip", "rearrangement", "any")


@dataclass(frozen=True, kw_only=True)
class OfFirstEvent(Labeler):
    """Labels of the first event of ``kind``; by default one per glass."""

    level: ClassVar = "sample"
    needs_trajectory: ClassVar = True
    sign: ClassVar = "positive"
    dimensions: ClassVar = frozenset({2, 3})

    kind: str = "bond_break"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise VitreousError(
                f"labeler.kind is {self.kind!r}; expected one of {', '.join(KINDS)}"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(kind="any")

    def first(self, trajectory: Trajectory | None) -> tuple[float, int] | None:
        """Strain and atom of the first event of ``kind``, "any" for the first of all; None if there
        is none.

        Raises:
            VitreousError: without a trajectory.
        """
        if trajectory is None:
            raise VitreousError(
                f"{type(self).__name__} needs a deformation, but none was given; deform the glass "
                "first"
            )
        events = trajectory.events
        for strain, atom, found in zip(events.strain, events.atom, events.kind, strict=True):
            if self.kind in ("any", found):
                return float(strain), int(atom)
        return None
