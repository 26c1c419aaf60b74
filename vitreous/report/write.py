"""The report of a run: one self-contained HTML page, and its pictures as PNG files beside it."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vitreous.analysis.conformal import intervals
from vitreous.analysis.rings import RingStatistics, bridged, ring_statistics, trace_rings
from vitreous.analysis.scores import TRUE_MAP, Scores, percent
from vitreous.analysis.silica_network import centre_bonds
from vitreous.core.cases import ROLES
from vitreous.core.errors import VitreousError
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.report import figures
from vitreous.report.boxes import by_glass, goodness_boxes
from vitreous.report.calibration import calibration
from vitreous.report.page import Section, facts_table, page, ring_table, score_tables
from vitreous.report.scoring import MODEL, score_samples

_DPI = 150


def write_report(
    result: Run,
    folder: Path,
    command: str,
    *,
    config: str = "",
    facts: Mapping[str, str] | None = None,
    radius: float | None = None,
    orientation: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write ``report.html`` and PNGs into ``folder``; returns their paths, the page first.

    Args:
        command: what reproduces the run. config: the resolved configuration as text. facts: further lines for the table of run facts.
        radius: for the weakest place near an event, length unit (default: one grid spacing).
        orientation: weak_is by indicator column (default: the built-in physical indicators').

    Raises:
        VitreousError: the folder cannot be written.
    """
    scores = score_samples(result.role("test"), radius=radius, orientation=orientation)
    pictures = _pictures(result, scores, radius, orientation)
    encoded = {name: _png(figure) for name, figure in pictures.items()}
    tables = score_tables(scores) if scores is not None else {}
    sections = [Section("What was predicted", _headline(result, scores), tables.get("mean", ""))]
    for sample in result.role("test"):
        names = [f"test_{sample.index}_map", f"test_{sample.index}_stress_strain"]
        sections.append(Section(f"Test glass {sample.index}", _caption(sample), tables.get(str(sample.index), ""), _kept(names, encoded)))
    sections.append(
        Section("Prediction goodness by event", _GOODNESS if scores else "", "", _kept(["goodness", "goodness_boxes"], encoded))
    )
    sections.append(Section("Predicted and true values", "", "", _kept(["parity", "calibration", "training"], encoded)))
    statistics = _ring_statistics(result)
    sections.append(Section("Rings of the glasses", "", ring_table(statistics), _kept(["rings"], encoded)))
    sections.append(Section("This run", "", facts_table(_facts(result, facts or {}), result.seconds, config, result.excluded)))
    html = page(f"Where the glass will fail: {_target(result)}", command, [s for s in sections if s.text or s.tables or s.images], encoded)
    return _write(folder, html, encoded)


_GOODNESS = (
    "C = 1 − 2F, with F the share of the map that is weaker than the place of the event: 1 is perfect, 0 is chance, −1 is perfectly wrong. "
    "Searching a radius raises C even for a map that knows nothing; the dotted line shows by how much. A place where a map has no value "
    "counts as a blind guess; the tables say how many places, and events, each map covers, and correlations are over the places it covers."
)


def _kept(names: list[str], encoded: Mapping[str, bytes]) -> tuple[str, ...]:
    return tuple(name for name in names if name in encoded)


def _pictures(result: Run, scores: Scores | None, radius: float | None, orientation: Mapping[str, str] | None) -> dict[str, Figure]:
    """Every picture of the run by file stem."""
    made: dict[str, Figure | None] = {}
    for sample in result.role("test"):
        if sample.labels.level in ("site", "atom") and sample.configuration.dimension == 2 and sample.labels.mask.any():
            made[f"test_{sample.index}_map"] = figures.maps(sample, "stretch_variance")
        made[f"test_{sample.index}_stress_strain"] = figures.stress_strain(sample)
    if scores is not None and any(np.isfinite(row.nearest).any() for row in scores.rows):
        made["goodness"] = figures.goodness(scores)
        made["goodness_boxes"] = _boxes(result, scores, radius, orientation)
    made["parity"] = figures.parity(result.samples)
    made["calibration"] = calibration(result.role("test"), intervals(result.role("validation")))
    made["training"] = figures.training(result.history)
    counts: dict[int, int] = {}
    for statistics in _ring_statistics(result).values():
        for size, count in statistics.counts.items():
            counts[size] = counts.get(size, 0) + count
    if counts:
        made["rings"] = figures.rings(dict(sorted(counts.items())))
    return {name: figure for name, figure in made.items() if figure is not None}


