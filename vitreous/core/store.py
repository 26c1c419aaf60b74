"""The artifact store: one uncompressed .npz per result, named by a hash of everything that decides
it.

``store/<stage>/<hh>/<key>.npz`` holds arrays and a JSON manifest. It is written under a temporary
name in the same folder, synced and renamed, so whatever is visible is whole; the archive's
checksums find later damage. Resuming is finding the file.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import logging
import os
import socket
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.codec import decode, encode
from vitreous.core.errors import VitreousError

FORMAT = 1
MANIFEST = "manifest"
_log = logging.getLogger("vitreous.store")
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


class Damaged(Exception):
    """An artifact whose bytes are not those that were written."""


def identity(component: Any) -> dict[str, Any]:
    """What of a component decides its results: target, version, and the fields without
    ``affects_result: False``.
    """
    cls = type(component)
    decisive = {
        f.name: getattr(component, f.name)
        for f in fields(component)
        if f.metadata.get("affects_result", True)
    }
    return {
        "target": f"{cls.__module__}.{cls.__qualname__}",
        "version": cls.version,
        "fields": _plain(decisive),
    }


def _plain(value: Any) -> Any:
    """Plain JSON values; arrays by their content's hash."""
    if isinstance(value, np.generic | Path):
        value = value.item() if isinstance(value, np.generic) else str(value)
    if isinstance(value, np.ndarray):
        content = np.ascontiguousarray(value)
        return {
            "shape": list(value.shape),
            "dtype": value.dtype.str,
            "sha256": hashlib.sha256(content.tobytes()).hexdigest(),
        }
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(item) for item in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise VitreousError(
        f"a component field holds a {type(value).__name__}; fields must be plain values, so that "
        "results can be keyed by them"
    )


def key_of(recipe: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON of a recipe (kind, component, parents, seed, ...)."""
    return hashlib.sha256(
        json.dumps(_plain(recipe), sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


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
            {**_plain(manifest), "format": FORMAT, "stage": stage, "key": key, "value": tree}
        )
        target = self.path(stage, key)
        temporary = (
            target.parent
            / f".{key}.{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp"
        )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._write(temporary, {MANIFEST: np.array(text), **arrays})
                os.replace(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(target.parent)
        except OSError as error:
            raise self._explained(error) from error

    @staticmethod
    def _write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
        with open(path, "wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
            stream.flush()
            os.fsync(stream.fileno())

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
        return self.path(stage, key).is_file()

    def entries(self) -> Iterator[Entry]:
        """Every artifact, in no particular order of time."""
        for path in sorted(self.folder.glob("*/??/*.npz")):
            yield Entry(stage=path.parent.parent.name, key=path.stem, path=path)

    def find(self, prefix: str) -> Entry:
        """The artifact whose key starts with ``prefix``; raises VitreousError if there is none, or
        more than one.
        """
        matches = (
            [entry for entry in self.entries() if entry.key.startswith(prefix)] if prefix else []
        )
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
        """Read an artifact whole: empty if every byte is as written, otherwise what is wrong."""
        try:
            manifest, arrays = _read(entry.path)
            _decoded(manifest, arrays)
        except (Damaged, OSError) as error:
            return str(error)
        return (
            ""
            if (manifest.get("key"), manifest.get("stage")) == (entry.key, entry.stage)
            else "its manifest belongs to another artifact"
        )

    def leftovers(self, suffixes: Sequence[str] = (".tmp",)) -> list[Path]:
        """Temporary files whose writer no longer lives on this machine, and files of other
        ``suffixes``.
        """
        found = [
            path for suffix in suffixes for path in sorted(self.folder.glob(f"*/??/*{suffix}"))
        ]
        return [path for path in found if path.suffix != ".tmp" or _writer_is_gone(path)]

    def clean(self) -> int:
        """Remove the temporary files of dead writers, as far as the store can be
        written; how many.
        """
        count = 0
        for path in self.leftovers():
            try:
                path.unlink()
                count += 1
            except OSError:
                continue
        return count


def _read(
    path: Path, only_manifest: bool = False
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The manifest and arrays of an archive; every byte read is checked against its CRC. Raises
    Damaged, FileNotFoundError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [f"{MANIFEST}.npy"] if only_manifest else archive.namelist()
            arrays = {
                name.removesuffix(".npy"): np.load(
                    io.BytesIO(archive.read(name)), allow_pickle=False
                )
                for name in names
            }
        manifest = json.loads(str(arrays.pop(MANIFEST)))
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # a flipped bit of an offset
            raise Damaged(f"{type(error).__name__}: {error}") from error
        raise
    if manifest.get("format") != FORMAT:
        raise Damaged(f"it has format {manifest.get('format')}, this version reads {FORMAT}")
    return manifest, arrays


def _decoded(manifest: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Any:
    """The stored value, taken out of its manifest. Raises Damaged for one that the data classes
    refuse (written by another version).
    """
    try:
        return decode(manifest.pop("value"), arrays)
    except (VitreousError, KeyError, TypeError, ValueError) as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _writer_is_gone(temporary: Path) -> bool:
    """True if the process that ``.<key>.<host>.<pid>.<random>.tmp`` names ran on this machine and
    has ended.
    """
    name = temporary.name.removesuffix(".tmp").rsplit(".", 2)
    if len(name) != 3 or not name[1].isdigit() or not name[0].endswith(f".{socket.gethostname()}"):
        return False
    try:
        os.kill(int(name[1]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_zombie(int(name[1]))


def _is_zombie(process: int) -> bool:
    """True for a process that has ended and only waits to be collected; a killed run's workers may
    wait for long.
    """
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
