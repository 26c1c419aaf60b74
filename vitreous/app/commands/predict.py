"""``vitreous predict``: a trained model's map of a glass."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from vitreous.app.direct_options import common_options, describe, file_option, relax_option
from vitreous.app.results import Told, print_results

if TYPE_CHECKING:
    from vitreous.bundles import Bundle, Prediction

_WEAKEST = 5  # places that are printed
_SHOWN = 3  # quantities named in a warning

SUMMARY = "a trained model's map of a glass"
ABOUT = (
    "The map that a trained model gives of a glass, with the model's uncertainty. BUNDLE is "
    "the model folder of a run, or the name of\n"
    "one that ships: listi (local stress thresholds of two-dimensional silica, Bachhav et al. "
    "2025). Places whose window meets a\n"
    "broken bond or leaves the glass are left out. A map that is not to be trusted is told."
)
EXAMPLE = "vitreous predict listi glass.extxyz --out map.csv --out map.png --out atoms.extxyz"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    parser.add_argument(
        "bundle", metavar="BUNDLE", help="a bundle's folder, or the name of one that ships"
    )
    file_option(parser)
    parser.add_argument(
        "--out",
        action="append",
        default=[],
        metavar="FILE",
        help="map.csv, map.png, or the atoms (.extxyz, .dump, ...); may be repeated",
    )
    parser.add_argument(
        "--grid", type=int, metavar="N", help="N x N places (default: as dense as in training)"
    )
    parser.add_argument(
        "--angle",
        type=float,
        metavar="DEGREES",
        help="of the loading direction from x (default: that of the training)",
    )
    relax_option(parser)
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _predict)


def _predict(options: argparse.Namespace) -> Told:
    import numpy as np

    from vitreous.app.direct_input import about, refuse_unwritable, relaxing
    from vitreous.bundles import find_bundle, predict
    from vitreous.direct import read_glass
    from vitreous.direct.prediction_files import DOUBTFUL, ENDINGS, write_prediction
    from vitreous.direct.rest import rested

    outs = [refuse_unwritable(Path(out), ENDINGS, source=options.file) for out in options.out]
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
    places = glass.in_file(labels.positions)
    for out in outs:
        write_prediction(found, out)
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
