"""One stage's result: computed once, kept in the store under the key of what decides it."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.core.errors import NotConverged, Unusable
from vitreous.core.refusals import STAGES as REMEMBERED
from vitreous.core.refusals import forget_refusal, keep_refusal, refusal
from vitreous.core.store import Store, key_of
from vitreous.core.versions import PROJECT, versions
from vitreous.core.watching import prefixed

STAGES = (
    "generate",
    "relax",
    "deform",
    "label",
    "events",
    "describe",
    "indicators",
    "fit",
    "predict",
)


def stage_of(name: str) -> str:
    """The stage of an artifact of a case: its name, or what comes before the colon ("label:NAME"
    is the label that ``targets.NAME`` makes).
    """
    return name.partition(":")[0]


class Artifact:
    """A stage's result: read from the store, or computed and stored, when its value is first asked
    for.
    """

    def __init__(
        self,
        store: Store,
        stage: str,
        recipe: Mapping[str, Any],
        work: Callable[[], Any],
        note: Mapping[str, Any],
    ) -> None:
        self.stage, self.key = stage, key_of({"stage": stage, **recipe})
        self.seconds: float | None = None  #: of computing it now; None where that was not needed
        self._store, self._recipe, self._work, self._note = store, recipe, work, note

    @cached_property
    def value(self) -> Any:
        """The result, read or computed now. Raises what computing raises, or raised before."""
        found = self._store.get(self.stage, self.key)
        if found is not None:
            return found[0]
        if (known := self.refusal) is not None:
            raise known
        started = time.perf_counter()
        with prefixed(self.stage):
            value = self._tried()
        self.seconds = time.perf_counter() - started
        self._store.put(
            self.stage,
            self.key,
            value,
            {
                **_circumstances(self._note.get("provider", "")),
                **self._note,
                "recipe": self._recipe,
                "seconds": self.seconds,
            },
        )
        return value

    def _tried(self) -> Any:
        try:
            return self._work()
        except (NotConverged, Unusable) as error:
            if self.stage in REMEMBERED:
                keep_refusal(self._path, error)
            raise

    @property
    def refusal(self) -> NotConverged | Unusable | None:
        """Why it could not be computed before; None if that is not known."""
        return refusal(self._path) if self.stage in REMEMBERED else None

    def forget_refusal(self) -> None:
        """Have it computed once more, if it could not be before."""
        forget_refusal(self._path)

    @property
    def _path(self) -> Path:
        return self._store.path(self.stage, self.key)

    @property
    def stored(self) -> bool:
        """Whether the store has it; what it has is not read."""
        return self._store.has(self.stage, self.key)

    @property
    def written(self) -> float:
        """When it was stored (seconds since 1970); 0 if the store has it not."""
        return self._store.written(self.stage, self.key)

    def ensure(self) -> None:
        """Compute and store it, unless the store has it."""
        if not self.stored:
            _ = self.value


def _circumstances(provider: str) -> dict[str, Any]:
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "packages": versions(provider.partition(" ")[0] or PROJECT),
    }


def stream(seed: int, stage: str, sample: int = 0) -> np.random.Generator:
    """The random stream of one stage of one sample."""
    return np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=(STAGES.index(stage), sample))
    )
