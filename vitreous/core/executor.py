"""How independent tasks are carried out: in turn here, in worker processes in ``vitreous.app.executor``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from vitreous.core.errors import VitreousError

Task = Any
Function = Callable[[Any], Any]
Say = Callable[[str], None]


class Lost(VitreousError):
    """A task whose process died or ran out of time; the other tasks are not touched."""


class Executor(Protocol):
    """Carries out tasks and says what came of each, in any order."""

    def map(self, function: Function, tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Any]]:
        """(task, result) pairs; in place of a result an exception that ended the task."""
        ...

    def busy(self, title: str) -> AbstractContextManager[Say]:
        """A context in which one long step of this process runs; the function it gives takes what there is to say about how far it is."""
        ...


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class InTurn:
    """One task after the other, in this process."""

    def map(self, function: Function, tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Any]]:
        for task in tasks:
            try:
                yield task, function(task)
            except Exception as error:
                yield task, error

    def busy(self, title: str) -> AbstractContextManager[Say]:
        return nullcontext(lambda line: None)
