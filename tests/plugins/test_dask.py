"""Dask workers: the same bits as without them; a worker's death costs the task it held; a cluster
that cannot be had is one sentence.
"""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import executor_tasks as work
import pytest
from executor_tasks import outcomes
from toy import started, vitreous

from vitreous.core import registry
from vitreous.core.build import build
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.executor import THREADS, Crew, Lost
from vitreous.plugins.executors import _dask_clusters
from vitreous.plugins.executors.dask import Dask, Workers

sys.path.append(str(Path(__file__).parents[1] / "app"))
from kill_trial import content, workers_of

distributed = pytest.importorskip("distributed")
pytest.importorskip("dask_jobqueue")


@pytest.fixture(scope="module")
def crew():
    """Two workers of this machine, which some tests share."""
    with Crew(Dask(workers=2).open) as crew:
        yield crew


RUN = ("run", "experiment=toy", "samples=8")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Store and predictions of the run without workers."""
    home = tmp_path_factory.mktemp("serial")
    assert vitreous(home, *RUN, "executor=serial").returncode == 0
    return content(home)


@pytest.mark.parametrize(
    "executor",
    [
        ("serial",),
        ("local", "executor.workers=1"),
        ("local", "executor.workers=2"),
        ("dask", "executor.workers=2"),
    ],
    ids=" ".join,
)
def test_every_executor_and_number_of_workers_leaves_the_same_bits(executor, alone, tmp_path):
    """As a first run did, which another process carried out, too."""
    done = vitreous(tmp_path, *RUN, f"executor={executor[0]}", *executor[1:])
    assert (done.returncode, done.stderr) == (0, "")
    assert content(tmp_path) == alone
    assert len(alone) > 50


def test_a_worker_killed_from_outside_costs_nothing_but_time(alone, tmp_path):
    run = started(tmp_path, *RUN, "generator.pause=0.5", "executor=dask", "executor.workers=2")
    while not list((tmp_path / "store").rglob("*.npz")):
        assert run.poll() is None
        time.sleep(0.05)
    os.kill(workers_of(run.pid)[0], 9)
    told, complaints = run.communicate(timeout=200)
    assert (run.returncode, complaints) == (0, "")
    assert "left out  glass" not in told
    assert content(tmp_path) == alone


def test_a_worker_killed_while_it_is_started_is_started_again(monkeypatch):
    began, genuine = [], distributed.LocalCluster

    def dies_at_first(**how):
        began.append(how)
        if len(began) == 1:
            raise RuntimeError("Nanny failed to start.")
        return genuine(**how)

    monkeypatch.setattr(distributed, "LocalCluster", dies_at_first)
    assert outcomes(Dask(workers=1), work.square, range(3)) == {n: n * n for n in range(3)}
    assert len(began) == 2


def test_a_second_cluster_of_one_process_starts_as_the_first():
    """In a process of its own: what is imported late must not be lost with the first."""
    script = (
        "from vitreous.plugins.executors.dask import Dask\n"
        "for _ in range(2):\n"
        "    with Dask(workers=1).open() as pool:\n"
        "        print(pool.submit(abs, -1).result())\n"
    )
    guarded = "if __name__ == '__main__':\n" + "".join(f"    {x}\n" for x in script.splitlines())
    command = [sys.executable, "-c", guarded]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert (done.returncode, done.stdout) == (0, "1\n1\n"), done.stderr


def test_workers_that_never_start_are_one_sentence(monkeypatch):
    def dies(**how):
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(distributed, "LocalCluster", dies)
    with pytest.raises(VitreousError, match=r"ended while they were started, 3 times \(Nanny .*"):
        Dask(workers=1).open()


def test_many_deaths_lose_their_own_task_alone(crew):
    found = dict(crew.map(work.kills_itself_at_once, range(6), "tasks"))
    assert {n for n, outcome in found.items() if isinstance(outcome, Lost)} == {1, 3, 5}
    assert {n for n, outcome in found.items() if outcome == n} == {0, 2, 4}


def test_a_task_whose_worker_died_is_tried_again(crew, tmp_path):
    found = dict(crew.map(partial(work.dies_once, str(tmp_path / "flag")), range(5), "tasks"))
    assert found == {n: n for n in range(5)}


def test_exceptions_are_handed_over_and_workers_use_one_thread_each(crew):
    found = dict(crew.map(work.raises_at_three, range(5), "tasks"))
    assert isinstance(found.pop(3), KeyError)
    assert found == {0: 0, 1: 1, 2: 2, 4: 4}
    assert dict(crew.map(work.threads, [0], "tasks"))[0] == ["1"] * len(THREADS)


def test_a_worker_leaves_the_core_to_its_task(crew):
    """Dask's own watching takes ten times as much, 3 % of a core."""
    assert min(spent for _, spent in crew.map(work.spent_idle, [3.0] * 2, "tasks")) < 0.03


