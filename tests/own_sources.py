"""The sources of our components as they were when their versions were last looked at:
``make sources`` writes them to ``tests/core/keys/sources.json``.

Results of our components are keyed by ``version``, not by source, so that a store outlives an edit
that computes the same. Each line of the table is one module, or one component with its version.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from vitreous.core.registry import discover
from vitreous.core.source import file_digest, source_files

TABLE = Path(__file__).parent / "core" / "keys" / "sources.json"
NOT_STORED = {"evaluation", "executor", "tracker"}  #: kinds whose results are in no store
#: modules of the core that compute; the others pass results on
COMPUTING = {
    f"vitreous.core.{name}"
    for name in (
        *("bridges", "checked_arrays", "configuration", "labels_and_features", "loading"),
        *("network", "pairs", "projection", "surface", "trajectory"),
    )
}
Table = dict[str, dict[str, int | str]]


def users() -> dict[str, list[str]]:
    """The components (KIND/NAME) by each module that they compute with."""
    found: dict[str, list[str]] = {}
    for r in discover().all():
        if r.component.kind in NOT_STORED or not r.component.target.startswith("vitreous."):
            continue
        for module in source_files(r.component.target.rpartition(".")[0]):
            if not module.startswith("vitreous.core") or module in COMPUTING:
                found.setdefault(module, []).append(f"{r.component.kind}/{r.component.name}")
    return found


def current(of: dict[str, list[str]]) -> Table:
    """Versions of the components and digests of the modules, as they are."""
    registry = discover()
    components = sorted({component for names in of.values() for component in names})
    files = {m: path for module in of for m, path in source_files(module).items() if m in of}
    return {
        "versions": {name: registry.resolve(*name.split("/")).version for name in components},
        "modules": {module: file_digest(files[module]) for module in sorted(of)},
    }


def unanswered(recorded: Table, now: Table, of: dict[str, list[str]]) -> Iterator[str]:
    """A sentence for each module that was edited while a component that computes with it kept its
    version; then one if the table is behind.
    """
    for module, digest in now["modules"].items():
        if recorded["modules"].get(module, digest) != digest:
            kept = [c for c in of[module] if recorded["versions"].get(c) == now["versions"][c]]
            if kept:
                yield (
                    f"{module} was edited, and these components that compute with it kept their "
                    f"version: {', '.join(kept)}; increase that of those that now give other "
                    "results"
                )
    if recorded != now:
        yield "the table is behind: once the versions are right, run make sources"


def main() -> int:
    """Write the table."""
    TABLE.write_text(json.dumps(current(users()), indent=1) + "\n")
    sys.stdout.write(f"{TABLE} is up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
