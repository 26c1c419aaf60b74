"""Packs: artifacts of a store in one compressed file, to keep and to pass on.

A pack is a .tar.xz of the store's files under the names they have there; compressed together,
arrays that many artifacts repeat (the positions of a glass in all its labels) take their room once.
Earlier packs were zips, and are still read. Whoever unpacks one finds the
artifacts under the keys of their recipes, so that a run which needs them does not compute them.
What a stranger packed is checked like any artifact, and its key must be that of its recipe; that
its values are what the recipe gives is for the reader to trust, or to compute again.
"""

from __future__ import annotations

import io
import lzma
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from vitreous.core.archive import Damaged, open_plain
from vitreous.core.errors import VitreousError
from vitreous.core.store import Entry, Store, key_of

STAGES = ("generate", "relax", "deform", "label", "events")  #: nothing in them can be run
LARGEST = 2**32  #: bytes of a pack, unpacked
DICTIONARY = 9  #: of xz: 64 MB in which repeated arrays are found
_XZ = b"\xfd7zXZ\x00"  #: the first bytes of a pack
_MEMBER = re.compile(rf"({'|'.join(STAGES)})/([0-9a-f]{{2}})/(\2[0-9a-f]{{62}})\.npz")


def selected(store: Store, stages: Iterable[str], parent: str | None = None) -> Iterator[Entry]:
    """The artifacts of ``stages``; with ``parent`` those alone that were made from that stage.
    Damaged ones are left out.

    Raises:
        VitreousError: a stage that no pack holds.
    """
    wanted = list(stages)
    for stage in wanted:
        if stage not in STAGES:
            raise VitreousError(f"no pack holds the stage '{stage}'; expected {', '.join(STAGES)}")
    for entry in store.entries():
        if entry.stage in wanted and not store.verify(entry):
            made_from = store.manifest(entry).get("parent_stages", [])
            if parent is None or parent in made_from:
                yield entry


def pack(entries: Iterable[Entry], path: Path) -> int:
    """Write a pack of artifacts; returns their number. Times in it are fixed: the same artifacts
    make the same bytes.
    """
    count = 0
    with tarfile.open(path, "w:xz", preset=DICTIONARY) as archive:
        for entry in entries:
            content = entry.path.read_bytes()
            member = tarfile.TarInfo(f"{entry.stage}/{entry.key[:2]}/{entry.key}.npz")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
            count += 1
    return count


def unpack(path: Path, store: Store) -> tuple[int, int]:
    """Put what the store lacks of a pack into it; returns how many artifacts were new, and how many
    the store had. What the store has is not replaced.

    Raises:
        VitreousError: the file cannot be read, is no pack, or holds something that is not the
            artifact its name says; nothing is put into the store then.
    """
    try:
        with (
            open_plain(path) as stream,
            _members(stream) as members,
            TemporaryDirectory(prefix="vitreous-pack-") as folder,
        ):
            found = list(_checked(members, Path(folder)))
        fresh = [(entry, *what) for entry, *what in found if not _has(store, entry)]
        for entry, value, manifest in fresh:
            store.put(entry.stage, entry.key, value, manifest)
    except OSError as error:
        raise VitreousError(f"{path} cannot be read ({error.strerror or error})") from error
    except VitreousError:
        raise
    except Exception as error:  # whatever tarfile and zipfile make of bytes nobody packed
        raise VitreousError(
            f"{path} is no whole pack ({type(error).__name__}: {error}); get it again"
        ) from error
    return len(fresh), len(found) - len(fresh)


def _has(store: Store, entry: Entry) -> bool:
    return store.has(entry.stage, entry.key)


@contextmanager
def _members(stream: IO[bytes]) -> Iterator[Iterator[tuple[str, bytes]]]:
    """Names and contents of a pack's members, one after the other."""
    if stream.read(len(_XZ)) == _XZ:
        stream.seek(0)
        with lzma.open(stream) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
            yield _of_tar(archive)
            plain.read()  # to the end, where its checksum is; raises EOFError if that was cut off
    else:
        with zipfile.ZipFile(stream) as archive:
            yield _of_zip(archive)


def _of_tar(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    read = 0
    for member in archive:
        read += member.size
        content = archive.extractfile(member) if member.isreg() and read <= LARGEST else None
        if content is None:
            raise Damaged(f"it holds more than {LARGEST} bytes, or what is no file")
        yield member.name, content.read()


def _of_zip(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    if sum(member.file_size for member in archive.infolist()) > LARGEST:
        raise Damaged(f"it holds more than {LARGEST} bytes")
    for member in archive.infolist():
        yield member.filename, archive.read(member)


def _checked(
    members: Iterator[tuple[str, bytes]], folder: Path
) -> Iterator[tuple[Entry, Any, dict[str, Any]]]:
    """Every artifact with its value and manifest, once it is known to be what it says."""
    source = Store(folder)
    for member, content in members:
        name = _MEMBER.fullmatch(member)
        if name is None:
            raise Damaged(f"'{member[:80]!a}' is no name of an artifact")
        stage, key = name[1], name[3]
        place = source.path(stage, key)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        found = source.get(stage, key)
        if found is None:
            raise Damaged(f"{member} is damaged")
        value, manifest = found
        recipe = manifest.get("recipe")
        if not isinstance(recipe, dict) or key_of({"stage": stage, **recipe}) != key:
            raise Damaged(f"the recipe in {member} belongs to another artifact")
        yield Entry(stage=stage, key=key, path=place), value, manifest
        place.unlink()
