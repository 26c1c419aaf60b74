"""``vitreous predict``: what a trained model says of a glass."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vitreous.app.direct_options import (
    IMAGE,
    common_options,
    describe,
    file_option,
    image_option,
    relax_option,
)
from vitreous.app.results import Answers, print_results

if TYPE_CHECKING:
    from vitreous.core.data import Configuration

SUMMARY = "what a trained model says of a glass: a number, atoms, a map or a picture"
ABOUT = (
    "What a trained model says of a glass, with the model's uncertainty as far as it is known: "
    "a number of the glass, a value or class\n"
    "of every atom, a map or a picture, as the model was trained. BUNDLE is the model folder of"
    " a run, or the name of one that ships:\n"
    "failure (where and when two-dimensional silica fails first), listi (local stress "
    "thresholds of the same, Bachhav et al. 2025),\n"
    "fracture_strain and fracture_risk (strain and atoms of the first broken bond of a silica "
    "bilayer, after Font-Clos et al. 2022),\n"
    "plastic_susceptibility (atoms of a two-dimensional Lennard-Jones glass that rearrange "
    "first, after Fan & Ma 2021). Sites whose\n"
    "window meets a broken bond or leaves the glass are left out. A prediction that is not to "
    "be trusted is named as such."
)
EXAMPLE = "vitreous predict failure glass.extxyz --out failure.png --out atoms.extxyz"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    parser.add_argument(
        "bundle", metavar="BUNDLE", help="a bundle's folder, or the name of one that ships"
    )
    file_option(parser, f"{IMAGE}; or the folder of a run")
    parser.add_argument(
        "--out",
        action="append",
        default=[],
        metavar="FILE",
        help="a table (.csv), a picture (.png), arrays on a grid (.npz) or the atoms (.extxyz, "
        ".dump, ...), as the model answers; may be repeated",
    )
    parser.add_argument(
        "--grid", type=int, metavar="N", help="N x N sites of a map (default: as in training)"
    )
    parser.add_argument(
        "--angle",
        type=float,
        metavar="DEGREES",
        help="of the loading direction from x (default: that of the training)",
    )
    parser.add_argument(
        "--glass",
        type=int,
        metavar="N",
        help="number of the glass, where FILE is a run's folder (default: its first test glass)",
    )
    relax_option(parser)
    image_option(parser)
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _predict)


def _predict(options: argparse.Namespace) -> Answers:
    from vitreous.app.uncollected import uncollected

    with uncollected():
        from vitreous.app.direct_input import about, outputs, relaxing
        from vitreous.app.imaged_input import imaged, summary_of
        from vitreous.app.predicted import summary
        from vitreous.app.predicted_words import in_words
        from vitreous.bundles import find_bundle, predict, prepared, read_glass_for
        from vitreous.direct.prediction_files import endings, write_prediction
        from vitreous.direct.prediction_warnings import warn
        from vitreous.direct.rest import rested

        bundle = find_bundle(options.bundle)  # which imports what the model needs
    outs = outputs(options, options.out, endings(bundle))
    of_run = _names_a_run(options)
    of_image = None if of_run else imaged(options)
    angle = bundle.loading.angle if options.angle is None else options.angle
    known: Answers = {}
    if of_image is not None:
        glass = of_image.configuration
    elif of_run:
        glass, known = _of_run(options.file, options.glass, angle)
    else:
        glass = read_glass_for(
            bundle,
            options.file,
            species=options.species,
            dimension=options.dimension,
            frame=options.frame,
            atom_style=options.atom_style,
        )
    of_the_file, relaxed = about(glass), {}
    if of_image is not None:
        of_the_file |= summary_of(of_image)
    prepared(glass, bundle)  # refuses what the bundle says nothing about before it is relaxed
    if options.relax:
        report = rested(glass, bundle)
        glass, relaxed = report.configuration, relaxing(report)
    found = predict(glass, bundle, grid=options.grid, angle=options.angle)
    warn(found, bundle, relax=None if options.relax else "--relax")
    for out in outs:
        write_prediction(found, out)
    return {
        **known,
        **of_the_file,
        **relaxed,
        "loading": f"{bundle.loading.mode}, {angle:g} degrees from {bundle.loading.plane[0]}",
        **(summary(found) if options.json else in_words(found)),
        **({"written": [str(out) for out in outs]} if outs or options.json else {}),
    }


def _names_a_run(options: argparse.Namespace) -> bool:
    """Whether FILE is a folder, which can only be that of a run.

    Raises:
        VitreousError: --glass for a file, or options of files for a folder.
    """
    from vitreous.app.direct_options import LAST
    from vitreous.core.errors import VitreousError

    if not Path(options.file).is_dir():
        if options.glass is not None:
            raise VitreousError(
                f"--glass {options.glass} was given for {options.file}, which is no folder of a "
                "run; leave it out, or give the folder that a run printed at its end"
            )
        return False
    given = {
        "--species": options.species is not None,
        "--atom-style": options.atom_style is not None,
        "--dimension": options.dimension is not None,
        "--frame": options.frame != LAST,
        "--set": bool(options.set),
    }
    for option in (name for name, is_given in given.items() if is_given):
        raise VitreousError(
            f"{option} was given for the folder {options.file}, whose run knows its glasses; leave "
            "it out"
        )
    return True


def _of_run(folder: str, number: int | None, angle: float) -> tuple[Configuration, Answers]:
    """A relaxed glass of a finished run, which was not learnt from unless ``number`` names it, and
    what is known of it: what was seen under the loading whose direction, an axis, is nearest to
    ``angle``, degrees.
    """
    import numpy as np

    from vitreous.core.errors import VitreousError
    from vitreous.core.run import Run

    run = Run.open(folder)
    fitting = run.role("test") if number is None else run.samples
    found = next((s for s in fitting if number is None or s.index == number), None)
    if found is None:
        known = ", ".join(map(str, dict.fromkeys(s.index for s in run.samples)))
        raise VitreousError(
            f"{folder} has no {'test glass' if number is None else f'glass {number}'}; give "
            f"--glass with one of its glasses: {known}"
        )
    found = min(
        (s for s in run.samples if s.index == found.index),
        key=lambda s: abs((s.loading.angle - angle + 90.0) % 180.0 - 90.0),
    )
    glass = found.configuration
    about = {"glass": f"{found.index}, {found.role}"}
    if found.events is not None and len(found.events):
        first = int(np.argmin(found.events.values))
        at = ", ".join(f"{x:.1f}" for x in glass.in_file(found.events.positions[[first]])[0])
        about["seen_in_the_run"] = (
            f"first event at strain {found.events.values[first]:.4g}, at ({at}), of "
            f"{found.loading.title}"
        )
    return glass, about
