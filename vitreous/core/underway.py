"""A long deformation that reports how far it is, and may resume after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from vitreous.core.trajectory import Trajectory

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class SoFar:
    """How far a deformation is.

    Fields:
        strain, events, residual: of the last state; the largest force component left, energy per
        length.
        trajectory: makes the deformation up to here. arrays: makes what ``taken_up`` needs to
        resume with the same bits.
    """

    strain: float
    events: int
    residual: float
    trajectory: Callable[[], Trajectory]
    arrays: Callable[[], Arrays]


class Underway(Protocol):
    """Receives how far a deformation is."""

    @property
    def taken_up(self) -> Arrays | None:
        """What an earlier deformation left; None where this one starts at strain 0."""
        ...

    def reached(self, so_far: SoFar) -> None:
        """Called after every state."""
        ...
