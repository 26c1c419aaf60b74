"""``vitreous d2min``: non-affine motion between two states, or from frame to frame."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitreous.app.direct_options import common_options, describe, file_option
from vitreous.app.results import Answers, print_results
from vitreous.core.errors import VitreousError

if TYPE_CHECKING:
    from vitreous.core.data import Configuration
    from vitreous.direct import D2minReport

SUMMARY = "non-affine motion between two states, or from frame to frame"
ABOUT = (
    "D2min of Falk & Langer: for each atom the least sum, over its neighbours in the "
    "reference, of squared departures from a local\n"
    "affine deformation (length squared; a plain sum). Atoms are matched by their ids. "
    "Without REFERENCE each frame of FILE is\n"
    "compared with the one before it."
)
_UNITS = {"units": "length as in the file, d2min its square"}
_PANELS = 3  #: comparisons that a picture shows, the last ones
EXAMPLE = "vitreous d2min run/frames.extxyz relaxed.extxyz --cutoff 4.5 --out d2min.csv"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    file_option(parser)
    parser.add_argument(
        "reference",
        nargs="?",
        metavar="REFERENCE",
        help="the state before (default: each frame of FILE against the one before it)",
    )
    parser.add_argument(
        "--reference-frame",
        type=int,
        default=-1,
        metavar="N",
        help="of REFERENCE, from 0 (default: the last)",
    )
    parser.add_argument(
        "--cutoff",
        type=float,
        required=True,
        metavar="R",
        help="neighbours in the reference, length",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        action="append",
        default=[],
        help="write id, position, d2min and, of two states, non-affine displacement: .csv, .extxyz "
        "or .dump, or a picture of d2min: .png; may be repeated",
    )
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _d2min)


def _d2min(options: argparse.Namespace) -> Answers:
    from vitreous.app.direct_input import OF_ATOMS, outputs

    outs = outputs(options, options.out, OF_ATOMS)
    return (
        _from_frame_to_frame(options, outs)
        if options.reference is None
        else _between_two(options, outs)
    )


def _between_two(options: argparse.Namespace, outs: Sequence[Path]) -> Answers:
    from vitreous.app.direct_input import named
    from vitreous.direct import d2min, read_glass

    reference = read_glass(
        options.reference,
        species=options.species,
        dimension=options.dimension,
        frame=options.reference_frame,
        atom_style=options.atom_style,
    )
    glass = read_glass(
        options.file,
        species=options.species,
        dimension=options.dimension or reference.dimension,
        frame=options.frame,
        atom_style=options.atom_style,
    )
    report = d2min(glass, reference, options.cutoff)
    about = _about(report, reference, options.cutoff)
    moved = {f"u_{axis}": of for axis, of in zip("xyz", report.displacement.T, strict=False)}
    about |= _written(outs, reference, {"d2min": report.d2min, **moved}, {"d2min": report.d2min})
    of_reference, of_glass = named(reference), named(glass)
    told = {
        f"deformed_{key}": of_glass[key]
        for key in ("types", "species_from")
        if key in of_glass and of_glass[key] != of_reference.get(key)
    }
    return {"atoms": len(report.d2min), **_UNITS, **of_reference, **told, **about}


def _from_frame_to_frame(options: argparse.Namespace, outs: Sequence[Path]) -> Answers:
    from vitreous.app.direct_input import named
    from vitreous.direct import read_glasses, successive_d2min

    if (options.frame, options.reference_frame) != (-1, -1):
        raise VitreousError(
            "--frame and --reference-frame choose two states to compare; give REFERENCE, or leave "
            "them out for all frames"
        )
    glasses = read_glasses(
        options.file,
        species=options.species,
        dimension=options.dimension,
        atom_style=options.atom_style,
    )
    if len(glasses) < 2:
        raise VitreousError(
            f"{options.file} has one frame; give REFERENCE to compare it with, or a file with "
            "several frames"
        )
    reports = successive_d2min(glasses, options.cutoff)
    steps = [
        {"frame": k, **_strain(glasses[k]), **_about(r, glasses[k - 1], options.cutoff)}
        for k, r in enumerate(reports, start=1)
    ]
    result: Answers = {"atoms": len(glasses[0]), **_UNITS, **named(glasses[0]), "steps": steps}
    of_atoms = _by_atom(reports, glasses[0])
    last = dict(list(of_atoms.items())[-_PANELS:])
    return {**result, **_written(outs, glasses[0], of_atoms, last)}


def _written(
    outs: Sequence[Path],
    glass: Configuration,
    columns: Mapping[str, Any],
    pictured: Mapping[str, Any],
) -> Answers:
    """Write the columns, and the pictures of some of them."""
    from vitreous.app.direct_input import write_atoms
    from vitreous.core.data import UNITS

    unit = f"{UNITS[glass.units][0]}^2"
    shown = {name.replace("d2min_", "D2min of frame "): (of, unit) for name, of in pictured.items()}
    written = [str(write_atoms(out, glass, columns, shown)) for out in outs]
    return {"written": written} if written else {}


def _about(report: D2minReport, reference: Configuration, cutoff: float) -> Answers:
    """The comparison of two states in a few numbers."""
    import numpy as np

    values = report.d2min[np.isfinite(report.d2min)]
    if not len(values):
        raise VitreousError(f"no atom has enough neighbours within {cutoff:g}; raise --cutoff")
    worst = int(np.nanargmax(report.d2min))
    return {
        "without_neighbours": len(report.d2min) - len(values),
        "d2min": {
            "mean": float(values.mean()),
            "median": float(np.median(values)),
            "largest": float(values.max()),
        },
        "at_atom": int(report.ids[worst]),
        "at": reference.in_file(report.positions[worst]).tolist(),
        "largest_displacement": float(np.linalg.norm(report.displacement, axis=1).max()),
    }


def _strain(glass: Configuration) -> Answers:
    """The strain that the file gives for a frame, if it does."""
    return {"strain": glass.info["strain"]} if "strain" in glass.info else {}


def _by_atom(reports: Sequence[D2minReport], first: Configuration) -> dict[str, Any]:
    """D2min of every later frame against the one before, by the atoms of the first frame."""
    import numpy as np

    place = np.argsort(np.argsort(first.ids))
    return {
        f"d2min_{k}": report.d2min[np.argsort(report.ids)][place]
        for k, report in enumerate(reports, start=1)
    }
