"""What a stranger puts into a store is told, moved aside and made again: it neither ends a run, nor
takes memory that the file has not, nor writes outside.
"""

import errno
import io
import json
import os
import socket
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from toy import vitreous

from vitreous.core import archive, locks
from vitreous.core.archive import read_json, stays_inside
from vitreous.core.errors import VitreousError
from vitreous.core.run import unpack
from vitreous.core.store import Store, key_of

KEY = key_of({"any": 1})
BYTES = np.arange(9, dtype=np.uint8)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def npy(header, data=b""):
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def manifest(value, stage="label"):
    said = {"format": 1, "stage": stage, "key": KEY, "value": value}
    written = io.BytesIO()
    np.save(written, np.array(value if isinstance(value, str) else json.dumps(said)))
    return written.getvalue()


def put(store, members, compression=zipfile.ZIP_STORED):
    path = store.path("label", KEY)
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, content in members.items():
            made.writestr(f"{name}.npy", content)
    return path


FLOATS = "{'descr': '<f8', 'fortran_order': False, 'shape': (%s,)}"
NUMBERS = npy(FLOATS % 2, bytes(16))
ARRAY = manifest({"array": "a"})
nested: dict = {"array": "a"}
for _ in range(3000):
    nested = [nested]

HOSTILE = {
    "more values than bytes": {"manifest": ARRAY, "a": npy(FLOATS % 10**11)},
    "values of no size": {
        "manifest": ARRAY,
        "a": npy("{'descr': '<U0', 'fortran_order': False, 'shape': (2000000000,)}"),
    },
    "negative length": {"manifest": ARRAY, "a": npy(FLOATS % -1, bytes(8))},
    "objects": {
        "manifest": ARRAY,
        "a": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", bytes(8)),
    },
    "a header that is no literal": {"manifest": ARRAY, "a": npy("{'descr':[[[(")},
    "JSON nested deeply": {"manifest": manifest("[" * 10**5 + "]" * 10**5)},
    "a manifest that is a list": {"manifest": manifest("[1, 2]")},
    "a manifest without a value": {"manifest": manifest('{"format": 1, "stage": "label"}')},
    "fields that are a list": {"manifest": manifest({"data": "Labels", "fields": []})},
    "an array that is not there": {"manifest": ARRAY},
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_artifact_is_damaged_moved_aside_and_can_be_made_again(store, members):
    path = put(store, members)
    assert store.verify(next(store.entries())) != ""
    assert store.get("label", KEY) is None
    assert [p.suffix for p in path.parent.iterdir()] == [".damaged"]
    store.put("label", KEY, {"x": BYTES}, {})
    assert store.get("label", KEY) is not None


def test_members_that_grow_when_they_are_read_are_refused(store):
    packed = {"manifest": ARRAY, "a": NUMBERS}
    put(store, packed, zipfile.ZIP_DEFLATED)
    assert "compressed" in store.verify(next(store.entries()))


def test_members_that_share_their_bytes_are_refused(store, monkeypatch):
    put(store, {"manifest": ARRAY, "a": NUMBERS})
    listed = zipfile.ZipFile.infolist
    monkeypatch.setattr(zipfile.ZipFile, "infolist", lambda self: listed(self) * 50)
    assert "larger than the file" in store.verify(next(store.entries()))


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "ring"])
def test_what_is_no_file_is_moved_aside_without_waiting(store, kind):
    path = store.path("label", KEY)
    path.parent.mkdir(parents=True)
    {
        "pipe": lambda: os.mkfifo(path),
        "folder": lambda: (path / "inner").mkdir(parents=True),
        "device": lambda: path.symlink_to("/dev/zero"),
        "ring": lambda: path.symlink_to(path),
    }[kind]()
    assert store.verify(next(store.entries())) != ""
    assert store.get("label", KEY) is None
    store.put("label", KEY, {"x": BYTES}, {})
    assert store.get("label", KEY) is not None


