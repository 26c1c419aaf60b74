"""``vitreous list``: what is installed, from declarations alone."""

from __future__ import annotations

import argparse
import json
import sys
from itertools import groupby

from vitreous.core.registry import Registered, discover


def main(options: argparse.Namespace) -> int:
    """Kinds, components, providers, citations; plugins that failed, and why."""
    registry = discover()
    components = registry.all(options.kind)
    if options.json:
        failed = [{"plugin": f.name, "provider": f.provider, "reason": f.reason} for f in registry.failed]
        sys.stdout.write(json.dumps({"components": [_plain(r) for r in components], "failed": failed}, indent=1) + "\n")
        return 0
    width = max((len(r.component.name) for r in components), default=0)
    for kind, group in groupby(components, key=lambda r: r.component.kind):
        sys.stdout.write(f"{kind}\n")
        for r in group:
            sys.stdout.write(f"  {r.component.name:{width}}  {r.component.summary}\n")
            sys.stdout.write(f"  {'':{width}}  {r.provider}; {r.component.citation or 'no citation'}\n")
    for failure in registry.failed:
        sys.stderr.write(f"vitreous: {failure}\n")
    return 0


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
