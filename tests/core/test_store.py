"""What is visible in the store is whole; damage is found; a store that cannot be written says so
and loses nothing.
"""

import errno
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.core.store import Store, identity, key_of

KEY = key_of({"any": 1})
VALUE = {"x": np.arange(1000.0)}


@dataclass(frozen=True, kw_only=True)
class Method:
    version: ClassVar[int] = 1
    keyed_by: ClassVar[str] = "source"
    cutoff: float = 2.0
    pair: tuple[int, int] = (1, 2)
    table: np.ndarray = field(default_factory=lambda: np.arange(3))
    workers: int = field(default=1, metadata={"affects_result": False})


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    store.put("label", KEY, VALUE, {"seconds": 1.5})
    return store


def test_what_is_put_is_got_with_its_manifest(store):
    value, manifest = store.get("label", KEY)
    assert np.array_equal(value["x"], VALUE["x"])
    assert manifest["seconds"] == 1.5
    assert (
        store.path("label", KEY).relative_to(store.folder).as_posix()
        == f"label/{KEY[:2]}/{KEY}.npz"
    )
    assert store.get("label", "0" * 64) is None


def test_the_key_follows_everything_that_decides_the_result_and_nothing_else():
    key = key_of(identity(Method()))
    assert key == key_of(identity(Method(workers=8)))
    others = [
        Method(cutoff=2.5),
        Method(pair=(2, 1)),
        Method(table=np.arange(4)),
        Method(table=np.arange(3.0)),
    ]
    assert len({key, *(key_of(identity(other)) for other in others)}) == 5
    newer = type(
        "Method",
        (Method,),
        {"version": 2, "__module__": Method.__module__, "__qualname__": Method.__qualname__},
    )
    assert key_of(identity(newer())) != key


def test_the_key_is_the_same_in_another_process():
    code = (
        "from vitreous.core.store import key_of; print(key_of({'b': [1, 2.5, None], 'a': {'x': "
        "0.1}}))"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": s},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for s in "12"
    }
    assert keys == {key_of({"a": {"x": 0.1}, "b": (1, 2.5, None)}) + "\n"}


@pytest.mark.parametrize("where", [0.05, 0.3, 0.5, 0.9])
def test_a_flipped_bit_is_found_the_file_moved_aside_and_the_result_computed_anew(
    store, where, caplog
):
    path = store.path("label", KEY)
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 1
    path.write_bytes(content)
    entry = next(store.entries())
    assert store.verify(entry) != ""
    assert store.get("label", KEY) is None
    assert "damaged artifact" in caplog.text
    assert [p.suffix for p in path.parent.iterdir()] == [".damaged"]
    store.put("label", KEY, VALUE, {})
    assert store.get("label", KEY) is not None


def test_any_flipped_byte_of_any_stage_is_found(toy_pipeline, toy, tmp_path):
    """Of headers that no reader looks at, too: 30 bytes of every artifact of a run, at random, and
    the last 100, where directory, end and seal are.
    """
    store, rng = Store(tmp_path / "run"), np.random.default_rng(0)
    replace(toy_pipeline, events=toy.FirstEvents(), indicators=toy.Places(shells=1)).run(store)
    first = {entry.stage: entry for entry in store.entries()}
    assert len(first) == 9
    for entry in first.values():
        whole = entry.path.read_bytes()
        assert store.verify(entry) == ""
        places = [*rng.choice(len(whole), 30, replace=False), *range(len(whole) - 100, len(whole))]
        for at in places:
            changed = bytearray(whole)
            changed[at] ^= rng.integers(1, 256)
            entry.path.write_bytes(changed)
            assert store.verify(entry) != "", f"byte {at} of {entry.stage}"
        entry.path.write_bytes(whole)


def test_a_flipped_byte_of_an_archive_without_a_seal_is_found_or_changes_nothing(store):
    """Archives from before there were seals: what their CRCs do not cover is not read."""
    entry = next(store.entries())
    sealed = entry.path.read_bytes()
    whole = sealed[:-73] + b"\0\0"  # without the comment and its length
    entry.path.write_bytes(whole)
    assert store.verify(entry) == ""
    value, manifest = store.get(entry.stage, entry.key)
    found = 0
    for at in range(0, len(whole), 19):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        entry.path.write_bytes(changed)
        if store.verify(entry):
            found += 1
            continue
        same, its = store.get(entry.stage, entry.key)
        assert its == manifest and same["x"].tobytes() == value["x"].tobytes()
    assert found > 0.9 * len(whole) / 19


@pytest.mark.parametrize("length", [0, 1, 100, 5000])
def test_a_truncated_file_is_found(store, length):
    path = store.path("label", KEY)
    path.write_bytes(path.read_bytes()[:length])
    assert store.get("label", KEY) is None


def test_a_whole_artifact_under_another_artifacts_name_is_not_taken_for_it(store):
    other = key_of({"any": 2})
    target = store.path("label", other)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(store.path("label", KEY).read_bytes())
    assert store.get("label", other) is None


def test_verifying_finds_what_no_run_would_read_and_a_recipe_of_another_artifact(tmp_path):
    store = Store(tmp_path / "other")
    recipe = {"kind": "generator", "seed": 1}
    right = key_of({"stage": "generate", **recipe})
    store.put("generate", right, 1.0, {"recipe": recipe})
    (entry,) = store.entries()
    assert store.verify(entry) == ""
    astray = entry.path.parents[1] / "zz" / entry.path.name
    astray.parent.mkdir()
    entry.path.rename(astray)
    (entry,) = store.entries()
    assert store.verify(entry) == "it lies where no run looks for it"
    astray.unlink()
    store.put("generate", right, 1.0, {"recipe": {**recipe, "seed": 2}})
    (entry,) = store.entries()
    assert store.verify(entry) == "its recipe belongs to another artifact"


def test_a_full_disk_is_one_sentence_and_leaves_no_trace(store, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        VitreousError, match=r"no space left on the disk of the store .*what is stored is kept"
    ):
        store.put("label", key_of({"any": 2}), VALUE, {})
    assert [entry.key for entry in store.entries()] == [KEY]
    assert not list(store.folder.rglob("*.tmp"))


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_read_only_store_can_be_read_and_refuses_to_be_written_in_one_sentence(
    store, number, monkeypatch
):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", refuse)
    assert store.get("label", KEY) is not None
    with pytest.raises(
        VitreousError, match=r"cannot be written .* choose another with store=FOLDER"
    ):
        store.put("label", key_of({"any": 2}), VALUE, {})


def test_artifacts_are_found_by_the_beginning_of_their_key(store):
    assert store.find(KEY[:6]).key == KEY
    for prefix, sentence in (("zz", "no artifact"), ("", "no artifact")):
        with pytest.raises(VitreousError, match=sentence):
            store.find(prefix)


def test_the_artifact_of_another_key_is_found(store):
    """Protects ``verify`` and ``get`` from files that were renamed: whole, but not what they are
    taken for.
    """
    other = store.path("label", "0" * 64)
    other.parent.mkdir(parents=True)
    other.write_bytes(store.path("label", KEY).read_bytes())
    told = {entry.key: store.verify(entry) for entry in store.entries()}
    assert told == {KEY: "", "0" * 64: "its manifest belongs to another artifact"}
    assert store.get("label", "0" * 64) is None and not other.exists()


def test_a_field_that_is_no_plain_value_is_refused():
    with pytest.raises(VitreousError, match=r"a component field holds a object; .* plain values"):
        identity(Method(cutoff=object()))  # type: ignore[arg-type]
