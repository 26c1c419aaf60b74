"""Where workers say what they are doing, for whoever shows how far a run is: a line in a file for
each glass, in the store, which all workers see.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

from vitreous.core.watching import Told, watched

OFTEN = 0.5  #: seconds between two lines of one glass, at least


class Board:
    """The lines of one run, in a folder of its own in ``store``; nothing depends on them."""

    def __init__(self, store: Path) -> None:
        self.folder = store / f".underway-{os.getpid()}-{uuid.uuid4().hex[:8]}"

    def lines(self) -> str:
        """What the glasses under way are at, in order: ``glass 3: label, 40 of 576 sites``."""
        found = []
        with suppress(OSError):
            written = [path for path in self.folder.iterdir() if path.name.isdigit()]
            for path in sorted(written, key=lambda path: int(path.name)):
                with suppress(OSError):
                    found.append(f"glass {path.name}: {path.read_text()}")
        return "; ".join(found)

    @contextmanager
    def of(self, glass: int) -> Iterator[None]:
        """While the context lasts, what is reported of this glass stands on the board."""
        path = self.folder / str(glass)
        last = -OFTEN

        def write(told: Told) -> None:
            nonlocal last
            if monotonic() - last < OFTEN:
                return
            last = monotonic()
            with suppress(OSError):  # a full disk ends the run elsewhere
                self.folder.mkdir(parents=True, exist_ok=True)
                new = path.with_name(f".{glass}")
                new.write_text(told.line)
                new.replace(path)  # never seen before it is written

        try:
            with watched(write):
                yield
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def wipe(self) -> None:
        """Take all lines away."""
        shutil.rmtree(self.folder, ignore_errors=True)
