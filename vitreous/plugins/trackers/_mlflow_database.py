"""MLflow's database in a file of this machine: made aside and renamed, so that a run killed while
it is made leaves none that MLflow refuses for ever.
"""

from __future__ import annotations

import glob
import logging
import os
import shutil
import socket
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

from vitreous.core.locks import alone

PATIENCE = 5.0  #: seconds to wait for a locked database
_log = logging.getLogger("vitreous.tracking")


def prepare(database: Path, opened: Callable[[str], object]) -> None:
    """Make the database if it is missing; replace one that was left half made, which is kept beside
    it. One that holds runs stays as it is.

    Args:
        opened: has MLflow open, or make, the database of an URI.

    Raises:
        sqlite3.Error, OSError: it cannot be written, or remains locked. What ``opened`` raises.
    """
    if database.exists() and not database.is_file():
        raise OSError(f"{database} is no file")
    with alone(database.parent):
        if database.exists() and (_holds_runs(database) or _whole(database, opened)):
            return
        if database.exists() and database.stat().st_size:
            kept = database.with_name(f"{database.name}.half-made")
            os.replace(database, kept)
            _log.warning(
                "the database %s was left half made by a run that was killed, and held no runs: "
                "it is made anew, and kept as %s",
                database,
                kept.name,
            )
        aside = _aside(database)
        aside.touch()  # tells at once of a folder where nothing can be written; MLflow retries
        _open(aside, opened)
        os.replace(aside, database)


def _aside(database: Path) -> Path:
    """A new name beside it, since MLflow keeps files open by name. Leftovers are removed: under the
    lock no one else of this machine uses them.
    """
    ours = f".{database.name}.{socket.gethostname()}."
    for path in database.parent.glob(f"{glob.escape(ours)}*"):
        path.unlink(missing_ok=True)
    return database.with_name(f"{ours}{uuid.uuid4().hex[:8]}.tmp")


def _holds_runs(database: Path) -> bool:
    """Raises sqlite3.Error if it remains locked, or is no database."""
    connection = sqlite3.connect(database, timeout=PATIENCE)
    try:
        connection.execute("BEGIN IMMEDIATE")
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone()
        return bool(known and connection.execute("SELECT 1 FROM runs LIMIT 1").fetchone())
    finally:
        connection.close()


def _whole(database: Path, opened: Callable[[str], object]) -> bool:
    """Whether MLflow opens a copy: it would keep what it has open, and change what it cannot
    finish.
    """
    if not database.stat().st_size:
        return False
    copy = _aside(database)
    shutil.copyfile(database, copy)
    try:
        _open(copy, opened)
    except Exception as error:  # MLflow, SQLAlchemy and alembic raise whatever they meet
        _log.info("%s: %s", database, error)
        return False
    finally:
        copy.unlink()
    return True


def _open(database: Path, opened: Callable[[str], object]) -> None:
    """Have MLflow make or check the database, with everything in the file itself at the end."""
    opened(f"sqlite:///{database}")
    connection = sqlite3.connect(database, timeout=PATIENCE)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
