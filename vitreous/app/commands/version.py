"""``vitreous version``: which one this is."""

from __future__ import annotations

import argparse
import sys

from vitreous import __version__

SUMMARY = "print the version"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing more is understood."""


def carry_out(options: argparse.Namespace) -> int:
    """Print it."""
    sys.stdout.write(f"{__version__}\n")
    return 0
