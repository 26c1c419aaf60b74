"""In turn, in this process: what came of a task is heard before the next one begins."""

import os

import executor_tasks as work

from vitreous.core.executor import Crew
from vitreous.plugins.executors.serial import Serial


def test_tasks_run_in_this_process_and_each_is_heard_of_before_the_next():
    heard = []

    def task(number):
        heard.append(f"begin {number} in {os.getpid()}")

    with Crew(Serial().open) as crew:
        for number, _ in crew.map(task, range(3), "tasks"):
            heard.append(f"heard {number}")
    here = os.getpid()
    assert heard == [line for n in range(3) for line in (f"begin {n} in {here}", f"heard {n}")]


def test_an_exception_is_handed_over_and_an_interrupt_is_not_held_back():
    found = work.outcomes(Serial(), work.raises_at_three, range(5))
    assert isinstance(found.pop(3), KeyError)
    assert found == {0: 0, 1: 1, 2: 2, 4: 4}

    def interrupted(task):
        raise KeyboardInterrupt

    with Crew(Serial().open) as crew:
        try:
            list(crew.map(interrupted, [0], "tasks"))
        except KeyboardInterrupt:
            return
    raise AssertionError("the interrupt was swallowed")
