"""One computation at a time, with its progress: what the page asks for and then follows.

All run in one thread, so that warnings, which Python records for the whole process, belong to
the computation that gave them.
"""

from __future__ import annotations

import itertools
import logging
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitreous.core.errors import VitreousError
from vitreous.core.watching import Stopped, Told, watched

_log = logging.getLogger("vitreous.view")
_KEPT = 16  # jobs whose results are remembered
#: what commands advise, in the words of the page
_ADVICE = {
    "add --relax (in Python: relax=True)": "tick 'at rest first'",
    "try --relax": "tick 'at rest first'",
    "(vitreous relax)": "(tick 'at rest first')",
    "; look at them with 'vitreous rings IMAGE --picture overlay.png', and correct them in a file "
    "of edits (add,x,y and remove,x,y)": ": choose the tool 'correct spots' and click",
    "tem_image got ": "",
    "; say where it is with --store FOLDER": "; bring it back to one of these places",
    "; --species A,B (in a run: 'generator.species=[A,B]'; in Python: species=) says otherwise": "",
}
Answer = dict[str, Any]
UNEXPECTED = "something unexpected went wrong; the terminal that runs vitreous view shows it"


@dataclass
class Job:
    """One computation.

    Fields:
        state: "waiting", "running", "done", "failed" or "stopped". line: how far it is. share: what
        part of it is done, 0 to 1; None where that is not known. result: once it is done, with the
        sentences of its warnings under "warnings". error: a sentence, once it failed. folders:
        whose paths sentences leave out, since the page knows files by their names in them.
    """

    number: int
    folders: tuple[Path, ...] = ()
    state: str = "waiting"
    line: str = ""
    share: float | None = None
    result: Answer | None = None
    error: str = ""
    to_stop: bool = False
    begun: float = field(default_factory=time.monotonic)
    ended: float | None = None

    def told(self) -> Answer:
        """What the page is told of it."""
        now = time.monotonic() if self.ended is None else self.ended
        return {
            "job": self.number,
            "state": self.state,
            "line": self.line,
            "share": self.share,
            "seconds": round(now - self.begun, 2),
            "error": self.error,
            "result": self.result,
        }

    def watch(self, told: Told) -> None:
        """Raises Stopped where the computation is to end."""
        self.line, self.share = told.line, told.share
        if self.to_stop:
            raise Stopped("it was stopped")

    def carry_out(self, work: Callable[[], Answer]) -> None:
        """Keep the result, or what is wrong, in a sentence."""
        if self.to_stop:
            self.state, self.ended = "stopped", time.monotonic()
            return
        self.state, self.begun = "running", time.monotonic()
        try:
            with recorded() as sentences, watched(self.watch):
                result = work()
            self.result = {**result, "warnings": [self._said(each) for each in sentences]}
            self.state = "done"
        except Stopped:
            self.state = "stopped"
        except (VitreousError, OSError, MemoryError) as error:
            self.state, self.error = "failed", self._said(_sentence(error))
        except Exception:
            _log.exception("a computation failed")
            self.state, self.error = "failed", UNEXPECTED
        self.ended = time.monotonic()

    def _said(self, sentence: str) -> str:
        """As the page says it."""
        for folder in self.folders:
            sentence = sentence.replace(f"{folder}/", "")
        for advice, here in _ADVICE.items():
            sentence = sentence.replace(advice, here)
        return sentence


class Bench:
    """Carries out what it is given, one after the other, in a thread of its own; ``folders`` as of
    ``Job``.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vitreous-view")
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}

    def begin(self, work: Callable[[], Answer]) -> Job:
        """A job that is carried out when those before it are."""
        job = Job(next(self._numbers), self._folders)
        self._jobs[job.number] = job
        ended = [number for number, of in self._jobs.items() if of.ended is not None]
        for number in ended[: len(self._jobs) - _KEPT]:
            del self._jobs[number]
        self._thread.submit(job.carry_out, work)
        return job

    def __getitem__(self, number: int) -> Job:
        """Raises VitreousError for a number that no job has."""
        if number not in self._jobs:
            raise VitreousError(f"there is no computation {number}; ask for it again")
        return self._jobs[number]

    def stop(self) -> None:
        """End what is carried out, and what waits, of which nobody wants the result any more."""
        for job in self._jobs.values():
            job.to_stop = True

    def close(self) -> None:
        """Carry out nothing more."""
        self.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)


@contextmanager
def recorded() -> Any:
    """The sentences of the warnings within the context, each once."""
    sentences: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield sentences
    told = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
    sentences += dict.fromkeys(told)


def _sentence(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "this machine has too little memory for that; take a smaller glass"
    return " ".join(str(error).split())
