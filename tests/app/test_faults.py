"""Disks that are full, stores that go away, and many campaigns on one store: a sentence at most,
and nothing that was stored is lost.
"""

import contextlib
import resource
import signal
import subprocess
import sys
import time

import pytest
from kill_trial import TOY, content
from toy import environment, process, started, vitreous

QUICK = ("run", "experiment=toy", "samples=6")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What a run left that nothing happened to."""
    home = tmp_path_factory.mktemp("alone")
    assert vitreous(home, *QUICK, "executor=serial").returncode == 0
    return content(home)


def limited(home, most, *arguments):
    """A command that may write no file of more than ``most`` bytes."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return subprocess.run(
        [sys.executable, "-m", "vitreous.cli", *arguments],
        env=environment(home),
        cwd=home,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_a_write_that_breaks_off_is_one_sentence_and_the_run_goes_on_later(
    executor, alone, tmp_path
):
    """The deformation is the largest artifact: 12 kB are enough for all others."""
    done = limited(tmp_path, 12_000, *QUICK, f"executor={executor}")
    assert done.returncode == 2
    (sentence,) = done.stderr.splitlines()
    assert sentence == (
        f"vitreous: the store {tmp_path / 'store'} failed: File too large; what is stored is kept"
    )
    kept = {path.parent.parent.name for path in (tmp_path / "store").rglob("*.npz")}
    assert kept == {"generate", "relax"}
    assert not list((tmp_path / "store").rglob("*.tmp"))
    assert vitreous(tmp_path, *QUICK, "executor=serial").returncode == 0
    assert content(tmp_path) == alone


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 300 kB of its own; for whoever may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def test_a_full_disk_is_one_sentence_and_the_run_goes_on_with_more_room(small_disk, alone):
    done = process(small_disk, *QUICK, "executor=serial")
    assert done.returncode == 2
    (sentence,) = done.stderr.splitlines()
    assert sentence == (
        f"vitreous: no space left on the disk of the store {small_disk / 'store'}; free some, and "
        "run again: what is stored is kept"
    )
    kept = {path: path.stat().st_mtime_ns for path in (small_disk / "store").rglob("*.npz")}
    assert kept and not list((small_disk / "store").rglob("*.tmp"))
    assert vitreous(small_disk, "store", "verify").returncode == 0
    subprocess.run(["mount", "-o", "remount,size=10m", str(small_disk)], check=True)
    assert vitreous(small_disk, *QUICK, "executor=serial").returncode == 0
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert content(small_disk) == alone


def test_a_store_that_goes_away_while_it_is_used_costs_no_traceback(alone, tmp_path):
    """As on a file system that is unmounted: what was there is not there any more."""
    run = started(tmp_path, *QUICK, "generator.pause=0.2", "executor=local", "executor.workers=2")
    while not list((tmp_path / "store").rglob("*.npz")):
        assert run.poll() is None
        time.sleep(0.02)
    (tmp_path / "store").rename(tmp_path / "away")
    _, told = run.communicate(timeout=120)
    assert "Traceback" not in told
    assert run.returncode in (0, 2), told
    assert len(told.splitlines()) == (run.returncode == 2), told
    for path in (tmp_path / "away").rglob("*.npz"):
        back = tmp_path / "store" / path.relative_to(tmp_path / "away")
        back.parent.mkdir(parents=True, exist_ok=True)
        path.rename(back)
    assert vitreous(tmp_path, *QUICK, "executor=serial").returncode == 0
    assert content(tmp_path) == alone


def together(home, commands):
    """Carry out several commands at once; what each said."""
    runs = [started(home, *command) for command in commands]
    try:
        return [(run.communicate(timeout=400), run.returncode) for run in runs]
    finally:
        for run in runs:
            with contextlib.suppress(ProcessLookupError):
                run.kill()


@pytest.mark.parametrize(
    "count", [2, pytest.param(10, marks=pytest.mark.slow)], ids="{} campaigns".format
)
def test_campaigns_at_once_on_one_store_are_as_if_each_were_alone(count, tmp_path):
    """They share glasses, and differ by the grid of their labels, each two by nothing."""
    each = [
        (*TOY, "samples=6", f"labeler.grid={3 + k // 2}", "executor=serial", f"name=campaign{k}")
        for k in range(count)
    ]
    done = together(tmp_path, each)
    assert [(status, err) for (_, err), status in done] == [(0, "")] * count
    assert vitreous(tmp_path, "store", "verify").returncode == 0
    assert not list((tmp_path / "store").rglob("*.tmp"))
    assert len(list((tmp_path / "store" / "generate").rglob("*.npz"))) == 6
    alone = tmp_path / "alone"
    alone.mkdir()
    assert vitreous(alone, *each[-1]).returncode == 0
    for path in (alone / "store").rglob("*.npz"):
        assert (tmp_path / "store" / path.relative_to(alone / "store")).is_file()
    (one,), (other,) = ((h / "runs" / f"campaign{count - 1}").iterdir() for h in (alone, tmp_path))
    tables = sorted(path.relative_to(one) for path in one.glob("predictions/*.csv"))
    assert len(tables) == 6
    assert all((one / each).read_bytes() == (other / each).read_bytes() for each in tables)
