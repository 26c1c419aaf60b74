"""The HTML of the report, as one self-contained string."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from vitreous.core.evaluated import Table

_STYLE = """
body { font: 16px/1.55 Georgia, 'Times New Roman', serif; color: #222; background: #fff;
  max-width: 66rem; margin: 2.5rem auto; padding: 0 1.2rem; }
h1, h2, th, .facts td:first-child, summary {
  font-family: system-ui, 'Helvetica Neue', Arial, sans-serif;
}
h1 { font-size: 1.75rem; margin-bottom: .2rem; }
h2 { font-size: 1.2rem; margin-top: 2.4rem; border-bottom: 1px solid #ddd; padding-bottom: .2rem; }
p { max-width: 46rem; }
img { max-width: 100%; height: auto; display: block; margin: 1rem 0; }
img.half { max-width: 44rem; width: 100%; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; margin: .8rem 0 1.4rem; }
th, td { padding: .28rem .6rem; text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid #999; }
td:first-child, th:first-child { text-align: left; }
tr:nth-child(odd) td { background: #f7f7f5; }
caption { text-align: left; font-style: italic; }
.facts td { text-align: left; vertical-align: top; white-space: normal; }
.facts td:first-child { white-space: nowrap; color: #555; }
pre { background: #f4f4f1; padding: .7rem 1rem; overflow-x: auto;
  font-size: .85rem; line-height: 1.4; }
"""


@dataclass(frozen=True)
class Section:
    """A heading, a paragraph of plain text, tables as HTML, and images by name."""

    title: str
    text: str
    tables: str = ""
    images: tuple[str, ...] = ()


def _image(name: str) -> str:
    """An image element: maps take the full width, curves half of it."""
    narrow = "" if name.endswith("map") else ' class="half"'
    return f'<img{narrow} src="{escape(name)}" alt="{escape(name.replace("_", " "))}">'


def page(title: str, command: str, sections: Sequence[Section], alternatives: Iterable[str]) -> str:
    """The whole page; images are ``src="name"``, which the caller replaces, for every name in
    ``alternatives``.
    """
    known = set(alternatives)
    body = [
        f"<h1>{escape(title)}</h1>",
        "<p>To reproduce this run:</p>",
        f"<pre>{escape(command)}</pre>",
    ]
    for section in sections:
        body.append(f"<h2>{escape(section.title)}</h2>")
        body.append(f"<p>{escape(section.text)}</p>" if section.text else "")
        body += [_image(name) for name in section.images if name in known]
        body.append(section.tables)
    head = (
        '<meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n'
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def table(found: Table) -> str:
    """A table with its title, cells formatted as on the console; empty without rows."""
    if not found.rows:
        return ""
    head = "".join(f"<th>{escape(column.heading)}</th>" for column in found.columns)
    lines = []
    for row in found.rows:
        cells = (
            column.written(cell).replace("_", " ")
            for column, cell in zip(found.columns, row, strict=True)
        )
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    caption = f"<caption>{escape(found.title)}</caption>"
    return f'<div class="scroll"><table>{caption}<tr>{head}</tr>{"".join(lines)}</table></div>'


def facts_table(
    facts: Mapping[str, str], seconds: Mapping[str, float], config: str, excluded: Mapping[str, str]
) -> str:
    """Run facts, seconds by stage, skipped glasses with reasons, and the configuration."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(str(value))}</td></tr>"
        for name, value in facts.items()
    )
    rows += "".join(
        f"<tr><td>{escape(stage)}</td><td>{value:.1f} s of computing</td></tr>"
        for stage, value in seconds.items()
    )
    rows += "".join(
        f"<tr><td>{escape(index)} skipped</td><td>{escape(reason)}</td></tr>"
        for index, reason in excluded.items()
    )
    folded = (
        f"<details open><summary>Configuration</summary><pre>{escape(config)}</pre></details>"
        if config
        else ""
    )
    return f'<div class="scroll"><table class="facts">{rows}</table></div>{folded}'
