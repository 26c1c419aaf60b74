"""The artifact store: one uncompressed .npz per result, named by a hash of everything that decides
it.

``store/<stage>/<hh>/<key>.npz`` holds arrays and a JSON manifest. It is written under a temporary
name in the same folder, synced and renamed, so whatever is visible is whole; the archive's
checksums find later damage. Resuming is finding the file.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.archive import (
    MANIFEST,
    Damaged,
    abandoned,
    read_archive,
    refuse_changed_bytes,
    refuse_model_files,
    write_archive,
)
from vitreous.core.codec import decode, encode
from vitreous.core.errors import VitreousError
from vitreous.core.source import keyed_by_source, source_of

FORMAT = 1
LATER = "written by a later version of Vitreous"  #: begins what ``verify`` says of such an artifact
_PLAIN = {type(None), bool, int, float, str}
_KEY = re.compile(r"[0-9a-f]{64}")  #: a folder of a strange store may be a link to anywhere
_log = logging.getLogger("vitreous.store")
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


def identity(component: Any) -> dict[str, Any]:
    """What of a component decides its results: target, version, the fields without
    ``affects_result: False``, and a third party's source. A field that was added later may name,
    as ``unkeyed``, the value at which it is left out: results from before there was a choice keep
    their keys.

    Raises:
        VitreousError: a field that is no plain value, or a third party's class in no file.
    """
    cls = type(component)
    decisive = {
        f.name: getattr(component, f.name)
        for f in fields(component)
        if f.metadata.get("affects_result", True)
        and not ("unkeyed" in f.metadata and getattr(component, f.name) == f.metadata["unkeyed"])
    }
    return {
        "target": f"{cls.__module__}.{cls.__qualname__}",
        "version": cls.version,
        "fields": plain(decisive),
        **({"source": source_of(cls)} if keyed_by_source(cls) else {}),
    }


def plain(value: Any) -> Any:
    """Plain JSON values; arrays by their content's hash."""
    kind = type(value)
    # nearly all that there are, and a key is made for every artifact
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {str(k): plain(v) for k, v in value.items()}
    if kind is list or kind is tuple:
        return [plain(item) for item in value]
    return _made_plain(value)


def _made_plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return _made_plain(value.item())
    if isinstance(value, np.ndarray):
        content = np.ascontiguousarray(value)
        return {
            "shape": list(value.shape),
            "dtype": value.dtype.str,
            "sha256": hashlib.sha256(content.tobytes()).hexdigest(),
        }
    if isinstance(value, Mapping):
        return plain(dict(value))
    if isinstance(value, list | tuple | set | frozenset):
        each = plain(list(value))
        return sorted(each) if isinstance(value, set | frozenset) else each
    if value is None or isinstance(value, bool | int | float | str | Path):
        return str(value) if isinstance(value, Path) else value
    raise VitreousError(
        f"a component field holds a {type(value).__name__}; fields must be plain values, so that "
        "results can be keyed by them"
    )


