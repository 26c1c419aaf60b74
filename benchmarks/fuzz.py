"""Every reader against mutated files: each must be read, or refused in one sentence, within ten
seconds and a gigabyte.

``python -m benchmarks fuzz`` tries some thousands of inputs a reader; ``python -m benchmarks.fuzz
COUNT [READER ...]`` as many as are named. Inputs follow from the seed and their number. What breaks
a reader is kept in the folder that the table names; make it a test.
"""

import contextlib
import gzip
import os
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import ase
import ase.io
import numpy as np

from vitreous import direct
from vitreous.core.errors import VitreousError
from vitreous.io.write import write_configuration
from vitreous.mechanics.eam.file import read_eam
from vitreous.plugins.potentials.eam import EXAMPLE
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_honeycomb

SECONDS, BYTES = 10.0, 1 << 30  #: that an answer may take
BATCH = 250  #: inputs of one process, which a fault of a kernel may end
_TOKENS = (
    *(b"nan", b"inf", b"-1e308", b"1e308", b"1e999", b"1e-320", b"0", b"-0.0", b"-1", b"1e18"),
    *(b"99999999999999999999", b"2000000000", b"1000000000", b"-2147483649", b"1e-5", b"1e6"),
    *(b"", b"#", b"\0", b"Si", b"C", b"ITEM:", b"abc origin", b"Masses", b"0x10", b"1_0", b"\xb5"),
    *(b"Atoms # full", b"Atom Type Labels", b'"', b"=", b"[" * 2000, b"9" * 5000, b"1.0D+02"),
)
Seeds = dict[str, bytes]
Reader = Callable[[Path], None]


def _seeds(folder: Path) -> dict[str, Seeds]:
    """Whole files by reader: name and content."""
    glass = silica_honeycomb(4, 4)
    ours = ("a.dump", "a.data", "a.extxyz")
    files = {name: write_configuration(folder / name, glass).read_bytes() for name in ours}
    patch = glass.with_(info={"origin": [1.0, 2.0, 3.0]}, cell=glass.cell[::-1] * [[1], [-1]])
    files["b.dump"] = write_configuration(folder / "b.dump", patch).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files["b.data"] = write_configuration(folder / "b.data", patch).read_bytes()
    atoms = ase.Atoms("CuZr", [[0, 0, 0], [2, 2, 2]], cell=[4, 4, 4], pbc=True).repeat(2)
    other = {}
    for form, name in (("vasp", "POSCAR"), ("cif", "a.cif"), ("xsf", "a.xsf"), ("json", "a.json"),
                       ("cfg", "a.cfg"), ("gen", "a.gen"), ("traj", "a.traj"), ("eon", "a.con"),
                       ("proteindatabank", "a.pdb")):  # fmt: skip
        ase.io.write(folder / name, atoms, format=form)
        other[name] = (folder / name).read_bytes()
    alloy = _small_tables(width=1)
    return {
        "LAMMPS dump": {name: files[name] for name in ("a.dump", "b.dump")},
        "LAMMPS data": {name: files[name] for name in ("a.data", "b.data")},
        "extended XYZ": {"a.extxyz": files["a.extxyz"]},
        "gzipped": {f"{name}.gz": gzip.compress(files[name], mtime=0) for name in ours},
        "through ASE": other,
        "EAM tables": {"a.eam.alloy": alloy, "a.eam.fs": _small_tables(width=2)},
    }


def _small_tables(width: int) -> bytes:
    """The example's first numbers, few enough to be read in no time."""
    words = EXAMPLE.read_text().split("\n", 5)[5].split()[4:]
    table = "\n".join(words[:20])
    element = f"29 63.5 3.6 fcc\n{table}\n" + f"{table}\n" * width
    return f"a\nb\nc\n2 Cu Zr\n20 0.1 20 0.3 5.7\n{element * 2}{f'{table}{chr(10)}' * 3}".encode()


def mutated(rng: np.random.Generator, content: bytes) -> bytes:
    """A file with one to three faults: bytes, words and lines changed, left out, or made many; of a
    gzipped one inside or outside.
    """
    packed = content[:2] == b"\x1f\x8b" and rng.random() < 0.7
    content = gzip.decompress(content) if packed else content
    for _ in range(rng.integers(1, 4)):
        faults = (_token, _flip) if rng.random() < 0.8 else _COARSE
        content = faults[rng.integers(len(faults))](rng, content) or b"\n"
    return gzip.compress(content, 1, mtime=0) if packed else content


def _flip(rng: np.random.Generator, content: bytes) -> bytes:
    at = rng.integers(len(content))
    return content[:at] + bytes([rng.integers(256)]) + content[at + 1 :]


def _cut(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: rng.integers(len(content))]


def _leave_out(rng: np.random.Generator, content: bytes) -> bytes:
    at, length = rng.integers(len(content)), rng.integers(1, 200)
    return content[:at] + content[at + length :]


def _token(rng: np.random.Generator, content: bytes) -> bytes:
    lines = content.split(b"\n")
    # headers matter more than the hundredth atom
    k = rng.integers(len(lines)) if rng.random() < 0.4 else rng.integers(min(len(lines), 25))
    words = lines[k].split(b" ")
    words[rng.integers(len(words))] = _TOKENS[rng.integers(len(_TOKENS))]
    lines[k] = b" ".join(words)
    return b"\n".join(lines)


