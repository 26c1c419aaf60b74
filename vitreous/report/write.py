"""The report of a run: one self-contained HTML page, and its figures as PNG files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vitreous.core.cases import ROLES
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Draw, Evaluated
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.report import figures
from vitreous.report.page import Section, page

_DPI = 150
PICTURED = 12  #: number of test cases drawn: browsers cannot open a page of thousands of figures


def write_report(
    result: Run,
    found: Mapping[str, Evaluated],
    folder: Path,
    command: str,
    *,
    config: str = "",
    facts: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write ``report.html`` and PNGs into ``folder``; return their paths, the page first.

    Args:
        found: results of the evaluations, in the order of the page.
        command: command that reproduces the run. config: the resolved configuration as text. facts:
        further rows of the table of run facts.

    Raises:
        VitreousError: if the folder cannot be written, or two evaluations have figures of one name.
    """
    encoded = {name: _png(draw()) for name, draw in _drawn(result, found).items()}
    brief = tuple(each for of in found.values() for each in of.tables if each.summary)
    sections = [Section(title="Results", text=_headline(result, found), tables=brief)]
    for sample in result.role("test")[:PICTURED]:
        title = f"Test {sample.title if len(result.loadings) > 1 else f'glass {sample.index}'}"
        names = (f"test_{sample.name}_map", f"test_{sample.name}_stress_strain")
        sections.append(Section(title=title, text=_caption(sample), images=names))
    if len(result.role("test")) > PICTURED:
        rest = (
            f"{len(result.role('test')) - PICTURED} more test cases are scored but not drawn; "
            "Run.open gives their maps."
        )
        sections.append(Section(title="Further test glasses", text=rest))
    for name, each in found.items():
        more = tuple(of for of in each.tables if not of.summary)
        images = tuple(each.figures)
        sections.append(
            Section(title=each.title or name, text=each.text, tables=more, images=images)
        )
    if "training" in encoded:
        sections.append(Section(title="Training", images=("training",)))
    facts_of = _facts(result, facts or {})
    sections.append(Section(title="Run", facts=tuple(facts_of.items()), folded=config))
    title = f"Where the glass will fail: {_target(result)}"
    return _write(folder, page(title, command, sections, encoded), encoded)


def _left_out(result: Run) -> dict[str, str]:
    """Reasons for skipping, by glass, or by case of a glass with further cases."""
    glasses = {f"glass {glass}": reason for glass, reason in result.excluded.items()}
    cases = {
        f"glass {c.glass}, {result.loadings[c.loading].title}": reason
        for c, reason in result.incomplete.items()
    }
    return {**glasses, **cases}


def _drawn(result: Run, found: Mapping[str, Evaluated]) -> dict[str, Draw]:
    """Every figure by file stem: those of the run, then those of its evaluations."""
    made: dict[str, Draw] = {}
    for sample in result.role("test")[:PICTURED]:
        if _is_map(sample):
            made[f"test_{sample.name}_map"] = partial(figures.maps, sample, "stretch_variance")
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
    return result.samples[0].labels.name.replace("_", " ") if result.samples else "no glass"


def _headline(result: Run, found: Mapping[str, Evaluated]) -> str:
    """The main results of the run, in a few sentences."""
    count = {role: len(result.glasses(role)) for role in ROLES}
    text = (
        f"{count['train']} glasses for training, {count['validation']} for validation, "
        f"{count['test']} for test, split by glass."
    )
    if not count["train"]:
        text = f"{count['test']} glasses, without a model."
    return " ".join([text, *(each.headline for each in found.values() if each.headline)])


def _caption(sample: Sample) -> str:
    labels, facts = sample.labels, [f"{len(sample.configuration)} atoms"]
    if labels.level != "sample":
        known = int(labels.mask.reshape(len(labels), -1).all(axis=1).sum())
        facts.append(f"{known} of {len(labels)} sites labelled")
    events = 0 if sample.events is None else len(sample.events)
    if sample.events is not None:
        facts.append(f"{events} {'event' if events == 1 else 'events'}")
    text = ", ".join(facts) + "."
    if _is_map(sample):
        text += " Red marks weak sites"
        text += (
            f"; circles are the first {min(events, figures.NUMBERED)} events in the undeformed "
            "glass, in order of strain."
            if events
            else "."
        )
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


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": ""})
    return buffer.getvalue()


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
