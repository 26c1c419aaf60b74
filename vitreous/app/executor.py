"""Samples side by side in worker processes of this machine.

Each worker is a fresh process with one thread. A worker that dies costs the one task it held, which is tried again; a task that takes too
long is ended and given up. Interrupting or killing the run leaves the store consistent: every artifact in it is whole.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, TimeoutError, wait
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from vitreous.app.progress import bar
from vitreous.core.errors import VitreousError
from vitreous.core.executor import Function, InTurn, Lost, Task

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Serial(InTurn):
    """One sample after the other in this process, with progress."""

    def map(self, function: Function, tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Any]]:
        with bar(title, len(tasks)) as advance:
            for outcome in super().map(function, tasks, title):
                advance()
                yield outcome

    def busy(self, title: str) -> AbstractContextManager[Any]:
        return bar(title, None)


class Local:
    """A pool of worker processes.

    Fields:
        workers: how many (None: one per core). timeout: seconds per task (None: no limit). retries: how often a task whose process died is
        tried again.
    """

    def __init__(self, workers: int | None = None, timeout: float | None = None, retries: int = 1) -> None:
        self.workers, self.timeout, self.retries = workers or cores(), timeout, retries

    def map(self, function: Function, tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Any]]:
        from pebble import ProcessPool

        context = multiprocessing.get_context("spawn")
        with _one_thread_each(), bar(title, len(tasks)) as advance:
            pool = ProcessPool(max_workers=max(1, min(self.workers, len(tasks))), context=context)
            try:
                for outcome in self._collect(pool, function, tasks):
                    advance()
                    yield outcome
                pool.close()
            finally:
                pool.stop()
                pool.join()

    def _collect(self, pool: Any, function: Function, tasks: Sequence[Task]) -> Iterator[tuple[Task, Any]]:
        def submit(task: Task, tries_left: int) -> None:
            waiting[pool.schedule(function, args=(task,), timeout=self.timeout)] = (task, tries_left)

        waiting: dict[Any, tuple[Task, int]] = {}
        for task in tasks:
            submit(task, self.retries)
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                task, tries_left = waiting.pop(future)
                outcome, died = self._outcome(future)
                if died and tries_left:
                    submit(task, tries_left - 1)
                else:
                    yield task, outcome

    def _outcome(self, future: Any) -> tuple[Any, bool]:
        """What came of a task, and whether its process died."""
        from pebble import ProcessExpired

        try:
            return future.result(), False
        except ProcessExpired as error:
            return Lost(f"its worker process died with exit code {error.exitcode}, {self.retries + 1} times in all"), True
        except TimeoutError:
            return Lost(f"it took longer than executor.timeout={self.timeout:g} s"), False
        except (Exception, CancelledError) as error:
            return error, False

    def busy(self, title: str) -> AbstractContextManager[Any]:
        return bar(title, None)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started inside use one thread each; this process's own libraries are already running and do not notice."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def executor(workers: int | None, timeout: float | None, retries: int) -> Serial | Local:
    """The executor that a configuration asks for; no worker processes when ``workers`` is 0, or 1 with neither time limit nor retries.

    Raises:
        VitreousError: a number that makes no sense.
    """
    if (workers is not None and workers < 0) or (timeout is not None and timeout <= 0) or retries < 0:
        raise VitreousError(
            f"executor has workers={workers}, timeout={timeout}, retries={retries}; expected none of them negative, timeout above 0"
        )
    if workers == 0:
        if timeout is not None:
            raise VitreousError(
                f"executor.timeout={timeout:g} needs worker processes; set executor.workers=1 or more, or executor.timeout=null"
            )
        return Serial()
    return Local(workers, timeout, retries)
