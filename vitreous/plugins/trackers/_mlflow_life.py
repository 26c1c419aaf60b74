"""Runs that were killed, and those that live: a run holds a lock as long as its process lives, and
the next one closes what no longer is held.

A run of another machine is never closed: its locks may not be visible here.
"""

from __future__ import annotations

import logging
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from vitreous.core.locks import lock, taken_over

HOST, FILE = "vitreous.host", ".running"
_KILLED = "its process ended before it could close it (killed, out of memory, or without power)"
_log = logging.getLogger("vitreous.tracking")


class Life:
    """The lock of a run in its ``folder``, which is made; ``tags`` say of it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / FILE
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        self._descriptor: int | None = descriptor
        try:
            held = lock(descriptor)
        except BlockingIOError:
            held = False  # another run leaves its results in this folder, too
        # without a lock nothing says whether the run lives
        self.tags = {HOST: socket.gethostname()} if held else {}

    def end(self) -> None:
        """Release the lock, once the run is closed."""
        if self._descriptor is None:
            return
        if self.tags:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None


def close_killed(client: Any, experiment: str | None) -> None:
    """Close the runs of this machine whose processes are gone as KILLED: those of one experiment,
    or of all. One that the server does not let close stays as it is.
    """
    from mlflow.exceptions import MlflowException

    searched = (
        [found.experiment_id for found in client.search_experiments()]
        if experiment is None
        else [experiment]
    )
    running = f"attributes.status = 'RUNNING' and tags.`{HOST}` = '{socket.gethostname()}'"
    for run in client.search_runs(searched, filter_string=running):
        place = Path(run.data.tags["folder"]) / FILE
        with taken_over(place) as free, suppress(MlflowException):
            if free:
                client.set_tag(run.info.run_id, "failure", _KILLED)
                client.set_terminated(run.info.run_id, "KILLED")
                place.unlink(missing_ok=True)
                _log.warning("the tracked run in %s is closed: %s", place.parent, _KILLED)
