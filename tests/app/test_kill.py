"""Killed or interrupted, a run continues where it stood and ends with the same bits."""

import os
import signal
import subprocess
import sys
import time

import pytest
from kill_trial import TOY, gone_within, trial
from toy import environment, process, vitreous


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_killed_three_times_and_finished_the_results_are_bit_identical(executor, tmp_path):
    assert trial(3, 1, executor, real=False, folder=tmp_path / "trial").finish() == []


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["serial", "local", "dask"])
def test_killed_twenty_times_and_finished_the_results_are_bit_identical(executor, tmp_path):
    """All of it, its main process, or a worker."""
    assert trial(20, 0, executor, real=False, folder=tmp_path / "trial").finish() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_a_run_says_so_stops_its_workers_and_leaves_a_whole_store(number, tmp_path):
    command = [sys.executable, "-m", "vitreous.cli", *TOY, "executor=local", "samples=200"]
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # in a shell's background it is ignored, and children inherit that
    started = subprocess.Popen(
        command,
        env=environment(tmp_path),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list((tmp_path / "store").rglob("*.npz")):
        time.sleep(0.05)
    os.kill(started.pid, number)
    _, told = started.communicate(timeout=60)
    assert started.returncode == 130
    assert (
        told.splitlines()[-1]
        == "vitreous: interrupted; what is stored is kept, the same command continues"
    )
    assert "Traceback" not in told
    assert gone_within(started.pid, 10.0)
    assert vitreous(tmp_path, "store", "verify").returncode == 0


def test_a_sample_that_kills_its_process_is_left_out_and_the_others_are_kept(tmp_path):
    done = process(
        tmp_path,
        "run",
        "experiment=toy",
        "executor=local",
        "generator.dies=[2]",
        "split.test=[0]",
        "split.validation=0",
    )
    assert done.returncode == 0, done.stderr
    assert (
        "sample 2 is left out: its worker process died with exit code 13, 2 times in total"
        in done.stderr
    )
    assert "4 train, 1 test; 1 left out" in done.stdout
