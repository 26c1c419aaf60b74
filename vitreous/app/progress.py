"""Progress on standard error: on a terminal a bar, for anything that takes longer than two seconds;
elsewhere, as under Slurm or in a file, a plain line every half minute, and all of them in the log.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from time import monotonic
from typing import Any

PATIENCE = 2.0  #: seconds before anything is drawn
BETWEEN = 30.0  #: seconds between plain lines, and before the first
_log = logging.getLogger("vitreous.progress")


@contextmanager
def bar(title: str, total: int | None) -> Iterator[Callable[[], None]]:
    """A context in which the yielded function marks one more of ``total`` as done (None: length
    unknown, a spinner).
    """
    with _drawn(title, total) as drawn:
        done = count(1)
        of = "" if total is None else f" of {total}"
        told = _lines(title)
        yield (
            (lambda: told(f"{next(done)}{of}"))
            if drawn is None
            else lambda: drawn[0].advance(drawn[1])
        )


@contextmanager
def spinner(title: str) -> Iterator[Callable[[str], None]]:
    """A context in which the yielded function shows one line on how far a step of unknown length
    is.
    """
    with _drawn(title, None) as drawn:
        yield (
            _lines(title)
            if drawn is None
            else lambda line: drawn[0].update(drawn[1], description=f"{title}: {line}")
        )


def _lines(title: str) -> Callable[[str], None]:
    """A function that takes one line on how far it is: into the log and, not too often, onto
    standard error.
    """
    begun = last = monotonic()

    def tell(line: str) -> None:
        nonlocal last
        _log.info("%s: %s", title, line)
        now = monotonic()
        if now - last >= BETWEEN:
            last = now
            sys.stderr.write(f"vitreous: {title}: {line}, after {now - begun:.0f} s\n")
            sys.stderr.flush()

    return tell


@contextmanager
def _drawn(title: str, total: int | None) -> Iterator[tuple[Any, Any] | None]:
    """The progress and its task while the context lasts; None where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    counted = (
        (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) if total is not None else ()
    )
    columns = (SpinnerColumn(), TextColumn("{task.description}"), *counted, TimeElapsedColumn())
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    task = progress.add_task(title, total=total)
    timer = threading.Timer(PATIENCE, progress.start)
    timer.daemon = True
    timer.start()
    try:
        yield progress, task
    finally:
        timer.cancel()
        timer.join()
        progress.stop()