def key_of(recipe: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON of a recipe (kind, component, parents, seed, ...)."""
    return hashlib.sha256(
        json.dumps(plain(recipe), sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


class Later(Damaged):
    """An artifact of a later version: nothing is wrong with it, and it stays where it is."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One artifact on disk."""

    stage: str
    key: str
    path: Path

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size


class Store:
    """A folder of artifacts. Making one touches nothing; the folder appears with the
    first result.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()

    def path(self, stage: str, key: str) -> Path:
        """Where an artifact lies, or would."""
        return self.folder / stage / key[:2] / f"{key}.npz"

    def put(self, stage: str, key: str, value: Any, manifest: Mapping[str, Any]) -> None:
        """Write ``value`` (anything the codec knows) and its manifest, whole or not at all.

        Raises:
            VitreousError: the disk is full, or the store cannot be written.
        """
        tree, arrays = encode(value)
        text = json.dumps(
            {**plain(manifest), "format": FORMAT, "stage": stage, "key": key, "value": tree}
        )
        try:
            write_archive(self.path(stage, key), {MANIFEST: np.array(text), **arrays})
        except OSError as error:
            raise self._explained(error) from error

    def _explained(self, error: OSError) -> VitreousError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return VitreousError(
                f"no space left on the disk of the store {self.folder}; free some, and run again: "
                "what is stored is kept"
            )
        if error.errno in _READ_ONLY:
            return VitreousError(
                f"the store {self.folder} cannot be written ({error.strerror}); choose another "
                "with store=FOLDER"
            )
        return VitreousError(
            f"the store {self.folder} failed: {error.strerror or error}; what is stored is kept"
        )

    def get(self, stage: str, key: str) -> tuple[Any, dict[str, Any]] | None:
        """The value and its manifest; None if it is not there. A damaged file is moved aside with a
        warning, and counts as not there.

        Raises:
            VitreousError: a later version of Vitreous wrote it, or it may not be read.
        """
        path = self.path(stage, key)
        try:
            manifest, arrays = _read(path)
            if manifest.get("key") != key or manifest.get("stage") != stage:
                raise Damaged("its manifest belongs to another artifact")
            return _decoded(manifest, arrays), manifest
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise VitreousError(
                f"{path} cannot be read ({error.strerror}); mend its permissions"
            ) from error
        except Later as error:
            raise VitreousError(
                f"{path} was written by a later version of Vitreous: {error}; install that, or "
                "choose another store with store=FOLDER"
            ) from error
        except Damaged as error:
            self.set_aside(path, str(error))
            return None

    def set_aside(self, path: Path, reason: str) -> None:
        """Rename a damaged file to ``*.damaged`` and say so."""
        aside = path.with_suffix(".damaged")
        _log.warning(
            "damaged artifact %s (%s): moved aside as %s, and computed anew when needed",
            path,
            reason,
            aside.name,
        )
        try:
            os.replace(path, aside)
        except FileNotFoundError:
            return  # another run has met the same damage
        except OSError as error:
            raise self._explained(error) from error

    def has(self, stage: str, key: str) -> bool:
        """Whether the artifact is there."""
        return os.path.isfile(f"{self.folder}/{stage}/{key[:2]}/{key}.npz")  # as ``path``

    def written(self, stage: str, key: str) -> float:
        """When the artifact was written (seconds since 1970); 0 if it is not there."""
        try:
            return self.path(stage, key).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def entries(self) -> Iterator[Entry]:
        """Every artifact, in no particular order of time."""
        for stage in _folders(self.folder):
            for first in filter(lambda name: len(name) == 2, _folders(f"{self.folder}/{stage}")):
                folder = f"{self.folder}/{stage}/{first}"
                with suppress(PermissionError):
                    for name in sorted(os.listdir(folder)):
                        if name.endswith(".npz"):
                            yield Entry(stage=stage, key=name[:-4], path=Path(folder, name))

    def find(self, prefix: str) -> Entry:
        """The artifact whose key starts with ``prefix``; raises VitreousError if there is none, or
        more than one.
        """
        at = f"*/{prefix[:2]}*/{prefix}*.npz" if prefix.isalnum() else ""
        matches = [_entry(path) for path in sorted(self.folder.glob(at))] if at else []
        if len(matches) == 1:
            return matches[0]
        if not matches:
            raise VitreousError(
                f"no artifact in {self.folder} has a key that starts with '{prefix}'; see: "
                "vitreous store ls"
            )
        raise VitreousError(
            f"{len(matches)} artifacts have keys that start with '{prefix}'; give more of the key"
        )

    def manifest(self, entry: Entry) -> dict[str, Any]:
        """The manifest alone, without reading the arrays; raises Damaged."""
        return _read(entry.path, only_manifest=True)[0]

    def verify(self, entry: Entry) -> str:
        """Read an artifact whole: empty if every byte is as written, otherwise what is wrong, which
        begins with LATER where that is the version that reads it.
        """
        try:
            manifest, arrays = _read(entry.path)
            _decoded(manifest, arrays)
            refuse_changed_bytes(entry.path)
        except Later as error:
            return f"{LATER}: {error}"
        except (Damaged, OSError) as error:
            return str(error)
        if (manifest.get("key"), manifest.get("stage")) != (entry.key, entry.stage):
            return "its manifest belongs to another artifact"
        if entry.path != self.path(entry.stage, entry.key):
            return "it lies where no run looks for it"
        recipe = manifest.get("recipe")
        if isinstance(recipe, dict) and key_of({"stage": entry.stage, **recipe}) != entry.key:
            return "its recipe belongs to another artifact"
        return ""

    def clean(self, damaged: bool = False) -> list[int]:
        """Remove the temporary files of writers that are gone, and files set aside if ``damaged``,
        as far as the store can be written; the size of each.
        """
        removed = []
        for path in sorted(self.folder.glob("*/??/.*.tmp")):
            with abandoned(path) as gone:
                removed += _removed(path) if gone else []
        for path in sorted(self.folder.glob("*/??/*.damaged")) if damaged else ():
            removed += _removed(path) if _KEY.fullmatch(path.stem) else []
        return removed


def _read(
    path: Path, only_manifest: bool = False
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The manifest and arrays of an artifact; raises as ``read_archive``."""
    manifest, arrays = read_archive(path, only_manifest)
    if (known := manifest.get("format")) != FORMAT:
        later = isinstance(known, int) and known > FORMAT
        raise (Later if later else Damaged)(f"it has format {known}, this version reads {FORMAT}")
    return manifest, arrays


def _decoded(manifest: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Any:
    """The stored value, taken out of its manifest. Raises Damaged for one that the data classes
    refuse (written by another version), and a model with files outside its folder.
    """
    try:
        value = decode(manifest.pop("value"), arrays)
        if manifest["stage"] == "fit":
            refuse_model_files(value)
    except MemoryError:
        raise
    except Exception as error:  # whatever a tree that nobody wrote leads to
        raise Damaged(f"{type(error).__name__}: {error}") from error
    return value


def _folders(folder: str | Path) -> list[str]:
    """Names of the folders in a folder, in order; none where it may not be read."""
    try:
        with os.scandir(folder) as found:
            return sorted(each.name for each in found if each.is_dir())
    except (FileNotFoundError, PermissionError):
        return []


def _entry(path: Path) -> Entry:
    return Entry(stage=path.parent.parent.name, key=path.stem, path=path)


def _removed(path: Path) -> list[int]:
    """The size of the file that was removed; empty where it cannot be."""
    try:
        size = path.lstat().st_size
        path.unlink()
    except OSError:
        return []
    return [size]
