"""Modules loaded without a search for garbage among what they make."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """What is made inside is kept and never searched for garbage: for imports, which leave none.
    PyTorch alone makes several hundred thousand objects, and the searches among them cost a tenth
    of the CPU time of a prediction.
    """
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if wanted:
            gc.enable()
