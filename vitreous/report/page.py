"""The HTML of the report, from ``templates/report.html``: one self-contained string."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from vitreous.core.evaluated import Table

_TEMPLATES = Environment(
    loader=PackageLoader("vitreous.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, a paragraph of plain text, images by name, tables (those without rows are left
    out), facts (name, value), and the configuration, folded.
    """

    title: str
    text: str = ""
    images: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    folded: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing beneath the heading."""
        return not (self.text or self.images or self.facts or any(t.rows for t in self.tables))


def page(
    title: str, command: str, sections: Sequence[Section], pictures: Mapping[str, bytes]
) -> str:
    """The whole page of the sections that hold something, with its pictures (PNG, by name) in it.

    ``command`` is what reproduces the run. Whatever text is given is shown as text.
    """
    return _TEMPLATES.get_template("report.html").render(
        title=title,
        command=command,
        sections=[section for section in sections if not section.empty],
        pictures={name: base64.b64encode(png).decode("ascii") for name, png in pictures.items()},
        written=_written,
    )


def _written(table: Table) -> Iterator[list[str]]:
    """Rows of a table, cells written as on the console."""
    for row in table.rows:
        pairs = zip(table.columns, row, strict=True)
        yield [column.written(cell).replace("_", " ") for column, cell in pairs]
