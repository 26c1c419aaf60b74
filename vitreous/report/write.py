"""The report of a run: one self-contained HTML page with vector graphics, and its figures as PNG
files.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vitreous.analysis.axes import counted, label_text
from vitreous.core.cases import ROLES
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Draw, Evaluated
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.report import figures, maps
from vitreous.report.lead import best_indicator, lead
from vitreous.report.page import Link, Section, page
from vitreous.report.vector import svg

_DPI = 150
PICTURED = 12  #: number of test cases drawn: browsers cannot open a page of thousands of figures


class Drawn(NamedTuple):
    """A figure, as a file and as the page shows it."""

    png: bytes
    svg: str


def write_report(
    result: Run,
    found: Mapping[str, Evaluated],
    folder: Path,
    command: str,
    *,
    config: str = "",
    facts: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write ``report.html`` and PNGs into ``folder``; return their paths, the page first.

    Args:
        found: results of the evaluations, in the order of the page.
        command: command that reproduces the run. config: the resolved configuration as text. facts:
        further rows of the table of run facts. files: relative addresses of the numbers of the run,
        by what they are called; those of a case by ``Sample.name``.

    Raises:
        VitreousError: if the folder cannot be written, or two evaluations have figures of one name.
    """
    numbers = dict(files or {})
    indicator = best_indicator(result, found)
    drawn = {
        name: _rendered(draw(), name) for name, draw in _drawn(result, found, indicator).items()
    }
    pictures = {name: each.svg for name, each in drawn.items()}
    pictures |= _panels(result, indicator)
    sections = [
        Section(
            title="Results",
            text=_glasses(result),
            tables=tuple(each for of in found.values() for each in of.tables if each.summary),
        ),
        *_of_glasses(result, pictures, numbers),
    ]
    for name, each in found.items():
        more = tuple(of for of in each.tables if not of.summary)
        links = tuple(Link(f"{stem}.png", f"{stem}.png") for stem in each.figures)
        sections.append(
            Section(
                title=each.title or name,
                text=each.text,
                tables=more,
                images=tuple(each.figures),
                links=links,
            )
        )
    if "training" in drawn:
        sections.append(Section(title="Training", images=("training",)))
    glasses = {s.name: f"labels and predictions, {_named(result, s)} (CSV)" for s in result.samples}
    others = tuple(Link(glasses.get(of, of), address) for of, address in numbers.items())
    sections += [
        Section(title="Files", links=others),
        Section(title="Run", facts=tuple(_facts(result, facts or {}).items()), folded=config),
        Section(title="The command that repeats this run", command=command),
    ]
    title = f"Where the glass will fail: {_target(result)}"
    html = page(title, lead(result, found, pictures), sections, pictures)
    return _write(folder, html, {name: each.png for name, each in drawn.items()})


def _of_glasses(result: Run, pictures: Mapping[str, str], numbers: dict[str, str]) -> list[Section]:
    """A section for each test case that is drawn; its table of numbers leaves ``numbers``."""
    sections = []
    for sample in result.role("test")[:PICTURED]:
        title = f"Test {_named(result, sample)}"
        stems = [f"test_{sample.name}_{what}" for what in ("map", "stress_strain")]
        links = [Link(f"{stem}.png", f"{stem}.png") for stem in stems if stem in pictures]
        if address := numbers.pop(sample.name, ""):
            links.insert(0, Link("labels and predictions (CSV)", address))
        shown = [f"test_{sample.name}_{panel}" for panel in ("true", "predicted", "indicator")]
        sections.append(
            Section(
                title=title,
                text=_caption(sample),
                maps=tuple(name for name in shown if name in pictures),
                images=(stems[1],),
                links=tuple(links),
            )
        )
    if (beyond := len(result.role("test")) - PICTURED) > 0:
        text = f"{beyond} more test cases are scored but not drawn; Run.open gives their maps."
        sections.append(Section(title="Further test glasses", text=text))
    return sections


def _named(result: Run, sample: Sample) -> str:
    """The glass, and where there are several the loading."""
    return sample.title if len(result.loadings) > 1 else f"glass {sample.index}"


def _panels(result: Run, indicator: str) -> dict[str, str]:
    """The maps of the test cases, each a picture of its own, so that a phone has them below each
    other.
    """
    found = {}
    for sample in result.role("test")[:PICTURED]:
        if _is_map(sample):
            for what, panel in maps.map_panels(sample, indicator).items():
                name = f"test_{sample.name}_{what}"
                found[name] = _vector(maps.single_map(sample, panel), name)
    return found


