"""Embedded-atom tables in the DYNAMO formats: setfl (eam/alloy) and Finnis-Sinclair (eam/fs), read
as LAMMPS reads them (LAMMPS manual, pair_style eam).

Three comment lines; the number of elements and their names; nrho, drho, nr, dr and the cutoff; for
each element a header (atomic number, mass, and whatever follows), the embedding function F and its
density function rho (in eam/fs one for each element it acts on); then r times the pair function of
every two elements, (1,1), (2,1), (2,2), ... Every table begins on a line of its own; lines after
the last are ignored. The positions of the headers distinguish the two formats.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError

_FORMAT = "an eam/alloy (setfl) or eam/fs file"
_LARGEST = 1e30  # eV and the like; splines of larger numbers overflow
Table = NDArray[np.float64]


@dataclass(frozen=True)
class EamFile:
    """For S elements: ``embedding`` (S, nrho), F in eV at densities k drho; ``density`` (S, S, nr),
    rho of an atom of the first element at an atom of the second; ``pair`` (S, S, nr), r phi(r)
    in eV A, at distances k dr (A). ``style``: "eam/alloy" or "eam/fs". ``masses`` (S,): g/mol.
    """

    elements: tuple[str, ...]
    drho: float
    dr: float
    cutoff: float
    embedding: NDArray[np.float64]
    density: NDArray[np.float64]
    pair: NDArray[np.float64]
    style: str
    masses: tuple[float, ...]


@dataclass(frozen=True)
class _Grid:
    """What the first five lines say; ``more``: numbers behind the cutoff, as eam/he has one."""

    elements: tuple[str, ...]
    nrho: int
    drho: float
    nr: int
    dr: float
    cutoff: float
    more: bool


class _Damaged(Exception):
    """A table that cannot be read as one of the formats, and the line where that shows."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at


