"""What a tracker receives: how a run begins, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """A run, or a sweep of runs, that is about to begin.

    Fields:
        name: of the kind of run, which several share. title: of this very run.
        config: the resolved configuration. command: what reproduces it.
        folder: where this run leaves its results. runs: the folder that holds those of all runs.
        parent: the id of the sweep's record that it belongs to; empty outside a sweep.
    """

    name: str
    title: str
    config: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    folder: Path
    runs: Path
    parent: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run.

    Fields:
        history: (metric, value, step) while it learned. scores: numbers, nested by name; null where
        undefined.
        tags: short texts by name, such as keys of artifacts. files: worth keeping. model: the
        folder of the trained model, if there is one.
    """

    history: tuple[tuple[str, float, int], ...] = ()
    scores: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    model: Path | None = None
