"""Every reader against mutated files: each must be read, or refused in one sentence, within five
seconds of CPU and a gigabyte.

``python -m benchmarks fuzz`` tries some thousands of inputs a reader; ``python -m benchmarks.fuzz
[READER ...] --inputs N --seed S`` as many as are named, with ``--first`` those from a number on.
Inputs follow from the seed and their number. What breaks a reader is kept in the folder that is
named; make it a test.
"""

import argparse
import contextlib
import logging
import os
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.fuzz_readers import Reader, Seeds, as_installed, readers
from benchmarks.mutations import mutated
from vitreous import direct
from vitreous.core.errors import VitreousError
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_honeycomb

SECONDS, BYTES = 5.0, 1 << 30  #: of CPU, that an answer may take
STANDSTILL = 120.0  #: seconds that may pass, however busy the machine is
BATCH = 500  #: inputs of one process, which a fault of a kernel may end


def outcome(read: Reader, path: Path) -> str:
    """What became of one file: read, refused, or what must not be."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, STANDSTILL)
    try:
        read(path)
        return "read"
    except VitreousError as error:
        sentence = str(error)
        return "refused" if "\n" not in sentence and len(sentence) < 2000 else "long sentence"
    except MemoryError:
        return "memory"
    except TimeoutError:
        return "hang"
    except BaseException as error:  # whatever a reader lets through is what is looked for
        return f"crash: {type(error).__name__}: {str(error)[:60]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _late(*_: object) -> None:
    raise TimeoutError


def _batch(
    read: Reader, seeds: Seeds, numbers: range, seed: int, folder: Path, kept: Path, out: int
) -> None:
    """In a process of its own: one line for each input; the file at hand outlives the process."""
    signal.signal(signal.SIGALRM, _late)
    signal.signal(signal.SIGPROF, _late)
    logging.disable(logging.CRITICAL)
    tempfile.tempdir = str(folder)  # readers unpack there, in memory
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 2 * BYTES, size + 2 * BYTES))
    names = sorted(seeds)
    with os.fdopen(out, "w") as stream, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for number in numbers:
            rng = np.random.default_rng([seed, number])
            name = names[number % len(names)]
            path = folder / name
            path.write_bytes(mutated(rng, seeds[name]))
            found = outcome(read, path)
            if found not in ("read", "refused"):
                (kept / f"{number}_{name}").write_bytes(path.read_bytes())
            stream.write(f"{number}\t{' '.join(found.split())}\n")
            stream.flush()
        stream.write(f"peak\t{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


def tried(
    read: Reader, seeds: Seeds, count: int, kept: Path, seed: int = 0, first: int = 0
) -> Iterator[tuple[str, str]]:
    """Numbers and outcomes of the inputs from ``first`` to before ``count``, whatever ends the
    processes that try them; and of each process its ``peak`` memory, kB.
    """
    begin = first
    while begin < count:
        end = min(begin + BATCH, count)
        incoming, outgoing = os.pipe()
        with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
            child = os.fork()
            if not child:
                with contextlib.suppress(BaseException):
                    os.close(incoming)
                    _batch(read, seeds, range(begin, end), seed, Path(name), kept, outgoing)
                os._exit(0)
            os.close(outgoing)
            with os.fdopen(incoming) as stream:
                lines = [line.rstrip("\n").split("\t", 1) for line in stream]
            _, status = os.waitpid(child, 0)
            yield from ((number, found) for number, found in lines)
            done = begin + sum(number.isdigit() for number, _ in lines)
            if done < end:  # the process ended over the file that it had last written
                yield str(done), f"killed by signal {os.waitstatus_to_exitcode(status)}"
                for path in filter(Path.is_file, Path(name).iterdir()):
                    (kept / f"{done}_killed_{path.name}").write_bytes(path.read_bytes())
                done += 1
        begin = done


def run(count: int = 2000, chosen: tuple[str, ...] = (), seed: int = 0, first: int = 0) -> None:
    """Print a row for each reader: inputs, read, refused, and what must not be."""
    kept = Path(tempfile.mkdtemp(prefix="fuzz_"))
    direct.energy(silica_honeycomb(4, 4), YukawaSilica())  # compiled once, before the forks
    print(
        "\n| reader | inputs | read | refused | broken | peak, MB | s |"
        "\n|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as name:
        known = readers(Path(name))
        as_installed()
        for reader in chosen or tuple(known):
            read, seeds = known[reader]
            began, found, peak = time.time(), Counter[str](), 0
            for number, what in tried(read, seeds, count, kept, seed, first):
                if number == "peak":
                    peak = max(peak, int(what) // 1024)
                    continue
                found[what] += 1
                if found.total() % 10000 == 0:
                    sys.stderr.write(f"{reader}: {found.total()} tried\n")
            good = {key: found.pop(key, 0) for key in ("read", "refused")}
            print(
                f"| {reader} | {count - first} | {good['read']} | {good['refused']} | "
                f"{found.total()} | {peak} | {time.time() - began:.0f} |",
                flush=True,
            )
            for what, times in found.most_common(10):
                print(f"    {times} x {what}", flush=True)
    print(f"what broke a reader is in {kept}" if any(kept.iterdir()) else "nothing broke a reader")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("readers", nargs="*", metavar="READER")
    options.add_argument("--inputs", type=int, default=2000)
    options.add_argument("--first", type=int, default=0, help="begin with this number")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    run(given.inputs, tuple(given.readers), given.seed, given.first)