def _left_out(result: Run) -> dict[str, str]:
    """Reasons for skipping, by glass, or by case of a glass with further cases."""
    glasses = {f"glass {glass}": reason for glass, reason in result.excluded.items()}
    cases = {
        f"glass {c.glass}, {result.loadings[c.loading].title}": reason
        for c, reason in result.incomplete.items()
    }
    return {**glasses, **cases}


def _drawn(result: Run, found: Mapping[str, Evaluated], indicator: str) -> dict[str, Draw]:
    """Every figure by file stem: those of the run, then those of its evaluations."""
    made: dict[str, Draw] = {}
    for sample in result.role("test")[:PICTURED]:
        if _is_map(sample):
            made[f"test_{sample.name}_map"] = partial(maps.maps, sample, indicator)
        if sample.trajectory is not None:
            made[f"test_{sample.name}_stress_strain"] = partial(figures.stress_strain, sample)
    if figures.curves(result.history):
        made["training"] = partial(figures.training, result.history)
    for name, each in found.items():
        for stem, draw in each.figures.items():
            if stem in made:
                raise VitreousError(
                    f"evaluation '{name}' draws a figure '{stem}', but a figure of that name "
                    "exists; rename it"
                )
            made[stem] = draw
    return made


def _target(result: Run) -> str:
    return label_text(result.samples[0].labels.name, "") if result.samples else "no glass"


def _glasses(result: Run) -> str:
    """How many glasses there are, and for what."""
    count = {role: len(result.glasses(role)) for role in ROLES}
    if not count["train"]:
        return f"{counted(count['test'], 'glass', 'glasses')}, without a model."
    return (
        f"{counted(count['train'], 'glass', 'glasses')} for training, {count['validation']} for "
        f"validation, {count['test']} for test, split by glass."
    )


def _caption(sample: Sample) -> str:
    labels, facts = sample.labels, [f"{len(sample.configuration)} atoms"]
    if labels.level != "sample":
        known = int(labels.mask.reshape(len(labels), -1).all(axis=1).sum())
        facts.append(f"{known} of {len(labels)} sites labelled")
    events = 0 if sample.events is None else len(sample.events)
    if sample.events is not None:
        facts.append(counted(events, "event", "events"))
    text = ", ".join(facts) + "."
    if _is_map(sample):
        text += " The darker and redder, the weaker the site"
        if events:
            shown = min(events, maps.NUMBERED)
            marks = (
                "1 marks the first event"
                if shown == 1
                else f"numbers mark the first {shown} events, in order of strain,"
            )
            text += f"; {marks} in the undeformed glass"
        text += "." if labels.mask.all() else f"; sites without a value are {maps.empty(labels)}."
    return text


def _is_map(sample: Sample) -> bool:
    """Whether its labels are drawn as a map."""
    labels = sample.labels
    return bool(
        labels.level in ("site", "atom")
        and labels.task == "value"
        and not labels.components
        and sample.configuration.dimension == 2
        and labels.mask.any()
    )


def _facts(result: Run, more: Mapping[str, str]) -> dict[str, str]:
    """Versions, loading, samples and artifacts of the run, seconds by stage, what was left out."""
    about = result.about
    facts = {
        **{
            f"loading {k}" if k else "loading": loading.title
            for k, loading in enumerate(result.loadings)
        },
        "glasses": ", ".join(
            f"{role} {[s.index for s in result.glasses(role)]}"
            for role in ROLES
            if result.role(role)
        ),
        "computed by this run": ", ".join(f"{stage} {n}" for stage, n in result.fresh.items())
        or "nothing, all was stored",
        "model artifact": result.model_key,
        "python": about.get("python", ""),
        "vitreous": about.get("vitreous", ""),
        **about.get("packages", {}),
    }
    return {
        **{name: value for name, value in facts.items() if value},
        **more,
        **{stage: f"{value:.1f} s of computing" for stage, value in result.seconds.items()},
        **{f"{what} skipped": reason for what, reason in _left_out(result).items()},
    }


def _rendered(figure: Figure, name: str) -> Drawn:
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": ""})
    return Drawn(buffer.getvalue(), _vector(figure, name))


def _vector(figure: Figure, name: str) -> str:
    return svg(figure, name)


def _write(folder: Path, html: str, encoded: Mapping[str, bytes]) -> list[Path]:
    paths = [folder / "report.html", *(folder / f"{name}.png" for name in encoded)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            path.unlink(missing_ok=True)  # in the folder of a stranger it may be a link
        paths[0].write_text(html, encoding="utf-8")
        for path, data in zip(paths[1:], encoded.values(), strict=True):
            path.write_bytes(data)
    except OSError as error:
        raise VitreousError(
            f"the report cannot be written to {folder} ({error.strerror}); choose another folder "
            "or free some space"
        ) from error
    return paths
