"""One snapshot as a file holds it, before its species are named, and what every reader checks
alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_D_EXPONENT = re.compile(r"(?<=[\d.])[dD](?=[+-]?\d)")  # Fortran's double precision


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One snapshot in three dimensions.

    Positions (N, 3) are relative to the origin (3,) of the cell (3, 3); ids and kinds are (N,).
    ``kinds`` are LAMMPS types, or names where the file gives them; ``labels`` are the species of
    types, as far as the file tells them, and ``named_by`` says what of the file tells names.
    ``numbered`` is False where the file gives no ids, or the same more than once: ids are rows
    then. ``planar`` is True when the file knows no third dimension. ``strain`` if it says so.
    ``notes`` are what the user should know of how it was read. ``columns`` are further numbers of
    every atom (N,), by the names of the file.
    """

    positions: Floats
    cell: Floats
    origin: Floats
    periodic: tuple[bool, bool, bool]
    ids: Ints
    kinds: NDArray[Any]
    labels: Mapping[int, str] = field(default_factory=dict)
    named_by: str = ""
    numbered: bool = True
    planar: bool = False
    strain: float | None = None
    notes: tuple[str, ...] = ()
    columns: Mapping[str, Floats] = field(default_factory=dict)

    def noting(self, *notes: str) -> Frame:
        """The same with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def numbered_once(frame: Frame) -> Frame:
    """Atoms numbered by row, with a note, where an id occurs twice."""
    unique, counts = np.unique(frame.ids, return_counts=True)
    if len(unique) == len(frame.ids):
        return frame
    twice = unique[counts > 1]
    return replace(frame, ids=np.arange(1, len(frame.ids) + 1), numbered=False).noting(
        f"atoms share ids ({len(twice)} of them, the first is {twice[0]}): they are numbered 1 to "
        f"{len(frame.ids)} in the order of the file"
    )


def in_order(frame: Frame) -> Frame:
    """Atoms in ascending id."""
    frame = numbered_once(frame)
    order = np.argsort(frame.ids, kind="stable")
    return replace(
        frame,
        positions=frame.positions[order],
        ids=frame.ids[order],
        kinds=frame.kinds[order],
        columns={name: values[order] for name, values in frame.columns.items()},
    )


def right_handed(frame: Frame, dimension: int) -> Frame:
    """A left-handed cell with its first two vectors exchanged, which is the same lattice."""
    d = dimension
    if not np.isfinite(frame.cell).all() or not np.linalg.det(frame.cell[:d, :d]) < 0.0:
        return frame
    x, y, z = frame.periodic
    return replace(frame, cell=frame.cell[[1, 0, 2]], periodic=(y, x, z)).noting(
        "the cell is left-handed: its first two vectors are exchanged, atoms stay where they are"
    )


def floats(words: Sequence[str]) -> Floats:
    """Numbers, also with Fortran's D for an exponent. Raises ValueError."""
    try:
        return np.array(words, dtype=np.float64)
    except ValueError:
        return np.array([_D_EXPONENT.sub("e", word) for word in words], dtype=np.float64)


def integers(words: Sequence[Any], what: str) -> Ints:
    """Whole numbers of 64 bits. Raises ValueError naming ``what`` they are."""
    try:
        return np.array(words, dtype=np.int64)
    except (ValueError, OverflowError):
        bad = next((word for word in words if not _whole(word)), None)
    if bad is not None:
        raise ValueError(f"{what} '{str(bad)[:40]}' is no whole number below 2^63")
    return np.array([int(float(word)) for word in words], dtype=np.int64)


def _whole(word: Any) -> bool:
    try:
        value = float(word)
    except (ValueError, OverflowError):
        return False
    return value == int(value) and abs(value) < 2**63 if np.isfinite(value) else False
