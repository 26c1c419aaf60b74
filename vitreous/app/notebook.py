"""The page of ``vitreous view`` in a cell of a notebook.

import vitreous

vitreous.view("glass.extxyz")
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from vitreous.core.errors import MissingExtra, VitreousError

_FRAMED_BY = "http://localhost:* http://127.0.0.1:*"  # where notebooks are served
_open = ExitStack()
atexit.register(_open.close)


def view(path: str | Path, *, height: int = 760, port: int = 0) -> Any:
    """The page of a glass, a micrograph, a deformation or a run, as an IPython ``IFrame``; its
    server runs until Python ends.

    Args:
        path: as of ``vitreous view``. height: of the cell, pixels. port: 0 for any that is free.

    Raises:
        VitreousError: there is nothing at ``path``, the port is taken, or this is no notebook.
        MissingExtra: without the extra ``view``.
    """
    from importlib import import_module
    from importlib.util import find_spec

    for package in ("fastapi", "uvicorn"):
        if find_spec(package) is None:
            raise MissingExtra("vitreous.view", package, "view")
    if find_spec("IPython") is None:
        raise VitreousError(
            "vitreous.view shows its page in a cell of a notebook, but IPython is not installed; "
            "use the command: vitreous view FILE"
        )
    from vitreous.app.view.opening import placed_in
    from vitreous.app.view.server import serving

    folder, first = placed_in(Path(path))
    address, _ = _open.enter_context(serving(folder, first, "127.0.0.1", port, _FRAMED_BY))
    return import_module("IPython.display").IFrame(address, width="100%", height=height)
