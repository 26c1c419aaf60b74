"""``vitreous relax``: bring a glass to rest."""

from __future__ import annotations

import argparse
import warnings

from vitreous.app.direct_options import common_options, describe, file_option, potential_options
from vitreous.app.results import Answers, print_results

SUMMARY = "bring a glass to rest"
ABOUT = (
    "Bring a glass to the minimum that it falls into, at fixed cell or with cell lengths that "
    "relax to zero normal stress."
)
EXAMPLE = "vitreous relax glass.extxyz --potential yukawa_silica --cell x,y --out relaxed.extxyz"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    file_option(parser)
    potential_options(parser)
    parser.add_argument(
        "--cell",
        default="",
        metavar="x,y",
        help="cell lengths that relax to zero normal stress (default: none)",
    )
    parser.add_argument(
        "--freeze-rim",
        type=float,
        default=0.0,
        metavar="WIDTH",
        help="atoms this close to a free boundary stay put (default: none)",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="the relaxed glass: .extxyz, .dump, .lammpstrj, .data or .lmp, also .gz",
    )
    parser.add_argument(
        "--force-tolerance",
        type=float,
        default=1e-8,
        metavar="F",
        help="largest force component left (default: 1e-8)",
    )
    parser.add_argument(
        "--stress-tolerance",
        type=float,
        default=1e-8,
        metavar="S",
        help="normal stress left (default: 1e-8)",
    )
    parser.add_argument(
        "--minimiser",
        default="cg",
        metavar="NAME",
        help="cg, fire, damped or steepest (default: cg)",
    )
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _relax)


def _relax(options: argparse.Namespace) -> Answers:
    import numpy as np

    from vitreous.app.direct_input import about, model_and_glass, outputs, stress_by_name
    from vitreous.app.progress import measured
    from vitreous.core.watching import watched
    from vitreous.direct import relax
    from vitreous.io.write import FORMATS, refuse_format, write_configuration

    (out,) = outputs(options, [options.out], FORMATS)
    model, glass = model_and_glass(options)
    refuse_format(out, glass)
    with measured("relaxing") as shown, watched(shown):
        report = relax(
            glass,
            model,
            cell=options.cell,
            freeze_rim=options.freeze_rim,
            force_tolerance=options.force_tolerance,
            stress_tolerance=options.stress_tolerance,
            minimiser=options.minimiser,
        )
    write_configuration(out, report.configuration)
    if report.network.any:
        warnings.warn(f"{report.changed_network}; the file holds what is left of it", stacklevel=2)
    return {
        **about(glass),
        "energy": {"before": report.before.energy, "after": report.after.energy},
        "largest_force": {
            "before": report.before.largest_force,
            "after": report.after.largest_force,
        },
        "largest_move": report.largest_move,
        **({"frozen_atoms": report.frozen} if options.freeze_rim else {}),
        **(
            {"bonds_broken": len(report.network.broken), "bonds_formed": len(report.network.formed)}
            if report.network.any
            else {}
        ),
        "cell_lengths": np.linalg.norm(report.configuration.cell, axis=1).tolist(),
        "stress": stress_by_name(report.after),
        "written": str(out),
    }