def _boxes(result: Run, scores: Scores, radius: float | None, orientation: Mapping[str, str] | None) -> Figure:
    """Goodness glass by glass of the true map, the model's and the best indicator's, where the model learnt and where it never was."""
    seen = score_samples([*result.role("train"), *result.role("validation")], radius=radius, orientation=orientation)
    others = [name for name in scores.names if name not in (TRUE_MAP, MODEL)]
    best = sorted(others, key=lambda name: -np.nan_to_num(scores.mean(name).nearest[0], nan=-1.0))[:1]
    names = [name for name in (TRUE_MAP, MODEL, *best) if name in scores.names]
    groups = {"glasses learnt from (training and validation)": seen, "glasses never seen" if MODEL in names else "all glasses": scores}
    known = {title: {name: by_glass(of, name) for name in names} for title, of in groups.items() if of is not None}
    return goodness_boxes({title: maps for title, maps in known.items() if any(np.isfinite(rows).any() for rows in maps.values())})


def _ring_statistics(result: Run) -> dict[int, RingStatistics]:
    """Ring statistics by glass, of those that are plane networks of silica."""
    found = {}
    for sample in result.samples:
        glass = sample.configuration
        if glass.dimension != 2 or not len(glass.bonds) or glass.names[:1] != ("Si",):
            continue
        try:
            silicon, oxygen, _ = centre_bonds(glass, "Si", "O")
            pairs = bridged(np.column_stack([silicon, oxygen]), glass.species)
            traced = trace_rings(glass.positions, pairs, glass.cell)
        except VitreousError:
            continue  # a damaged network has no ring statistics; the table says so by leaving the glass out
        found[sample.index] = ring_statistics(traced.sizes, traced.joined)
    return found


def _target(result: Run) -> str:
    return result.samples[0].labels.name.replace("_", " ") if result.samples else "no glass"


def _headline(result: Run, scores: Scores | None) -> str:
    """What the run found, in a sentence or two."""
    count = {role: len(result.role(role)) for role in ROLES}
    text = f"{count['train']} glasses for training, {count['validation']} for validation, {count['test']} for test, split by glass."
    if scores is None or "model" not in scores.names:
        return text
    model, truth = scores.mean("model"), scores.mean(scores.names[0])
    text += f" On glasses never seen, predicted and true map correlate with r = {model.pearson:.3f} (ranks: {model.spearman:.3f})."
    if model.coverage < 1.0:
        text += f" The model's map covers {percent(model.coverage)} of the places; elsewhere it counts as a blind guess."
    if np.isfinite(model.nearest[0]):
        text += f" Goodness at the first event: {model.nearest[0]:.2f} for the model, {truth.nearest[0]:.2f} for the true map."
    return text


def _caption(sample: Sample) -> str:
    events = 0 if sample.events is None else len(sample.events)
    known = int(sample.labels.mask.sum())
    return (
        f"{len(sample.configuration)} atoms, {known} of {len(sample.labels)} places labelled, {events} events. Red marks weak places; "
        f"circles are the first {min(events, figures.NUMBERED)} events in the undeformed glass, in order of strain."
    )


def _facts(result: Run, more: Mapping[str, str]) -> dict[str, str]:
    """Versions, loading, samples and artifacts of the run."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    facts = {
        **{f"loading {k}" if k else "loading": loading.title for k, loading in enumerate(result.loadings)},
        "glasses": ", ".join(f"{role} {[s.index for s in result.glasses(role)]}" for role in ROLES),
        "computed by this run": ", ".join(f"{stage} {n}" for stage, n in result.fresh.items()) or "nothing: all came from the store",
        "model artifact": result.model_key,
        "python": platform.python_version(),
    }
    for package in ("vitreous", "numpy", "scipy", "numba", "scikit-learn", "torch", "torch-geometric", "pytorch-lightning"):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            continue
    return {**{name: value for name, value in facts.items() if value}, **more}


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": ""})
    return buffer.getvalue()


def _write(folder: Path, html: str, encoded: Mapping[str, bytes]) -> list[Path]:
    inline = {name: base64.b64encode(data).decode("ascii") for name, data in encoded.items()}
    for name, data in inline.items():
        html = html.replace(f'src="{escape(name)}"', f'src="data:image/png;base64,{data}"')
    paths = [folder / "report.html", *(folder / f"{name}.png" for name in encoded)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths[0].write_text(html, encoding="utf-8")
        for path, data in zip(paths[1:], encoded.values(), strict=True):
            path.write_bytes(data)
    except OSError as error:
        raise VitreousError(
            f"the report cannot be written to {folder} ({error.strerror}); name another folder or free some space"
        ) from error
    return paths
