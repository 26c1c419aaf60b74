"""Checks of trackers: they accept the records of a run, and change neither its folder nor the
current folder.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from vitreous.core.interfaces import Tracked
from vitreous.core.tracking import Beginning, Outcome
from vitreous.testing.contract import Subject, expect

CONFIG = {
    "model": {"alphas": [0.1, 1.0], "kernel": None},
    "seed": 0,
    "name": "kit",
    "report": True,
    "note": "x" * 2000,
}


@lru_cache
def _home() -> tempfile.TemporaryDirectory[str]:
    """The folder of all runs of the checks: to make a tracker's database takes seconds."""
    return tempfile.TemporaryDirectory()


@contextmanager
def a_run() -> Iterator[tuple[Beginning, Outcome]]:
    """The beginning and outcome of a run with nested settings, undefined scores, a page and a
    model.
    """
    runs = Path(_home().name) / "runs"
    (runs / "kit").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=runs / "kit") as name:
        folder = Path(name)
        (folder / "model").mkdir()
        for file in ("config.yaml", "page.html", "model/weights.npz"):
            (folder / file).write_text(file)
        beginning = Beginning(
            name="kit",
            title=folder.name,
            config=CONFIG,
            command="vitreous run name=kit",
            folder=folder,
            runs=runs,
        )
        outcome = Outcome(
            history=(("loss", 1.0, 0), ("loss", 0.5, 1)),
            scores={"model": {"pearson": 0.5, "goodness (C_1)": None}, "radius": 5, "seconds": {}},
            tags={"artifacts.fit": 64 * "0"},
            files=(folder / "config.yaml", folder / "page.html"),
            model=folder / "model",
        )
        yield beginning, outcome


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def records_a_run(subject: Subject) -> None:
    """A run can be started, with a text as id, and finished, also without scores, files and
    model.
    """
    with a_run() as (beginning, outcome):
        tracked = subject.make().start(beginning)
        expect(
            isinstance(tracked, Tracked),
            f"start() gives {type(tracked).__name__}; expected a vitreous.core.interfaces.Tracked",
        )
        expect(isinstance(tracked.id, str), f"id is {tracked.id!r}; expected text")
        tracked.finish(outcome)
        subject.make().start(beginning).finish(Outcome())


def records_are_kept_apart(subject: Subject) -> None:
    """Two runs have two ids, unless the tracker keeps no records."""
    with a_run() as (beginning, _):
        first, second = (subject.make().start(beginning).id for _ in range(2))
        expect(
            first != second or first == "",
            f"two runs have the same id, {first!r}; expected two, or the empty text for both",
        )


def a_failure_is_told_without_another(subject: Subject) -> None:
    """``fail`` accepts any reason, and does not raise even if the record is gone: another error is
    being handled.
    """
    with a_run() as (beginning, _):
        tracked = subject.make().start(beginning)
        tracked.fail("ValueError: one\ntwo" + "\nthree" * 500)
        tracked.fail("")


def jobs_join_their_sweep(subject: Subject) -> None:
    """Jobs join the record of their sweep, which has no configuration and is closed after them."""
    with a_run() as (beginning, outcome):
        tracker = subject.make()
        sweep = tracker.start(
            Beginning(
                name="kit", title="sweep", folder=beginning.folder.parent, runs=beginning.runs
            )
        )
        tracker.start(replace(beginning, parent=sweep.id)).finish(outcome)
        sweep.finish(Outcome())


def leaves_the_run_as_it_is(subject: Subject) -> None:
    """The run's folder is unchanged, and nothing appears in the current folder."""
    here = Path.cwd()
    with a_run() as (beginning, outcome), tempfile.TemporaryDirectory() as elsewhere:
        before = _contents(beginning.folder)
        os.chdir(elsewhere)
        try:
            subject.make().start(beginning).finish(outcome)
        finally:
            os.chdir(here)
        expect(
            _contents(beginning.folder) == before,
            "the folder of the run has changed; a record is kept elsewhere, in runs or on a server",
        )
        left: list[Any] = sorted(path.name for path in Path(elsewhere).iterdir())
        expect(
            not left,
            f"{', '.join(left)} appeared in the working directory; write to runs, or to a server",
        )


CHECKS = (
    records_a_run,
    records_are_kept_apart,
    a_failure_is_told_without_another,
    jobs_join_their_sweep,
    leaves_the_run_as_it_is,
)
