"""Atoms that headers of other programs' files announce: ASE takes memory for them before it looks
whether they follow. In these formats each atom has a row of its own, so that there are never more
than words in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_COUNT = re.compile(r"\d+")


def refuse_announced(text: str, form: str) -> None:
    """Raise ValueError where a file of a format (ASE's name) announces more numbers of atoms than
    it has words.
    """
    if form not in _ANNOUNCED:
        return
    words = len(text.split())
    for count in _ANNOUNCED[form](text):
        if count > words:
            raise ValueError(f"{count} numbers of atoms announced, {words} words found")


def _integer(word: str) -> int:
    """Zero for what is no number: ASE refuses it. Numbers too long for Python are large ones."""
    found = _COUNT.fullmatch(word.lstrip("+-"))
    return int(found[0][:18]) if found else 0


def _sums(lines: list[str]) -> Iterator[int]:
    """Sums of lines that hold numbers of atoms alone, up to a comment."""
    for line in lines:
        yield sum(map(_integer, line.partition("!")[0].split()))


def _vasp(text: str) -> Iterator[int]:
    """Numbers by species stand in the sixth line, or below the names of species."""
    return _sums(text.split("\n", 7)[5:7])


def _xdatcar(text: str) -> Iterator[int]:
    """A header may stand before each frame: numbers by species below their names."""
    lines = text.split("\n")
    below = [at for at, line in enumerate(lines[1:], 1) if lines[at - 1].strip()[:1].isalpha()]
    return _sums([lines[at] for at in below if "=" not in lines[at - 1]])


def _cfg(text: str) -> Iterator[int]:
    """Particles, and columns of each."""
    columns = sum(_integer(word) for word in re.findall(r"\bentry_count *= *(\S+)", text))
    yield columns
    for word in re.findall(r"\bNumber of particles *= *(\S+)", text):
        yield _integer(word) * max(columns, 1)


def _abinit(text: str) -> Iterator[int]:
    """``typat 4*1 3*2`` are seven atoms."""
    return (_integer(word) for word in re.findall(r"\b(\d+)\*", text))


def _line(at: int, word: int = 0) -> Callable[[str], Iterator[int]]:
    """The number at a fixed place of the header."""

    def number(text: str) -> Iterator[int]:
        lines = text.split("\n", at + 1)
        words = lines[at].split() if len(lines) > at else []
        yield _integer(words[word]) if len(words) > word else 0

    return number


def _mustem(text: str) -> Iterator[int]:
    """Each species has a row with its number of atoms below its name."""
    return (
        _integer(line.split()[0]) for line in text.split("\n")[5:] if len(line.split()) in (4, 5)
    )


_ANNOUNCED: dict[str, Callable[[str], Iterator[int]]] = {
    "abinit-in": _abinit,
    "cfg": _cfg,
    "crystal": _line(9),
    "cube": _line(2),
    "gromacs": _line(1),
    "mustem": _mustem,
    "struct_out": _line(3),
    "vasp": _vasp,
    "vasp-xdatcar": _xdatcar,
}
