"""``vitreous list``: what is installed, from declarations alone."""

from __future__ import annotations

import argparse
import json
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from vitreous.core.plugin import KINDS

if TYPE_CHECKING:
    from vitreous.core.registry import Registered

SUMMARY = "the installed components, and recipes"

RECIPE = (
    "recipe"  #: not a kind of component: what ``vitreous run experiment=NAME`` composes of them
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.add_argument("kind", nargs="?", help=f"only this kind: {', '.join(KINDS)} or {RECIPE}")
    parser.add_argument("--json", action="store_true", help="for programs")


def carry_out(options: argparse.Namespace) -> int:
    """Kinds, components, providers, citations; recipes; plugins that failed, and why."""
    from vitreous.core.registry import discover

    registry = discover()
    components = [] if options.kind == RECIPE else registry.all(options.kind)
    recipes = _recipes() if options.kind in (None, RECIPE) else {}
    if options.json:
        failed = [
            {"plugin": f.name, "provider": f.provider, "reason": f.reason} for f in registry.failed
        ]
        found = {
            "components": [_plain(r) for r in components],
            "recipes": recipes,
            "failed": failed,
            "clashes": [str(clash) for clash in registry.clashes],
        }
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
        return 0
    width = max((len(r.component.name) for r in components), default=0)
    for kind, group in groupby(components, key=lambda r: r.component.kind):
        sys.stdout.write(f"{kind}\n")
        for r in group:
            sys.stdout.write(f"  {r.component.name:{width}}  {r.component.summary}\n")
            sys.stdout.write(
                f"  {'':{width}}  {r.provider}; {r.component.citation or 'no citation'}\n"
            )
    if recipes:
        sys.stdout.write(f"{RECIPE} (vitreous run experiment=NAME)\n")
        width = max(len(name) for name in recipes)
        sys.stdout.writelines(f"  {name:{width}}  {summary}\n" for name, summary in recipes.items())
    for failure in (*registry.failed, *registry.clashes):
        sys.stderr.write(f"vitreous: {failure}\n")
    return 0


def _recipes() -> dict[str, str]:
    """Name and first comment of every recipe, ours and those of plugins; names that begin with _
    are parts of recipes.
    """
    from vitreous.core.config_folders import OWN, plugin_folders

    found = {}
    for folder in (OWN, *(f.path for f in plugin_folders())):
        for path in sorted((folder / "experiment").rglob("[!_]*.yaml")):
            found[path.relative_to(folder / "experiment").with_suffix("").as_posix()] = _summary(
                path
            )
    return found


def _summary(path: Path) -> str:
    from vitreous.core.config_folders import unwrapped

    comments = (
        line.lstrip("# ").rstrip()
        for line in unwrapped(path.read_text(encoding="utf-8")).splitlines()
        if line.startswith("#")
    )
    return next((text for text in comments if not text.startswith("@package")), "")


def _plain(registered: Registered) -> dict[str, str]:
    c = registered.component
    return {
        "kind": c.kind,
        "name": c.name,
        "provider": registered.provider,
        "citation": c.citation,
        "summary": c.summary,
        "target": c.target,
    }
