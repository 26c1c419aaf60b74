"""Warnings as sentences for users."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def notes(about: str = "") -> Iterator[None]:
    """Within it, warnings are printed to standard error as one sentence each, without the line of
    code that they come from, and with what they are ``about``.
    """
    start = f"vitreous: note: {about}: " if about else "vitreous: note: "
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: sys.stderr.write(f"{start}{message}\n")
        yield
