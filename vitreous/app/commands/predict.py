"""``vitreous predict``: what a trained model says of a glass."""

from __future__ import annotations

import argparse

from vitreous.app.direct_options import (
    IMAGE,
    common_options,
    describe,
    file_option,
    image_option,
    relax_option,
)
from vitreous.app.results import Answers, print_results

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
    file_option(parser, IMAGE)
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
    relax_option(parser)
    image_option(parser)
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _predict)


def _predict(options: argparse.Namespace) -> Answers:
    from vitreous.app.direct_input import about, outputs, relaxing
    from vitreous.app.imaged_input import imaged, summary_of
    from vitreous.app.predicted import summary
    from vitreous.app.predicted_words import in_words
    from vitreous.bundles import find_bundle, predict, prepared, read_glass_for
    from vitreous.direct.prediction_files import endings, write_prediction
    from vitreous.direct.prediction_warnings import warn
    from vitreous.direct.rest import rested

    bundle = find_bundle(options.bundle)
    outs = outputs(options, options.out, endings(bundle))
    of_image = imaged(options)
    glass = (
        of_image.configuration
        if of_image is not None
        else read_glass_for(
            bundle,
            options.file,
            species=options.species,
            dimension=options.dimension,
            frame=options.frame,
            atom_style=options.atom_style,
        )
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
    angle = bundle.loading.angle if options.angle is None else options.angle
    return {
        **of_the_file,
        **relaxed,
        "loading": f"{bundle.loading.mode}, {angle:g} degrees from {bundle.loading.plane[0]}",
        **(summary(found) if options.json else in_words(found)),
        **({"written": [str(out) for out in outs]} if outs or options.json else {}),
    }
