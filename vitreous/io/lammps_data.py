"""LAMMPS data files (LAMMPS manual, read_data): any atom style, type labels, general cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from vitreous.core.errors import VitreousError
from vitreous.io.frame import Floats, Frame, floats, in_order, integers
from vitreous.io.species import by_mass


class Style(NamedTuple):
    """Places in a row, from 0: of the type and of x; values in a row, without image flags (None:
    at least up to z).
    """

    type: int
    x: int
    columns: int | None


STYLES: Mapping[str, Style] = {
    "atomic": Style(1, 2, 5),
    "charge": Style(1, 3, 6),
    "bond": Style(2, 3, 6),
    "angle": Style(2, 3, 6),
    "molecular": Style(2, 3, 6),
    "full": Style(2, 4, 7),
    "sphere": Style(1, 4, 7),
    "ellipsoid": Style(1, 4, 7),
    "peri": Style(1, 4, 7),
    "bpm/sphere": Style(2, 5, 8),
    "line": Style(2, 5, 8),
    "tri": Style(2, 5, 8),
    "template": Style(2, 5, 8),
    "body": Style(1, 4, 7),
    "dpd": Style(1, 3, 6),
    "mdpd": Style(1, 3, 6),
    "edpd": Style(1, 4, 7),
    "electron": Style(1, 5, 8),
    "dielectric": Style(1, 3, None),
    "dipole": Style(1, 3, 9),
    "spin": Style(1, 2, 9),
    "sph": Style(1, 5, 8),
    "smd": Style(1, 10, 13),
    "tdpd": Style(1, 2, None),
    "hybrid": Style(1, 2, None),
}
_SECTION = re.compile(
    r"^\s*([A-Z][A-Za-z]*(?: [A-Za-z]+)*(?: Coeffs)?)\s*(?:#[ \t]*(.*))?$"
)  # a keyword of words, and the comment behind it
_Section = tuple[str, list[str]]  # what follows the keyword, and the rows


def parse_data(text: str, source: str, style: str | None = None) -> Frame:
    """The glass of a data file, atoms in ascending id, x, y, z as they stand there.

    Args:
        style: the atom style, a key of STYLES; None: as the file says, or by the look of its rows.

    Raises:
        VitreousError: if the file has no cell, or its style is not known.
        ValueError: if it is damaged.
    """
    head, sections = _sections(text)
    cell, origin = _cell(head, source)
    if "Atoms" not in sections:
        raise ValueError("no section Atoms")
    hint, lines = sections["Atoms"]
    rows = [line.split("#")[0].split() for line in lines]
    announced = _said(head, "atoms")
    if announced and int(announced[0]) != len(rows):
        raise ValueError(f"{announced[0]} atoms announced, {len(rows)} found")
    if not rows:
        raise VitreousError(f"{source} holds no atoms; expected a glass")
    labels, named_by = _labels(sections)
    chosen, notes = _style(rows, hint, style, source)
    form = STYLES[chosen]
    short = next((row for row in rows if len(row) < form.x + 3), None)
    if short is not None:
        raise ValueError(f"an atom of style {chosen} has {form.x + 3} values, '{' '.join(short)}'")
    kinds = [row[form.type] for row in rows]
    positions = np.column_stack([floats([row[form.x + k] for row in rows]) for k in range(3)])
    numbers, words = _kinds(kinds, sections)
    return in_order(
        Frame(
            positions=positions - origin,
            cell=cell,
            origin=origin,
            periodic=(True, True, True),
            ids=integers([row[0] for row in rows], "the id"),
            kinds=words if numbers is None else numbers,
            labels={} if numbers is None else labels,
            named_by="section Atoms" if numbers is None else named_by,
            notes=notes,
        )
    )


def named_types(text: str) -> dict[int, str]:
    """The species of types that a data file tells; none if its Masses contradict themselves."""
    try:
        return _labels(_sections(text)[1])[0]
    except ValueError:
        return {}


def _sections(text: str) -> tuple[list[str], dict[str, _Section]]:
    """Lines of the header without comments, and the sections; the first line is a title."""
    head: list[str] = []
    sections: dict[str, _Section] = {}
    rows = head
    for number, line in enumerate(text.splitlines()):
        plain = line.split("#")[0].strip()
        if not plain or (number == 0 and not _in_header(plain)):
            continue
        keyword = _SECTION.match(line)
        if keyword:
            rows = []
            sections[keyword[1]] = ((keyword[2] or "").strip(), rows)
        else:
            rows.append(plain if rows is head else line.strip())
    return head, sections


def _in_header(line: str) -> bool:
    """Whether a first line is no title: some programs leave it out."""
    words = line.lower().split()
    return (words[-1] == "atoms" and words[0].isdecimal()) or words[-1] in ("xhi", "avec")


def _said(head: Sequence[str], *keyword: str) -> list[str] | None:
    """The values before a keyword, in whatever letters, of the last line of the header that has
    it.
    """
    for line in reversed(head):
        words = line.split()
        if tuple(word.lower() for word in words[-len(keyword) :]) == keyword:
            return words[: -len(keyword)]
    return None


def _numbers(head: Sequence[str], *keyword: str, count: int) -> Floats | None:
    """As many values as the keyword has. Raises ValueError."""
    words = _said(head, *keyword)
    if words is not None and len(words) != count:
        raise ValueError(f"{' '.join(keyword)} has {len(words)} values, expected {count}")
    return None if words is None else floats(words)


def _cell(head: list[str], source: str) -> tuple[Floats, Floats]:
    """Vectors in rows and origin. Raises VitreousError if there is none."""
    vectors = [_numbers(head, f"{axis}vec", count=3) for axis in "abc"]
    if all(vector is not None for vector in vectors):
        corner = _numbers(head, "abc", "origin", count=3)
        return np.array(vectors), np.zeros(3) if corner is None else corner
    sides = [_numbers(head, f"{axis}lo", f"{axis}hi", count=2) for axis in "xyz"]
    if sides[0] is None or sides[1] is None:
        raise VitreousError(
            f"{source} has no cell; expected a LAMMPS data file with xlo xhi, ylo yhi, zlo zhi"
        )
    bounds = np.array([(-0.5, 0.5) if side is None else side for side in sides])
    cell = np.diag(bounds[:, 1] - bounds[:, 0])
    tilt = _numbers(head, "xy", "xz", "yz", count=3)
    if tilt is not None:
        cell[1, 0], cell[2, 0], cell[2, 1] = tilt
    return cell, bounds[:, 0]


def _labels(sections: Mapping[str, _Section]) -> tuple[dict[int, str], str]:
    """Names of the types, and what tells them: labels before comments before masses.

    Raises:
        ValueError: if a comment and a mass name different elements.
    """
    rows = [line.split() for line in sections.get("Atom Type Labels", ("", []))[1]]
    if rows:
        return {int(row[0]): row[1] for row in rows if len(row) > 1}, "Atom Type Labels"
    lines = sections.get("Masses", ("", []))[1]
    masses: dict[int, float] = {}
    comments: dict[int, str] = {}
    for line in lines:
        plain, _, comment = line.partition("#")
        words = plain.split()
        if len(words) < 2 or not words[0].isdecimal():
            continue
        masses[int(words[0])] = float(floats(words[1:2])[0])
        name = comment.split()[:1]
        if name and _symbol(name[0]):
            comments[int(words[0])] = name[0]
    weighed = by_mass(masses)
    if comments and len(comments) == len(masses):
        crossed = [t for t in comments if weighed.get(t) in set(comments.values()) - {comments[t]}]
        if crossed:
            t = crossed[0]
            raise ValueError(
                f"Masses call type {t} {comments[t]} and give it the mass of {weighed[t]}"
            )
        return comments, "comments of Masses"
    return weighed, "Masses"


def _symbol(word: str) -> bool:
    """Whether a comment begins like a name of a species: an element, or one behind whose symbol no
    letter follows.
    """
    from ase.data import atomic_numbers

    letters = re.match(r"[A-Za-z]+", word)
    return bool(letters) and letters[0] in atomic_numbers and letters[0] != "X"


def _kinds(
    words: Sequence[str], sections: Mapping[str, _Section]
) -> tuple[np.ndarray | None, np.ndarray]:
    """Types as numbers, by their labels where rows hold these, and the words themselves; no
    numbers where the words are names that no label numbers.
    """
    plain = np.array(words, dtype=object)
    if all(word.lstrip("+-").isdecimal() for word in words):
        return integers(words, "the type"), plain
    rows = [line.split() for line in sections.get("Atom Type Labels", ("", []))[1]]
    types = {row[1]: row[0] for row in rows if len(row) > 1}
    if set(words) <= set(types):
        return integers([types[word] for word in words], "the type"), plain
    if any(not word[:1].isalpha() for word in words):
        bad = next(word for word in words if not word[:1].isalpha())
        raise ValueError(f"'{bad[:40]}' is no atom type")
    return None, plain


def _style(
    rows: list[list[str]], hint: str, asked: str | None, source: str
) -> tuple[str, tuple[str, ...]]:
    """The atom style: as asked for, as the file says, or as the rows look, which is announced."""
    said = hint.split(maxsplit=1)[0] if hint else ""
    if asked is not None and asked not in STYLES:
        raise VitreousError(f"unknown atom style '{asked}'; expected one of {', '.join(STYLES)}")
    if asked is not None:
        note = f"{source} says that its atom style is {said}; {asked} was asked for, and is used"
        return asked, (note,) if said in STYLES and said != asked else ()
    if said in STYLES:
        return said, ()
    guess = _guess(rows)
    if guess is None:
        raise VitreousError(
            f"{source} does not say its atom style, and rows of {len(rows[0])} values may be of "
            "several; name it with --atom-style (in Python: atom_style=), e.g. charge"
        )
    if guess == "atomic":
        return guess, ()
    return guess, (
        f"{source} does not say its atom style: rows of {len(rows[0])} values are read as "
        f"{guess}; --atom-style (in Python: atom_style=) says otherwise",
    )


def _guess(rows: list[list[str]]) -> str | None:
    width = len(rows[0])
    whole = [all(_is_whole(row[k : k + 1]) for row in rows) for k in range(width)]
    if width >= 8 and all(whole[-3:]):
        width -= 3  # image flags
    label = next((k for k in (1, 2) if rows[0][k][:1].isalpha()), 0) if width > 3 else 0
    if width == 5:
        return "atomic"
    if width == 6:
        if label == 2:
            return "molecular"
        if label == 1 or not whole[2] or any(row[2][0] == "-" for row in rows):
            return "charge"  # a molecule is numbered from 0
        return "charge" if {row[2] for row in rows} == {"0"} else None
    if width == 7:
        return "full" if whole[2] or label == 2 else "sphere"
    return None


def _is_whole(words: list[str]) -> bool:
    return bool(words) and words[0].lstrip("+-").isdecimal()
