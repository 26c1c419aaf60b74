"""A sweep: its jobs one after the other, what each varies and came to, and the table at the end.

Without ``sweep.trials`` the jobs are all combinations of what is given; with it, as many as Optuna
asks for (``vitreous.app.study``) to find the best ``sweep.objective``. A job that is refused is a
row of the table like any other.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from vitreous.app.headline import five, flat_numbers, undefined
from vitreous.app.tracking import VARIED, sweep_found
from vitreous.core.build import construct
from vitreous.core.errors import VitreousError
from vitreous.core.registry import suggest
from vitreous.core.tracking import Outcome
from vitreous.core.watching import Stopped
from vitreous.io.tables import write_table

DIRECTIONS = ("maximize", "minimize")
#: overrides of jobs and the number of the first: what came of each
Launch = Callable[[Sequence[Sequence[str]], int], Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The key ``sweep`` of a configuration.

    Fields:
        objective: the path of a number in scores.json, such as correlation.model.pearson; None: no
        job is the best. direction: maximize or minimize it.
        trials: how many jobs Optuna asks for, those of an earlier sweep included; None: all
        combinations. prune: whether a training that does worse than most others is stopped.
        study: the journal of an earlier sweep, which is resumed; None: a new one in the folder.
        seed: of the search.
    """

    objective: str | None = None
    direction: str = "maximize"
    trials: int | None = None
    prune: bool = True
    study: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise VitreousError(
                f"sweep.direction is '{self.direction}'; expected one of {', '.join(DIRECTIONS)}"
            )
        if self.trials is not None and self.trials < 1:
            raise VitreousError(f"sweep.trials is {self.trials}; expected at least 1")
        if self.trials is not None and self.objective is None:
            raise VitreousError(
                "sweep.trials asks for a search, but nothing says for what; set sweep.objective to "
                "the path of a number in scores.json, such as correlation.model.pearson"
            )
        if self.study is not None and self.trials is None:
            raise VitreousError(
                "sweep.study names the journal of a search; set sweep.trials to how many jobs it "
                "is to have in all"
            )

    def best(self, rows: Sequence[Row]) -> Row | None:
        """The row with the best objective."""
        known = [row for row in rows if row.objective is not None]
        sign = 1.0 if self.direction == "maximize" else -1.0
        return max(known, key=lambda row: sign * (row.objective or 0.0), default=None)


@dataclass
class Row:
    """One job: what it varies, and what came of it. ``state``: finished, refused, stopped or
    failed.
    """

    number: int
    varied: Mapping[str, str]
    state: str = "finished"
    reason: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)
    undefined: Sequence[str] = ()  # paths of scores that are no number
    objective: float | None = None
    seconds: float = 0.0


class Trials:
    """Where a sweep's jobs come from: here, all combinations."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given, self.first = given, 0
        self.earlier: list[Row] = []  # of the sweep that this one resumes

    def __len__(self) -> int:
        return math.prod(len(of.choices()) for of in self._given.values())

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        for values in itertools.product(*(of.choices() for of in self._given.values())):
            yield dict(zip(self._given, values, strict=True))

    def watching(self) -> Any:
        """A context in which a job is carried out."""
        return nullcontext()

    def came_to(self, row: Row) -> None:
        """What came of the job that was given last."""


@dataclass(frozen=True)
class Varied:
    """What a key takes in a sweep: the ``values`` listed, or for a search an ``interval`` (low,
    high), which may be of whole numbers and ``log``arithmic.
    """

    key: str
    values: tuple[str, ...] = ()
    interval: tuple[float, float] | None = None
    whole: bool = False
    log: bool = False

    def choices(self) -> tuple[str, ...]:
        """Raises VitreousError for an interval."""
        if self.interval is not None:
            raise VitreousError(
                f"{self.key} is given an interval, which has no end of values; list some, or "
                "search it with sweep.objective=PATH sweep.trials=NUMBER"
            )
        return self.values


def sweep(
    given: Sequence[Varied],
    settings: Mapping[str, Any],
    folder: Path,
    check: Callable[[Sequence[Sequence[str]]], None],
    launch: Launch,
    together: bool = False,
) -> list[Row]:
    """Carry out the jobs; the table is printed and written to ``sweep.csv`` in ``folder``.
    ``together``: whether ``launch`` is given all at once, unless a search asks for them one by one.

    Raises:
        VitreousError: settings that cannot be, an objective that no job returns, or no job that
        finished; and, after all jobs, what ended one that was under way.
    """
    known = construct(Settings, "sweep", dict(settings))
    of = {each.key: each for each in given}
    varied = [key for key, each in of.items() if each.interval or len(each.values) > 1]
    trials = Trials(of)
    if known.trials is not None:
        from vitreous.app.study import Study

        trials = Study(of, known, folder)
    else:
        check([_overrides(values) for values in trials])
    os.environ[VARIED] = "\n".join(varied)
    rows: list[Row] = list(trials.earlier)
    broken: list[BaseException] = []
    try:
        for batch in _batches(trials, together and known.trials is None):
            under_way = [
                Row(number, {key: values[key] for key in varied}) for number, values in batch
            ]
            jobs, begun = [_overrides(values) for _, values in batch], monotonic()
            for row in under_way:
                sys.stderr.write(f"vitreous: job {row.number} of {len(trials)}: {_words(row)}\n")
            if known.trials is not None:
                check(jobs)
            with trials.watching():
                returned = launch(jobs, under_way[0].number)
            for row, of_it in zip(under_way, returned, strict=True):
                _record(row, of_it, broken)
                row.seconds = monotonic() - begun
                rows.append(row)
            for row in under_way:
                _judge(row, known)
                trials.came_to(row)
    finally:
        os.environ.pop(VARIED)
        if rows:
            _tell(rows, varied, known, folder)
    if broken:
        raise broken[0]
    if not any(row.state in ("finished", "stopped") for row in rows):
        raise VitreousError(f"no job of the sweep finished; the first: {rows[0].reason}")
    return rows


def _batches(trials: Trials, together: bool) -> Iterator[list[tuple[int, Mapping[str, str]]]]:
    """The jobs with their numbers, one by one or all at once."""
    numbered = enumerate(trials, start=trials.first)
    if together:
        yield list(numbered)
    else:
        yield from ([each] for each in numbered)


def _overrides(values: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in values.items()]


def _record(row: Row, returned: Any, broken: list[BaseException]) -> None:
    """What Hydra's launcher returned of one job."""
    from vitreous.app.run import Refused

    found = returned._return_value
    if returned.status.name == "COMPLETED":
        row.numbers, row.undefined = flat_numbers(found or {}), undefined(found or {})
        return
    row.state = (
        "stopped"
        if isinstance(found, Stopped)
        else "refused"
        if isinstance(found, Refused)
        else "failed"
    )
    row.reason = str(found) or type(found).__name__
    sys.stderr.write(f"vitreous: job {row.number} {row.state}: {row.reason}\n")
    if row.state == "failed":
        broken.append(found)


