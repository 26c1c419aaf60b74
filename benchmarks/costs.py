"""What a campaign costs: core-seconds, bytes and files of a glass, by its size, and from these of
campaigns as large as those of the papers and ten times larger.

``python -m benchmarks.costs [RINGS ...]``: sides of square glasses, in rings (5 atoms each). One
glass of each size goes through generation, six events and a map of 50 x 50 probes, as in
``experiment=listi/probing``, in a process of its own; seconds are of CPU, without what starting
takes.
"""

import json
import resource
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.clock import table
from benchmarks.runs import measured
from vitreous.core.store import Store

RINGS = (10, 20, 40)  #: the smallest that a probe fits into is 9
CAMPAIGN = ("experiment=listi/probing", "tracker=none", "report=false", "executor=serial")
PAPER = {"LISTI, 65 glasses": 65, "5,000 glasses": 5000, "ten times that": 50_000}


def spent() -> float:
    """CPU seconds of processes that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def one(rings: int) -> tuple[int, dict[str, float], int, int]:
    """Atoms, CPU seconds by stage, bytes and files of one glass."""
    command = ["run", *CAMPAIGN, "samples=1"]
    command += [f"generator.rings_x={rings}", f"generator.rings_y={rings}"]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        before = spent()
        measured(command, home)
        first = spent() - before
        measured(command, home)  # finds everything: what starting takes
        cpu = 2.0 * first - (spent() - before)
        store, wall = Store(home / "store"), defaultdict(float)
        atoms = 0
        for entry in store.entries():
            value, manifest = store.get(entry.stage, entry.key) or (None, {})
            wall[entry.stage] += float(manifest["seconds"])
            atoms = len(value) if entry.stage == "relax" and value is not None else atoms
        each = {stage: cpu * seconds / sum(wall.values()) for stage, seconds in wall.items()}
        files = [path for path in store.folder.rglob("*") if path.is_file()]
        return atoms, each, sum(path.stat().st_size for path in files), len(files)


def run(*rings: int) -> None:
    """Prints the measured sizes, the law through them, and the campaigns."""
    found = []
    for side in rings or RINGS:
        found.append(one(side))
        sys.stderr.write(json.dumps(found[-1]) + "\n")
    stages = list(found[-1][1])
    rows = [
        [atoms, *(round(each.get(stage, 0.0), 2) for stage in stages), sum(each.values()),
         size / 1e6, files]
        for atoms, each, size, files in found
    ]  # fmt: skip
    table("One glass", ["atoms", *(f"{s}, s" for s in stages), "CPU, s", "MB", "files"], rows)
    atoms = np.array([row[0] for row in rows], float)
    cpu, size = (np.array([row[k] for row in rows], float) for k in (-3, -2))
    smaller = slice(None, -1)
    law = {
        name: np.polyfit(np.log(atoms[smaller]), np.log(values[smaller]), 1)
        for name, values in (("CPU, s", cpu), ("MB", size))
    }
    told = {name: np.exp(np.polyval(fit, np.log(atoms[-1]))) for name, fit in law.items()}
    table(
        f"The law through the smaller ones, at {int(atoms[-1])} atoms",
        ["quantity", "exponent", "law", "measured"],
        [[name, law[name][0], told[name], float(values[-1])]
         for name, values in (("CPU, s", cpu), ("MB", size))],
    )  # fmt: skip
    table(
        f"Campaigns of glasses of {int(atoms[-1])} atoms",
        ["campaign", "glasses", "core-hours", "GB", "files"],
        [[name, n, n * cpu[-1] / 3600.0, n * size[-1] / 1e3, n * rows[-1][-1]]
         for name, n in PAPER.items()],
    )  # fmt: skip


if __name__ == "__main__":
    run(*map(int, sys.argv[1:]))
