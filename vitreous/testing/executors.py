"""Checks of executors: every task runs, the failure of one does not affect others, and nothing
outlives the pool.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent import futures
from functools import lru_cache
from typing import Any

from vitreous.core.executor import THREADS, Crew, Lost
from vitreous.testing.contract import Skip, Subject, expect

TASKS = range(4)


def square(task: int) -> int:
    """The square of the task."""
    return task * task


def raises_at_two(task: int) -> int:
    """The task; task 2 raises KeyError."""
    if task == 2:
        raise KeyError("two")
    return task


def gives_what_cannot_be_sent(task: int) -> Any:
    """The task; task 2 returns a function that cannot be pickled."""
    return (lambda: task) if task == 2 else task


def dies_at_two(task: int) -> int:
    """The task; task 2 ends its process, unless that is the calling process."""
    if task == 2 and multiprocessing.parent_process() is not None:
        os._exit(7)
    return task


def threads_of(task: int) -> list[str]:
    """The thread limits of numerical libraries."""
    return [os.environ.get(name, "any number") for name in THREADS]


def process_of(task: int) -> int:
    """The id of the process that runs the task."""
    return os.getpid()


def outcomes(
    executor: Any, function: Callable[[int], Any], tasks: Sequence[int] = TASKS
) -> dict[int, Any]:
    """The outcome of each task."""
    with Crew(executor.open) as crew:
        return dict(crew.map(function, tasks, "tasks"))


@lru_cache
def _seen(subject: Subject) -> dict[str, dict[int, Any]]:
    """The outcomes of each kind of task, in one pool, since some take seconds to open."""
    functions = [square, raises_at_two, gives_what_cannot_be_sent, process_of, threads_of]
    functions += [dies_at_two] if subject.cls.own_processes else []
    before = dict(os.environ)
    with Crew(subject.make().open) as crew:
        seen = {
            function.__name__: dict(crew.map(function, TASKS, "tasks")) for function in functions
        }
    changed = {name for name in {*before, *os.environ} if before.get(name) != os.environ.get(name)}
    expect(
        not changed,
        f"the environment of the calling process has changed: {', '.join(sorted(changed))}",
    )
    return seen


def declares_itself(subject: Subject) -> None:
    """It declares whether tasks run in other processes, and they do as declared."""
    declared = subject.cls.own_processes
    expect(isinstance(declared, bool), f"own_processes is {declared!r}; expected True or False")
    here = [
        task for task, process in _seen(subject)["process_of"].items() if process == os.getpid()
    ]
    expect(
        bool(here) != declared,
        f"own_processes is {declared}, but {len(here)} of {len(TASKS)} tasks ran in the calling "
        "process",
    )


def opens_a_futures_executor(subject: Subject) -> None:
    """``open`` gives a ``concurrent.futures.Executor``, whose tasks are futures."""
    pool = subject.make().open()
    expect(
        isinstance(pool, futures.Executor),
        f"open() gives {type(pool).__name__}; expected a concurrent.futures.Executor",
    )
    with pool:
        future = pool.submit(square, 3)
        expect(
            isinstance(future, futures.Future),
            f"submit() gives {type(future).__name__}; expected a concurrent.futures.Future",
        )
        expect(future.result(timeout=120) == 9, "the square of 3 is not 9")


def carries_out_every_task(subject: Subject) -> None:
    """Each task is returned once, with its own result."""
    found = _seen(subject)["square"]
    expect(
        found == {task: square(task) for task in TASKS},
        f"the squares of {list(TASKS)} are returned as {found}",
    )


def an_exception_is_a_result(subject: Subject) -> None:
    """A task that raises returns its exception, and the others their results."""
    raised, others = _apart(_seen(subject)["raises_at_two"])
    expect(
        isinstance(raised, KeyError) and raised.args == ("two",),
        f"a task raised KeyError('two'), but {raised!r} was returned",
    )
    expect(others == {0: 0, 1: 1, 3: 3}, f"when one task raises, the others return {others}")


def what_cannot_be_sent_touches_no_other(subject: Subject) -> None:
    """A task whose result cannot be pickled affects only that result."""
    sent, others = _apart(_seen(subject)["gives_what_cannot_be_sent"])
    expect(
        callable(sent) or isinstance(sent, Exception),
        f"a result that cannot be pickled returned {sent!r}; expected an exception",
    )
    expect(
        others == {0: 0, 1: 1, 3: 3},
        f"when one result cannot be pickled, the others return {others}",
    )


def a_death_costs_one_task(subject: Subject) -> None:
    """A task that ends its process returns Lost, and the others their results."""
    if not subject.cls.own_processes:
        raise Skip("tasks run in the process of the run")
    died, others = _apart(_seen(subject)["dies_at_two"])
    expect(isinstance(died, Lost), f"a task ended its process and returned {died!r}; expected Lost")
    expect(
        others == {0: 0, 1: 1, 3: 3},
        f"when one task ends its process, the others return {others}",
    )


def workers_use_one_thread_each(subject: Subject) -> None:
    """Numerical libraries use one thread in each worker process, since there is one process per
    core.
    """
    if not subject.cls.own_processes:
        raise Skip("tasks run in the process of the run")
    given = _seen(subject)["threads_of"][0]
    wrong = [
        f"{name} is {value}" for name, value in zip(THREADS, given, strict=True) if value != "1"
    ]
    expect(not wrong, f"in a worker {', '.join(wrong)}; expected 1")


def _apart(found: dict[int, Any]) -> tuple[Any, dict[int, Any]]:
    """The outcomes of task 2 and of the others."""
    return found.get(2), {task: outcome for task, outcome in found.items() if task != 2}


CHECKS = (
    declares_itself,
    opens_a_futures_executor,
    carries_out_every_task,
    an_exception_is_a_result,
    what_cannot_be_sent_touches_no_other,
    a_death_costs_one_task,
    workers_use_one_thread_each,
)
