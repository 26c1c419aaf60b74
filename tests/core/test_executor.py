"""The crew of a run: any pool of futures will do; it is opened once, let go while there is nothing
for it to do, and closed in the end.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest

from vitreous.core.executor import Crew, InTurn, packed, performed, unpacked


class Counted(InTurn):
    """A pool that keeps a list of what happens to it."""

    def __init__(self, log):
        self.log = log
        log.append("open")

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.log.append(f"shutdown, wait={wait}, cancel_futures={cancel_futures}")


class Progress:
    """Keeps what is shown."""

    def __init__(self):
        self.shown = []

    @contextmanager
    def bar(self, title, total, now=None):
        self.shown.append(f"{title} 0/{total}")
        yield lambda: self.shown.append(title)

    @contextmanager
    def spinner(self, title):
        self.shown.append(title)
        yield self.shown.append


def test_results_come_in_the_order_in_which_tasks_end():
    first_may_end = Event()

    def task(number):
        if number == 0:
            assert first_may_end.wait(60)
        return number

    with Crew(lambda: ThreadPoolExecutor(2)) as crew:
        order = []
        for number, outcome in crew.map(task, range(4), "tasks"):
            order.append((number, outcome))
            if len(order) == 3:
                first_may_end.set()
    assert order[-1] == (0, 0)
    assert sorted(order) == [(n, n) for n in range(4)]


def test_a_pool_is_opened_by_the_first_task_and_serves_until_a_long_step_or_the_end():
    log = []
    end = "shutdown, wait=True, cancel_futures=True"
    with Crew(lambda: Counted(log)) as crew:
        assert log == []
        for _ in range(2):
            list(crew.map(abs, [1, 2], "tasks"))
        assert log == ["open"]
        with crew.busy("fit"):
            assert log == ["open", end]
        list(crew.map(abs, [3], "tasks"))
    assert log == ["open", end, "open", end]


def test_a_pool_is_closed_when_the_run_fails():
    log = []
    with pytest.raises(ZeroDivisionError), Crew(lambda: Counted(log)) as crew:
        for _ in crew.map(abs, [1, 2], "tasks"):
            raise ZeroDivisionError
    assert log[-1].startswith("shutdown")


def test_progress_is_shown_for_tasks_and_for_long_steps():
    progress = Progress()
    with Crew(progress=progress) as crew:
        list(crew.map(abs, [1, 2], "samples"))
        with crew.busy("fit") as say:
            say("epoch 1")
    assert progress.shown == ["samples 0/2", "samples", "samples", "fit", "epoch 1"]


def test_a_call_survives_the_way_to_another_process_and_back():
    assert unpacked(performed(packed(divmod, 7, 2))) == (3, 1)
    with pytest.raises(ZeroDivisionError) as raised:
        unpacked(performed(packed(divmod, 7, 0)))
    assert "Traceback" in raised.value.__notes__[0]


def test_a_pool_is_opened_for_the_first_task_whose_result_is_not_known():
    log, progress = [], Progress()
    known = {1: "one", 3: "three"}.get
    with Crew(lambda: Counted(log), progress) as crew:
        assert dict(crew.map(abs, [1, 3], "tasks", known=known)) == {1: "one", 3: "three"}
        assert log == []
        assert dict(crew.map(abs, [1, -2, 3], "tasks", known=known)) == {
            1: "one", -2: 2, 3: "three",
        }  # fmt: skip
        assert log == ["open"]
    assert progress.shown == ["tasks 0/2", *["tasks"] * 2, "tasks 0/3", *["tasks"] * 3]
