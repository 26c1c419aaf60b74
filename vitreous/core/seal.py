"""The last bytes of an archive: a checksum of all bytes before them.

The CRCs of a zip cover what its members hold, not its headers, of which a reader ignores much
(times, permissions, sizes that are said twice). The seal covers every byte, so that ``verify``
finds any that was changed. It is the comment of the zip, which other readers pass over. Archives
from before there were seals are whole as far as their CRCs tell.
"""

from __future__ import annotations

import hashlib
import os
from typing import IO

_TAG = b"sha256:"
_LENGTH = len(_TAG) + 64
_END = b"PK\x05\x06"  #: begins the record at the end of a zip
_RECORD = 22  #: bytes of that record, of which the last two are the length of the comment


def seal(stream: IO[bytes]) -> None:
    """Append the seal to a zip without a comment, open for reading and writing."""
    stream.seek(-2, os.SEEK_END)
    stream.write(_LENGTH.to_bytes(2, "little"))
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256")  # type: ignore[arg-type]
    stream.seek(0, os.SEEK_END)
    stream.write(_TAG + digest.hexdigest().encode())


def seal_broken(content: bytes) -> bool:
    """Whether a byte of an archive is not as it was sealed; False for one that never was."""
    if content[-_RECORD:].startswith(_END) and content.endswith(b"\0\0"):
        return False
    digest = hashlib.sha256(content[:-_LENGTH]).hexdigest()
    return content[-_LENGTH:] != _TAG + digest.encode()
