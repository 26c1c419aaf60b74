"""Samples side by side in worker processes of this machine.

Each worker is a fresh process with one thread and a pipe of its own: nothing is shared, so a worker that dies, at any moment, costs the one
task it held, which is tried again; a task that takes too long is ended and given up. Interrupting or killing the run leaves the store
consistent: every artifact in it is whole.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from vitreous.app.progress import bar, spinner
from vitreous.core.errors import VitreousError
from vitreous.core.executor import Function, InTurn, Lost, Say, Task, cores

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Serial(InTurn):
    """One sample after the other in this process, with progress."""

    def map(self, function: Function, tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Any]]:
        with bar(title, len(tasks)) as advance:
            for outcome in super().map(function, tasks, title):
                advance()
                yield outcome

    def busy(self, title: str) -> AbstractContextManager[Say]:
        return spinner(title)


@dataclass(kw_only=True)
class Job:
    """A task, and how often it may still be tried after this time."""

    task: Task
    retries: int


class Worker:
    """A process that carries out one job at a time."""

    def __init__(self, function: Function) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, function), name="vitreous worker")
        self._process.start()
        theirs.close()  # so that the death of the process ends the pipe
        self.job: Job | None = None
        self.deadline = float("inf")

    def begin(self, job: Job, timeout: float | None) -> None:
        self.job, self.deadline = job, time.monotonic() + timeout if timeout else float("inf")
        try:
            self.pipe.send(job.task)
        except OSError:
            return  # it is dead already, and waiting for it will say so

    def result(self) -> Any:
        """What came of the job; raises EOFError or OSError if the process died."""
        return self.pipe.recv()

    def end(self) -> str:
        """End the process; how it ended, in words."""
        self.pipe.close()
        self._process.join(1.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        code = self._process.exitcode or 0
        return f"was killed by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"died with exit code {code}"

    def kill(self) -> None:
        self._process.kill()
        self.end()


def _serve(pipe: Connection, function: Function) -> None:
    """A worker's life: one task after the other until the pipe ends. Interrupts are the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            outcome = function(task)
            content = pickle.dumps(outcome)
        except Exception as error:
            content = _portable(error)
        try:
            pipe.send_bytes(content)
        except OSError:
            return


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _portable(error: Exception) -> bytes:
    """An exception, pickled with its traceback as a note; as a RuntimeError if it does not survive that."""
    error.add_note("".join(traceback.format_exception(error)).rstrip())
    try:
        content = pickle.dumps(error)
        pickle.loads(content)
    except Exception:
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return content


class Local:
    """A pool of worker processes.

    Fields:
        workers: how many (None: one per core). timeout: seconds per task (None: no limit). retries: how often a task whose process died is
        tried again.
    """

    def __init__(self, workers: int | None = None, timeout: float | None = None, retries: int = 1) -> None:
        self.workers, self.timeout, self.retries = workers or cores(), timeout, retries

    def map(self, function: Function, tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Any]]:
        waiting = deque(Job(task=task, retries=self.retries) for task in tasks)
        workers: list[Worker] = []
        with _one_thread_each(), bar(title, len(tasks)) as advance:
            try:
                while waiting or workers:
                    self._employ(workers, waiting, function)
                    for job, outcome in self._outcomes(workers):
                        if isinstance(outcome, Lost) and job.retries > 0:
                            waiting.append(Job(task=job.task, retries=job.retries - 1))
                        else:
                            advance()
                            yield job.task, outcome
            finally:
                for worker in workers:
                    worker.kill()

    def _employ(self, workers: list[Worker], waiting: deque[Job], function: Function) -> None:
        """Give idle workers a job, let go of those there is none for, and hire where there is more to do."""
        for worker in [w for w in workers if w.job is None]:
            if waiting:
                worker.begin(waiting.popleft(), self.timeout)
            else:
                workers.remove(worker)
                worker.end()
        while waiting and len(workers) < self.workers:
            workers.append(Worker(function))
            workers[-1].begin(waiting.popleft(), self.timeout)

    def _outcomes(self, workers: list[Worker]) -> Iterator[tuple[Job, Any]]:
        """Wait until something happens; the jobs that ended, and how."""
        patience = min((worker.deadline for worker in workers), default=float("inf")) - time.monotonic()
        ready = wait([worker.pipe for worker in workers], None if patience == float("inf") else max(patience, 0.0)) if workers else []
        for worker in list(workers):
            job = worker.job
            if job is None:
                continue
            if worker.pipe in ready:
                yield job, self._received(worker, workers)
            elif time.monotonic() > worker.deadline:
                workers.remove(worker)
                worker.kill()
                job.retries = 0
                yield job, Lost(f"it took longer than executor.timeout={self.timeout:g} s")

    def _received(self, worker: Worker, workers: list[Worker]) -> Any:
        try:
            outcome = worker.result()
        except (EOFError, OSError):
            workers.remove(worker)
            return Lost(f"its worker process {worker.end()}, {self.retries + 1} times in all")
        worker.job = None
        return outcome

    def busy(self, title: str) -> AbstractContextManager[Say]:
        return spinner(title)


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
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def executor(workers: int | None, timeout: float | None, retries: int) -> Serial | Local:
    """The executor that a configuration asks for; without worker processes when ``workers`` is 0.

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
