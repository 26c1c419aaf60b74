"""``vitreous report``: draw the report of a run again, without computing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vitreous.app.run_options import (
    evaluations_of,
    folder_of,
    parts_of,
    run_option,
    store_option,
)

SUMMARY = "draw the report of a run again, without computing"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.description = "Draw the report of a run again, without computing."
    run_option(parser)
    store_option(parser)
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        help="where to write the page and its pictures (default: the run's folder)",
    )


def carry_out(options: argparse.Namespace) -> int:
    """Draw the page from what evaluations find in the stored artifacts; print where it is."""
    from vitreous.app.evaluating import choose
    from vitreous.app.run import draw_report
    from vitreous.core.compose import ROLES, making
    from vitreous.core.registry import discover, load_class
    from vitreous.core.run import Run

    folder, registry = folder_of(options.run), discover()
    run = Run.open(folder, options.store)
    used = {role: registry.used(*part.named) for role, part in parts_of(run.about).items()}
    for evaluation in evaluations_of(run.about):
        registry.used(*evaluation.named)
    run.refuse_gone()
    parts = {role: load_class(part) for role, part in used.items() if role in ROLES}
    made = run.samples[0].configuration  # decides what the bare class of a generator leaves open
    parts["generator"] = making(parts["generator"], len(made.bonds) > 0, made.units)
    chosen = choose(
        run.about["config"],
        parts,
        run.loadings[0].dimension,
        registry,
        run.samples[0].labels.components,
    )
    for path in draw_report(
        run, chosen.carry_out(run), chosen, folder, Path(options.out or folder)
    )[:1]:
        sys.stdout.write(f"{path}\n")
    return 0
