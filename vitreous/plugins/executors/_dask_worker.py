"""Preloaded by each dask worker on this machine, in its main thread."""

from __future__ import annotations

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Ignore interrupts: the parent process handles them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
