"""Kills the same command at random moments, lets it finish, and compares with a run that was left
alone.

    python tests/app/kill_trial.py --kills 20  # components that only sleep: many kills in a minute
    python tests/app/kill_trial.py --kills 20 --real    # real glasses, deformed and probed
    python tests/app/kill_trial.py --kills 100 --executor dask --folder trial    # goes on there

What is killed is drawn: all processes of the run at once, its main process alone (in which dask's
scheduler runs), or one worker. Main process gone, the others must end by themselves; a worker gone,
the run must finish. Prints how far the store had come at each kill; ends with status 1 if any array
of any artifact, or any prediction, differs by a bit, if an artifact was lost or written twice, if
anything in the store is damaged, or if a temporary file or a process is left.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
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
ALL, MAIN, WORKER = "all", "main process", "worker"
PATIENCE = 60.0  #: seconds within which processes must end whose main process was killed


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


def workers_of(parent: int) -> list[int]:
    """The worker processes that ``parent`` started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            program = (path.parent / "cmdline").read_text()
        except OSError:
            continue
        if int(fields[1]) == parent and "spawn_main" in program:
            found.append(int(path.parent.name))
    return found


def gone_within(group: int, seconds: float) -> bool:
    """True once no process of the group is left."""
    for _ in range(int(seconds / 0.1)):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def killed(home: Path, command: tuple[str, ...], after: float, victim: str) -> tuple[str, str]:
    """Start the command, and kill some of it after some seconds: what was killed, nothing if it had
    finished before; and what went wrong.
    """
    started = subprocess.Popen(
        [sys.executable, "-m", "vitreous.cli", *command],
        env=environment(home),
        cwd=home,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        started.wait(after)
        return "", ""
    except subprocess.TimeoutExpired:
        workers = workers_of(started.pid) if victim == WORKER else []
        if workers:
            os.kill(random.choice(workers), signal.SIGKILL)
            started.wait(300)
            told = f"the run ended with status {started.returncode} after a worker was killed"
            return WORKER, told if started.returncode else ""
        if victim == MAIN:
            started.kill()
            started.wait()
            if gone_within(started.pid, PATIENCE):
                return MAIN, ""
        else:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()
            return ALL, ""
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()
    os.killpg(started.pid, signal.SIGKILL)
    return MAIN, f"processes ran on {PATIENCE:g} s after their main process was killed"


def written(home: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of every artifact."""
    store = home / "store"
    each = {str(path.relative_to(store)): path.stat() for path in store.rglob("*.npz")}
    return {name: (status.st_ino, status.st_mtime_ns) for name, status in each.items()}


class Trial:
    """Kills of one command, from where ``folder`` stands: ``alone`` is the run that nobody killed,
    ``tormented`` the one that is, ``trial.json`` what came of it so far.
    """

    def __init__(self, folder: Path, seed: int, executor: str, real: bool) -> None:
        self.command = (*(REAL if real else TOY), f"executor={executor}")
        self.command += ("executor.workers=2",) if executor != "serial" else ()
        self.victims = (ALL, MAIN) if executor == "serial" else (ALL, MAIN, WORKER)
        self.moments = (0.05, 0.3) if real else (0.3, 1.0)  # of the undisturbed run's time
        self.seed, self.alone, self.tormented = seed, folder / "alone", folder / "tormented"
        self.state = folder / "trial.json"
        self.so_far = {"kills": 0, "starts": 0, "finished": 0, "seconds": 0.0, "wrong": []}
        if self.state.is_file():
            self.so_far = json.loads(self.state.read_text())
            return
        self.alone.mkdir(parents=True)
        self.tormented.mkdir()
        begun = time.perf_counter()
        assert process(self.alone, *self.command).returncode == 0
        self.so_far["seconds"] = time.perf_counter() - begun

    def one(self) -> None:
        """One start, and one kill unless it finishes before."""
        so_far = self.so_far
        draw = random.Random(f"{self.seed}/{so_far['starts']}")
        random.seed(draw.random())
        victim, before = draw.choice(self.victims), written(self.tormented)
        after = draw.uniform(*self.moments) * so_far["seconds"]
        hit, wrong = killed(self.tormented, self.command, after, victim)
        now = written(self.tormented)
        if any(now.get(name) != known for name, known in before.items()):
            wrong = f"{wrong}; artifacts were lost, or computed twice"
        so_far["starts"] += 1
        so_far["kills"] += bool(hit)
        so_far["wrong"] += [wrong] if wrong else []
        so_far["seconds"] *= 1.05 if hit else 0.8  # how busy the machine is changes
        if not hit:  # begin anew: there was nothing left to kill
            so_far["finished"] += 1
            so_far["wrong"] += self.compared()
            shutil.rmtree(self.tormented / "store")
        self.state.write_text(json.dumps(so_far))
        if hit:
            sys.stdout.write(
                f"kill {so_far['kills']}, {hit}: {len(now)} artifacts{wrong and ': '}{wrong}\n"
            )
            sys.stdout.flush()

    def compared(self) -> list[str]:
        """What is wrong with the store after a run that finished."""
        left = list((self.tormented / "store").rglob("*.tmp"))
        whole = vitreous(self.tormented, "store", "verify").returncode == 0
        same = content(self.alone) == content(self.tormented)
        said = {"a temporary file is left": not left, "the store is damaged": whole}
        return [sentence for sentence, fine in said.items() if not fine] + (
            [] if same else ["the results differ"]
        )

    def finish(self) -> list[str]:
        """Let it finish; what went wrong in all."""
        last = process(self.tormented, *self.command)
        return self.so_far["wrong"] + ([last.stderr] if last.returncode else self.compared())


def trial(kills: int, seed: int, executor: str, real: bool, folder: Path | None = None) -> Trial:
    """A trial with so many kills; it goes on in ``folder``."""
    made = Trial(Path(folder or tempfile.mkdtemp(prefix="kill_trial_")), seed, executor, real)
    while made.so_far["kills"] < kills:
        made.one()
    return made


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--executor", default="local", choices=("local", "serial", "dask"))
    options.add_argument("--real", action="store_true")
    options.add_argument("--folder", type=Path)
    given = options.parse_args()
    made = trial(given.kills, given.seed, given.executor, given.real, given.folder)
    wrong = made.finish()
    sys.stdout.write(
        "; ".join(wrong) + "\n"
        if wrong
        else f"{made.so_far['kills']} kills in {made.so_far['starts']} starts, then finished: "
        "every array is bit-identical\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
