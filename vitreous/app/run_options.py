"""What the commands on runs that are done share."""

from __future__ import annotations

import argparse
from pathlib import Path

STORE = "where its artifacts lie now (default: where they were, or moved along)"


def run_option(parser: argparse.ArgumentParser) -> None:
    """The run, by its folder."""
    parser.add_argument("run", help="the folder of the run")


def store_option(parser: argparse.ArgumentParser) -> None:
    """The store, if it was moved."""
    parser.add_argument("--store", metavar="FOLDER", help=STORE)


def folder_of(run: str) -> Path:
    """The folder of a run, which its file may stand for."""
    from vitreous.core.run import FILE

    return Path(run).parent if Path(run).name == FILE else Path(run)
