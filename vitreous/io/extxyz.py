"""Extended XYZ, through ASE's reader, after what would take its memory or time is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vitreous.core.errors import VitreousError
from vitreous.io.frame import Frame
from vitreous.io.through_ase import from_atoms, read_images

_WIDE, _LONG = 4096, 1 << 16  # letters of a row, and of the line before them
_MOST_COLUMNS = 1000
# ASE keeps a column of this name as it is; of one called species it takes chemical elements alone
NAMES = "species_by_name"
_SPECIES = re.compile(
    r'(\bProperties="?(?:[^\s":]+:[A-Z]:\d+:)*)(species|element|typelabel|type|atom_types):[SI]:1\b'
)
_COLUMNS = re.compile(r'\bProperties="?([^\s"]+)')
_D_EXPONENT = re.compile(r"(?<=[\d.])[dD](?=[+-]?\d)")


def split_extxyz(text: str, source: str) -> list[str]:
    """The text of each frame; the last may be cut short.

    Raises:
        VitreousError: if the file does not begin with a number of atoms.
    """
    lines = text.split("\n")
    _refuse_dump_xyz(lines[1:3], source)
    frames, at = [], 0
    while at < len(lines) and lines[at].strip():
        word = lines[at].strip()
        if not word.isdecimal() or len(word) > 12:
            raise VitreousError(
                f"{source} cannot be read as extxyz: damaged or cut short (line {at + 1} should "
                f"be a number of atoms, is '{word[:40]}')"
            )
        end = at + int(word) + 2
        frames.append("\n".join(lines[at:end]))
        at = end
    return frames


def _refuse_dump_xyz(begin: Sequence[str], source: str) -> None:
    """Raise VitreousError for a file as LAMMPS's ``dump xyz`` writes it, from its second line and
    the one after it.
    """
    comment, row = (*begin, "", "")[:2]
    if re.match(r"\s*\d+\s", row) and "=" not in comment:
        raise VitreousError(
            f"{source} holds no cell, and numbers ({row.split()[0]}) in place of species, as "
            "LAMMPS's dump xyz writes it; write a data file (write_data) or a dump of style "
            "custom (id type x y z), which have the cell"
        )


def parse_extxyz(text: str) -> Frame:
    """One frame. Raises ValueError if it is cut short or damaged."""
    head, _, rest = text.partition("\n")
    comment, _, body = rest.partition("\n")
    rows = body.split("\n")
    if rows and not rows[-1].strip():
        rows.pop()
    if int(head) != len(rows):
        raise ValueError(f"{int(head)} atoms announced, {len(rows)} found")
    if not rows:
        raise ValueError("it holds no atoms")
    if len(comment) > _LONG:
        raise ValueError(f"its second line has more than {_LONG} letters")
    if max(map(len, rows)) > _WIDE:
        raise ValueError(f"a row has more than {_WIDE} letters")
    listed = _COLUMNS.search(comment)
    widths = re.findall(r":[A-Z]:(\d+)", listed[1]) if listed else []
    if any(len(width) > 4 for width in widths) or sum(map(int, widths)) > _MOST_COLUMNS:
        raise ValueError(f"its Properties announce more than {_MOST_COLUMNS} columns")
    named = _SPECIES.search(comment)
    if named:
        comment = _SPECIES.sub(rf"\1{NAMES}:S:1", comment, count=1)
    whole = f"{head}\n{comment}\n{body}\n"
    try:
        images = read_images(whole, "extxyz")
    except ValueError:
        if not _D_EXPONENT.search(body):
            raise
        images = read_images(f"{head}\n{comment}\n{_D_EXPONENT.sub('e', body)}\n", "extxyz")
    return from_atoms(images[0], NAMES, f"column {named[2]}" if named else "chemical symbols")
