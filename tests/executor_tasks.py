"""Tasks for executors, at module level so that workers can be given them."""

import atexit
import os
import time
from pathlib import Path

from vitreous.core.executor import THREADS, Crew


def outcomes(executor, function, tasks):
    """What came of each task."""
    with Crew(executor.open) as crew:
        return dict(crew.map(function, tasks, "tasks"))


def square(task):
    return task * task


def dies_at_three(task):
    if task == 3:
        os._exit(7)
    return task


def dies_once(flag, task):
    if task == 3 and not Path(flag).exists():
        Path(flag).touch()
        os._exit(7)
    return task


def hangs_at_three(task):
    if task == 3:
        time.sleep(60)
    return task


def raises_at_three(task):
    if task == 3:
        raise KeyError("three")
    return task


def kills_itself_at_once(task):
    if task % 2:
        os.kill(os.getpid(), 9)
    return task


def gives_what_cannot_be_sent(task):
    return lambda: task


class Fragile(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} {b}")


def raises_what_cannot_be_sent(task):
    raise Fragile("one", "two")


def threads(task):
    return [os.environ.get(name) for name in THREADS]


def process(task):
    time.sleep(0.2)
    return os.getpid()


def would_take_long_to_end(_):
    atexit.register(time.sleep, 60)


def takes_a_second(task):
    time.sleep(1.0)
    return task


def spent_idle(seconds):
    """CPU seconds that this process takes while its task sleeps."""
    before = time.process_time()
    time.sleep(seconds)
    return time.process_time() - before
