"""Worker processes: a death costs one task, which is tried again; a task that hangs is given up;
nothing else is lost.
"""

import os
import time
from functools import partial

import executor_tasks as work
import pytest
from executor_tasks import outcomes

from vitreous.core.errors import VitreousError
from vitreous.core.executor import THREADS, Crew, Lost, cores, packed, unpacked
from vitreous.plugins.executors.local import Local, Worker


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_comes_back_with_its_result(workers):
    assert outcomes(Local(workers=workers), work.square, range(6)) == {n: n * n for n in range(6)}


def test_tasks_run_side_by_side_in_as_many_processes_as_asked_for():
    pool = Local(workers=2).open()
    started = time.perf_counter()
    with pool:
        processes = {future.result() for future in [pool.submit(work.process, n) for n in range(8)]}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert time.perf_counter() - started < 60
    for gone in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(gone, 0)


def test_a_task_that_always_kills_its_process_is_lost_alone():
    found = outcomes(Local(workers=2), work.dies_at_three, range(8))
    lost = found.pop(3)
    assert isinstance(lost, Lost)
    assert str(lost) == "its worker process died with exit code 7, 2 times in total"
    assert found == {n: n for n in range(8) if n != 3}


def test_a_task_whose_process_died_is_tried_again_as_often_as_asked_for(tmp_path):
    dies_once = partial(work.dies_once, str(tmp_path / "flag"))
    assert isinstance(outcomes(Local(workers=1, retries=0), dies_once, [3])[3], Lost)
    (tmp_path / "flag").unlink()
    assert outcomes(Local(workers=2), dies_once, range(6)) == {n: n for n in range(6)}


def test_a_task_that_takes_too_long_is_given_up_alone():
    found = outcomes(Local(workers=2, timeout=3.0), work.hangs_at_three, range(5))
    assert str(found.pop(3)) == "it took longer than executor.timeout=3 s"
    assert found == {n: n for n in range(5) if n != 3}


def test_an_exception_is_handed_over_with_its_traceback_not_raised():
    raised = outcomes(Local(workers=2), work.raises_at_three, range(5))[3]
    assert isinstance(raised, KeyError)
    assert "in raises_at_three" in raised.__notes__[0]


def test_what_cannot_be_sent_back_is_an_exception_too():
    assert "local object" in str(outcomes(Local(workers=1), work.gives_what_cannot_be_sent, [0])[0])
    assert (
        str(outcomes(Local(workers=1), work.raises_what_cannot_be_sent, [0])[0])
        == "Fragile: one two"
    )


def test_many_deaths_at_any_moment_lose_their_own_task_alone():
    found = outcomes(Local(workers=2), work.kills_itself_at_once, range(12))
    assert {n for n, outcome in found.items() if isinstance(outcome, Lost)} == set(range(1, 12, 2))
    assert {n for n, outcome in found.items() if outcome == n} == set(range(0, 12, 2))
    assert "was killed by signal 9 (SIGKILL), 2 times in total" in str(found[1])


def test_workers_use_one_thread_each_and_the_parents_environment_is_restored(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    before = {name: os.environ.get(name) for name in THREADS}
    assert outcomes(Local(workers=1), work.threads, [0])[0] == ["1"] * len(THREADS)
    assert {name: os.environ.get(name) for name in THREADS} == before


def test_workers_end_at_once_when_there_is_nothing_left_to_do():
    """Python may take a second to take a process apart, and has nothing to keep."""
    worker = Worker()
    assert unpacked(worker.perform(packed(work.would_take_long_to_end, None), None)) is None
    assert worker.end() == "died with exit code 0"


def test_leaving_early_stops_the_workers():
    started = time.perf_counter()
    with Crew(Local(workers=2).open) as crew:
        for _ in crew.map(work.hangs_at_three, [0, 3, 1], "tasks"):
            break
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"workers": 0},
            "executor.workers is 0; expected 1 or more, or null for one per core; .* type "
            "executor=serial",
        ),
        ({"timeout": 0.0}, "executor.timeout is 0; expected seconds above 0, or null"),
        ({"retries": -1}, "executor.retries is -1; expected 0 or more"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(given, sentence):
    with pytest.raises(VitreousError, match=sentence):
        Local(**given)


def test_without_a_number_there_is_a_worker_per_core():
    pool = Local().open()
    assert pool._max_workers == cores()
    pool.shutdown()
