"""How independent tasks are carried out: one after the other here, or by the pool that an executor
component opens.
"""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Protocol, Self

from vitreous.core.errors import VitreousError

Task = Any
Function = Callable[[Any], Any]
Say = Callable[[str], None]

# : environment variables that numerical libraries read when they are loaded; worker processes have
# them all at 1
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class Lost(VitreousError):
    """A task whose process died or ran out of time; the other tasks are not touched."""


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class InTurn(futures.Executor):
    """One task after the other, in this thread: a future is done when ``submit`` returns it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        future: futures.Future[Any] = futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Progress(Protocol):
    """Shows how far a run is; each method gives a context in which it does."""

    def bar(
        self, title: str, total: int | None, now: Callable[[], str] | None = None
    ) -> AbstractContextManager[Callable[[], None]]:
        """The function that it gives marks one more of ``total`` as done; ``now`` says what is
        under way.
        """
        ...

    def spinner(self, title: str) -> AbstractContextManager[Say]:
        """The function that it gives takes one line on how far a long step is."""
        ...


class Silent:
    """No progress is shown."""

    def bar(
        self, title: str, total: int | None, now: Callable[[], str] | None = None
    ) -> AbstractContextManager[Callable[[], None]]:
        return nullcontext(lambda: None)

    def spinner(self, title: str) -> AbstractContextManager[Say]:
        return nullcontext(lambda line: None)


class Crew:
    """The workers of one run: a pool, opened by the first task and closed at the end of the
    ``with`` block.

    Leaving the block ends the tasks still under way: what they stored is whole, and the same run
    resumes from it.

    Args:
        open_pool: gives a pool of workers, any ``concurrent.futures.Executor``. progress: shows how
        far it is.
    """

    def __init__(
        self, open_pool: Callable[[], futures.Executor] = InTurn, progress: Progress | None = None
    ) -> None:
        self._open, self._progress = open_pool, progress or Silent()
        self._pool: futures.Executor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the workers go; the next task opens another pool."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def map(
        self,
        function: Function,
        tasks: Sequence[Task],
        title: str,
        now: Callable[[], str] | None = None,
        known: Function = lambda task: None,
    ) -> Iterator[tuple[Task, Any]]:
        """(task, result) pairs in the order in which they end; in place of a result an exception
        that ended it. ``now`` says what tasks are under way. What ``known`` gives of a task, in
        this process, is its result; of None the workers make one, which are started for the first
        such task.
        """
        pending: dict[futures.Future[Any], Task] = {}
        with self._progress.bar(title, len(tasks), now) as advance:
            for task in tasks:
                if (result := known(task)) is not None:
                    advance()
                    yield task, result
                    continue
                if self._pool is None:
                    self._pool = self._open()
                future = self._pool.submit(function, task)
                if future.done():  # in turn: what came of it is heard before the next one begins
                    advance()
                    yield task, _what_came_of(future)
                else:
                    pending[future] = task
            for future in futures.as_completed(list(pending)):
                advance()
                yield pending.pop(future), _what_came_of(future)

    def busy(self, title: str) -> AbstractContextManager[Say]:
        """A context for one long step of this process, during which no workers wait."""
        self.close()
        return self._progress.spinner(title)


def _what_came_of(future: futures.Future[Any]) -> Any:
    try:
        return future.result()
    except (Exception, futures.CancelledError) as error:
        return error


def packed(function: Callable[..., Any], *args: Any, **kwargs: Any) -> bytes:
    """A call, for ``performed`` in another process."""
    return pickle.dumps(partial(function, *args, **kwargs))


def performed(call: bytes) -> bytes:
    """Carry out a packed call; what came of it, for ``unpacked``."""
    try:
        return pickle.dumps((pickle.loads(call)(), None))  # noqa: S301, of our own parent
    except Exception as error:
        return pickle.dumps((None, _portable(error)))


def unpacked(outcome: bytes) -> Any:
    """The result of a performed call; raises the exception that ended it."""
    value, error = pickle.loads(outcome)  # noqa: S301, of our own worker
    if error is not None:
        raise error
    return value


def _portable(error: Exception) -> Exception:
    """An exception with its traceback as a note; a RuntimeError in its place if it does not survive
    pickling.
    """
    error.add_note("".join(traceback.format_exception(error)).rstrip())
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301, of this line
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
