"""The tracker that records nothing."""

from __future__ import annotations

from dataclasses import dataclass

from vitreous.core.interfaces import Tracked, Tracker
from vitreous.core.tracking import Beginning, Outcome


@dataclass(frozen=True, kw_only=True)
class NoTracker(Tracker):
    """No tracking: the run's folder contains everything."""

    def start(self, beginning: Beginning) -> Tracked:
        return Untracked()


class Untracked(Tracked):
    """A run that is not tracked."""

    id = ""

    def finish(self, outcome: Outcome) -> None:
        """Do nothing: the run's folder contains the outcome."""

    def fail(self, reason: str) -> None:
        """Do nothing: the console shows the reason."""
