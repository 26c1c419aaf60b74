"""The first event of a kind in a deformation."""

from __future__ import annotations

from vitreous.core.data import Trajectory
from vitreous.core.errors import VitreousError

KINDS = ("bond_break", "flip", "rearrangement", "any")


def refuse_kind(kind: str) -> None:
    """Raise VitreousError unless ``kind`` is one of KINDS."""
    if kind not in KINDS:
        raise VitreousError(f"labeler.kind is {kind!r}; expected one of {', '.join(KINDS)}")


def first_event(trajectory: Trajectory | None, kind: str, labeler: str) -> tuple[float, int] | None:
    """Strain and atom of the first event of ``kind``, "any" for the first of all; None if there is
    none.

    Raises:
        VitreousError: without a trajectory.
    """
    if trajectory is None:
        raise VitreousError(
            f"{labeler} needs a deformation, but none was given; deform the glass first"
        )
    events = trajectory.events
    for strain, atom, found in zip(events.strain, events.atom, events.kind, strict=True):
        if kind in ("any", found):
            return float(strain), int(atom)
    return None
