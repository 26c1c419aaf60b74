"""Runs the benchmarks named on the command line, or all."""

import importlib
import os
import platform
import sys

NAMES = ("forces", "quasistatic", "probes", "truth", "eam", "bilayer", "growth")


def main() -> int:
    """Print the machine and every table."""
    chosen = sys.argv[1:] or NAMES
    unknown = set(chosen) - set(NAMES)
    if unknown:
        sys.stderr.write(f"unknown benchmark {', '.join(sorted(unknown))}; expected some of {', '.join(NAMES)}\n")
        return 2
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")
    for name in chosen:
        importlib.import_module(f"benchmarks.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
