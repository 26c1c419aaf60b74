"""What the direct commands understand, as argparse sees it: nothing else is imported here, so that
``vitreous --help`` stays quick.
"""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple

UNITS = """\
Units are the potential's: angstrom and eV (watanabe, eam), angstrom and a reduced energy
(yukawa_silica), sigma and epsilon (lennard_jones_2d). Stress is energy per area in two dimensions
and per volume in three, positive in tension; strain has none.

Exit status: 0 done, 2 for an input that a sentence explains, 3 if a state did not come to rest
(nothing is written then)."""

FILE = "the glass: LAMMPS dump or data, extended XYZ, or what else ASE reads, also gzipped"


class Command(NamedTuple):
    """One command: what ``vitreous --help`` says of it, its description, and an example."""

    summary: str
    description: str
    example: str


COMMANDS = {
    "energy": Command(
        "energy, largest force and stress of a glass",
        "Energy, largest force and stress tensor of a glass as it stands.",
        "vitreous energy glass.extxyz --potential yukawa_silica --per-atom energies.csv",
    ),
    "relax": Command(
        "bring a glass to rest",
        "Bring a glass to the minimum that it falls into, at fixed cell or with cell lengths that "
        "relax to zero normal stress.",
        "vitreous relax glass.extxyz --potential yukawa_silica --cell x,y --out relaxed.extxyz",
    ),
    "deform": Command(
        "deform a glass in quasistatic steps",
        "Take a relaxed glass (or any with --relax) along a loading in athermal quasistatic "
        "steps. Writes curve.csv (strain, energy,\n"
        "stress, largest force, lowest eigenvalue of the Hessian), events.csv (strain, kind, atom "
        "id as in the file, its place in the\n"
        "undeformed glass, how far it moved, energy and stress drop) and frames.extxyz (states "
        "before and after each event, first\n"
        "and last). Where the glass responds smoothly, states are up to 50 strain steps apart "
        "(--engine-set stride=1: the fixed-step\n"
        "protocol itself, every step, some ten times slower); events that move no atom by more "
        "than smallest_event are left out;\n"
        "uniaxial loading keeps the transverse lengths fixed unless told otherwise "
        "(--contraction).",
        "vitreous deform relaxed.extxyz --potential yukawa_silica --loading pure_shear "
        "--strain-max 0.2 --strain-step 1e-4 \\\n"
        "      --stop-after-events 6 --out run",
    ),
    "probe": Command(
        "map the local stress thresholds of a glass",
        "At each place of a grid, strain a small disc (in three dimensions a ball) with a frozen "
        "rim until its stress first drops. Writes\n"
        "x, y(, z), tau_initial, tau_critical, delta_tau, strain_critical, converged (1 or 0), "
        "the largest force left and, with\n"
        "--angle-step, the weakest direction's angle off the loading. The glass must be at rest, "
        "or brought there by --relax.\n"
        "Places whose disc leaves a glass with a free boundary have no threshold.",
        "vitreous probe relaxed.extxyz --potential yukawa_silica --loading pure_shear --grid 50 "
        "--out map.csv",
    ),
    "d2min": Command(
        "non-affine motion between two states, or from frame to frame",
        "D2min of Falk & Langer: for each atom the least sum, over its neighbours in the "
        "reference, of squared departures from a local\n"
        "affine deformation (length squared; a plain sum). Atoms are matched by their ids. "
        "Without REFERENCE each frame of FILE is\n"
        "compared with the one before it.",
        "vitreous d2min run/frames.extxyz relaxed.extxyz --cutoff 4.5 --out d2min.csv",
    ),
    "rings": Command(
        "ring statistics of a silica network",
        "Sizes of the rings of silicon atoms joined through oxygens, their variance and the "
        "Aboav-Weaire parameter; planar silica or\n"
        "bilayers with their layers along z.",
        "vitreous rings glass.extxyz",
    ),
    "predict": Command(
        "a trained model's map of a glass",
        "The map that a trained model gives of a glass, with the model's uncertainty. BUNDLE is "
        "the model folder of a run, or the name of\n"
        "one that ships: listi (local stress thresholds of two-dimensional silica, Bachhav et al. "
        "2025). Places whose window meets a\n"
        "broken bond or leaves the glass are left out. A map that is not to be trusted is told.",
        "vitreous predict listi glass.extxyz --out map.csv --out map.png --out atoms.extxyz",
    ),
}


