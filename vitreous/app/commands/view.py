"""``vitreous view``: look at a glass, a micrograph, a deformation or a run in the browser."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

SUMMARY = "look at a glass, a micrograph, a deformation or a run in the browser"
ABOUT = """\
Look at a glass, a micrograph, a deformation or a run in the browser: atoms, bonds and rings; the
map of a trained model, which follows the direction of the loading; a deformation with its events;
spots of a micrograph, corrected by click; scores and maps of a run. The page reads nothing outside
the folder of FILE, but for the store that a run names, and writes nothing but corrections of a
micrograph, beside it."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "example:\n  vitreous view glass.extxyz"
    parser.add_argument(
        "file",
        nargs="?",
        default=".",
        metavar="FILE",
        help="a glass (LAMMPS dump or data, extended XYZ, ...), a micrograph (.png, .tif, .npy), "
        "the folder of a run or of vitreous deform, or a folder with such (default: this one)",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="of this machine (default: any that is free)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to serve at; others than the default can be reached from other machines, "
        "unencrypted (default: %(default)s)",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, open no browser"
    )


def carry_out(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from importlib.util import find_spec

    from vitreous.core.errors import MissingExtra

    for package in ("fastapi", "uvicorn"):
        if find_spec(package) is None:
            raise MissingExtra("vitreous view", package, "view")
    from vitreous.app.view.opening import placed_in
    from vitreous.app.view.server import serving

    folder, first = placed_in(Path(options.file))
    with serving(folder, first, options.host, options.port) as (address, thread):
        sys.stdout.write(f"{options.file} at {address}\nCtrl-C ends this\n")
        sys.stdout.flush()
        if not options.no_browser:
            import webbrowser

            webbrowser.open(address)
        try:
            while thread.is_alive():
                thread.join(0.5)
        except KeyboardInterrupt:
            return 0
    return 0
