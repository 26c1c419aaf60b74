"""Archives of arrays, written whole or not at all, and read as if a stranger had written them.

An archive is an uncompressed .npz: a JSON manifest and arrays. Nothing in it is believed before it
is checked: a member must lie in the file as it is, and an array must have the size that its header
announces, so that reading takes no more memory than the file has bytes.
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import socket
import stat
import time
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.core.locks import is_file, lock, taken_over
from vitreous.core.seal import seal, seal_broken

MANIFEST = "manifest"
KINDS = "biufcSU"  #: of arrays: numbers, flags and text
DAY = 86400.0  #: seconds
# What a path or a disk says of a file that no longer is what was written: a flipped bit of an
# offset, a sector that cannot be read, a ring of links, a socket
_NO_ARTIFACT = (errno.EINVAL, errno.EIO, errno.ELOOP, errno.ENXIO)


class Damaged(Exception):
    """An archive whose bytes are not those that were written."""


def open_plain(path: Path) -> IO[bytes]:
    """A file opened for reading. Raises Damaged for a folder, pipe or device, which might never
    end, and OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    stream = os.fdopen(descriptor, "rb") if is_file(descriptor) else None
    if stream is None:
        os.close(descriptor)
        raise Damaged("it is no file")
    return stream


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of whoever wrote it. Raises OSError, and ValueError for anything
    else.
    """
    try:
        with open_plain(path) as stream:
            content = json.loads(stream.read())
    except (Damaged, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}, no object")
    return content


def stays_inside(name: Any) -> bool:
    """Whether ``name`` names a file below the folder that it is put into."""
    return (
        isinstance(name, str)
        and name.isprintable()
        and "\\" not in name
        and not PurePosixPath(name).is_absolute()
        and all(part not in ("", ".", "..") for part in name.split("/"))
    )


def read_archive(
    path: Path, only_manifest: bool = False
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The manifest and arrays of an archive; every byte read is checked against its CRC. Raises
    Damaged, FileNotFoundError, and other OSError of the machine.
    """
    arrays = read_arrays(path, MANIFEST if only_manifest else None)
    try:
        manifest = json.loads(str(arrays.pop(MANIFEST)))
        if not isinstance(manifest, dict):
            raise Damaged(f"its manifest is a {type(manifest).__name__}")
    except (Damaged, MemoryError):
        raise
    except Exception as error:  # whatever json makes of text nobody wrote
        raise Damaged(f"{type(error).__name__}: {error}") from error
    return manifest, arrays


def read_arrays(path: Path, only: str | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of an archive, or one of them, whether it has a manifest or not; raises as
    ``read_archive``.
    """
    try:
        with open_plain(path) as stream, zipfile.ZipFile(stream) as archive:
            _refuse_sizes(archive, os.fstat(stream.fileno()).st_size)
            names = archive.namelist() if only is None else [f"{only}.npy"]
            return {name.removesuffix(".npy"): _array(archive.read(name)) for name in names}
    except OSError as error:
        if error.errno not in _NO_ARTIFACT:
            raise
        raise Damaged(f"{type(error).__name__}: {error}") from error
    except (Damaged, MemoryError):
        raise
    except Exception as error:  # whatever zipfile and numpy make of bytes nobody wrote
        raise Damaged(f"{type(error).__name__}: {error}") from error


def refuse_changed_bytes(path: Path) -> None:
    """Raises Damaged for an archive of which any byte is not as it was written, and OSError.
    Those from before there were seals pass.
    """
    with open_plain(path) as stream:
        if seal_broken(stream.read()):
            raise Damaged(
                "its bytes differ from those that were written: their checksum is another"
            )


def _refuse_sizes(archive: zipfile.ZipFile, size: int) -> None:
    """Raises Damaged unless all members lie in the file of ``size`` bytes uncompressed, side by
    side.
    """
    members = archive.infolist()
    packed = [m for m in members if m.compress_type or m.file_size != m.compress_size]
    if packed or sum(m.file_size for m in members) > size:
        raise Damaged("its members are compressed, or larger than the file")
    if len({m.filename for m in members}) < len(members):
        raise Damaged("two of its members have one name")


def _array(content: bytes) -> NDArray[Any]:
    """The array of a .npy member. Raises ValueError unless it is as large as its header says."""
    width = {1: 2, 2: 4}[content[6]]  # bytes of the header's length, by version
    start = 8 + width + int.from_bytes(content[8 : 8 + width], "little")
    shape, fortran, dtype = _header(content[:start])
    count = math.prod(shape)
    if dtype.kind not in KINDS or min(shape, default=0) < 0:
        raise ValueError(f"it holds an array of {dtype} of shape {shape}")
    if count * dtype.itemsize != len(content) - start or count > max(len(content), 1):
        raise ValueError(f"{len(content) - start} bytes cannot be {shape} values of {dtype}")
    if count * dtype.itemsize == 0:
        return np.zeros(shape, dtype)
    flat = np.frombuffer(content, dtype, count, start)
    return flat.reshape(shape, order="F" if fortran else "C").copy(order="K")


@lru_cache(maxsize=1024)
def _header(content: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of a .npy member, of its header alone. Artifacts of a campaign share
    most headers, and to parse one takes longer than to read a small array.
    """
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
    return read(stream)


def write_archive(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write, seal, sync and rename; the folder is made. Raises OSError, and leaves nothing then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(path) as (temporary, stream):
        np.savez(stream, allow_pickle=False, **arrays)
        seal(stream)
        stream.flush()
        os.fsync(stream.fileno())
        os.replace(temporary, path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _temporary(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file beside ``path``, locked as long as it is written (see ``locks``), and removed if
    it is not renamed.
    """
    while True:
        temporary = path.with_name(
            f".{path.stem}.{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp"
        )
        with open(temporary, "x+b") as stream:
            try:
                if not _locked(temporary, stream):
                    continue  # taken for a leftover before it was locked
                yield temporary, stream
            finally:
                temporary.unlink(missing_ok=True)
        return


def _locked(temporary: Path, stream: IO[bytes]) -> bool:
    try:
        lock(stream.fileno())
    except BlockingIOError:
        return False
    return temporary.exists()


@contextmanager
def abandoned(temporary: Path) -> Iterator[bool]:
    """Whether the writer of a temporary file is gone; it cannot be taken up while the context
    lasts.

    Locks decide for writers on this machine. Those of another may not be visible here (a network
    file system without locks), so its files must also be a day old.
    """
    with taken_over(temporary) as free:
        ours = free and f".{socket.gethostname()}." in temporary.name
        yield bool(ours) or (free is not False and _age(temporary) > DAY)


def _age(path: Path) -> float:
    """Seconds since it was written; 0 for what is no file."""
    try:
        status = path.lstat()
    except OSError:
        return 0.0
    return time.time() - status.st_mtime if stat.S_ISREG(status.st_mode) else 0.0


def refuse_model_files(stored: Any) -> None:
    """Raises VitreousError unless a stored fit holds files of a model, all in its own folder."""
    files = stored["files"]
    for name, content in files.items():
        if not stays_inside(name):
            raise VitreousError(
                f"a stored model names the file '{name}', which lies outside its own folder; do "
                "not use it"
            )
        if not isinstance(content, np.ndarray) or content.dtype != np.uint8:
            raise VitreousError(f"the file '{name}' of a stored model is not made of bytes")
