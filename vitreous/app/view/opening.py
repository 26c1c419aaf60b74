"""Which folder the page sees, and what of it is opened first."""

from __future__ import annotations

from pathlib import Path

from vitreous.app.view.desk import kind_of
from vitreous.core.errors import VitreousError


def placed_in(path: Path) -> tuple[Path, str]:
    """The folder around ``path``, and its name in there; of a folder that is nothing by itself that
    folder, and an empty name.

    Raises:
        VitreousError: there is nothing at ``path``.
    """
    if not path.exists():
        raise VitreousError(
            f"{path} does not exist; give a glass, a micrograph, or the folder of a run"
        )
    path = path.resolve()
    return (path, "") if path.is_dir() and not kind_of(path) else (path.parent, path.name)
