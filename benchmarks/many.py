"""A finished campaign of very many tiny glasses: how long it takes to resume it, to ask for its
status, to list its store and to verify it, and how much memory that takes.

The store is made without computing: each artifact is a link to one of a few that were, under the
key that the run looks for. So everything is found; ``verify``, which reads everything, says of each
that it belongs to another. ``python -m benchmarks.many GLASSES [FOLDER]``; the folder, new, is
best on a disk in memory, since what is measured is the program.
"""

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.clock import table
from benchmarks.runs import TOY, TOYS, measured

SOURCES = 20  #: artifacts of each stage that are computed; the others are links to them


def filled(home: Path, glasses: int) -> int:
    """Makes the store; returns the number of artifacts."""
    from vitreous.app.composing import composed
    from vitreous.app.evaluating import described
    from vitreous.core.registry import discover
    from vitreous.core.stages import artifacts
    from vitreous.core.store import Store

    sys.path.append(str(TOYS))
    given = ["~descriptor" if each == "descriptor=null" else each for each in TOY[:3]]
    config = composed([*given, *TOY[3:], f"samples={glasses}"], None)
    pipeline, _ = described(config, discover())
    store, count = Store(home / "store"), 0
    computed: dict[str, list[Path]] = {}
    for glass, role in pipeline.roles().items():
        for case, chain in pipeline.cases(glass, role).items():
            for stage, artifact in artifacts(chain, store, case.glass).items():
                if len(computed.setdefault(stage, [])) < SOURCES:
                    artifact.ensure()
                    computed[stage].append(store.path(stage, artifact.key))
                    continue
                path = store.path(stage, artifact.key)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.hardlink_to(computed[stage][glass % SOURCES])
            count += len(computed)
    return count


def spent() -> float:
    """CPU seconds of processes that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(glasses: int = 10_000, folder: str | None = None) -> None:
    """Prints the table."""
    home = Path(folder or tempfile.mkdtemp(prefix="many_"))
    home.mkdir(exist_ok=True)
    count, rows = filled(home, glasses), []
    campaign = (*TOY, f"samples={glasses}")
    of_store = ("store", "--store", str(home / "store"))
    for name, command in {
        "run, resumed": ("run", *campaign),
        "status": ("status", *campaign),
        "work": ("work", *campaign),
        "store ls": (*of_store, "ls"),
        "store verify": (*of_store, "verify"),
    }.items():
        before = spent()
        start = time.perf_counter()
        # 1 of verify, which finds what was not written for its key
        _, memory = measured(list(command), home, fine=(0, 1))
        rows.append([name, time.perf_counter() - start, spent() - before, memory])
    table(f"{glasses} glasses, {count} artifacts", ["command", "seconds", "CPU, s", "MB"], rows)
    shutil.rmtree(home)


if __name__ == "__main__":
    run(int(sys.argv[1]), *sys.argv[2:3])