def add_direct_commands(commands: Any) -> None:
    """Add the parsers of the direct commands to argparse's subparsers."""
    parsers: dict[str, argparse.ArgumentParser] = {}
    for name, about in COMMANDS.items():
        parsers[name] = commands.add_parser(
            name,
            help=about.summary,
            description=about.description,
            epilog=f"example:\n  {about.example}\n\n{UNITS}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == "predict":
            parsers[name].add_argument(
                "bundle", metavar="BUNDLE", help="a bundle's folder, or the name of one that ships"
            )
        parsers[name].add_argument("file", metavar="FILE", help=FILE)
    for name in ("energy", "relax", "deform", "probe"):
        _potential_options(parsers[name])
    for name in ("deform", "probe"):
        _loading_options(parsers[name])
    _own_options(parsers)
    for parser in parsers.values():
        parser.add_argument(
            "--species",
            type=names,
            metavar="A,B",
            help="what the file's LAMMPS types 1, 2, ... are (default: what the file says, else "
            "the potential's order)",
        )
        parser.add_argument(
            "--atom-style",
            metavar="NAME",
            help="of a LAMMPS data file that does not say it: charge, full, ... (default: by its "
            "columns)",
        )
        parser.add_argument(
            "--dimension",
            type=int,
            choices=(2, 3),
            help="of the glass (default: 2 where all z are equal)",
        )
        parser.add_argument(
            "--frame",
            type=int,
            default=-1,
            metavar="N",
            help="of a file with several, from 0 (default: the last)",
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _potential_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--potential",
        required=True,
        metavar="NAME",
        help="an installed potential: vitreous list potential",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field of the potential; may be repeated",
    )


def _loading_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--loading", required=True, metavar="NAME", help="pure_shear, uniaxial or simple_shear"
    )
    parser.add_argument(
        "--angle",
        type=float,
        default=0.0,
        metavar="DEGREES",
        help="of the loading direction from its plane's first axis (default: 0)",
    )
    parser.add_argument(
        "--plane",
        default="xy",
        metavar="NAME",
        help="that the loading acts in: xy, yz or zx (default: xy)",
    )
    parser.add_argument(
        "--sign",
        type=int,
        choices=(1, -1),
        default=1,
        help="-1 turns the loading round (default: 1)",
    )
    parser.add_argument(
        "--contraction",
        type=float,
        default=0.0,
        metavar="NU",
        help="of uniaxial loading: transverse over axial logarithmic strain, with a minus "
        "(default: 0, transverse lengths fixed)",
    )
    parser.add_argument(
        "--at-rest",
        type=float,
        metavar="F",
        help="largest force component of a glass that counts as relaxed (default: 1e-3)",
    )
    _relax_option(parser)


def _relax_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--relax", action="store_true", help="bring the glass to rest first, cell lengths kept"
    )


