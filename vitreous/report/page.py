"""The HTML of the report: plain text in, one string out, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from vitreous.analysis.rings import RingStatistics
from vitreous.analysis.scores import MapScore, Scores, percent

_STYLE = """
body { font: 16px/1.55 Georgia, 'Times New Roman', serif; color: #222; background: #fff;
  max-width: 66rem; margin: 2.5rem auto; padding: 0 1.2rem; }
h1, h2, th, .facts td:first-child, summary { font-family: system-ui, 'Helvetica Neue', Arial, sans-serif; }
h1 { font-size: 1.75rem; margin-bottom: .2rem; }
h2 { font-size: 1.2rem; margin-top: 2.4rem; border-bottom: 1px solid #ddd; padding-bottom: .2rem; }
p { max-width: 46rem; }
img { max-width: 100%; height: auto; display: block; margin: 1rem 0; }
img.half { max-width: 44rem; width: 100%; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; margin: .8rem 0 1.4rem; }
th, td { padding: .28rem .6rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid #999; }
td:first-child, th:first-child { text-align: left; }
tr:nth-child(odd) td { background: #f7f7f5; }
caption { text-align: left; font-style: italic; }
.facts td { text-align: left; vertical-align: top; white-space: normal; }
.facts td:first-child { white-space: nowrap; color: #555; }
pre { background: #f4f4f1; padding: .7rem 1rem; overflow-x: auto; font-size: .85rem; line-height: 1.4; }
"""


@dataclass(frozen=True)
class Section:
    """A heading, a paragraph of plain text, tables as HTML, and pictures by name."""

    title: str
    text: str
    tables: str = ""
    images: tuple[str, ...] = ()


def _image(name: str) -> str:
    """Maps take the page's width, curves half of it."""
    narrow = ' class="half"' if name.endswith(("stress_strain", "training", "rings")) else ""
    return f'<img{narrow} src="{escape(name)}" alt="{escape(name.replace("_", " "))}">'


def page(title: str, command: str, sections: Sequence[Section], alternatives: Iterable[str]) -> str:
    """The whole page; pictures are ``src="name"``, to be filled in by the caller, for every name in ``alternatives``."""
    known = set(alternatives)
    body = [f"<h1>{escape(title)}</h1>", "<p>To make this again:</p>", f"<pre>{escape(command)}</pre>"]
    for section in sections:
        body.append(f"<h2>{escape(section.title)}</h2>")
        body.append(f"<p>{escape(section.text)}</p>" if section.text else "")
        body += [_image(name) for name in section.images if name in known]
        body.append(section.tables)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(part for part in body if part) + "\n</body></html>\n"
    )


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if np.isfinite(value) else "–"


def score_tables(scores: Scores) -> dict[str, str]:
    """Tables of scores by glass index (as text), and of their means under "mean"."""
    glasses = dict.fromkeys(row.glass for row in scores.rows)
    tables = {str(g): _score_table([row for row in scores.rows if row.glass == g], scores, f"glass {g}") for g in glasses}
    mean = f"mean over {len(glasses)} test {'glass' if len(glasses) == 1 else 'glasses'}"
    return {**tables, "mean": _score_table([scores.mean(name) for name in scores.names], scores, mean)}


def _score_table(rows: Sequence[MapScore], scores: Scores, what: str) -> str:
    """One table: goodness by event, nearest / within the radius, correlations with the true map, and coverage."""
    events = range(scores.events)
    head = "<th>map</th>" + "".join(f"<th>event {k + 1}</th>" for k in events) + "<th>Pearson</th><th>Spearman</th>"
    head += "<th>places covered</th><th>events covered</th>"
    lines = []
    for row in rows:
        cells = "".join(f"<td>{_number(row.nearest[k])} / {_number(row.within[k])}</td>" for k in events)
        name = escape(row.name.replace("_", " "))
        cells += f"<td>{_number(row.pearson, 3)}</td><td>{_number(row.spearman, 3)}</td>"
        lines.append(f"<tr><td>{name}</td>{cells}<td>{percent(row.coverage)}</td><td>{percent(row.event_coverage)}</td></tr>")
    if what.startswith("mean"):
        cells = "".join(f"<td>0 / {_number(scores.chance[k]) if scores.chance else '–'}</td>" for k in events)
        lines.append(f"<tr><td>chance</td>{cells}<td>0</td><td>0</td><td>–</td><td>–</td></tr>")
    note = f"Prediction goodness, {what}: at the nearest place / at the weakest place within {scores.radius:.3g} of the event."
    return f'<div class="scroll"><table><caption>{escape(note)}</caption><tr>{head}</tr>{"".join(lines)}</table></div>'


def ring_table(statistics: Mapping[int, RingStatistics]) -> str:
    """Mean, variance and Aboav-Weaire alpha of every glass."""
    if not statistics:
        return ""
    rows = "".join(
        f"<tr><td>{index}</td><td>{_number(s.mean, 3)}</td><td>{_number(s.variance, 3)}</td><td>{_number(s.alpha_weighted, 3)}</td>"
        f"<td>{_number(s.alpha_unweighted, 3)}</td></tr>"
        for index, s in statistics.items()
    )
    head = "<tr><th>glass</th><th>mean size</th><th>variance</th><th>α, weighted</th><th>α, unweighted</th></tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def facts_table(facts: Mapping[str, str], seconds: Mapping[str, float], config: str, excluded: Mapping[int, str]) -> str:
    """Run facts, seconds by stage, glasses left out and why, and the configuration, folded away."""
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(str(value))}</td></tr>" for name, value in facts.items())
    rows += "".join(f"<tr><td>{escape(stage)}</td><td>{value:.1f} s of computing</td></tr>" for stage, value in seconds.items())
    rows += "".join(f"<tr><td>glass {index} left out</td><td>{escape(reason)}</td></tr>" for index, reason in excluded.items())
    folded = f"<details open><summary>Configuration</summary><pre>{escape(config)}</pre></details>" if config else ""
    return f'<div class="scroll"><table class="facts">{rows}</table></div>{folded}'
