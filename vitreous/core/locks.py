"""Locks that end with the process that holds them.

A file that is locked says that its writer, or its run, lives. The kernel drops a lock with its
process, however that ends, and everyone on the machine sees it; a process id means nothing in
another container of the same host name.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vitreous.core.errors import VitreousError

PATIENCE = 120.0  #: seconds to wait for another process
_ASK = 0.05  #: seconds between two attempts


def is_file(descriptor: int) -> bool:
    """False for folders, pipes and devices."""
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def lock(descriptor: int) -> bool:
    """Whether it is locked now; False where the file system knows no locks. Raises BlockingIOError
    if another has it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


@contextmanager
def taken_over(path: Path) -> Iterator[bool | None]:
    """True if nobody held the lock of the file ``path``, which is ours while the context lasts;
    False if another does, None if that is unknown.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield None
        return
    try:
        yield _taken(descriptor)
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool | None:
    try:
        return True if is_file(descriptor) and lock(descriptor) else None
    except BlockingIOError:
        return False


@contextmanager
def occupied(folder: Path) -> Iterator[None]:
    """The folder is ours while the context lasts. Raises VitreousError where another process
    writes into it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            lock(descriptor)
        except BlockingIOError:
            raise VitreousError(
                f"another process writes into {folder} right now; wait for it, or name another "
                "folder"
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process of this machine at a time; the folder is made.

    Raises:
        VitreousError: another has held the lock for ``PATIENCE``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _wait(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            lock(descriptor)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise VitreousError(
                    f"another process has held the lock on {folder} for {PATIENCE:g} s; end it, "
                    "and run again"
                ) from None
            time.sleep(_ASK)
