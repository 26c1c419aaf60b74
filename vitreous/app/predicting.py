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
from vitreous.direct.bundle import Bundle
from vitreous.direct.prediction import Prediction, rested
from vitreous.direct.tables import write_table
from vitreous.io.write import WITH_COLUMNS, write_configuration

_WEAKEST = 5
DOUBTFUL = "doubtful"  #: what is printed, and a column of the files
_SHOWN = 3  # quantities named in a warning


def told(options: argparse.Namespace) -> dict[str, Any]:
    """Carry out the command; what it prints, by name."""
    outs = [
        refuse_unwritable(Path(out), (".csv", ".png", *WITH_COLUMNS), source=options.file)
        for out in options.out
    ]
    bundle = find_bundle(options.bundle)
    glass = read_glass(
        options.file,
        bundle.potential,
        species=options.species,
        dimension=options.dimension,
        frame=options.frame,
        atom_style=options.atom_style,
    )
    relaxed = {}
    if options.relax:
        report = rested(glass, bundle)
        glass, relaxed = report.configuration, relaxing(report)
    found = predict(glass, bundle, grid=options.grid, angle=options.angle)
    _warn(found, bundle, options.relax)
    labels, known = found.labels, found.labels.mask
    values = labels.values[known]
    for out in outs:
        _writer(out)(out, found.configuration, found)
    places = glass.in_file(labels.positions)
    order = np.argsort(
        np.where(known, labels.values if labels.weak_is == "low" else -labels.values, np.inf)
    )[: min(_WEAKEST, known.sum())]
    return {
        **about(glass),
        **relaxed,
        "loading": f"{bundle.loading.mode}, "
        f"{bundle.loading.angle if options.angle is None else options.angle:g} degrees "
        "from x",
        "places": len(known),
        "masked": int((~known).sum()),
        **({"masked_because": found.masked} if found.masked else {}),
        f"{labels.name}": {
            "least": float(values.min()),
            "median": float(np.median(values)),
            "largest": float(values.max()),
        },
        "uncertainty": None
        if found.uncertainty is None
        else {"median": float(np.nanmedian(found.uncertainty))},
        "expected_correlation": found.correlation,
        "weakest_at": [[float(f"{x:.2f}") for x in places[k]] for k in order],
        DOUBTFUL: found.doubtful,
        "largest_force": None if np.isnan(found.largest_force) else found.largest_force,
        "written": [str(out) for out in outs],
    }


def _warn(found: Prediction, bundle: Bundle, relaxed: bool) -> None:
    if found.masked:
        because = ", ".join(f"{count} whose {reason}" for reason, count in found.masked.items())
        warnings.warn(f"{sum(found.masked.values())} places are left out: {because}", stacklevel=2)
    if not found.at_rest and not relaxed:
        warnings.warn(
            f"the glass is not at rest (largest force {found.largest_force:.3g}), but the model "
            "learnt from relaxed glasses; try --relax",
            stacklevel=2,
        )
    if found.by_number:
        warnings.warn(
            "the model reads atoms in the order of their numbers in the file: only a glass "
            "numbered along rows, as those of its training, "
            "gets a true map",
            stacklevel=2,
        )
    if found.doubtful is None:
        warnings.warn(
            "whether this map is to be trusted cannot be told: too little of the glass is whole "
            "and fully bonded, or the model was bundled "
            "with too few glasses",
            stacklevel=2,
        )
    elif found.doubtful:
        warnings.warn(
            f"{_expected(found, bundle)}{_oddities(found)}: do not trust the map", stacklevel=2
        )


def _expected(found: Prediction, bundle: Bundle) -> str:
    """What is expected of the map, in words."""
    if found.correlation is None or bundle.trust is None:
        return "this glass lies outside those that the model was trained on"
    return (
        f"the map is expected to correlate with the true one by {found.correlation:.2f} (on "
        "glasses like those of the training: "
        f"{bundle.trust.usual:.2f})"
    )


def _oddities(found: Prediction) -> str:
    """What of the glass stands out among those of the training, with units."""
    worst = "; ".join(
        f"{name} is {value:.4g} {unit}, in training {mean:.4g}"
        for name, unit, value, mean in (found.odd or [])[:_SHOWN]
    )
    return f" ({worst})" if worst else ""


def _writer(path: Path) -> Callable[[Path, Configuration, Prediction], None]:
    return {".csv": _csv, ".png": _picture}.get(path.suffix.lower(), _atoms)


def _csv(path: Path, glass: Configuration, found: Prediction) -> None:
    labels = found.labels
    unknown = np.full(len(labels.mask), np.nan)
    write_table(
        path,
        {
            **dict(zip("xyz", glass.in_file(labels.positions).T, strict=False)),
            labels.name: labels.values,
            "uncertainty": unknown if found.uncertainty is None else found.uncertainty,
            **_bounds(found),
            "predicted": labels.mask,
            "masked_because": found.reasons,
            **_trust(found, len(labels.mask)),
        },
    )


def _picture(path: Path, glass: Configuration, found: Prediction) -> None:
    try:
        from vitreous.report.predicted import draw_prediction
    except ImportError as error:
        raise VitreousError(
            f"a picture needs {error.name}; install vitreous[ml], or write .csv"
        ) from error
    doubts = [] if found.at_rest else ["the glass is not at rest"]
    if found.doubtful and found.correlation is not None:
        doubts = [
            f"it is expected to correlate with the true one by {found.correlation:.2f}",
            *doubts,
        ]
    elif found.doubtful:
        doubts = ["the glass is unlike those of the training", *doubts]
    draw_prediction(
        glass, found.labels, found.uncertainty, path, doubts=doubts, masked=found.masked
    )


def _bounds(found: Prediction) -> dict[str, Any]:
    """Ends of the intervals, e.g. ``low_95`` and ``high_95``."""
    ends = {p: dict(zip(("low", "high"), of, strict=True)) for p, of in found.bounds.items()}
    return {
        f"{side}_{100 * p:.0f}": values for p, of in ends.items() for side, values in of.items()
    }


def _trust(found: Prediction, rows: int) -> dict[str, Any]:
    """Columns that tell whether to trust the map, the same in every row: NaN where that is not
    known.
    """
    known = {
        "expected_correlation": np.nan if found.correlation is None else found.correlation,
        DOUBTFUL: np.nan if found.doubtful is None else float(found.doubtful),
        "at_rest": np.nan if np.isnan(found.largest_force) else float(found.at_rest),
    }
    return {name: np.full(rows, value) for name, value in known.items()}


def _atoms(path: Path, glass: Configuration, found: Prediction) -> None:
    """The glass with the value of the nearest place on every atom, its uncertainty, for each reason
    why places have no value a column of 0 and 1, and whether to trust the map, for OVITO.
    """
    from scipy.spatial import KDTree

    labels = found.labels
    shifts = (
        np.array(
            list(
                itertools.product(
                    *[(-1, 0, 1) if periodic else (0,) for periodic in glass.periodic]
                )
            )
        )
        @ glass.cell
    )
    images = (labels.positions[None] + shifts[:, None]).reshape(-1, glass.dimension)
    _, nearest = KDTree(images).query(wrap(glass.positions, glass.cell, glass.periodic))
    place = nearest % len(labels.values)
    known = {} if found.uncertainty is None else {"uncertainty": found.uncertainty[place]}
    why = {reason: (found.reasons == reason)[place] for reason in found.masked}
    write_configuration(
        path,
        glass,
        {labels.name: labels.values[place], **known, **why, **_trust(found, len(glass))},
    )
