"""Packs: artifacts of a store in one compressed file, to keep and to pass on.

A pack is a zip of the store's files under the names they have there. Whoever unpacks it finds the
artifacts under the keys of their recipes, so that a run which needs them does not compute them.
What a stranger packed is checked like any artifact, and its key must be that of its recipe; that
its values are what the recipe gives is for the reader to trust, or to compute again.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vitreous.core.archive import Damaged, open_plain
from vitreous.core.errors import VitreousError
from vitreous.core.store import Entry, Store, key_of

STAGES = ("generate", "relax", "deform", "label", "events")  #: nothing in them can be run
LARGEST = 2**32  #: bytes of a pack, unpacked
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
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for entry in entries:
            name = f"{entry.stage}/{entry.key[:2]}/{entry.key}.npz"
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_LZMA
            archive.writestr(member, entry.path.read_bytes())
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
            zipfile.ZipFile(stream) as archive,
            TemporaryDirectory(prefix="vitreous-pack-") as folder,
        ):
            found = list(_checked(archive, Path(folder)))
            fresh = [(entry, *what) for entry, *what in found if not _has(store, entry)]
            for entry, value, manifest in fresh:
                store.put(entry.stage, entry.key, value, manifest)
    except OSError as error:
        raise VitreousError(f"{path} cannot be read ({error.strerror or error})") from error
    except VitreousError:
        raise
    except Exception as error:  # whatever zipfile makes of bytes nobody packed
        raise VitreousError(
            f"{path} is no whole pack ({type(error).__name__}: {error}); get it again"
        ) from error
    return len(fresh), len(found) - len(fresh)


def _has(store: Store, entry: Entry) -> bool:
    return store.has(entry.stage, entry.key)


def _checked(archive: zipfile.ZipFile, folder: Path) -> Iterator[tuple[Entry, Any, dict[str, Any]]]:
    """Every artifact with its value and manifest, once it is known to be what it says."""
    members, source = archive.infolist(), Store(folder)
    if sum(member.file_size for member in members) > LARGEST:
        raise Damaged(f"it holds more than {LARGEST} bytes")
    for member in members:
        name = _MEMBER.fullmatch(member.filename)
        if name is None:
            raise Damaged(f"'{member.filename[:80]!a}' is no name of an artifact")
        stage, key = name[1], name[3]
        place = source.path(stage, key)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(archive.read(member))
        found = source.get(stage, key)
        if found is None:
            raise Damaged(f"{member.filename} is damaged")
        value, manifest = found
        recipe = manifest.get("recipe")
        if not isinstance(recipe, dict) or key_of({"stage": stage, **recipe}) != key:
            raise Damaged(f"the recipe in {member.filename} belongs to another artifact")
        yield Entry(stage=stage, key=key, path=place), value, manifest
        place.unlink()
