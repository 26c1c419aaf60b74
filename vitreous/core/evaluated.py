"""What an evaluation finds: numbers, tables and figures, checked once, when made.

Console, ``scores.json``, tracker and report page all read this one object. ``None`` means a
number that is not defined (the correlation with a constant map); NaN and infinity are refused,
since JSON has neither.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vitreous.core.errors import VitreousError

Numbers = Mapping[
    str, Any
]  #: nested: each value a finite float, None, or a mapping of the same kind
Cell = str | float | None
Draw = Callable[[], Any]  #: makes one matplotlib figure, when it is asked for

FORMS = ("number", "percent", "text")


class Column(NamedTuple):
    """A column of a table: its ``name``, the ``unit`` of its numbers, and how they are written.

    ``form``: "number" with ``digits`` decimals, or "percent", of a share between 0 and 1; text
    stays as it is in either.
    """

    name: str
    unit: str = ""
    form: str = "number"
    digits: int = 2

    @property
    def heading(self) -> str:
        """Name and unit, as they stand above the column."""
        return f"{self.name} ({self.unit})" if self.unit not in ("", "1") else self.name

    def written(self, cell: Cell) -> str:
        """A cell as people read it, the same on the console and on the page."""
        if cell is None:
            return "–"
        if isinstance(cell, str):
            return cell
        return percent(cell) if self.form == "percent" else f"{cell:.{self.digits}f}"


def percent(share: float) -> str:
    """A share in percent, rounded down, so that only a whole one reads 100 %; a dash for NaN."""
    return f"{math.floor(1000.0 * share + 1e-9) / 10.0:g} %" if math.isfinite(share) else "–"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under named columns.

    Fields:
        title: what the rows are. columns: as many as each row has cells. rows: text, floats, and
        None where a number is not defined. summary: whether it belongs to what a run prints when it
        is done; the page shows every table.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    summary: bool = False

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise VitreousError(
                    f"table '{self.title}' has a row of {len(row)} cells under "
                    f"{len(self.columns)} columns"
                )
            for column, cell in zip(self.columns, row, strict=True):
                _refuse_odd(f"'{column.name}' of table '{self.title}'", cell, str | float | None)


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What one evaluation found in one run.

    Fields:
        numbers: nested, by map where there are several: means over glasses, and under "pooled" of
        all sites of all glasses. glasses: the same for each case alone, by ``Sample.name``,
        without what is pooled.
        tables: as console and page show them. figures: by file stem; one is drawn when it is asked
        for.
        title: heading of its section on the page; text: a paragraph there, which says how to read
        it.
        headline: a sentence for the top of the page; empty where there is nothing to say.
    """

    numbers: Numbers = field(default_factory=dict)
    glasses: Mapping[str, Numbers] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    figures: Mapping[str, Draw] = field(default_factory=dict, compare=False)
    title: str = ""
    text: str = ""
    headline: str = ""

    def __post_init__(self) -> None:
        _refuse_odd_numbers("numbers", self.numbers)
        for index, numbers in self.glasses.items():
            _refuse_odd_numbers(f"glass {index}", numbers)


def _refuse_odd_numbers(where: str, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _refuse_odd_numbers(f"{where}.{name}", inner)
    else:
        _refuse_odd(where, value, float | None)


def _refuse_odd(where: str, value: Any, allowed: Any) -> None:
    """Raise VitreousError for what is neither of ``allowed``, nor a finite number."""
    if not isinstance(value, allowed) or (isinstance(value, float) and not math.isfinite(value)):
        raise VitreousError(
            f"{where} is {value!r} of an evaluation; expected a finite float, or None where it is "
            "not defined"
        )


def means(
    glasses: Mapping[str, Mapping[str, Numbers]], name: str, keys: Sequence[str]
) -> dict[str, float | None]:
    """The mean over glasses of each of these numbers of one map; glasses without that map, or a
    number, are left out of it.
    """
    rows = [of[name] for of in glasses.values() if name in of]
    return {key: mean([row[key] for row in rows]) for key in keys}


def rows_by_glass(
    glasses: Mapping[str, Mapping[str, Numbers]], keys: Sequence[str]
) -> list[list[Cell]]:
    """Rows of a table: glass, map, and these numbers of it."""
    return [
        [glass, name, *(row[key] for key in keys)]
        for glass, of in glasses.items()
        for name, row in of.items()
    ]


def defined(value: Any) -> float | None:
    """A plain float; None for None, NaN and infinity."""
    return None if value is None or not math.isfinite(value) else float(value)


def mean(values: Sequence[float | None]) -> float | None:
    """Mean over the glasses for which a number is defined; None where it is for none."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
