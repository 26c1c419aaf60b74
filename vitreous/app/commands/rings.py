"""``vitreous rings``: ring statistics of a silica network."""

from __future__ import annotations

import argparse
import math

from vitreous.app.direct_options import common_options, describe, file_option
from vitreous.app.results import Answers, print_results

SUMMARY = "ring statistics of a silica network"
ABOUT = (
    "Sizes of the rings of silicon atoms joined through oxygens, their variance and the "
    "Aboav-Weaire parameter; planar silica or\n"
    "bilayers with their layers along z."
)
EXAMPLE = "vitreous rings glass.extxyz"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    file_option(parser)
    parser.add_argument(
        "--bond-cutoff",
        type=float,
        default=2.2,
        metavar="R",
        help="Si-O bonds are shorter (default: 2.2)",
    )
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _rings)


def _rings(options: argparse.Namespace) -> Answers:
    from vitreous.app.direct_input import named
    from vitreous.direct import rings
    from vitreous.direct.glasses import read_silica

    glass = read_silica(
        options.file,
        species=options.species,
        dimension=options.dimension,
        frame=options.frame,
        atom_style=options.atom_style,
    )
    report = rings(glass, options.bond_cutoff)
    found = report.statistics
    return {
        "atoms": len(glass),
        **named(glass),
        "layers": len(report.layers),
        "rings": sum(found.counts.values()),
        "sizes": {str(size): count for size, count in found.counts.items()},
        "mean": found.mean,
        "variance": found.variance,
        "aboav_weaire": {
            "unweighted": _or_none(found.alpha_unweighted),
            "weighted": _or_none(found.alpha_weighted),
        },
    }


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
