"""Parallel tasks in worker processes on this machine.

Each worker is a new process with one thread and its own pipe. Nothing is shared, so a worker that
dies, at any moment, costs only the task it was running, which is retried; a task that exceeds the
timeout is terminated and not retried. Interrupting or killing the run leaves the store consistent:
every artifact in it is complete.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, ClassVar, Self

from vitreous.core.errors import VitreousError
from vitreous.core.executor import THREADS, Lost, cores, packed, performed, unpacked
from vitreous.core.interfaces import Executor

_ALONE = (
    threading.Lock()
)  #: held while a process starts or ends, which changes state shared by all threads


@dataclass(frozen=True, kw_only=True)
class Local(Executor):
    """Parallel tasks in worker processes on this machine, one thread each.

    Fields:
        workers: number of processes; None: one per core. timeout: seconds per task; None: no limit.
        retries: how often a task whose process died is retried.
    """

    own_processes: ClassVar[bool] = True

    workers: int | None = None
    timeout: float | None = None
    retries: int = 1

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise VitreousError(
                f"executor.workers is {self.workers}; expected 1 or more, or null for one per "
                "core; "
                "to run without worker processes, type executor=serial"
            )
        if self.timeout is not None and self.timeout <= 0:
            raise VitreousError(
                f"executor.timeout is {self.timeout:g}; expected seconds above 0, or null"
            )
        if self.retries < 0:
            raise VitreousError(f"executor.retries is {self.retries}; expected 0 or more")

    @classmethod
    def example(cls) -> Self:
        return cls(workers=2)

    def open(self) -> futures.Executor:
        return Processes(self.workers or cores(), self.timeout, self.retries)


class Processes(futures.ThreadPoolExecutor):
    """One thread per worker process, which sends it one task at a time and waits for the result."""

    def __init__(self, workers: int, timeout: float | None, retries: int) -> None:
        super().__init__(workers, thread_name_prefix="vitreous worker")
        self._timeout, self._retries = timeout, retries
        self._idle: list[Worker] = []
        self._held: set[Worker] = set()
        self._over = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        """Run ``fn`` in a worker process; the call and its result must be picklable."""
        return super().submit(self._carry_out, packed(fn, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; with ``cancel_futures`` also those that are working: what they stored
        is complete.
        """
        with _ALONE:
            self._over = self._over or cancel_futures
            for worker in self._held if cancel_futures else ():
                worker.kill()
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        with _ALONE:
            for worker in self._idle:  # all are told before one is waited for
                worker.dismiss()
            while self._idle:
                self._idle.pop().end()

    def _carry_out(self, call: bytes) -> Any:
        for _ in range(self._retries + 1):
            worker = self._take()
            try:
                outcome = worker.perform(call, self._timeout)
            except TimeoutError:
                worker.kill()
                self._let_go(worker)
                raise Lost(f"it took longer than executor.timeout={self._timeout:g} s") from None
            except (EOFError, OSError):
                end = self._let_go(worker)
            else:
                self._put_back(worker)
                return unpacked(outcome)
        raise Lost(f"its worker process {end}, {self._retries + 1} times in total")

    def _take(self) -> Worker:
        with _ALONE:
            if self._over:
                raise futures.CancelledError
            worker = self._idle.pop() if self._idle else Worker()
            self._held.add(worker)
            return worker

    def _put_back(self, worker: Worker) -> None:
        with _ALONE:
            self._held.remove(worker)
            self._idle.append(worker)

    def _let_go(self, worker: Worker) -> str:
        with _ALONE:
            self._held.remove(worker)
            return worker.end()


class Worker:
    """A process that runs one task at a time; started and ended under ``_ALONE``."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="vitreous worker")
        with _one_thread_each():
            self._process.start()
        theirs.close()  # so that the pipe closes when the process dies

    def perform(self, call: bytes, timeout: float | None) -> bytes:
        """The outcome of the call. Raises TimeoutError, or EOFError or OSError if the process
        died.
        """
        self._pipe.send_bytes(call)
        if not self._pipe.poll(timeout):
            raise TimeoutError
        return self._pipe.recv_bytes()

    def kill(self) -> None:
        """Terminate the process."""
        self._process.kill()

    def dismiss(self) -> None:
        """Have the process end, once it has no task."""
        self._pipe.close()

    def end(self) -> str:
        """End the process; return how it ended, in words."""
        self.dismiss()
        self._process.join(1.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        code = self._process.exitcode or 0
        if code < 0:
            return f"was killed by signal {-code} ({signal.Signals(-code).name})"
        return f"died with exit code {code}"


def _serve(pipe: Connection) -> None:
    """Main loop of a worker: one task after the other until the pipe closes. Ignores interrupts,
    which the parent handles. Nothing is left to do at its end, which Python would take up to a
    second for: what tasks stored is whole.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    while True:
        try:
            pipe.send_bytes(performed(pipe.recv_bytes()))
        except (EOFError, OSError):
            break
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # whoever read them may be gone
            stream.flush()
    os._exit(0)


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started within use one thread each; libraries already loaded in this process are
    not affected.
    """
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
