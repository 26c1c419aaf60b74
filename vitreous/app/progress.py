"""Progress on standard error: on a terminal a bar, for anything that takes longer than a moment;
elsewhere, as under Slurm or in a file, a plain line every half minute, and all of them in the log.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from vitreous.core.watching import Told

PATIENCE = 0.5  #: seconds before anything is drawn
REFRESH = 0.5  #: seconds between two looks at what is under way
LONGEST = 70  #: characters of that on a terminal
REPORTS = 3  #: after the first, before the time to go is said
GROWTH = 2.0  #: seconds from the first on that a guess needs
BETWEEN = 30.0  #: seconds between plain lines, and before the first
_log = logging.getLogger("vitreous.progress")


@contextmanager
def bar(
    title: str, total: int | None, now: Callable[[], str] | None = None
) -> Iterator[Callable[[], None]]:
    """A context in which the yielded function marks one more of ``total`` as done (None: length
    unknown, a spinner). ``now`` says what is under way, which is shown all the while.
    """
    done, of, finished = 0, "" if total is None else f" of {total}", threading.Event()
    with _drawn(title, total) as drawn:
        told = _lines(title)

        def advance() -> None:
            nonlocal done
            done += 1
            if drawn is None:
                told(f"{done}{of}")
            else:
                drawn[0].advance(drawn[1])

        def keep_showing(say: Callable[[], str]) -> None:
            while not finished.wait(REFRESH if drawn else BETWEEN):
                if not (line := say()):
                    continue
                if drawn is None:
                    told(f"{done}{of}; {line}")
                else:
                    drawn[0].update(drawn[1], description=f"{title}: {line[:LONGEST]}")

        if now is not None:
            threading.Thread(target=keep_showing, args=(now,), daemon=True).start()
        try:
            yield advance
        finally:
            finished.set()


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


@contextmanager
def measured(title: str) -> Iterator[Callable[[Told], None]]:
    """A context in which the yielded function is told how far a step is: on a terminal a bar, as
    far as its share is known, what matters and the time to go; elsewhere the same in lines.
    """
    with _drawn(title, 1.0, counted=False) as drawn:
        yield _shares(title) if drawn is None else _bar_of_shares(title, *drawn)


def _bar_of_shares(title: str, bar: Any, task: Any) -> Callable[[Told], None]:
    to_go = _ToGo()

    def tell(told: Told) -> None:
        line = f"{title}: {told.line}{to_go(told.share)}"
        bar.update(task, description=line, completed=told.share or 0.0)

    return tell


class _ToGo:
    """The time that a step still takes, from how its share grew since the first report: what came
    before holds compilation, or what a resumed step did another day. Nothing is said before that
    growth tells something.
    """

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None
        self._since = 0

    def __call__(self, share: float | None) -> str:
        if share is None:
            return ""
        now = monotonic()
        if self._first is None:
            self._first = now, share
            return ""
        self._since += 1
        gone, grown = now - self._first[0], share - self._first[1]
        if self._since < REPORTS or gone < GROWTH or grown <= 0.0:
            return ""
        return f", {duration(gone / grown * (1.0 - share))} to go"


def _shares(title: str) -> Callable[[Told], None]:
    line, to_go = _lines(title), _ToGo()
    return lambda told: line(f"{told.line}{to_go(told.share)}")


def duration(seconds: float) -> str:
    """``40 s``, ``12 min`` or ``3.5 h``: as exactly as a guess is worth."""
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} h"


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
def _drawn(
    title: str, total: float | None, counted: bool = True
) -> Iterator[tuple[Any, Any] | None]:
    """The progress and its task while the context lasts; None where nobody looks. ``counted``:
    whether the total is a number of things.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    # shares say the time to go themselves
    done = (MofNCompleteColumn(), TimeRemainingColumn()) if counted else (TaskProgressColumn(),)
    known = (BarColumn(), *done) if total is not None else ()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), *known, TimeElapsedColumn())
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
