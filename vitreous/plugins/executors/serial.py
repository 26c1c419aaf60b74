"""Sequential tasks in the process of the run."""

from __future__ import annotations

from concurrent import futures
from dataclasses import dataclass
from typing import ClassVar

from vitreous.core.executor import InTurn
from vitreous.core.interfaces import Executor


@dataclass(frozen=True, kw_only=True)
class Serial(Executor):
    """Sequential tasks in the process of the run, for debuggers and profilers; a crash ends the
    run.
    """

    own_processes: ClassVar[bool] = False

    def open(self) -> futures.Executor:
        return InTurn()
