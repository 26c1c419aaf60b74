"""The kinds that carry out, judge and record runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent import futures
from typing import TYPE_CHECKING, ClassVar

from vitreous.core.evaluated import Evaluated
from vitreous.core.interfaces.method import Method
from vitreous.core.tracking import Beginning, Outcome

if TYPE_CHECKING:
    from vitreous.core.run import Run

NEEDS = (
    "prediction",
    "indicators",
    "map",
    "events",
    "uncertainty",
    "attention",
    "contributions",
    "bonds",
)


class Evaluation(Method):
    """Turns a run into numbers, tables and figures: glass by glass, then averaged, with pooled
    values beside the means.

    ``levels`` and ``tasks``: of the labels that it can score. ``needs``: what a run must have
    besides, of NEEDS; "map" is a prediction or indicators, whichever there is, of labels of whole
    glasses the model's attention, and "bonds" are those of the glasses. What does not fit is
    refused before anything is computed.

    Scores are taken on ``run.role("test")`` alone. Samples may be read from disk when asked for: go
    through them one by one, and keep no trajectory or feature of one when the next comes.
    """

    kind = "evaluation"
    levels: ClassVar[frozenset[str]]
    tasks: ClassVar[frozenset[str]] = frozenset({"value"})
    several: ClassVar[bool] = False  #: whether it scores labels of several components
    needs: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def evaluate(self, run: Run) -> Evaluated:
        """What the run shows. A glass for which a number is not defined has None there, and is left
        out of its mean.
        """


class Executor(Method):
    """Carries out independent tasks; where and how many at a time are its fields, none of which
    decides a result.
    """

    kind = "executor"
    own_processes: ClassVar[
        bool
        # : whether tasks run in other processes, so that a crash costs no more than the task that
        # caused it
    ]

    @abstractmethod
    def open(self) -> futures.Executor:
        """A pool of workers. A future holds what its task returned, or the exception that ended it:
        ``Lost`` where its process died or it ran out of time. ``shutdown(cancel_futures=True)``
        ends tasks under way. Raises VitreousError where no workers are to be had.
        """


class Tracker(Method):
    """Records runs where they can be looked at and compared."""

    kind = "tracker"

    @abstractmethod
    def start(self, beginning: Beginning) -> Tracked:
        """Open the record of a run, or of a sweep, whose jobs receive its ``id``; called before
        anything is computed. Raises VitreousError where nothing can be recorded.
        """


class Tracked(ABC):
    """The record of one run. ``id`` is what the jobs of a sweep know their parent by."""

    id: str

    @abstractmethod
    def finish(self, outcome: Outcome) -> None:
        """Record what came out; raises VitreousError where that cannot be done: the results are
        kept.
        """

    @abstractmethod
    def fail(self, reason: str) -> None:
        """Record why the run ended early; never raises, since another error is under way."""
