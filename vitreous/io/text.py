"""The text of a file from anywhere: unpacked, decoded, and bounded before memory is taken."""

from __future__ import annotations

import os
import re
import stat
import zlib
from pathlib import Path

from vitreous.core.errors import VitreousError

_CHUNK = 1 << 20
_RATIO = 200  # tables of numbers shrink to a fifth or so, never to less than this
_FREE = 64 << 20  # bytes that may be unpacked whatever the ratio
KNOWN = (
    "a LAMMPS dump (.lammpstrj, .dump), LAMMPS data (.data, .lmp), extended XYZ (.extxyz, "
    ".xyz), each also .gz, or a text format ASE reads"
)


def refuse_special(path: Path) -> None:
    """Raise VitreousError unless ``path`` is a regular file: a pipe or device may never end."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise VitreousError(f"there is no file {path}; check the path") from None
    except (OSError, ValueError) as error:
        raise VitreousError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise VitreousError(f"{path} cannot be read: it is {kind}; expected a file")


def begins_with(path: Path, head: bytes) -> bool:
    """Whether the bytes of a file do. Raises VitreousError if it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read(len(head)) == head
    except OSError as error:
        raise VitreousError(f"{path} cannot be read: {error.strerror or error}") from None


def content_of(path: Path) -> bytes:
    """The bytes of a file as they are. Raises VitreousError if it cannot be read."""
    refuse_special(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise VitreousError(f"{path} cannot be read: {error.strerror or error}") from None


def read_text(path: str | Path) -> str:
    """The text of a file, unpacked if gzipped: UTF-8, with or without a byte-order mark, UTF-16
    with one, else Latin-1.

    Raises:
        VitreousError: if the file is missing, unreadable, no text, cut short, or unpacks to more
        than a glass could.
    """
    path = Path(path)
    refuse_special(path)
    try:
        content = _content(path)
    except (EOFError, zlib.error):
        raise VitreousError(f"{path} is gzipped but damaged or cut short; copy it again") from None
    except OSError as error:
        raise VitreousError(f"{path} cannot be read: {error.strerror or error}") from None
    return _decoded(content, path)


def _content(path: Path) -> bytes:
    with open(path, "rb") as stream:
        head = stream.read(_CHUNK)
        if head[:2] == b"\x1f\x8b":
            return _unpacked(head + stream.read(), path)
        if b"\0" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            raise VitreousError(f"{path} is not a text file; expected {KNOWN}")
        return head + stream.read()


def _unpacked(packed: bytes, path: Path) -> bytes:
    """Every member of a gzip file. Raises EOFError if one is cut short."""
    most, size, parts = max(_FREE, _RATIO * len(packed)), 0, []
    while packed[:2] == b"\x1f\x8b":
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            part = member.decompress(packed, _CHUNK)
            packed, size = member.unconsumed_tail, size + len(part)
            parts.append(part)
            if not part and not packed and not member.eof:
                raise EOFError
            if size > most:
                raise VitreousError(
                    f"{path} unpacks to more than {most >> 20} MB, {_RATIO} times its size; "
                    "no glass does: unpack it yourself if you trust it"
                )
        packed = member.unused_data
    return b"".join(parts)


#: what no text in Latin-1 holds
_STRANGE = re.compile(r"[^\t\n\f\r -~\xa1-\xac\xae-\xff]")


def _decoded(content: bytes, path: Path) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        coding = "utf-16"
    elif content.count(b"\0", 0, _CHUNK):
        raise VitreousError(f"{path} is not a text file; expected {KNOWN}")
    else:
        coding = "utf-8-sig"
    try:
        return content.decode(coding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if coding == "utf-16" or _STRANGE.search(text, 0, _CHUNK):
        raise VitreousError(f"{path} is not a text file; expected {KNOWN}") from None
    return text


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file that is there as a whole or, on a full disk or after an interruption, as it was
    before.

    Raises:
        VitreousError: it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():  # a device, such as /dev/stdout
            path.write_bytes(content)
            return path
        final = Path(os.path.realpath(path))
        partial = final.with_name(f".{final.name}.{os.getpid()}.tmp")
        try:
            partial.write_bytes(content)
            os.replace(partial, final)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise VitreousError(f"{path} cannot be written: {error.strerror or error}") from None
    return path
