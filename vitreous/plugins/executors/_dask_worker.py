"""Preloaded by each dask worker on this machine, in its main thread."""

from __future__ import annotations

import atexit
import os
import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Ignore interrupts: the parent process handles them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def dask_teardown(worker: Any) -> None:
    """Have the process end at once when dask is done with it: what tasks stored is whole, and
    Python would take up to a second to take apart what they imported.
    """
    atexit.register(os._exit, 0)  # called before all that were registered earlier
