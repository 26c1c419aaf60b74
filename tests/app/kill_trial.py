"""Kills the same command at random moments, lets it finish, and compares with a run that was left
alone.

    python tests/app/kill_trial.py --kills 20  # components that only sleep: many kills in a minute
    python tests/app/kill_trial.py --kills 20 --real    # real glasses, deformed and probed

Prints how far the store had come at each kill; ends with status 1 if any array of any artifact, or
any prediction, differs by a bit, if anything in the store is damaged, or if a temporary file is
left after the last run.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from toy import environment, process, vitreous

PAUSES = ("generator.pause=0.02", "simulator.pause=0.03", "labeler.pause=0.05", "model.pause=0.3")
TOY = ("run", "experiment=toy", "samples=12", *PAUSES)
REAL = (
    "run",
    "name=toy",
    "samples=6",
    "split.validation=1",
    "split.test=1",
    "generator.rings_x=12",
    "generator.rings_y=14",
    "labeler.grid=12",
    "simulator.max_events=3",
    "descriptor=physical",
    "tracker=none",
    "report=false",
)


def content(home: Path) -> dict[str, str]:
    """A digest of every stored array (manifests hold times) and of every prediction of the last
    run.
    """
    digests = {}
    for path in (home / "store").rglob("*.npz"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name != "manifest.npy":
                    digests[f"{path.relative_to(home)}:{name}"] = hashlib.sha256(
                        archive.read(name)
                    ).hexdigest()
    last = max((home / "runs" / "toy").iterdir())
    for path in sorted((last / "predictions").iterdir()):
        digests[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def killed(home: Path, command: tuple[str, ...], after: float) -> bool:
    """Start the command, and kill its whole group after some seconds; False if it had already
    finished.
    """
    arguments = [sys.executable, "-m", "vitreous.cli", *command]
    started = subprocess.Popen(
        arguments,
        env=environment(home),
        cwd=home,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        started.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        return True
    return False


def trial(kills: int, seed: int, executor: str, real: bool) -> list[str]:
    """What went wrong; empty if nothing."""
    command = (*(REAL if real else TOY), f"executor={executor}")
    earliest, latest = (0.05, 0.3) if real else (0.3, 1.0)  # of the undisturbed run's time
    with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
        alone, tormented = Path(a), Path(b)
        begun = time.perf_counter()
        assert process(alone, *command).returncode == 0
        whole = time.perf_counter() - begun
        moments, done, finished = random.Random(seed), 0, 0
        while done < kills:
            if not killed(tormented, command, moments.uniform(earliest, latest) * whole):
                (tormented / "store").rename(
                    tormented / f"finished_{finished}"
                )  # begin anew: there was nothing left to kill
                finished += 1
                continue
            done += 1
            count = len(list((tormented / "store").rglob("*.npz")))
            sys.stdout.write(
                f"kill {done}: {count} artifacts, "
                f"{len(list((tormented / 'store').rglob('*.tmp')))} temporary files\n"
            )
        wrong = [] if (last := process(tormented, *command)).returncode == 0 else [last.stderr]
        wrong += (
            [] if not list((tormented / "store").rglob("*.tmp")) else ["a temporary file is left"]
        )
        wrong += (
            []
            if vitreous(tormented, "store", "verify").returncode == 0
            else ["the store is damaged"]
        )
        return wrong + ([] if content(alone) == content(tormented) else ["the results differ"])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--executor", default="local", choices=("local", "serial"))
    options.add_argument("--real", action="store_true")
    given = options.parse_args()
    wrong = trial(given.kills, given.seed, given.executor, given.real)
    sys.stdout.write(
        "; ".join(wrong) + "\n"
        if wrong
        else f"{given.kills} kills, then finished: every array is bit-identical\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
