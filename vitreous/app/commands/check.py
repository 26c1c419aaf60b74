"""``vitreous check PACKAGE``: the conformance checks on everything that a package provides."""

from __future__ import annotations

import argparse
import sys

from vitreous.core.errors import VitreousError

SUMMARY = "run the conformance checks on a package's components"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.add_argument("package", help="a distribution that provides components, e.g. vitreous")


def carry_out(options: argparse.Namespace) -> int:
    """Print what ran, passed, was excused or skipped; status 1 if a check failed."""
    from vitreous.core.registry import discover, suggest

    registry = discover()
    twins = [twin for clash in registry.clashes for twin in clash.twins]
    providers = {r.provider.split()[0] for r in (*registry.all(), *twins, *registry.failed)}
    if options.package not in providers:
        listed = ", ".join(sorted(providers))
        raise VitreousError(
            f"no installed package '{options.package}' provides "
            f"components{suggest(options.package, providers)}; known: {listed}"
        )
    for failure in registry.failed:
        if failure.provider.split()[0] == options.package:
            raise VitreousError(str(failure))
    for clash in registry.clashes:
        if any(provider.split()[0] == options.package for provider in clash.providers):
            raise VitreousError(str(clash))
    from vitreous.app.progress import bar
    from vitreous.testing import run_checks

    with bar("conformance checks", None) as advance:
        table = run_checks(options.package, follow=lambda _: advance())
    sys.stdout.write(f"{table}\n")
    return 0 if table.passed else 1
