"""How far a long step is, reported from deep inside it to whoever watches, if anyone does.

Numerics call ``tell``; a command, or a worker process on behalf of its run, watches. Nothing is
told across threads: what starts threads asks ``watcher`` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from vitreous.core.errors import VitreousError


@dataclass(frozen=True)
class Told:
    """``share``: what part of the step is done, 0 to 1; None where that is unknown. ``line``: how
    far it is, in a few words.
    """

    share: float | None
    line: str


class Stopped(VitreousError):
    """A training was stopped by who watches its epochs."""


Watcher = Callable[[Told], None]
Epochs = Callable[[str, float, int], None]  #: takes the name of a loss, its value, and the epoch
_EPOCHS: ContextVar[Epochs | None] = ContextVar("epochs", default=None)
_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


def watcher() -> Watcher | None:
    """Who watches this step."""
    return _WATCHER.get()


@contextmanager
def watched(by: Watcher | None) -> Iterator[None]:
    """While the context lasts, ``by`` is called with how far a step is."""
    before = _WATCHER.set(by)
    try:
        yield
    finally:
        _WATCHER.reset(before)


@contextmanager
def prefixed(step: str) -> Iterator[None]:
    """Say that a step begins; what is reported within the context begins with it."""
    by = _WATCHER.get()
    if by is None:
        yield
        return
    by(Told(None, step))
    with watched(lambda told: by(Told(told.share, f"{step}, {told.line}"))):
        yield


def tell(line: str, share: float | None = None) -> None:
    """Say how far the step is."""
    by = _WATCHER.get()
    if by is not None:
        by(Told(share, line))


@contextmanager
def learning(by: Epochs | None) -> Iterator[None]:
    """While the context lasts, ``by`` hears of every epoch of a training, which it may end by
    raising ``Stopped``.
    """
    before = _EPOCHS.set(by)
    try:
        yield
    finally:
        _EPOCHS.reset(before)


def epoch(name: str, value: float, step: int) -> None:
    """Say what an epoch came to. Raises Stopped where the training is to end."""
    by = _EPOCHS.get()
    if by is not None:
        by(name, value, step)