def _judge(row: Row, settings: Settings) -> None:
    """Set the objective, which is None where it is undefined; raises VitreousError where a finished
    job has none of that name.
    """
    if settings.objective is None or row.state != "finished":
        return
    if settings.objective in row.undefined:
        row.reason = f"{settings.objective} is undefined, as of a constant prediction"
        sys.stderr.write(f"vitreous: job {row.number}: {row.reason}; the sweep goes on\n")
        return
    if settings.objective not in row.numbers:
        known = sorted(row.numbers)
        raise VitreousError(
            f"no job returns the objective '{settings.objective}', but "
            f"{', '.join(five(row.numbers)) or 'no number'} and others, which are in scores.json "
            f"of job {row.number}{suggest(settings.objective, known)}"
        )
    row.objective = row.numbers[settings.objective]


def _tell(rows: Sequence[Row], varied: Sequence[str], settings: Settings, folder: Path) -> None:
    """The table: printed, written, and given to the sweep's record."""
    from rich.console import Console
    from rich.table import Table

    best = settings.best(rows)
    shown = list(dict.fromkeys(name for row in rows for name in five(row.numbers)))[:5]
    if settings.objective is not None:
        shown = [settings.objective, *(name for name in shown if name != settings.objective)][:5]
    headings = ["job", *varied, *shown, "seconds", ""]
    table = Table(*headings, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        numbers = [f"{row.numbers[name]:.4g}" if name in row.numbers else "–" for name in shown]
        told = "best" if row is best else "" if row.state == "finished" else row.state
        varies = [_short(row.varied[key]) for key in varied]
        table.add_row(str(row.number), *varies, *numbers, f"{row.seconds:.0f}", told)
    wide = max(100, sum(map(len, headings)) + 2 * len(headings) + sum(map(_width, rows)))
    console = Console(highlight=False, markup=False, emoji=False, width=wide)
    with console.capture() as captured:
        console.print(table)
    sys.stdout.write(f"\n{captured.get()}sweep     {folder}\n")
    sys.stdout.flush()
    columns: dict[str, Any] = {"job": [row.number for row in rows]}
    columns |= {key: [row.varied[key] for row in rows] for key in varied}
    columns |= {name: [row.numbers.get(name, np.nan) for row in rows] for name in shown}
    columns |= {"seconds": [row.seconds for row in rows], "state": [row.state for row in rows]}
    columns |= {"reason": [row.reason for row in rows]}
    write_table(folder / "sweep.csv", {name: np.array(of) for name, of in columns.items()})
    scores = {} if best is None else {"best objective": best.objective, "best job": best.number}
    sweep_found(Outcome(scores=scores, files=(folder / "sweep.csv",)))


def _words(row: Row) -> str:
    return " ".join(f"{key}={_short(value)}" for key, value in row.varied.items())


def _width(row: Row) -> int:
    return sum(map(len, row.varied.values()))


def _short(value: str) -> str:
    """A number to four digits; other values as they are."""
    try:
        return value if value.lstrip("-").isdigit() else f"{float(value):.4g}"
    except ValueError:
        return value
