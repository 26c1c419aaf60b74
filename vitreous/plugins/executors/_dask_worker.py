"""Loaded by each dask worker of this machine, in its main thread, when it starts."""

from __future__ import annotations

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Interrupts are the parent's business, as in other worker processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