def test_workers_with_nothing_left_to_do_end_at_once():
    with Crew(Dask(workers=2).open) as crew:
        list(crew.map(work.would_take_long_to_end, range(4), "tasks"))
        start = time.monotonic()
    assert time.monotonic() - start < 4.0  # after which dask kills them


def test_a_task_that_takes_too_long_is_given_up_alone_and_its_worker_replaced():
    found = outcomes(Dask(workers=1, timeout=4.0), work.hangs_at_three, [3, 0, 1])
    assert str(found.pop(3)) == "it took longer than executor.timeout=4 s"
    assert found == {0: 0, 1: 1}


def test_a_time_limit_on_workers_that_cannot_be_ended_is_one_sentence():
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:  # as a worker of --no-nanny
        executor = Dask(scheduler=cluster.scheduler_address, timeout=0.5)
        found = outcomes(executor, time.sleep, [2.0])
    assert "executor.timeout ends a task by ending its dask worker" in str(found[2.0])
    assert isinstance(found[2.0], VitreousError)


def test_leaving_early_ends_the_cluster():
    started = time.perf_counter()
    with Crew(Dask(workers=2).open) as crew:
        for _ in crew.map(work.hangs_at_three, [0, 3, 1], "tasks"):
            break
    assert time.perf_counter() - started < 40


@pytest.fixture
def scheduler():
    """The address of a cluster that somebody else started, with one worker."""
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    with distributed.LocalCluster(n_workers=1, **options) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_that_runs_already_is_used_and_left_running(scheduler):
    for _ in range(2):
        assert outcomes(Dask(scheduler=scheduler), work.square, range(4)) == {
            n: n * n for n in range(4)
        }


