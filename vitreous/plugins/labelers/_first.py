"""What labels of the first event of a deformation share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Events, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler

Ints = NDArray[Any]
_OPEN, _GROWN = 1.3, 0.2  #: length after an event, and growth in it, of a bond that it opens
_TWIN = 0.005  #: difference of length that a mirror image may have
# all over the mean length of the bonds of the undeformed glass

KINDS = ("bond_break", "flip", "rearrangement", "any")


def refuse_kind(kind: str) -> None:
    """Raises VitreousError for a kind of event that there is not."""
    if kind not in KINDS:
        raise VitreousError(f"labeler.kind is {kind!r}; expected one of {', '.join(KINDS)}")


def counted(events: Events, kind: str, smallest: float, count: int) -> Ints:
    """Numbers of the first ``count`` events of ``kind`` that moved an atom by ``smallest`` or
    more, or by an unrecorded length.
    """
    of_kind = np.array([kind in ("any", found) for found in events.kind], dtype=bool)
    return np.flatnonzero(of_kind & ~(np.asarray(events.move) < smallest))[:count]


@dataclass(frozen=True, kw_only=True)
class OfFirstEvent(Labeler):
    """Labels of the first event of ``kind``; by default one per glass."""

    level: ClassVar = "sample"
    needs_trajectory: ClassVar = True
    sign: ClassVar = "positive"
    dimensions: ClassVar = frozenset({2, 3})

    kind: str = "bond_break"

    def __post_init__(self) -> None:
        refuse_kind(self.kind)

    @classmethod
    def example(cls) -> Self:
        return cls(kind="any")

    def first(self, trajectory: Trajectory | None) -> tuple[float, int, str] | None:
        """Strain, atom and kind of the first event of ``kind``, "any" for the first of all; None
        if there is none.

        Raises:
            VitreousError: without a trajectory.
        """
        events = self.deformed(trajectory).events
        for k in counted(events, self.kind, 0.0, 1):
            return float(events.strain[k]), int(events.atom[k]), events.kind[k]
        return None


def first_broken(trajectory: Trajectory, strain: float) -> Ints:
    """(K, 2) the bonds that break first in the event at ``strain``; none if none opens, or if the
    frames right before and after the event were not saved.

    An event may break many bonds, up to the whole glass, and which came first is not recorded: it
    is taken to be the longest of them just before the event. In a mirror-symmetric bilayer a bond
    and its mirror image are as long as each other, and are returned both.
    """
    after = int(np.searchsorted(trajectory.frame_strain, strain * (1.0 - 1e-9)))
    bonds = trajectory.initial.bonds
    if not 0 < after < len(trajectory.frame_strain) or not len(bonds):
        return np.empty((0, 2), dtype=np.int64)
    at_rest, before, now = (
        _lengths(trajectory, bonds, frame) for frame in (None, after - 1, after)
    )
    mean = at_rest.mean()
    opened = (now > _OPEN * mean) & (now - before > _GROWN * mean)
    longest = before[opened].max(initial=0.0)
    return bonds[opened & (before > longest - _TWIN * mean)]


def _lengths(trajectory: Trajectory, bonds: Ints, frame: int | None) -> NDArray[np.float64]:
    """(B,) of the undeformed glass, or in a frame."""
    glass = trajectory.initial
    if frame is not None:
        glass = glass.with_(positions=trajectory.frames[frame], cell=trajectory.cells[frame])
    ends = glass.positions[bonds]
    return np.linalg.norm(glass.minimum_image(ends[:, 1] - ends[:, 0]), axis=1)
