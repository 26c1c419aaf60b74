"""The versions of what results depend on, as manifests keep them."""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata

PROJECT = "vitreous"
# what a developer has: it computes nothing
_WITHOUT = re.compile(r"""extra\s*==\s*["'](dev|docs|all|oracles)["']""")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@cache
def versions(provider: str = PROJECT) -> dict[str, str]:
    """Version by name of Vitreous, of the package ``provider``, and of all packages that they
    declare to need, as far as they are installed; in the order of names.
    """
    from vitreous import __version__

    found = {PROJECT: __version__}
    for package in dict.fromkeys((PROJECT, provider)):
        for name in (package, *_needed(package)):
            if name not in found and (version := _version(name)) is not None:
                found[name] = version
    return dict(sorted(found.items()))


def _needed(package: str) -> list[str]:
    try:
        lines = metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        return []
    wanted = [line for line in lines if not _WITHOUT.search(line)]
    return [found[0].lower() for line in wanted if (found := _NAME.match(line))]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