@pytest.fixture
def batch_queue(tmp_path, monkeypatch):
    """Commands that behave like Slurm's: a job starts at once, on this machine; its
    script is kept.
    """
    folder = tmp_path / "bin"
    folder.mkdir()
    sbatch = (
        f'#!/bin/bash\ncp "${{@: -1}}" {tmp_path}/job.sh\nsetsid bash {tmp_path}/job.sh '
        '>/dev/null 2>&1 &\necho "Submitted batch job $!"\n'
    )
    scancel = (
        f'#!/bin/bash\necho "$@" >> {tmp_path}/cancelled\nfor job in "$@"; do kill -- '
        '"-$job"; done\n'
    )
    for name, text in (("sbatch", sbatch), ("scancel", scancel)):
        (folder / name).write_text(text)
        (folder / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PYTHONPATH", str(Path(work.__file__).parent))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def test_workers_are_jobs_of_a_batch_queue_with_one_thread_each(batch_queue):
    cluster = Dask(
        jobs="slurm",
        workers=2,
        per_job=2,
        memory="1GB",
        queue="short",
        account="glass",
        directives=("--exclusive",),
    )
    with Crew(cluster.open) as crew:
        assert dict(crew.map(work.square, range(4), "tasks")) == {n: n * n for n in range(4)}
        assert dict(crew.map(work.threads, [0], "tasks"))[0] == ["1"] * len(THREADS)
        assert dict(crew.map(work.spent_idle, [3.0], "tasks"))[3.0] < 0.03
    script = (batch_queue / "job.sh").read_text()
    for line in (
        "#SBATCH -p short",
        "#SBATCH -A glass",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --mem=2G",
        "#SBATCH --exclusive",
    ):
        assert f"{line}\n" in script
    assert "--nthreads 1" in script
    assert "--nworkers 2" in script
    assert (batch_queue / "cancelled").exists()


def test_a_batch_queue_that_refuses_jobs_is_one_sentence(batch_queue, capfd):
    (batch_queue / "bin" / "sbatch").write_text(
        '#!/bin/bash\necho "sbatch: error: invalid account" >&2\nexit 1\n'
    )
    with pytest.raises(
        VitreousError,
        match=r"executor.jobs=slurm cannot start workers .*: invalid account; correct",
    ):
        Dask(jobs="slurm", workers=1).open()
    with pytest.raises(VitreousError, match="memory=-4GB: expected more than 0 bytes; correct"):
        Dask(jobs="slurm", workers=1, memory="-4GB").open()
    with pytest.raises(VitreousError, match=r"qsub.*: No such file or directory"):
        Dask(jobs="pbs", workers=1).open()
    assert capfd.readouterr().err == ""


def test_a_batch_queue_that_does_not_answer_is_one_sentence_and_its_commands_end(
    batch_queue, monkeypatch
):
    monkeypatch.setattr(_dask_clusters, "SUBMITTED", 2.0)
    (batch_queue / "bin" / "sbatch").write_text(
        f"#!/bin/bash\necho $$ >> {batch_queue}/asked\nexec sleep 300\n"
    )
    with pytest.raises(
        VitreousError, match=r"start workers .*: the queue does not answer; correct"
    ):
        Dask(jobs="slurm", workers=2).open()
    asked = (batch_queue / "asked").read_text().split()
    assert len(asked) == 2
    assert not any(Path(f"/proc/{process}").exists() for process in asked)


def test_workers_as_jobs_leave_what_an_interruption_does(batch_queue):
    """dask_jobqueue has one end the process with status 0, once it is imported."""
    asks = (
        "import signal; from vitreous.plugins.executors._dask_clusters import _kinds_of_jobs; "
        "_kinds_of_jobs(); assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    )
    subprocess.run([sys.executable, "-c", asks], check=True)


def test_an_interruption_while_jobs_are_submitted_leaves_none_in_the_queue(
    batch_queue,
):
    """As Ctrl+C by somebody who waits for a slow queue: what it still takes is taken out again."""
    asked = batch_queue / "asked"
    (batch_queue / "bin" / "sbatch").write_text(
        f"#!/bin/bash\necho $$ >> {asked}\nsleep 3\necho Submitted batch job 4$$\n"
    )

    def interrupt():
        while not asked.is_file():
            time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            Dask(jobs="slurm", workers=2).open()
    finally:
        signal.signal(signal.SIGINT, handler)
    submitted = {f"4{process}" for process in asked.read_text().split()}
    assert set((batch_queue / "cancelled").read_text().split()) == submitted
    assert len(submitted) == 2


def test_a_scheduler_that_does_not_answer_or_has_no_worker_is_one_sentence(monkeypatch):
    monkeypatch.setattr(_dask_clusters, "ANSWER", 1.0)
    with pytest.raises(
        VitreousError,
        match=r"no dask scheduler answers at executor.scheduler=tcp://127.0.0.1:9 .*; start one "
        r"with",
    ):
        Dask(scheduler="tcp://127.0.0.1:9").open()
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        pytest.raises(
            VitreousError,
            match=r"has no worker; start one with: .*dask worker ADDRESS --nworkers=auto "
            r"--nthreads=1",
        ),
    ):
        Dask(scheduler=empty.scheduler_address).open()


def test_workers_that_do_not_come_are_missed_in_one_line(monkeypatch, caplog):
    """A full queue takes jobs and starts none of them: what there is works, and it is said."""
    monkeypatch.setattr("vitreous.plugins.executors.dask._SILENT", 0.3)
    cluster = _dask_clusters.local(1)
    pool = Workers(replace(cluster, size=3), None, 0)
    try:
        assert list(pool.map(work.takes_a_second, range(3))) == [0, 1, 2]
    finally:
        pool.shutdown(cancel_futures=True)
    (said,) = [record.getMessage() for record in caplog.records if "workers are" in record.msg]
    assert said.startswith("1 of 3 workers are there after 0 s: the queue or its limits hold")


WORDS = {
    "a web server": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + b"x" * 500,
    "a shell": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "zeros": bytes(4096),
    "nothing": b"",
}


@pytest.mark.parametrize("who", WORDS)
def test_another_server_at_the_address_is_one_sentence(who, monkeypatch):
    """Its first words were taken for the size of a message, up to 3 EiB; one that says nothing was
    waited for without end.
    """
    monkeypatch.setattr(_dask_clusters, "ANSWER", 2.0)
    monkeypatch.setattr(_dask_clusters, "_LATE", 1.0)
    taken = []

    def serve(listening):
        with suppress(OSError):  # closed
            while True:
                taken.append(listening.accept()[0])
                taken[-1].sendall(WORDS[who])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        sentence = f"no dask scheduler answers at executor.scheduler={address}"
        began = time.monotonic()
        with pytest.raises(VitreousError, match=sentence) as caught:
            Dask(scheduler=address).open()
        assert time.monotonic() - began < 30
        assert "\n" not in str(caught.value)
        for connection in taken:
            connection.close()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"workers": 0}, "executor.workers is 0; expected a number above 0"),
        ({"timeout": -1.0}, "executor.timeout is -1; expected a number above 0"),
        ({"retries": -1}, "executor.retries is -1; expected 0 or more"),
        (
            {"scheduler": "tcp://x:1", "workers": 2},
            "has its own workers; remove executor.jobs and executor.workers",
        ),
        ({"jobs": "slurm"}, "executor.jobs=slurm with executor.workers=None"),
        ({"jobs": "pbs", "workers": 3, "per_job": 2}, "a number of workers that fills whole jobs"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given, sentence):
    with pytest.raises(VitreousError, match=sentence):
        Dask(**given)


def test_without_dask_the_executor_says_what_to_install_when_it_is_built(monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    sentence = (
        r"executor 'dask' of vitreous .* needs the package 'distributed', .*; pip install "
        r"'vitreous\[dask\]'"
    )
    with pytest.raises(MissingExtra, match=sentence):
        build(registry.discover(), "executor", {"_target_": f"{Dask.__module__}.Dask"})


@pytest.mark.parametrize("field", ["queue", "account", "walltime", "memory", "directives"])
def test_lines_of_a_job_script_cannot_bring_others_along(field):
    text = "x\nrm -rf ~"
    with pytest.raises(VitreousError, match="expected one line"):
        Dask(**{field: (text,) if field == "directives" else text})
