"""``vitreous export``: a run as files for other programs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vitreous.app.run_options import folder_of, run_option, store_option

SUMMARY = "a run as files for OVITO, ASE, chemiscope, or a table"
ABOUT = """\
Write the glasses of a run with all that is known of each atom or site (labels, predictions, errors,
uncertainties, indicators) for other programs:

  extxyz      each glass, with the values of the nearest site on every atom
  ovito       the same, and the saved frames of each deformation with its events
  csv         a table for each glass, a row for each atom or site
  chemiscope  one file with all glasses, for chemiscope.org; large beyond some thousand atoms"""
FORMS = ("chemiscope", "csv", "extxyz", "ovito")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    run_option(parser)
    store_option(parser)
    parser.add_argument("--to", choices=FORMS, required=True, help="the form of the files")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where to write them")
    parser.add_argument(
        "--glass",
        type=int,
        metavar="N",
        help="one glass by its number (default: all test glasses; of a run without any, all)",
    )
    parser.add_argument("--force", action="store_true", help="overwrite what is there")


def carry_out(options: argparse.Namespace) -> int:
    """Write the files and print their names."""
    from vitreous.app.direct_input import made_folder
    from vitreous.app.run_export import FORMS as WRITERS
    from vitreous.core.errors import VitreousError
    from vitreous.core.run import Run

    run = Run.open(folder_of(options.run), options.store)
    samples = run.role("test") or run.samples
    if options.glass is not None:
        samples = tuple(s for s in run.samples if s.index == options.glass)
    if not samples:
        known = ", ".join(map(str, dict.fromkeys(s.index for s in run.samples))) or "none"
        raise VitreousError(
            f"the run has no glass {options.glass}; give --glass with one of its glasses: {known}"
        )
    run.refuse_gone()
    out = Path(options.out)
    if out.is_dir() and any(out.iterdir()) and not options.force:
        raise VitreousError(
            f"{out} is not empty; name another folder, or add --force to overwrite what is there"
        )
    for path in WRITERS[options.to](run, samples, made_folder(out)):
        sys.stdout.write(f"{path}\n")
    return 0
