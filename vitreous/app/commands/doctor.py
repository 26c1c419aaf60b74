"""``vitreous doctor``: what is installed, what is missing, and how to mend it."""

from __future__ import annotations

import argparse
import sys

SUMMARY = "what is installed, what is missing, how to mend it"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing more is understood."""


def carry_out(options: argparse.Namespace) -> int:
    """One line per finding; status 1 if something that Vitreous cannot do without is wrong."""
    from vitreous.app.doctor import findings

    found = list(findings())
    for mark, what, cure in found:
        sys.stdout.write(f"{mark:5} {what}\n" + (f"      -> {cure}\n" if cure else ""))
    return 1 if any(mark == "bad" for mark, _, _ in found) else 0
