"""Checks of evaluations: they score test glasses only, handle missing values, and agree in numbers,
tables and figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from vitreous.core.evaluated import Evaluated
from vitreous.core.interfaces import NEEDS
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.vocabulary import LEVELS, TASKS
from vitreous.testing.contract import Subject, expect, expect_close, expect_subset
from vitreous.testing.runs import run_of, unknown


@lru_cache
def _run(subject: Subject) -> Run:
    return run_of(subject.cls)


@lru_cache
def _found(subject: Subject) -> Any:
    return subject.make().evaluate(_run(subject))


def _flat(numbers: Any, prefix: str = "") -> Iterator[tuple[str, float | None]]:
    """Every number with its dotted name."""
    for name, value in numbers.items():
        if hasattr(value, "items"):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def declares_itself(subject: Subject) -> None:
    """The levels that it scores and its needs of a run are declared."""
    expect_subset(subject.cls.levels, set(LEVELS) - {"event"}, "levels")
    expect_subset(subject.cls.tasks, TASKS, "tasks")
    expect(
        "position" not in subject.cls.tasks or subject.cls.several,
        "it scores positions, which have a component per axis; declare several = True",
    )
    if subject.cls.needs != frozenset():
        expect_subset(subject.cls.needs, NEEDS, "needs")


def finds_something(subject: Subject) -> None:
    """For a run with predictions, indicators, events and bonds it returns an Evaluated with a
    defined number.
    """
    found = _found(subject)
    expect(
        isinstance(found, Evaluated),
        f"evaluate returns a {type(found).__name__}; expected vitreous.core.evaluated.Evaluated",
    )
    expect(
        any(value is not None for _, value in _flat(found.numbers)),
        "no number is defined, although the run has everything it may need",
    )


def training_glasses_do_not_count(subject: Subject) -> None:
    """Changing labels, predictions and indicators of training glasses changes no number."""
    run = _run(subject)
    spoilt = replace(
        run, samples=tuple(_spoilt(s) if s.role == "train" else s for s in run.samples)
    )
    found = subject.make().evaluate(spoilt)
    for (name, have), (_, want) in zip(
        _flat(found.numbers), _flat(_found(subject).numbers), strict=True
    ):
        expect(
            have == want,
            f"{name} is {have} instead of {want} once training glasses are changed; score "
            "run.role('test') alone",
        )


def _spoilt(sample: Sample) -> Sample:
    labels, indicators = sample.labels, sample.indicators
    assert sample.prediction is not None and indicators is not None
    mirror = 1.0 if labels.task == "class" else 7.0
    return sample.with_(
        labels=replace(labels, values=mirror - labels.values),
        prediction=-100.0 * sample.prediction,
        indicators=replace(indicators, values=-indicators.values[::-1]),
    )


def order_of_glasses_does_not_matter(subject: Subject) -> None:
    """The order of the glasses does not change the numbers."""
    run = _run(subject)
    found = subject.make().evaluate(replace(run, samples=run.samples[::-1]))
    want = dict(_flat(_found(subject).numbers))
    for name, value in _flat(found.numbers):
        both = [np.nan if x is None else x for x in (value, want.get(name))]
        expect_close(
            np.nan_to_num(both[:1]),
            np.nan_to_num(both[1:]),
            f"{name}, with glasses in another order,",
            1e-9,
            1.0,
        )


def unknown_glasses_are_survived(subject: Subject) -> None:
    """Test glasses without labels and events, some or all of them, cause no error."""
    run = _run(subject)
    for spared in (4, -1):
        samples = tuple(
            unknown(s) if s.role == "test" and s.index != spared else s for s in run.samples
        )
        subject.make().evaluate(replace(run, samples=samples))


def tables_tell_the_numbers(subject: Subject) -> None:
    """Every number in a table that a run prints is one of ``numbers``, so that console, page and
    scores.json agree.
    """
    found = _found(subject)
    known = [value for _, value in _flat(found.numbers) if value is not None]
    for table in found.tables:
        cells = [cell for row in table.rows for cell in row if isinstance(cell, float)]
        strange = [cell for cell in cells if cell not in known]
        expect(
            not (table.summary and strange),
            f"table '{table.title}' has {strange[:1]}, which is not among its numbers",
        )


def figures_are_drawn(subject: Subject) -> None:
    """Each figure is a non-empty matplotlib Figure."""
    from matplotlib.figure import Figure

    for name, draw in _found(subject).figures.items():
        figure = draw()
        expect(
            isinstance(figure, Figure),
            f"figure '{name}' is a {type(figure).__name__}; expected a matplotlib Figure",
        )
        expect(figure.axes, f"figure '{name}' is empty")


CHECKS = (
    declares_itself,
    finds_something,
    training_glasses_do_not_count,
    order_of_glasses_does_not_matter,
    unknown_glasses_are_survived,
    tables_tell_the_numbers,
    figures_are_drawn,
)
