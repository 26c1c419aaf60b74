"""How memory and time of a run grow with the number of glasses, and how long a finished one takes
to resume; in processes of their own, glasses of 180 atoms, no model. A run of 10,000 is of the
glasses of 16 atoms that the tests use, so that it is finished in minutes.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.clock import table

COUNTS = (8, 80, 800)
MANY = 10_000
TOYS = Path(__file__).parent.parent / "tests" / "toy_package"
TOY = (
    *("experiment=toy", "model=none", "descriptor=null"),
    *("~events", "~indicators", "tracker=none", "report=false", "executor=serial"),
)
TINY = (
    *("generator.rings_x=6", "generator.rings_y=6", "generator.steps=2000"),
    *("simulator.strain_max=0.01", "labeler=fracture_strain", "model=none", "descriptor=null"),
    *("~events", "~indicators", "tracker=none", "report=false", "executor=serial"),
)


def measured(arguments: list[str], home: Path, fine: tuple[int, ...] = (0,)) -> tuple[float, float]:
    """Wall time (s) and peak resident memory (MB) of the command ``vitreous``; ``fine``: its
    statuses.

    Raises:
        ChildProcessError: if it fails; its output is in the folder's ``log``.
    """
    path = os.pathsep.join(filter(None, [str(TOYS), os.environ.get("PYTHONPATH")]))
    start = time.perf_counter()
    with (home / "log").open("w") as log:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "vitreous.cli", *arguments],
            {**os.environ, "VITREOUS_HOME": str(home), "PYTHONPATH": path},
            file_actions=[(os.POSIX_SPAWN_DUP2, log.fileno(), n) for n in (1, 2)],
        )
        _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in fine:
        raise ChildProcessError(f"vitreous {' '.join(arguments)}:\n{(home / 'log').read_text()}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def run() -> None:
    """Prints both tables; the last row of the first is of the smaller glasses."""
    with tempfile.TemporaryDirectory() as folder:  # kernels are compiled here, not in the table
        measured(["run", *TINY, "samples=1"], Path(folder))
    rows = []
    for count, of in [*((count, TINY) for count in COUNTS), (MANY, TOY)]:
        with tempfile.TemporaryDirectory() as folder:
            command = ["run", *of, f"samples={count}"]
            first, memory = measured(command, Path(folder))
            again, least = measured(command, Path(folder))
            rows.append([count, first, memory, again, least])
    table(
        "Runs without a model",
        ["glasses", "seconds", "peak memory, MB", "resumed, seconds", "peak memory, MB"],
        rows,
    )
    with tempfile.TemporaryDirectory() as folder:
        table(
            "Commands",
            ["command", "seconds", "peak memory, MB"],
            [[" ".join(c), *measured(list(c), Path(folder))] for c in (("--help",), ("list",))],
        )
