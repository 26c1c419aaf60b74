"""Tasks on the workers of a dask cluster: on this machine, existing, or made of Slurm or PBS jobs.

Workers write to the store directly, so it must be on a file system that all of them share. There
are never more tasks in flight than live workers, so the death of a worker is attributed to the one
task it was running, which is retried when a worker is free.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from vitreous.core.errors import VitreousError
from vitreous.core.executor import Lost, packed, performed, unpacked
from vitreous.core.interfaces import Executor
from vitreous.plugins.executors import _dask_clusters

_PATIENCE = 0.2  #: seconds between two checks for a free worker
_SILENT = 60.0  #: seconds that a task waits for a worker before that is said, once
_log = logging.getLogger("vitreous.executor")


@dataclass(frozen=True, kw_only=True)
class Dask(Executor):
    """Tasks on dask workers, one process and thread each.

    Fields:
        workers: number of workers; None: one per core of this machine. timeout: seconds per task;
        None: no limit.
        retries: how often a task whose worker died is retried.
        scheduler: address of an existing cluster, e.g. tcp://host:8786. jobs: "slurm" or "pbs":
        workers are jobs of that queue. queue, account, walltime, directives: of these jobs.
        memory: of one worker in them. per_job: workers in one job.
    """

    own_processes: ClassVar[bool] = True

    workers: int | None = None
    timeout: float | None = None
    retries: int = 1
    scheduler: str | None = None
    jobs: Literal["slurm", "pbs"] | None = None
    queue: str | None = None
    account: str | None = None
    walltime: str = "01:00:00"
    memory: str = "4GB"
    per_job: int = 1
    directives: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("workers", "timeout", "per_job"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise VitreousError(f"executor.{name} is {value:g}; expected a number above 0")
        if self.retries < 0:
            raise VitreousError(f"executor.retries is {self.retries}; expected 0 or more")
        for text in (self.queue, self.account, self.walltime, self.memory, *self.directives):
            if text is not None and not text.isprintable():
                raise VitreousError(
                    f"executor holds {text!r}; expected one line, since each is a line of the "
                    "script that the queue runs"
                )
        if self.scheduler is not None and (self.jobs is not None or self.workers is not None):
            raise VitreousError(
                f"executor.scheduler={self.scheduler} has its own workers; remove "
                "executor.jobs and executor.workers"
            )
        if self.jobs is not None and (self.workers is None or self.workers % self.per_job):
            raise VitreousError(
                f"executor.jobs={self.jobs} with executor.workers={self.workers} and "
                f"executor.per_job={self.per_job}; "
                "expected a number of workers that fills whole jobs, e.g. executor.workers=8"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(workers=2)

    def open(self) -> futures.Executor:
        if self.scheduler is not None:
            return Workers(_dask_clusters.running(self.scheduler), self.timeout, self.retries)
        if self.jobs is None:
            return Workers(_dask_clusters.local(self.workers), self.timeout, self.retries)
        assert self.workers is not None
        cluster = _dask_clusters.of_jobs(
            self.jobs,
            jobs=self.workers // self.per_job,
            per_job=self.per_job,
            memory=self.memory,
            walltime=self.walltime,
            queue=self.queue,
            account=self.account,
            directives=self.directives,
        )
        return Workers(cluster, self.timeout, self.retries)


class Workers(futures.ThreadPoolExecutor):
    """One thread per worker, which submits one task at a time to the scheduler and waits for its
    result.
    """

    def __init__(
        self, cluster: _dask_clusters.Cluster, timeout: float | None, retries: int
    ) -> None:
        super().__init__(cluster.size, thread_name_prefix="vitreous dask")
        self._cluster, self._client = cluster, cluster.client
        self._timeout, self._retries = timeout, retries
        self._in_flight, self._lock, self._over = 0, threading.Lock(), threading.Event()
        self._said = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        """Run ``fn`` on a dask worker; the call and its result must be picklable."""
        return super().submit(self._carry_out, packed(fn, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Disconnect from the cluster, and stop it if started here; with ``cancel_futures`` at
        once.
        """
        if cancel_futures:
            super().shutdown(wait=False, cancel_futures=True)
            self._over.set()
            self._cluster.close()
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        if wait and not self._over.is_set():
            self._over.set()
            self._cluster.close()

    def _carry_out(self, call: bytes) -> Any:
        from distributed import KilledWorker

        for _ in range(self._retries + 1):
            with self._slot():
                future = self._client.submit(performed, call, pure=False)
                try:
                    outcome = future.result(timeout=self._timeout)
                except KilledWorker:
                    continue
                except TimeoutError:
                    self._end_worker_of(future)
                    raise Lost(
                        f"it took longer than executor.timeout={self._timeout:g} s"
                    ) from None
                except (futures.CancelledError, OSError) as error:
                    raise self._gone(error) from error
            return unpacked(outcome)
        raise Lost(f"its dask worker died, {self._retries + 1} times in total")

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """Wait for the slot of a live worker and hold it."""
        began = time.monotonic()
        while not self._taken():
            if self._over.wait(_PATIENCE):
                raise futures.CancelledError
            if time.monotonic() - began > _SILENT:
                self._say_missing()
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1

    def _taken(self) -> bool:
        with self._lock:
            try:
                alive = sum(self._client.nthreads().values())
            except (futures.CancelledError, OSError) as error:
                raise self._gone(error) from error
            free = self._in_flight < alive
            self._in_flight += free
            return free

    def _say_missing(self) -> None:
        """Say once how many workers there are, where that is fewer than asked for: a full queue
        takes jobs and starts none, without a word.
        """
        with self._lock:
            alive, said, self._said = sum(self._client.nthreads().values()), self._said, True
        if not said and alive < self._cluster.size:
            _log.warning(
                "%d of %d workers are there after %.0f s: the queue or its limits hold the others "
                "back (squeue, qstat); the run goes on with those that come, and Ctrl+C ends it "
                "with its jobs",
                *(alive, self._cluster.size, _SILENT),
            )

    def _end_worker_of(self, future: Any) -> None:
        """Restart the worker process of a task: its thread cannot be stopped."""
        held = [
            address for address, keys in self._client.processing().items() if future.key in keys
        ]
        future.cancel()
        try:
            if held:
                self._client.restart_workers(held)
        except ValueError as error:
            raise VitreousError(
                "executor.timeout ends a task by ending its dask worker, which this one's lack of "
                "a nanny forbids; start workers without --no-nanny, or leave executor.timeout out"
            ) from error

    def _gone(self, error: Exception) -> Exception:
        if self._over.is_set():
            return futures.CancelledError()
        return VitreousError(
            f"the dask scheduler at {self._cluster.address} is gone ({type(error).__name__}); "
            "the store keeps all results, run again to resume"
        )
