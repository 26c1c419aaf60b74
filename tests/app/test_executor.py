"""Worker processes: a death costs one task, which is tried again; a task that hangs is given up; nothing else is lost."""

import os
import time
from pathlib import Path

import pytest

from vitreous.app.executor import THREADS, Local, Serial, executor
from vitreous.core.errors import VitreousError
from vitreous.core.executor import Lost


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
    return [os.environ[name] for name in THREADS]


@pytest.mark.parametrize("workers", [Serial(), Local(1), Local(2)])
def test_every_task_comes_back_with_its_result(workers):
    assert dict(workers.map(square, range(6), "squares")) == {n: n * n for n in range(6)}


def test_a_task_that_always_kills_its_process_is_lost_alone():
    outcomes = dict(Local(2).map(dies_at_three, range(8), "tasks"))
    assert isinstance(outcomes.pop(3), Lost)
    assert outcomes == {n: n for n in range(8) if n != 3}


def test_a_task_whose_process_died_is_tried_again(tmp_path):
    from functools import partial

    assert dict(Local(2).map(partial(dies_once, str(tmp_path / "flag")), range(6), "tasks")) == {n: n for n in range(6)}


def test_a_task_that_takes_too_long_is_given_up_alone():
    outcomes = dict(Local(2, timeout=3.0).map(hangs_at_three, range(5), "tasks"))
    assert "longer than executor.timeout=3 s" in str(outcomes.pop(3))
    assert outcomes == {n: n for n in range(5) if n != 3}


@pytest.mark.parametrize("workers", [Serial(), Local(2)])
def test_an_exception_is_handed_over_not_raised(workers):
    outcomes = dict(workers.map(raises_at_three, range(5), "tasks"))
    assert isinstance(outcomes[3], KeyError)


def test_what_cannot_be_sent_back_is_an_exception_too():
    assert "pickle" in str(dict(Local(1).map(gives_what_cannot_be_sent, [0], "tasks"))[0])
    assert str(dict(Local(1).map(raises_what_cannot_be_sent, [0], "tasks"))[0]) == "Fragile: one two"


def test_many_deaths_at_any_moment_lose_their_own_task_alone():
    outcomes = dict(Local(2).map(kills_itself_at_once, range(12), "tasks"))
    assert {n for n, outcome in outcomes.items() if isinstance(outcome, Lost)} == set(range(1, 12, 2))
    assert "was killed by signal 9 (SIGKILL), 2 times in all" in str(outcomes[1])


def test_workers_use_one_thread_each_and_the_parents_environment_is_restored():
    before = {name: os.environ.get(name) for name in THREADS}
    assert dict(Local(1).map(threads, [0], "tasks"))[0] == ["1"] * len(THREADS)
    assert {name: os.environ.get(name) for name in THREADS} == before


def test_leaving_early_stops_the_workers():
    started = time.perf_counter()
    for _ in Local(2).map(hangs_at_three, [0, 3, 1], "tasks"):
        break
    assert time.perf_counter() - started < 20


def test_numbers_that_make_no_sense_are_refused():
    for workers, timeout, retries in ((-1, None, 0), (1, 0.0, 0), (1, None, -1), (0, 5.0, 0)):
        with pytest.raises(VitreousError, match=r"executor"):
            executor(workers, timeout, retries)
    assert isinstance(executor(0, None, 0), Serial)
    assert executor(None, None, 1).workers >= 1
