"""``vitreous new-plugin NAME --kind KIND``: a package with one component, whose checks pass."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vitreous.core.plugin import KINDS

SUMMARY = "make a package with a component of your own, to begin from"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = "Make the folder NAME: a package with one component that works."
    parser.epilog = "example:\n  vitreous new-plugin glass-angles --kind descriptor"
    parser.add_argument(
        "name",
        metavar="NAME",
        help="of the package: small letters, digits and -, such as glass-angles; the component has "
        "it with _",
    )
    parser.add_argument(
        "--kind", required=True, metavar="KIND", help=f"of the component: {', '.join(KINDS)}"
    )


def carry_out(options: argparse.Namespace) -> int:
    """Write the package; print its files and what to type next."""
    from vitreous.app.new_plugin import files_of, refuse_name, use, write

    refuse_name(options.name, options.kind)
    folder = Path(options.name)
    files = files_of(options.name, options.kind)
    write(folder, files)
    width = max(len(path) for path in files)
    lines = [f"{folder}/", *(f"  {path:{width}}  {of.about}" for path, of in files.items())]
    after = (f"pip install -e {folder}", f"vitreous check {options.name}", use(options))
    sys.stdout.write("\n".join([*lines, "next:", *(f"  {line}" for line in after)]) + "\n")
    return 0
