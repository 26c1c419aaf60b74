"""Every reader meets some hundred mutated files, and reads each or refuses it in one sentence:
``benchmarks/fuzz.py`` in small; what 100,000 inputs a reader came to is in ``docs/security.md``.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import fuzz, fuzz_readers
from benchmarks.mutations import mutated
from vitreous import direct
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_honeycomb

READERS = (
    *("LAMMPS dump", "LAMMPS data", "extended XYZ", "gzipped", "through ASE", "EAM tables"),
    *("images", "edits", "artifacts", "packs", "runs", "records", "bundles"),
)
SLOW = {"overrides": 60, "configurations": 30}  #: fewer, since each composes a configuration
INPUTS = {**dict.fromkeys(READERS, 300), "packs": 100, "runs": 200, "bundles": 200, **SLOW}
MEMORY = 2**20  #: kB


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    direct.energy(silica_honeycomb(4, 4), YukawaSilica())  # compiled once, before the forks
    return fuzz_readers.readers(tmp_path_factory.mktemp("seeds"))


def resident():
    """Memory of this process, kB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_every_reader_is_tried(readers):
    assert set(readers) == set(INPUTS)


@pytest.mark.parametrize("name", INPUTS)
def test_a_mutated_file_is_read_or_refused_in_one_sentence(name, readers, tmp_path):
    read, seeds = readers[name]
    here = resident()  # a fork begins with what other tests left in this process
    found = list(fuzz.tried(read, seeds, INPUTS[name], tmp_path, seed=20261130))
    peaks = [int(kilobytes) for number, kilobytes in found if number == "peak"]
    outcomes = Counter(what for number, what in found if number != "peak")
    assert set(outcomes) <= {"read", "refused"}, list(tmp_path.iterdir())
    assert outcomes.total() == INPUTS[name]
    assert outcomes["refused"] > 0.2 * INPUTS[name]
    assert max(peaks) - here < MEMORY


@pytest.mark.filterwarnings("ignore:eon does not say")
@pytest.mark.parametrize("name", INPUTS)
def test_files_that_nobody_changed_are_read(name, readers, tmp_path):
    """Otherwise everything would be refused for the wrong reason."""
    read, seeds = readers[name]
    for seed, content in seeds.items():
        path = tmp_path / seed
        path.write_bytes(content)
        read(path)


def breaks(path):
    content = path.read_bytes()
    if b"\xb5" in content:
        raise KeyError("none")
    while b"1e999" in content:
        pass


def test_a_reader_that_breaks_or_hangs_is_told(monkeypatch, tmp_path):
    """The harness can fail."""
    monkeypatch.setattr(fuzz, "SECONDS", 0.2)
    seeds = {"a.txt": b"one two\nthree four\n"}
    outcomes = {what for _, what in fuzz.tried(breaks, seeds, 300, tmp_path)}
    assert {"crash: KeyError: 'none'", "hang", "read"} <= outcomes
    assert any(tmp_path.iterdir())


def test_inputs_follow_from_seed_and_number(readers):
    """Whatever was tried before: a faulty one can be made again."""
    for _, seeds in readers.values():
        content = next(iter(seeds.values()))
        first, second = (
            [mutated(np.random.default_rng([0, n]), content) for n in range(40)] for _ in "ab"
        )
        assert first == second
