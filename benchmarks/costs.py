"""What a campaign costs: core-seconds, bytes and files of a glass, by its size, and from these of
campaigns as large as those of the papers and ten times larger.

``python -m benchmarks.costs [RINGS ...]``: sides of square glasses, in rings (5 atoms each), even
numbers. One glass of each size goes through generation, six events and a map of 50 x 50 probes, as
in ``experiment=listi/probing``, in a process of its own; seconds are of CPU, without what starting
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

RINGS = (10, 20, 40, 64)  #: the smallest that a probe fits into is 9
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


def told(
    smaller: tuple[float, dict[str, float]], larger: tuple[float, dict[str, float]], atoms: float
) -> dict[str, float]:
    """Quantities at a number of atoms, by the power law of each through two sizes."""
    (first, low), (second, high) = smaller, larger
    steps = np.log(atoms / second) / np.log(second / first)
    return {name: high[name] * (high[name] / low[name]) ** steps for name in high}


def run(*rings: int) -> None:
    """Prints what was measured, what two sizes tell of the next, and the campaigns."""
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
    sizes = [(float(atoms), {**each, "bytes": float(size)}) for atoms, each, size, _ in found]
    laws = []
    for smaller, larger, (atoms, is_) in zip(sizes, sizes[1:], sizes[2:], strict=False):
        law, bytes_ = told(smaller, larger, atoms), is_["bytes"]
        seconds = [sum(each.values()) - each["bytes"] for each in (law, is_)]
        laws.append([int(atoms), *seconds, law["bytes"] / 1e6, bytes_ / 1e6])
    table(
        "The law of each stage through the two sizes before",
        ["atoms", "CPU, s, law", "measured", "MB, law", "measured"],
        laws,
    )
    last, cpu, size = rows[-1], rows[-1][-3], rows[-1][-2]
    table(
        f"Campaigns of glasses of {last[0]} atoms",
        ["campaign", "glasses", "core-hours", "GB", "files"],
        [[name, n, n * cpu / 3600.0, n * size / 1e3, n * last[-1]] for name, n in PAPER.items()],
    )


if __name__ == "__main__":
    run(*map(int, sys.argv[1:]))
