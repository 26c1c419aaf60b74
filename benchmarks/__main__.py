"""Runs the benchmarks named on the command line, or all; those that need folders are named alone,
with these behind them.
"""

import importlib
import os
import platform
import sys

NAMES = (
    "forces",
    "quasistatic",
    "probes",
    "truth",
    "eam",
    "bilayer",
    "growth",
    "runs",
    "fuzz",
    "formats",
    "by_hand",
    "images",
    "radial",
    "density",
    "shear",
    "micrographs",
    "viewer",
)
WITH_FOLDERS = ("domain",)


def main() -> int:
    """Print the machine and every table."""
    chosen, folders = sys.argv[1:] or NAMES, []
    if chosen[0] in WITH_FOLDERS:
        chosen, folders = chosen[:1], chosen[1:]
        if not folders:
            sys.stderr.write(
                f"benchmark {chosen[0]} needs a folder: python -m benchmarks {chosen[0]} FOLDER\n"
            )
            return 2
    unknown = set(chosen) - {*NAMES, *WITH_FOLDERS}
    if unknown:
        expected = ", ".join(NAMES)
        sys.stderr.write(
            f"unknown benchmark {', '.join(sorted(unknown))}; expected some of {expected}, or "
            f"{WITH_FOLDERS[0]} FOLDER\n"
        )
        return 2
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python "
        f"{platform.python_version()}"
    )
    for name in chosen:
        importlib.import_module(f"benchmarks.{name}").run(*folders)
    return 0


if __name__ == "__main__":
    sys.exit(main())