def _repeat(rng: np.random.Generator, content: bytes) -> bytes:
    lines = content.split(b"\n")
    k = rng.integers(len(lines))
    return b"\n".join([*lines[:k], *lines[k : k + 1] * int(rng.integers(2, 50)), *lines[k:]])


def _swap(rng: np.random.Generator, content: bytes) -> bytes:
    lines = content.split(b"\n")
    a, b = rng.integers(len(lines), size=2)
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def _double(rng: np.random.Generator, content: bytes) -> bytes:
    return content + content[rng.integers(len(content)) :]


_COARSE = (_cut, _leave_out, _repeat, _swap, _double)


def _read_glass(path: Path) -> None:
    """Read as ``vitreous energy`` does, and evaluated where the potential knows it."""
    model = YukawaSilica()
    known = path.name.endswith((".dump", ".data", ".extxyz", ".gz"))
    glass = direct.read_glass(path, model if known else None)
    if known:
        direct.energy(glass, model)


def _outcome(read: Reader, path: Path) -> str:
    """What became of one file: read, refused, or what must not be."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        read(path)
        return "read"
    except VitreousError as error:
        sentence = str(error)
        return "refused" if "\n" not in sentence and len(sentence) < 1000 else "long sentence"
    except MemoryError:
        return "memory"
    except TimeoutError:
        return "hang"
    except BaseException as error:  # whatever a reader lets through is what is looked for
        return f"crash: {type(error).__name__}: {str(error)[:60]}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _late(*_: object) -> None:
    raise TimeoutError


def _batch(read: Reader, seeds: Seeds, numbers: range, folder: Path, kept: Path, out: int) -> None:
    """In a process of its own: one line for each input; the file at hand outlives the process."""
    signal.signal(signal.SIGALRM, _late)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 2 * BYTES, size + 2 * BYTES))
    names = sorted(seeds)
    with os.fdopen(out, "w") as stream, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for number in numbers:
            rng = np.random.default_rng([0, number])
            name = names[number % len(names)]
            path = folder / name
            path.write_bytes(mutated(rng, seeds[name]))
            outcome = _outcome(read, path)
            if outcome not in ("read", "refused"):
                (kept / f"{number}_{name}").write_bytes(path.read_bytes())
            stream.write(f"{number}\t{outcome}\n")
            stream.flush()
        stream.write(f"peak\t{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


def _batches(read: Reader, seeds: Seeds, count: int, kept: Path) -> Iterator[tuple[str, str]]:
    """Numbers and outcomes of ``count`` inputs, whatever ends the processes that try them."""
    begin = 0
    while begin < count:
        end = min(begin + BATCH, count)
        incoming, outgoing = os.pipe()
        with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
            child = os.fork()
            if not child:
                with contextlib.suppress(BaseException):
                    os.close(incoming)
                    _batch(read, seeds, range(begin, end), Path(name), kept, outgoing)
                os._exit(0)
            os.close(outgoing)
            with os.fdopen(incoming) as stream:
                lines = [line.rstrip("\n").split("\t", 1) for line in stream]
            _, status = os.waitpid(child, 0)
            yield from ((number, outcome) for number, outcome in lines)
            done = begin + sum(number.isdigit() for number, _ in lines)
            if done < end:  # the process ended over the file that it had last written
                yield str(done), f"killed by signal {os.waitstatus_to_exitcode(status)}"
                for path in Path(name).iterdir():
                    (kept / f"{done}_killed_{path.name}").write_bytes(path.read_bytes())
                done += 1
        begin = done


def run(count: int = 2000, readers: tuple[str, ...] = ()) -> None:
    """Print a row for each reader: inputs, read, refused, and what must not be."""
    kept = Path(tempfile.mkdtemp(prefix="fuzz_"))
    with tempfile.TemporaryDirectory() as name:
        seeds = _seeds(Path(name))
    direct.energy(silica_honeycomb(4, 4), YukawaSilica())  # compiled once, before the forks
    print(
        "\n| reader | inputs | read | refused | broken | peak, MB | s |"
        "\n|---|---|---|---|---|---|---|"
    )
    for reader in readers or tuple(seeds):
        read: Reader = read_eam if reader == "EAM tables" else _read_glass  # type: ignore[assignment]
        began, found, peak = time.time(), Counter[str](), 0
        for number, outcome in _batches(read, seeds[reader], count, kept):
            if number == "peak":
                peak = max(peak, int(outcome) // 1024)
                continue
            found[outcome] += 1
            if found.total() % 10000 == 0:
                sys.stderr.write(f"{reader}: {found.total()} tried\n")
        good = {key: found.pop(key, 0) for key in ("read", "refused")}
        print(
            f"| {reader} | {count} | {good['read']} | {good['refused']} | {sum(found.values())} | "
            f"{peak} | {time.time() - began:.0f} |",
            flush=True,
        )
        for outcome, times in found.most_common(10):
            print(f"    {times} x {outcome}")
    print(f"what broke a reader is in {kept}" if any(kept.iterdir()) else "nothing broke a reader")


if __name__ == "__main__":
    run(int(sys.argv[1]), tuple(sys.argv[2:]))
