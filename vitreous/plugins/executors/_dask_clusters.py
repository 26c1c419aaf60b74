"""The three kinds of dask cluster: workers on this machine, of an existing scheduler, and of a
batch queue.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, Queue
from typing import Any

from vitreous.core.errors import VitreousError
from vitreous.core.executor import THREADS, cores

DASHBOARD = ":0"  #: any free port: dask requires one, and two runs must not collide
ANSWER = 20.0  #: seconds within which a scheduler must answer, and have a worker
_LATE = 5.0  #: seconds beyond, in which dask itself gives up
ATTEMPTS = 3  #: to start workers on this machine
SUBMITTED = 60.0  #: seconds within which a batch queue must take a job
_BOUNDED, _ENDED = "timeout --kill-after=1", 124  #: of coreutils, and its status for what it ended
ONE_EACH = dict.fromkeys(THREADS, "1")
# the executor, not the scheduler, counts failures and repeats tasks; no task waits on a worker that
# runs another
_SCHEDULER = {"allowed_failures": 0}
# what dask watches and moves all the time, for pages that nobody sees and stores that nobody uses:
# with two workers a twelfth of a core, of those on which they compute
_QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "1 day",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.work-stealing": False,
}
_CONFIG = {
    "distributed.scheduler.worker-saturation": 1.0,
    # otherwise dask removes the slot of a worker that dies often
    "distributed.deploy.lost-worker-timeout": "1 day",
    **_QUIET,
}
# of workers that are jobs, which do not see the settings of this process
_ENVIRONMENT = ONE_EACH | {
    f"DASK_{name.replace('.', '__').replace('-', '_').upper()}": f"'{value}'"
    for name, value in _QUIET.items()
}
_log = logging.getLogger("vitreous.executor")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A connection to a scheduler.

    Fields:
        size: number of workers. closing: resources closed with it, the client first.
    """

    client: Any
    address: str
    size: int
    closing: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Disconnect, and stop the cluster if it was started here."""
        self.closing.close()


def local(workers: int | None) -> Cluster:
    """Worker processes on this machine, restarted when they die.

    Raises:
        VitreousError: they die whenever they are started.
    """
    from dask import config
    from distributed import LocalCluster  # before settings are changed, which it brings defaults of

    count = workers or cores()
    _hush()
    with ExitStack() as closing:
        closing.enter_context(config.set(_CONFIG))
        made = _started(
            LocalCluster,
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            dashboard_address=DASHBOARD,
            silence_logs=logging.CRITICAL,
            scheduler_kwargs=_SCHEDULER,
            env=ONE_EACH,
            preload="vitreous.plugins.executors._dask_worker",
        )
        closing.callback(made.close)
        client = _connected(made, closing)
        closing.callback(_settle, client, count)
        return Cluster(
            client=client, address=made.scheduler_address, size=count, closing=closing.pop_all()
        )


def _started(make: Callable[..., Any], **how: Any) -> Any:
    """A cluster on this machine; dask gives up, and ends the others, if a worker dies while it is
    started, which is tried again here.
    """
    for left in reversed(range(ATTEMPTS)):
        try:
            return make(**how)
        except RuntimeError as error:
            if not left:
                reason = " ".join(str(error.__cause__ or error).split())[:200]
                raise VitreousError(
                    f"the dask workers of this machine ended while they were started, {ATTEMPTS} "
                    f"times ({reason}); free memory, ask for fewer with executor.workers=1, or "
                    "use executor=local"
                ) from error


def _settle(client: Any, count: int) -> None:
    """Wait until starting workers have started: closed earlier, they print a traceback."""
    with suppress(TimeoutError):
        client.wait_for_workers(count, timeout=ANSWER)


def running(address: str) -> Cluster:
    """An existing cluster: its scheduler keeps its own settings, and its workers remain when the
    run ends.

    Raises:
        VitreousError: if no scheduler answers, or it has no worker.
    """
    _hush()
    start = "start one with: dask scheduler, and: dask worker ADDRESS --nworkers=auto --nthreads=1"
    client = _answered(address, start)
    closing = ExitStack()
    closing.callback(client.close)
    try:
        client.wait_for_workers(1, timeout=ANSWER)
    except TimeoutError:
        closing.close()
        raise VitreousError(f"the dask scheduler at {address} has no worker; {start}") from None
    threads: Any = client.nthreads()
    if max(threads.values()) > 1:
        _log.warning(
            "workers of %s run several tasks in one process, and all are lost if it dies; start "
            "them with --nthreads=1",
            address,
        )
    return Cluster(client=client, address=address, size=sum(threads.values()), closing=closing)


def _answered(address: str, start: str) -> Any:
    """A client of whatever is at an address, made in a thread of its own: a server that takes the
    connection and says nothing would be waited for without end. Raises VitreousError for what is
    no scheduler.
    """
    from distributed import Client

    answers: Queue[Any] = Queue()

    def connect() -> None:
        try:
            answers.put(Client(address, timeout=ANSWER))
        except Exception as error:  # whatever dask makes of another server's words
            answers.put(error)

    threading.Thread(target=connect, name="vitreous dask client", daemon=True).start()
    try:
        found = answers.get(timeout=ANSWER + _LATE)
    except Empty:
        found = TimeoutError(f"the connection is taken, but no word comes within {ANSWER:g} s")
    if not isinstance(found, Exception):
        return found
    what = found if isinstance(found, OSError | ValueError) else "what answers is no scheduler"
    raise VitreousError(
        f"no dask scheduler answers at executor.scheduler={address} ({what}); {start}"
    ) from found


def of_jobs(
    kind: str,
    *,
    jobs: int,
    per_job: int,
    memory: str,
    walltime: str,
    queue: str | None,
    account: str | None,
    directives: Sequence[str],
) -> Cluster:
    """Workers in jobs of a batch queue; tasks start as soon as the first job does.

    Raises:
        VitreousError: if the queue refuses the jobs.
    """
    from dask import config
    from dask.utils import parse_bytes

    made = _kinds_of_jobs()[kind]
    answers: Queue[Exception | None] = Queue()
    _hush()
    with _in_words(kind, memory), ExitStack() as closing:
        closing.enter_context(config.set(_CONFIG))
        if (room := parse_bytes(memory)) < 1:
            raise ValueError("expected more than 0 bytes")
        cluster = made(
            n_workers=jobs * per_job,
            job_cls=_watched(made.job_cls, answers),
            cores=per_job,
            processes=per_job,
            memory=f"{room * per_job} B",
            walltime=walltime,
            queue=queue,
            account=account,
            job_extra_directives=list(directives),
            job_script_prologue=[f"export {name}={value}" for name, value in _ENVIRONMENT.items()],
            scheduler_options={**_SCHEDULER, "dashboard_address": DASHBOARD},
        )
        closing.callback(cluster.close)
        # before a client waits for the same: interrupted there, dask cannot close its cluster
        for _ in range(jobs):
            if (error := answers.get(timeout=SUBMITTED + _LATE)) is not None:
                raise error
        client = _connected(cluster, closing)
        return Cluster(
            client=client,
            address=cluster.scheduler_address,
            size=jobs * per_job,
            closing=closing.pop_all(),
        )


def _kinds_of_jobs() -> dict[str, type[Any]]:
    """Clusters by the name of their queue. Importing them would have an interruption end this
    process without a word, with status 0.
    """
    before = signal.getsignal(signal.SIGINT)
    from dask_jobqueue.pbs import PBSCluster
    from dask_jobqueue.slurm import SLURMCluster

    if signal.getsignal(signal.SIGINT) is not before:
        signal.signal(signal.SIGINT, before)
    return {"slurm": SLURMCluster, "pbs": PBSCluster}


def _watched(job: type[Any], answers: Queue[Exception | None]) -> type[Any]:
    """A job class that reports whether the queue accepted it: dask submits in the background and
    only logs a refusal. Commands of a queue that does not answer are ended, not waited for.
    """

    from distributed import Status

    class Watched(job):
        submit_command = f"{_BOUNDED} {SUBMITTED:g} {job.submit_command}"
        cancel_command = f"{_BOUNDED} {SUBMITTED:g} {job.cancel_command}"

        async def start(self) -> None:
            try:
                await super().start()
            except Exception as error:
                self.status = Status.running  # dask cannot close a job that never ran
                late = f"Exit code: {_ENDED}\n" in str(error)
                answers.put(TimeoutError() if late else error)
            else:
                answers.put(None)

        async def close(self) -> None:
            await super().close()
            self.status = Status.closed

    return Watched


@contextmanager
def _in_words(kind: str, memory: str) -> Iterator[None]:
    """Turn failures to start workers into a VitreousError."""
    try:
        yield
    except (ValueError, RuntimeError, OSError, Empty) as error:
        reason = next(
            (line for line in reversed(str(error).splitlines()) if line.strip()),
            "the queue does not answer",
        )
        raise VitreousError(
            f"executor.jobs={kind} cannot start workers of executor.memory={memory}: "
            f"{reason.strip()[:300]}; "
            "correct the executor's settings, or use executor=local"
        ) from error


def _connected(made: Any, closing: ExitStack) -> Any:
    """A client of a cluster that was started here, which ends with ``closing``."""
    from distributed import Client

    client = Client(made)
    closing.callback(client.close)
    return client


def _hush() -> None:
    """Silence dask's log of every worker that ends; Vitreous reports what matters."""
    for name in ("distributed", "dask_jobqueue", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
