"""What the commands on one glass share, as argparse sees it: nothing else is imported here, so that
``vitreous --help`` stays quick.
"""

from __future__ import annotations

import argparse

UNITS = """\
Units are the potential's: angstrom and eV (watanabe, eam), angstrom and a reduced energy
(yukawa_silica), sigma and epsilon (lennard_jones_2d). Stress is energy per area in two dimensions
and per volume in three, positive in tension; strain has none.

Exit status: 0 done, 2 for an input that a sentence explains, 3 if a state did not come to rest
(then nothing is written but what vitreous deform had reached)."""

FILE = "the glass: LAMMPS dump or data, extended XYZ, or what else ASE reads, also gzipped"
LAST = -1  #: the frame that is read unless another is asked for
IMAGE = ", or a micrograph (.png, .tif, .npy)"


def describe(parser: argparse.ArgumentParser, about: str, example: str) -> None:
    """The description, an example, and the units."""
    parser.description = about
    parser.epilog = f"example:\n  {example}\n\n{UNITS}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def file_option(parser: argparse.ArgumentParser, also: str = "") -> None:
    """Add FILE, the glass, and what else it may be."""
    parser.add_argument("file", metavar="FILE", help=FILE + also)


def image_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--set`` for the fields of ``generator=tem_image``."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="of an image: set a field of generator tem_image (diameter, pixel_size, region, "
        "detector, edits, ...); may be repeated",
    )


def common_options(parser: argparse.ArgumentParser) -> None:
    """How the file is read, and how results are printed."""
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
        default=LAST,
        metavar="N",
        help="of a file with several, from 0 (default: the last)",
    )
    parser.add_argument(
        "--force", action="store_true", help="overwrite files that are there already"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def potential_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--potential`` and ``--set``."""
    parser.add_argument(
        "--potential",
        metavar="NAME",
        help="an installed potential, always needed: vitreous list potential",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field of the potential; may be repeated",
    )


def loading_options(parser: argparse.ArgumentParser) -> None:
    """Add the loading: mode, sign, angle, plane and contraction."""
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
    relax_option(parser)


def relax_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--relax``."""
    parser.add_argument(
        "--relax", action="store_true", help="bring the glass to rest first, cell lengths kept"
    )


def names(text: str) -> tuple[str, ...]:
    """``Si,O`` as a tuple."""
    found = tuple(word.strip() for word in text.split(","))
    if not all(found):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of names such as Si,O")
    return found