def test_a_sector_that_cannot_be_read_is_damage_and_no_end_of_the_run(store, monkeypatch):
    store.put("label", KEY, {"x": BYTES}, {})

    def unreadable(self, *_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(zipfile.ZipFile, "read", unreadable)
        assert store.get("label", KEY) is None
    assert not store.has("label", KEY)


OUTSIDE = ("/tmp/x", "../x", "a/../../x", "a//b", "./a", "..", "", "a\\..\\b", "a\0b")


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_model_with_files_outside_its_folder_is_damaged_and_never_unpacked(store, name, tmp_path):
    assert not stays_inside(name)
    store.put("fit", KEY, {"files": {"fine": BYTES, name: BYTES}, "history": []}, {})
    assert "outside its own folder" in store.verify(next(store.entries()))
    assert store.get("fit", KEY) is None
    with pytest.raises(VitreousError, match="outside its own folder"):
        unpack(None, {name: BYTES})  # pyright: ignore[reportArgumentType]


def test_a_model_whose_files_are_no_bytes_is_damaged(store):
    store.put("fit", KEY, {"files": {"weights": np.arange(3.0)}, "history": []}, {})
    assert "not made of bytes" in store.verify(next(store.entries()))


def test_store_verify_calls_a_model_that_would_write_outside_damaged(tmp_path):
    place = tmp_path / "store"
    Store(place).put("fit", KEY, {"files": {"../../x": BYTES}, "history": []}, {})
    done = vitreous(tmp_path, "store", "--store", str(place), "verify")
    assert done.returncode == 1
    assert "names the file '../../x', which lies outside its own folder" in done.stdout


def test_json_of_a_stranger_is_an_object_in_a_file(tmp_path):
    path = tmp_path / "run.json"
    for content in ("[" * 10**5, "[1]", "{"):
        path.write_text(content)
        with pytest.raises(ValueError, match=r"."):
            read_json(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ValueError, match="no file"):
        read_json(path)


WRITING = """
import sys, time
from pathlib import Path
from vitreous.core import archive, locks
with archive._temporary(Path(sys.argv[1])) as (temporary, stream):
    print(temporary, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def left(store):
    """The temporary file of a writer in another process, and that process."""
    path = store.path("label", KEY)
    path.parent.mkdir(parents=True)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITING, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    yield path.parent / writer.stdout.readline().strip(), writer
    writer.kill()
    writer.wait()


def test_the_file_of_a_living_writer_is_kept_whatever_process_id_it_is_known_by(store, left):
    temporary, writer = left
    foreign = temporary.with_name(temporary.name.replace(f".{writer.pid}.", ".999999999."))
    temporary.rename(foreign)  # as another container of this host name numbers processes
    assert store.clean() == []
    assert foreign.exists()


def test_the_file_of_a_writer_that_died_is_removed_before_it_is_collected(store, left):
    temporary, writer = left
    writer.kill()
    os.waitid(os.P_PID, writer.pid, os.WEXITED | os.WNOWAIT)
    assert len(store.clean()) == 1
    assert not temporary.exists()


def test_files_of_other_machines_whose_locks_may_not_be_seen_here_are_removed_after_a_day(store):
    folder = store.path("label", KEY).parent
    folder.mkdir(parents=True)
    fresh, old = (folder / f".{KEY}.far-away.{pid}.abcd.tmp" for pid in (1, 2))
    for path in (fresh, old):
        path.touch()
    os.utime(old, (time.time() - 1.1 * archive.DAY,) * 2)
    assert len(store.clean()) == 1
    assert fresh.exists()


def test_a_writer_whose_file_was_taken_for_a_leftover_begins_again(store, monkeypatch):
    genuine, calls = locks.lock, []

    def late(descriptor):
        calls.append(descriptor)
        if len(calls) == 1:
            raise BlockingIOError
        if len(calls) == 2:
            next(store.folder.glob("*/??/.*.tmp")).unlink()
        return genuine(descriptor)

    monkeypatch.setattr(archive, "lock", late)
    store.put("label", KEY, {"x": BYTES}, {})
    assert len(calls) == 3
    assert store.get("label", KEY) is not None


def test_without_locks_on_the_file_system_age_decides(store, monkeypatch):
    def none(descriptor, how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks.fcntl, "flock", none)
    store.put("label", KEY, {"x": BYTES}, {})
    folder = store.path("label", KEY).parent
    (folder / f".{KEY}.{socket.gethostname()}.1.abcd.tmp").touch()
    assert store.clean() == []


def test_cleaning_follows_no_link_to_files_that_are_not_ours(store, tmp_path):
    home = tmp_path / "home" / "ab"
    home.mkdir(parents=True)
    mine = [home / "letter.damaged", home / "draft.tmp"]
    for path in mine:
        path.touch()
    store.folder.mkdir()
    (store.folder / "label").symlink_to(home.parent)
    assert store.clean(damaged=True) == []
    assert all(path.exists() for path in mine)
