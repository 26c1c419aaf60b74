"""The commands, one file each, but for ``run``, which Hydra parses.

Each has ``SUMMARY``, its line in ``vitreous --help``; ``add_options``, which describes it to
argparse; and ``carry_out``, which takes what was given and returns the exit status. What the work
needs is imported where it is done, so that every ``--help`` answers at once.
"""

from __future__ import annotations

import importlib
from typing import Any

NAMES = (
    "work",
    "status",
    "report",
    "reproduce",
    "cite",
    "compare",
    "export",
    "record",
    "energy",
    "relax",
    "deform",
    "probe",
    "rose",
    "d2min",
    "rings",
    "predict",
    "view",
    "list",
    "check",
    "new-plugin",
    "store",
    "data",
    "doctor",
    "version",
)  #: in the order of ``vitreous --help``
#: take what ``run`` takes; their ``carry_out`` is given the composed configuration, too
OF_CAMPAIGNS = ("work", "status")


def command(name: str) -> Any:
    """The module of a command."""
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
