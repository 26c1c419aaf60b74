"""Results as CSV tables: one row per atom, site, state or event; empty where a number
is not known.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.io.text import write_whole

#: beginnings of text that spreadsheets take for a formula; numbers are no text
_FORMULA = ("=", "+", "-", "@")
VOIGT_NAMES = {2: ("xx", "yy", "xy"), 3: ("xx", "yy", "zz", "yz", "xz", "xy")}


def in_voigt_order(tensors: NDArray[Any]) -> NDArray[Any]:
    """(..., D, D) symmetric tensors as (..., V) components in the order of ``VOIGT_NAMES``."""
    names = VOIGT_NAMES[tensors.shape[-1]]
    return np.stack([tensors[..., "xyz".index(a), "xyz".index(b)] for a, b in names], axis=-1)


def write_table(path: Path, columns: Mapping[str, NDArray[Any]]) -> Path:
    """Write columns of one length; numbers keep every digit. Raises VitreousError if the file
    cannot be written.
    """
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_plain(name) for name in columns)
    writer.writerows([_plain(value) for value in row] for row in rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VitreousError(f"{path} cannot be written: {error.strerror or error}") from None
    return write_whole(path, text.getvalue().encode())


def _plain(value: Any) -> Any:
    """A cell. Text that a spreadsheet would calculate is led by an apostrophe, and breaks no line:
    names of species and columns come from files of others.
    """
    if isinstance(value, str):
        line = "".join(c if c.isprintable() else " " for c in value)
        return f"'{line}" if line.lstrip().startswith(_FORMULA) else line
    if isinstance(value, bool):
        return int(value)
    return "" if isinstance(value, float) and math.isnan(value) else value
