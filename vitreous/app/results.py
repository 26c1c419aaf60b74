"""How commands on one glass end: results as lines or JSON, notes, and the exit status."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from vitreous.core.errors import NotConverged
from vitreous.core.notes import notes

NOT_CONVERGED = 3  #: exit status
Answers = dict[str, Any]  #: what a command prints: by name, plain values


def print_results(
    options: argparse.Namespace, work: Callable[[argparse.Namespace], Answers]
) -> int:
    """Carry out ``work`` and print what it returns; status 3 if a state did not come to rest."""
    with notes():
        try:
            answers = work(options)
        except NotConverged as error:
            sys.stderr.write(f"vitreous: not converged: {error}\n")
            return NOT_CONVERGED
    sys.stdout.write(json.dumps(answers, indent=1) + "\n" if options.json else _lines(answers))
    return 0


def _lines(answers: Answers) -> str:
    """``name  value``, one per line; of a list of results each on a line of its own."""
    width = max(len(name) for name in answers)
    return "".join(f"{name:{width}}  {text}\n" for name, text in in_rows(answers))


def in_rows(answers: Answers) -> list[tuple[str, str]]:
    """Name and text of each line."""
    return [
        (name.replace("_", " "), _words(item))
        for name, value in answers.items()
        for item in (value if _results(value) else [value])
    ]


def _results(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{name.replace('_', ' ')} {_words(inner)}" for name, inner in value.items()
        )
    if isinstance(value, list):
        return ", ".join(
            f"({_words(inner)})" if isinstance(inner, list) else _words(inner) for inner in value
        )
    return f"{value:.10g}" if isinstance(value, float) else "-" if value is None else str(value)
