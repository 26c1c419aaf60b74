"""What the page offers to take away, as files."""

from __future__ import annotations

import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from vitreous.core.errors import VitreousError

DEFORMATION = "deformation.zip"


def content_of(viewer: Any, name: str) -> bytes:
    """The content of one of: ``prediction.csv``, ``.png``, ``.npz``, ``.extxyz``; ``glass.extxyz``,
    ``glass.data``, ``glass.dump``; ``edits.csv``; ``deformation.zip``.

    Raises:
        VitreousError: for another name, or where there is nothing of that kind.
    """
    stem = name.partition(".")[0]
    makers = {
        "prediction": _prediction,
        "glass": _glass,
        "edits": _edits,
        "deformation": _deformation,
    }
    if stem not in makers or not re.fullmatch(r"[a-z]+\.[a-z]+", name):
        raise VitreousError(f"there is no file '{name[:60]}' to take away")
    with tempfile.TemporaryDirectory() as folder:
        return makers[stem](viewer, Path(folder) / name)


def _prediction(viewer: Any, path: Path) -> bytes:
    from vitreous.direct.prediction_files import write_prediction

    if viewer.predictions.last is None:
        raise VitreousError("there is no map to take away; ask a model first")
    if path.suffix not in (".csv", ".png", ".npz", ".extxyz", ".dump"):
        raise VitreousError(f"a prediction is not written as {path.suffix}")
    write_prediction(viewer.predictions.last, path)
    return path.read_bytes()


def _glass(viewer: Any, path: Path) -> bytes:
    from vitreous.io.write import write_configuration

    opened = viewer.desk.opened
    if opened is None:
        raise VitreousError("nothing is open; open a file first")
    write_configuration(path, opened.glass())
    return path.read_bytes()


def _edits(viewer: Any, path: Path) -> bytes:
    opened = viewer.desk.opened
    if opened is None or opened.kind != "image":
        raise VitreousError("no micrograph is open; open one first")
    return opened.as_file().encode()


def _deformation(viewer: Any, path: Path) -> bytes:
    from vitreous.direct.deformation import write_deformation

    if viewer.trajectory is None or path.name != DEFORMATION:
        raise VitreousError("there is no deformation to take away; deform the glass first")
    files = write_deformation(viewer.trajectory, path.parent)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
    return path.read_bytes()