def read_content(path: str | Path) -> bytes:
    """The bytes of a potential file. Raises VitreousError if it cannot be read, or is no file."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise VitreousError(
                f"the potential file {path} cannot be read: it is a folder, pipe or device"
            )
        return Path(path).read_bytes()
    except OSError as error:
        raise VitreousError(
            f"the potential file {path} cannot be read: {error.strerror or error}"
        ) from None


def read_eam(path: str | Path) -> EamFile:
    """Read the tables of a file.

    Raises:
        VitreousError: in one sentence, if the file is missing, of another format, truncated, or
        holds numbers that are not finite.
    """
    lines = read_content(path).decode("latin-1").splitlines()
    grid = _grid(lines, path)
    body = [plain for line in lines[5:] if (plain := line.partition("#")[0].strip())]
    count = len(grid.elements)
    failures: list[_Damaged] = []
    for style, width in (("eam/alloy", 1), ("eam/fs", count)):
        try:
            masses, groups, pairs, rest = _tables(body, grid, width)
        except _Damaged as failure:
            failures.append(failure)
            continue
        # of one element the two are alike, but to LAMMPS not their names
        named = "eam/fs" if count == 1 and str(path).endswith(".fs") else style
        _refuse_kin(path, grid, named, len(pairs) * grid.nr, rest)
        return _made(grid, named, masses, width, groups, pairs, path)
    furthest = max(failures, key=lambda failure: failure.at)
    raise VitreousError(f"{path} {furthest}; it is truncated, damaged or not {_FORMAT}")


def _refuse_kin(path: str | Path, grid: _Grid, style: str, pairs: int, rest: int) -> None:
    """Raises VitreousError for formats that begin like these and hold another model."""
    if rest >= 2 * pairs and style == "eam/alloy":
        raise VitreousError(
            f"{path} is an adp table: dipole and quadrupole functions follow its pair functions; "
            f"expected {_FORMAT}"
        )
    if (grid.more and style == "eam/fs") or str(path).endswith(".he"):
        raise VitreousError(
            f"{path} is an eam/he table: a largest density follows the cutoff in its fifth line, "
            f"and densities may be negative; expected {_FORMAT}"
        )
    if rest >= grid.nr:
        raise VitreousError(
            f"{path} holds {rest} numbers more than its header announces; it is damaged or not "
            f"{_FORMAT}"
        )


def _made(
    grid: _Grid,
    style: str,
    masses: Sequence[float],
    width: int,
    groups: Sequence[Table],
    pairs: Sequence[Table],
    path: str | Path,
) -> EamFile:
    count = len(grid.elements)
    embedding = np.zeros((count, grid.nrho))
    density, pair = np.zeros((count, count, grid.nr)), np.zeros((count, count, grid.nr))
    for k, group in enumerate(groups):
        embedding[k] = group[: grid.nrho]
        density[k] = group[grid.nrho :].reshape(width, grid.nr)
    between = ((row, column) for row in range(count) for column in range(row + 1))
    for (a, b), table in zip(between, pairs, strict=True):
        pair[a, b] = pair[b, a] = table
    for name, tables in (("embedding", embedding), ("density", density), ("pair", pair)):
        if not (np.abs(tables) < _LARGEST).all():
            raise VitreousError(
                f"{path} has numbers that are not finite, or above {_LARGEST:g}, in its {name} "
                "functions; mend the file"
            )
    return EamFile(
        grid.elements,
        grid.drho,
        grid.dr,
        grid.cutoff,
        embedding,
        density,
        pair,
        style,
        tuple(masses),
    )


def _grid(lines: list[str], path: str | Path) -> _Grid:
    """What the first five lines say. Raises VitreousError if they are those of another format."""
    try:
        words, numbers = lines[3].split(), lines[4].split()
        elements = tuple(words[1 : 1 + int(words[0])])
        found = _Grid(
            elements,
            int(numbers[0]),
            _number(numbers[1]),
            int(numbers[2]),
            _number(numbers[3]),
            _number(numbers[4]),
            len(numbers) > 5 and _numeric(numbers[5]),
        )
        spacings = (found.drho, found.dr, found.cutoff)
        sound = (
            len(elements) == int(words[0]) > 0
            and max(map(len, elements)) < 64
            and min(found.nrho, found.nr) > 4
            and all(0.0 < value < 1e9 for value in spacings)
        )
    except (IndexError, ValueError):
        sound = False
    if sound:
        return found
    if _funcfl(lines):
        raise VitreousError(
            f"{path} is a funcfl table, of one element and for pair_style eam; expected {_FORMAT}"
        )
    raise VitreousError(
        f"{path} is not {_FORMAT}: expected element names in its fourth line, and nrho, drho, nr, "
        "dr, cutoff in its fifth"
    )


def _funcfl(lines: list[str]) -> bool:
    """Whether a header of one element is in the second line and its grid in the third."""
    return len(lines) > 3 and _heads(lines[1]) and _is_grid(lines[2].split())


def _is_grid(words: list[str]) -> bool:
    return len(words) >= 5 and all(map(_numeric, words[:5])) and words[0].isdecimal()


def _tables(
    body: list[str], grid: _Grid, width: int
) -> tuple[list[float], list[Table], list[Table], int]:
    """The mass, F and rho of each element, the pair functions, and how many numbers follow them.

    Raises:
        _Damaged: if a header or a number is missing where this width puts it.
    """
    ends = list(accumulate((len(line.split()) for line in body), initial=0))
    at, masses, groups = 0, [], []
    for name in grid.elements:
        if at >= len(body):
            raise _Damaged(at, f"ends before the tables of {name}")
        if not _heads(body[at]):
            raise _Damaged(
                at, f"has '{body[at][:40]}' where the atomic number and mass of {name} belong"
            )
        masses.append(_number(body[at].split()[1]))
        at, embedding = _take(body, ends, at + 1, grid.nrho, f"the embedding function of {name}")
        parts = [embedding]
        for _ in range(width):
            at, density = _take(body, ends, at, grid.nr, f"the density function of {name}")
            parts.append(density)
        groups.append(np.concatenate(parts))
    pairs, count = [], len(grid.elements)
    for _ in range(count * (count + 1) // 2):
        at, table = _take(body, ends, at, grid.nr, "a pair function")
        pairs.append(table)
    return masses, groups, pairs, ends[-1] - ends[at]


def _take(body: list[str], ends: list[int], at: int, count: int, what: str) -> tuple[int, Table]:
    """The next ``count`` numbers from line ``at`` on, and the line after them."""
    end = at
    while end < len(body) and ends[end] - ends[at] < count:
        end += 1
    words = " ".join(body[at:end]).split()[:count]
    try:
        table = np.array(words, dtype=np.float64)
    except ValueError:
        bad = next((word for word in words if not _numeric(word)), None)
        if bad is not None:
            raise _Damaged(at, f"has '{bad[:40]}' where a number of {what} is expected") from None
        table = np.array([_number(word) for word in words])
    if len(table) < count:
        raise _Damaged(end, f"ends after {len(table)} of the {count} numbers of {what}")
    return end, table


def _heads(line: str) -> bool:
    """Whether a line begins with an atomic number and a mass; a lattice may follow or not."""
    words = line.split()
    return (
        2 <= len(words) <= 6
        and words[0].isdecimal()
        and int(words[0][:6]) < 1000
        and _numeric(words[1])
        and _number(words[1]) > 0.0
    )


def _number(word: str) -> float:
    """A number, also with Fortran's D for an exponent. Raises ValueError."""
    return float(word.replace("D", "e").replace("d", "e"))


def _numeric(word: str) -> bool:
    try:
        _number(word)
    except ValueError:
        return False
    return True
