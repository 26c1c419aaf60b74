"""``vitreous predict``: a trained model on someone's own glass."""

from __future__ import annotations

import argparse
import itertools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.analysis.neighborhoods import wrap
from vitreous.app.direct_input import about, refuse_unwritable, relaxing
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.direct import find_bundle, predict, read_glass
from vitreous.direct.prediction import Prediction, rested
from vitreous.direct.tables import write_table
from vitreous.io.write import WITH_COLUMNS, write_configuration

_WEAKEST = 5
UNLIKE = "unlike_training"  #: what is printed, and a column of the files
_SHOWN = 3  # quantities named in the warning about an unlike glass


def told(options: argparse.Namespace) -> dict[str, Any]:
    """Carry out the command; what it prints, by name."""
    outs = [refuse_unwritable(Path(out), (".csv", ".png", *WITH_COLUMNS), source=options.file) for out in options.out]
    bundle = find_bundle(options.bundle)
    glass = read_glass(options.file, bundle.potential, species=options.species, dimension=options.dimension, frame=options.frame)
    relaxed = {}
    if options.relax:
        report = rested(glass, bundle)
        glass, relaxed = report.configuration, relaxing(report)
    found = predict(glass, bundle, grid=options.grid, angle=options.angle)
    _warn(found, options.relax)
    labels, known = found.labels, found.labels.mask
    values = labels.values[known]
    for out in outs:
        _writer(out)(out, found.configuration, found)
    order = np.argsort(np.where(known, labels.values if labels.weak_is == "low" else -labels.values, np.inf))[: min(_WEAKEST, known.sum())]
    return {
        **about(glass),
        **relaxed,
        "loading": f"{bundle.loading.mode}, {bundle.loading.angle if options.angle is None else options.angle:g} degrees from x",
        "places": len(known),
        "masked": int((~known).sum()),
        **({"masked_because": found.masked} if found.masked else {}),
        f"{labels.name}": {"least": float(values.min()), "median": float(np.median(values)), "largest": float(values.max())},
        "uncertainty": None if found.uncertainty is None else {"median": float(np.nanmedian(found.uncertainty))},
        "weakest_at": [[float(f"{x:.2f}") for x in labels.positions[k]] for k in order],
        UNLIKE: None if found.unlike is None else [name for name, _, _ in found.unlike],
        "largest_force": None if np.isnan(found.largest_force) else found.largest_force,
        "written": [str(out) for out in outs],
    }


def _warn(found: Prediction, relaxed: bool) -> None:
    if found.masked:
        because = ", ".join(f"{count} whose {reason}" for reason, count in found.masked.items())
        warnings.warn(f"{sum(found.masked.values())} places are left out: {because}", stacklevel=2)
    if not found.at_rest and not relaxed:
        warnings.warn(
            f"the glass is not at rest (largest force {found.largest_force:.3g}), but the model learnt from relaxed glasses; try --relax",
            stacklevel=2,
        )
    if found.by_number:
        warnings.warn(
            "the model reads atoms in the order of their numbers in the file: only a glass numbered along rows, as those of its training, "
            "gets a true map",
            stacklevel=2,
        )
    if found.unlike is None:
        warnings.warn(
            "whether this glass is like those of the training cannot be told: the places see too few atoms, or the model learnt from too "
            "few glasses",
            stacklevel=2,
        )
    elif found.unlike:
        worst = "; ".join(f"{name} is {value:.4g}, in training {mean:.4g}" for name, value, mean in found.unlike[:_SHOWN])
        warnings.warn(f"this glass lies outside those that the model was trained on ({worst}): do not trust the map", stacklevel=2)


def _writer(path: Path) -> Callable[[Path, Configuration, Prediction], None]:
    return {".csv": _csv, ".png": _picture}.get(path.suffix.lower(), _atoms)


def _csv(path: Path, glass: Configuration, found: Prediction) -> None:
    labels = found.labels
    unknown = np.full(len(labels.mask), np.nan)
    write_table(
        path,
        {
            **dict(zip("xyz", labels.positions.T, strict=False)),
            labels.name: labels.values,
            "uncertainty": unknown if found.uncertainty is None else found.uncertainty,
            "predicted": labels.mask,
            "masked_because": found.reasons,
            **_trust(found, len(labels.mask)),
        },
    )


def _picture(path: Path, glass: Configuration, found: Prediction) -> None:
    try:
        from vitreous.report.predicted import draw_prediction
    except ImportError as error:
        raise VitreousError(f"a picture needs {error.name}; install vitreous[ml], or write .csv") from error
    doubts = ["unlike those of the training"] if found.unlike else []
    doubts = doubts if found.at_rest else [*doubts, "not at rest"]
    draw_prediction(glass, found.labels, found.uncertainty, path, doubts=doubts, masked=found.masked)


def _trust(found: Prediction, rows: int) -> dict[str, Any]:
    """Columns that tell whether to trust the map, the same in every row: NaN where that is not known."""
    known = {
        UNLIKE: np.nan if found.unlike is None else float(bool(found.unlike)),
        "at_rest": np.nan if np.isnan(found.largest_force) else float(found.at_rest),
    }
    return {name: np.full(rows, value) for name, value in known.items()}


def _atoms(path: Path, glass: Configuration, found: Prediction) -> None:
    """The glass with the value of the nearest place on every atom, its uncertainty, for each reason why places have no value a column of
    0 and 1, and whether to trust the map, for OVITO."""
    from scipy.spatial import KDTree

    labels = found.labels
    shifts = np.array(list(itertools.product(*[(-1, 0, 1) if periodic else (0,) for periodic in glass.periodic]))) @ glass.cell
    images = (labels.positions[None] + shifts[:, None]).reshape(-1, glass.dimension)
    _, nearest = KDTree(images).query(wrap(glass.positions, glass.cell, glass.periodic))
    place = nearest % len(labels.values)
    known = {} if found.uncertainty is None else {"uncertainty": found.uncertainty[place]}
    why = {reason: (found.reasons == reason)[place] for reason in found.masked}
    write_configuration(path, glass, {labels.name: labels.values[place], **known, **why, **_trust(found, len(glass))})
