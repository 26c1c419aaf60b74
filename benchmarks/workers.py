"""What two workers gain over one, and what a task costs beyond its work: ``executor=local`` and
``executor=dask``, on small glasses (180 atoms to strain 0.01), in processes of their own.

On a machine that others use, wall times say little: CPU seconds stand beside them, and the ratio is
that of runs that took turns. Two runs of half the glasses each that know nothing of each other are
what the machine allows: cores share memory and caches.
"""

import os
import resource
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.clock import table
from benchmarks.runs import TINY, measured
from vitreous.core.executor import Crew
from vitreous.plugins.executors.dask import Dask
from vitreous.plugins.executors.local import Local

GLASSES = 200
TASKS = 400
ROUNDS = 2  #: of all runs, in turn; the best counts


def spent() -> float:
    """CPU seconds of this process and of those that ended."""
    each = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in each)


def one(executor: str, workers: int, samples: int) -> tuple[float, float]:
    """Seconds and CPU seconds of a run on a new store."""
    command = ["run", *TINY[:-1], f"samples={samples}", f"executor={executor}"]
    command += [f"executor.workers={workers}"]
    with tempfile.TemporaryDirectory() as folder:
        before = spent()
        seconds, _ = measured(command, Path(folder))
        return seconds, spent() - before


def apart(samples: int, at_once: int) -> float:
    """Seconds of as many runs without workers, each of its share of the glasses, begun together."""
    command = ["run", *TINY, f"samples={samples // at_once}"]
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(at_once) as pool:
        homes = [Path(name) / str(number) for number in range(at_once)]
        for home in homes:
            home.mkdir()
        start = time.perf_counter()
        list(pool.map(lambda home: measured(command, home), homes))
        return time.perf_counter() - start


def overhead(executor: Local | Dask) -> tuple[float, float]:
    """Milliseconds per task that does nothing, and of CPU, workers started before."""
    before = spent()
    with Crew(executor.open) as crew:
        list(crew.map(abs, range(4), "tasks"))
        start = time.perf_counter()
        list(crew.map(abs, range(TASKS), "tasks"))
        seconds = time.perf_counter() - start
    many = spent() - before
    before = spent()
    with Crew(executor.open) as crew:
        list(crew.map(abs, range(4), "tasks"))
    return 1e3 * seconds / TASKS, 1e3 * (many - (spent() - before)) / TASKS


def run(glasses: int = GLASSES) -> None:
    """Prints both tables."""
    rows = []
    for name, executor in (("local", Local(workers=2)), ("dask", Dask(workers=2))):
        rows.append([name, *overhead(executor)])
    heading = ["executor", "ms per task", "CPU ms per task"]
    table(f"Tasks that do nothing, two workers; load {os.getloadavg()[0]:.1f}", heading, rows)
    one("local", 1, 1)  # compiled
    rows = []
    for name in ("local", "dask"):
        found = {1: [], 2: []}
        for _ in range(ROUNDS):
            for workers, each in found.items():
                each.append(one(name, workers, glasses))
        best = {workers: min(each) for workers, each in found.items()}
        rows.append([name, *best[1], *best[2], best[1][0] / best[2][0]])
    alone, halves = (min(apart(glasses, n) for _ in range(ROUNDS)) for n in (1, 2))
    rows.append(["two runs of half each", alone, "", halves, "", alone / halves])
    table(
        f"{glasses} small glasses; load {os.getloadavg()[0]:.1f}",
        ["executor", "one worker, s", "CPU, s", "two workers, s", "CPU, s", "times faster"],
        rows,
    )


if __name__ == "__main__":
    run()
