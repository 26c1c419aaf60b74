"""No tracker."""

from __future__ import annotations

from dataclasses import dataclass

from vitreous.core.interfaces import Tracked, Tracker
from vitreous.core.tracking import Beginning, Outcome


@dataclass(frozen=True, kw_only=True)
class NoTracker(Tracker):
    """Nothing is recorded beyond the run's folder, which holds everything."""

    def start(self, beginning: Beginning) -> Tracked:
        return Untracked()


class Untracked(Tracked):
    """A run of which no record is kept."""

    id = ""

    def finish(self, outcome: Outcome) -> None:
        """The folder holds what came out."""

    def fail(self, reason: str) -> None:
        """The console says why."""
