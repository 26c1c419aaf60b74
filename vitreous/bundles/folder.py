"""What a bundle's folder holds: the names of its files, its format, its checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitreous.core.errors import VitreousError

COMPONENT, FITTED, ABOUT, POTENTIAL, PLACES = (
    "component.json",
    "fitted",
    "bundle.json",
    "potential",
    "places.npy",  # of the sites; the word in files stays as formats 3 and 4 have it
)
FORMAT = 4
READABLE = tuple(range(1, FORMAT + 1))  #: ``vitreous.bundles.earlier`` describes each


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a bundle but ``bundle.json``, by name."""
    return {name: digest(folder / name) for name in files_of(folder)}


def files_of(folder: Path) -> list[str]:
    """Names of the files below ``folder``, sorted."""
    return sorted(
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and p.name not in (ABOUT, "MLmodel")
    )


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def refuse_links(folder: Path) -> None:
    """Raises VitreousError for anything in a bundle but files and folders: a link leads elsewhere,
    and a pipe or device might never end.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise VitreousError(
                f"{path} is no file; a model folder holds plain files and folders: copy it with "
                "cp -rL, or get it again"
            )


def own_digest(about: Mapping[str, Any]) -> str:
    """SHA-256 of what ``bundle.json`` says, whatever its layout."""
    said = {key: value for key, value in about.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def sign(folder: Path, about: Mapping[str, Any]) -> None:
    """Write ``bundle.json`` with the checksum of what it says."""
    (folder / ABOUT).write_text(json.dumps({**about, "sha256": own_digest(about)}, indent=1))
