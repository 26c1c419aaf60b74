"""The HTML of the report, from ``templates/report.html``: one self-contained string."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from vitreous.analysis.axes import with_minus
from vitreous.core.evaluated import Cell, Column, Table

_TEMPLATES = Environment(
    loader=PackageLoader("vitreous.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    keep_trailing_newline=True,
)


class Link(NamedTuple):
    """A file beside the page: what it is called there, and its relative address."""

    text: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, a paragraph of plain text, pictures by name (``maps`` stand beside each other as
    far as there is room), links, tables (those without rows are left out), facts (name, value),
    the configuration, folded, and a command.
    """

    title: str
    text: str = ""
    maps: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    folded: str = ""
    command: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing beneath the heading."""
        more = (self.text, self.maps, self.images, self.links, self.facts, self.folded)
        return not (any(more) or self.command or any(t.rows for t in self.tables))

    @property
    def anchor(self) -> str:
        """Its place in the page, as the list of contents refers to it."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def page(
    title: str, lead: Section, sections: Sequence[Section], pictures: Mapping[str, str]
) -> str:
    """The whole page: what leads it, the contents, and the sections that hold something.

    Args:
        lead: what is shown before everything else; its title is the caption of its map. pictures:
        ``<svg>`` elements by name. Whatever else is given is shown as text.
    """
    return _TEMPLATES.get_template("report.html").render(
        title=title,
        lead=lead,
        sections=[section for section in sections if not section.empty],
        pictures=pictures,
        written=_written,
        heading=_heading,
        classes=_classes,
        prose=with_minus,
    )


def _written(table: Table) -> Iterator[list[str]]:
    """Rows of a table, cells written as on the console, but with minus signs."""
    for row in table.rows:
        yield [shown(c, cell) for c, cell in zip(table.columns, row, strict=True)]


def _heading(column: Column) -> str:
    return column.heading.replace("^2", "²").replace("^3", "³")


def _classes(table: Table) -> list[str]:
    """Of each column: that of words, which begin on the left, where numbers end on the right."""
    columns = [
        [cell for cell in each if cell is not None] for each in zip(*table.rows, strict=True)
    ]
    words = [
        bool(cells) and all(isinstance(cell, str) and cell[:1].isalpha() for cell in cells)
        for cells in columns
    ]
    return [' class="word"' if each else "" for each in words]


def shown(column: Column, cell: Cell) -> str:
    """A cell as the page shows it."""
    return with_minus(column.written(cell).replace("_", " "))
