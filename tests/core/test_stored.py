"""Archives of arrays are read without ``zipfile``: whatever is read, ``zipfile`` reads the same."""

import io
import os
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from vitreous.core.archive import MANIFEST, write_archive
from vitreous.core.stored import contents

ARRAYS = {MANIFEST: np.array('{"a": 1}'), "b": np.arange(7.0), "c": np.zeros((0, 3), dtype=int)}


@pytest.fixture
def sealed(tmp_path):
    path = tmp_path / "sealed.npz"
    write_archive(path, ARRAYS)
    return path


def read(path, names=None):
    with path.open("rb") as stream:
        return contents(stream.fileno(), names)


def by_zipfile(content):
    """Names and bytes of its members; None where it refuses."""
    with suppress(Exception), zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_members_are_those_of_zipfile_sealed_or_not(sealed, tmp_path):
    expected = by_zipfile(sealed.read_bytes())
    assert set(expected) == {f"{name}.npy" for name in ARRAYS}
    assert read(sealed) == expected
    assert read(sealed, ["b.npy"]) == {"b.npy": expected["b.npy"]}
    np.savez(tmp_path / "bare.npz", **ARRAYS)
    assert read(tmp_path / "bare.npz") == expected


def test_a_directory_of_many_members_is_read(tmp_path):
    arrays = {f"array{k}": np.full(3, k) for k in range(500)}
    np.savez(tmp_path / "a.npz", **arrays)
    assert read(tmp_path / "a.npz") == by_zipfile((tmp_path / "a.npz").read_bytes())


def test_what_zipfile_must_look_at_is_left_to_it(sealed, tmp_path):
    np.savez_compressed(tmp_path / "packed.npz", **ARRAYS)
    before = tmp_path / "before.npz"
    before.write_bytes(b"before" + sealed.read_bytes())
    twice = tmp_path / "twice.npz"
    with zipfile.ZipFile(twice, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.npy", b"1")
        archive.writestr("a.npy", b"2")
    (tmp_path / "empty").touch()
    for path in (tmp_path / "packed.npz", before, twice, tmp_path / "empty"):
        assert read(path) is None
    assert read(sealed, ["absent.npy"]) is None


def test_whatever_is_changed_is_read_as_zipfile_reads_it_or_not_at_all(sealed, tmp_path):
    whole, rng = sealed.read_bytes(), np.random.default_rng(0)
    path, kept = tmp_path / "changed.npz", 0
    expected = by_zipfile(whole)
    for at in [*range(len(whole)), *rng.integers(len(whole), size=1000)]:
        changed = bytearray(whole)
        changed[at] ^= 1 << rng.integers(8)
        if rng.random() < 0.3:
            del changed[rng.integers(len(whole)) :]
        path.write_bytes(changed)
        found = read(path)
        kept += found is not None
        assert found in (None, by_zipfile(bytes(changed)))
        assert found is None or found.keys() != expected.keys() or found == expected
    assert 0.05 < kept / (len(whole) + 1000) < 0.6  # times and rights, which nobody reads


def test_a_member_that_says_it_is_large_takes_no_memory(sealed):
    whole = bytearray(sealed.read_bytes())
    at = whole.rindex(b"PK\1\2")
    whole[at + 20 : at + 28] = 2 * (2**31).to_bytes(4, "little")
    sealed.write_bytes(whole)
    assert read(sealed) is None


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    descriptor = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(OSError):
            contents(descriptor)
    finally:
        os.close(descriptor)