def _own_options(parsers: dict[str, argparse.ArgumentParser]) -> None:
    parsers["energy"].add_argument(
        "--per-atom",
        metavar="OUT",
        help="write id, position and energy of every atom: .csv, .extxyz or .dump",
    )
    relax = parsers["relax"]
    relax.add_argument(
        "--cell",
        default="",
        metavar="x,y",
        help="cell lengths that relax to zero normal stress (default: none)",
    )
    relax.add_argument(
        "--freeze-rim",
        type=float,
        default=0.0,
        metavar="WIDTH",
        help="atoms this close to a free boundary stay put (default: none)",
    )
    relax.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="the relaxed glass: .extxyz, .dump, .lammpstrj, .data or .lmp, also .gz",
    )
    relax.add_argument(
        "--force-tolerance",
        type=float,
        default=1e-8,
        metavar="F",
        help="largest force component left (default: 1e-8)",
    )
    relax.add_argument(
        "--stress-tolerance",
        type=float,
        default=1e-8,
        metavar="S",
        help="normal stress left (default: 1e-8)",
    )
    relax.add_argument(
        "--minimiser",
        default="cg",
        metavar="NAME",
        help="cg, fire, damped or steepest (default: cg)",
    )
    _deform_options(parsers["deform"])
    probe = parsers["probe"]
    probe.add_argument(
        "--grid",
        type=_counts,
        default=50,
        metavar="N",
        help="N x N (x N) places, or as in 50,50,1 (default: 50)",
    )
    probe.add_argument(
        "--angle-step",
        type=float,
        metavar="D",
        help="probe every D degrees within 45 of the loading; the weakest projection counts",
    )
    probe.add_argument("--out", required=True, metavar="MAP.csv", help="the map")
    probe.add_argument("--workers", type=int, metavar="N", help="threads (default: all cores)")
    probe.add_argument(
        "--probe-set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="free_radius, frozen_ring, strain_step, ...; may be repeated",
    )
    parsers["d2min"].add_argument(
        "reference",
        nargs="?",
        metavar="REFERENCE",
        help="the state before (default: each frame of FILE against the one before it)",
    )
    parsers["d2min"].add_argument(
        "--reference-frame",
        type=int,
        default=-1,
        metavar="N",
        help="of REFERENCE, from 0 (default: the last)",
    )
    parsers["d2min"].add_argument(
        "--cutoff",
        type=float,
        required=True,
        metavar="R",
        help="neighbours in the reference, length",
    )
    parsers["d2min"].add_argument(
        "--out",
        metavar="OUT",
        help="write id, position, d2min and, of two states, non-affine displacement: .csv, .extxyz "
        "or .dump",
    )
    predict = parsers["predict"]
    predict.add_argument(
        "--out",
        action="append",
        default=[],
        metavar="FILE",
        help="map.csv, map.png, or the atoms (.extxyz, .dump, ...); may be repeated",
    )
    predict.add_argument(
        "--grid", type=int, metavar="N", help="N x N places (default: as dense as in training)"
    )
    predict.add_argument(
        "--angle",
        type=float,
        metavar="DEGREES",
        help="of the loading direction from x (default: that of the training)",
    )
    _relax_option(predict)
    parsers["rings"].add_argument(
        "--bond-cutoff",
        type=float,
        default=2.2,
        metavar="R",
        help="Si-O bonds are shorter (default: 2.2)",
    )


def _deform_options(deform: argparse.ArgumentParser) -> None:
    deform.add_argument(
        "--strain-max", type=float, required=True, metavar="X", help="where the run ends"
    )
    deform.add_argument(
        "--strain-step",
        type=float,
        required=True,
        metavar="Y",
        help="the grid on which events are found",
    )
    deform.add_argument(
        "--engine",
        default="aqs",
        metavar="NAME",
        help="an installed simulator: vitreous list simulator (default: aqs)",
    )
    ends = deform.add_mutually_exclusive_group()
    ends.add_argument(
        "--stop-after-events", type=int, metavar="N", help="end after N instabilities"
    )
    ends.add_argument(
        "--stop-at-first-break", action="store_true", help="end when an oxygen loses a silicon"
    )
    deform.add_argument("--out", required=True, metavar="DIR", help="the folder for the results")
    deform.add_argument(
        "--engine-set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field of the engine; may be repeated",
    )


def names(text: str) -> tuple[str, ...]:
    """``Si,O`` as a tuple."""
    found = tuple(word.strip() for word in text.split(","))
    if not all(found):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of names such as Si,O")
    return found


def _counts(text: str) -> int | tuple[int, ...]:
    """``50`` as a number, ``50,50,1`` as one for each lattice vector."""
    try:
        numbers = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a number of places such as 50, or one for each lattice vector such "
            "as 50,50,1"
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers
