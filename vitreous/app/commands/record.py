"""``vitreous record``: what a run predicted and how well, for others to check."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from vitreous.app.run_options import folder_of
from vitreous.core.errors import VitreousError

SUMMARY = "write, check and tabulate records of what models predict"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.description = (
        "A record holds what a run predicted for its test glasses, the scores, and what made it. "
        "Whoever has the labels (vitreous data load) can check it; nothing in it is run."
    )
    default = str(Path(os.environ.get("VITREOUS_HOME", ".")) / "store")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    make = actions.add_parser("make", help="write the record of a run")
    make.add_argument("run", metavar="RUN", help="the folder of a run")
    make.add_argument("--name", required=True, help="of the record, and of its two files")
    make.add_argument(
        "--licence", required=True, help="of the predictions, such as CC-BY-4.0 or BSD-3-Clause"
    )
    make.add_argument("--out", default=".", metavar="FOLDER", help="where (default: here)")
    check = actions.add_parser("check", help="score the predictions of records again")
    table = actions.add_parser("table", help="records as a table in Markdown, unchecked")
    for action in (check, table):
        action.add_argument("records", nargs="+", metavar="FILE", help="a record, NAME.json")
    check.add_argument(
        "--store", default=default, metavar="FOLDER", help="has the labels (default: %(default)s)"
    )


def carry_out(options: argparse.Namespace) -> int:
    """Carry out one action; returns the exit status."""
    from vitreous.core.run import Run
    from vitreous.core.store import Store
    from vitreous.report import records

    if options.action == "make":
        folder = Path(options.out)
        if not options.name.replace("-", "").replace("_", "").isalnum():
            raise VitreousError(
                f"--name is {options.name!r}; expected letters, digits, - and _ alone"
            )
        made = records.make(Run.open(folder_of(options.run)), options.name, options.licence)
        folder.mkdir(parents=True, exist_ok=True)
        sys.stdout.write(f"{records.write(*made, folder)}\n")
    elif options.action == "table":
        sys.stdout.write(records.table([records.read(Path(name)) for name in options.records]))
    else:
        for name in options.records:
            counts = records.check(Path(name), Store(Path(options.store)))["counts"]
            sys.stdout.write(
                f"{name}: {counts['test_cases']} cases, {counts['sites']} sites, "
                f"{counts['missing']} missing; the scores are as stated\n"
            )
    return 0
