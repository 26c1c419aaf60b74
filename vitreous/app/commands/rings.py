"""``vitreous rings``: ring statistics of a silica network."""

from __future__ import annotations

import argparse
import math

from vitreous.app.direct_options import (
    IMAGE,
    common_options,
    describe,
    file_option,
    image_option,
)
from vitreous.app.results import Answers, print_results
from vitreous.core.errors import VitreousError

SUMMARY = "ring statistics of a silica network, of a glass or in a micrograph"
ABOUT = (
    "Sizes of the rings of silicon atoms joined through oxygens, their variance and the "
    "Aboav-Weaire parameter; planar silica or\n"
    "bilayers with their layers along z. Of a piece without periodic boundaries the closed rings "
    "count. In a micrograph the silicons\nare found first (generator=tem_image); spots that cannot "
    "be silicons are flagged."
)
EXAMPLE = "vitreous rings glass.extxyz\n  vitreous rings image.png --picture overlay.png"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    file_option(parser, IMAGE)
    parser.add_argument(
        "--bond-cutoff",
        type=float,
        metavar="R",
        help="of a glass: Si-O bonds are shorter (default: 2.2)",
    )
    parser.add_argument(
        "--picture",
        metavar="FILE",
        help="of an image: write it with the network over it (.png)",
    )
    parser.add_argument(
        "--per-atom",
        metavar="FILE",
        help="of an image: write the atoms with coordination, border and flags (.csv, .extxyz, "
        ".dump)",
    )
    image_option(parser)
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _rings)


def _rings(options: argparse.Namespace) -> Answers:
    from vitreous.app.direct_input import named, output, write_atoms
    from vitreous.app.imaged_input import imaged, summary_of
    from vitreous.direct import rings
    from vitreous.direct.glasses import read_silica
    from vitreous.io.bonds import BOND_CUTOFF
    from vitreous.io.write import WITH_COLUMNS

    picture = output(options, options.picture, (".png",))
    out = output(options, options.per_atom, (".csv", *WITH_COLUMNS))
    of_image = imaged(options)
    if of_image is None:
        if picture or out:
            raise VitreousError(
                f"--picture and --per-atom are of micrographs, but {options.file} is none; leave "
                "them out"
            )
        glass = read_silica(
            options.file,
            species=options.species,
            dimension=options.dimension,
            frame=options.frame,
            atom_style=options.atom_style,
        )
    else:
        if options.bond_cutoff is not None:
            raise VitreousError(
                "--bond-cutoff was given for an image, whose bonds are found without a length; "
                "leave it out"
            )
        glass = of_image.configuration
    cutoff = BOND_CUTOFF if options.bond_cutoff is None else options.bond_cutoff
    report = rings(glass, cutoff) if of_image is None else of_image.rings
    found, written = report.statistics, []
    if of_image is not None:
        if picture:
            of_image.draw(picture)
        if out:
            write_atoms(out, glass, of_image.columns)
        written = [str(path) for path in (picture, out) if path]
    return {
        "atoms": len(glass),
        **named(glass),
        **(summary_of(of_image) if of_image is not None else {}),
        "layers": len(report.layers),
        "rings": sum(found.counts.values()),
        "sizes": {str(size): count for size, count in found.counts.items()},
        "mean": found.mean,
        "variance": found.variance,
        "aboav_weaire": {
            "unweighted": _or_none(found.alpha_unweighted),
            "weighted": _or_none(found.alpha_weighted),
        },
        **({"written": written} if written else {}),
    }


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
