"""Embedded-atom tables in the DYNAMO formats: setfl (eam/alloy) and Finnis-Sinclair (eam/fs).

Three comment lines; the number of elements and their names; nrho, drho, nr, dr and the cutoff; for
each element a header line, the embedding function F and its density function rho (in eam/fs one for
each element it acts on); then r times the pair function of every two elements, (1,1), (2,1), (2,2),
... The number of values distinguishes the two formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError

_FORMAT = "an eam/alloy (setfl) or eam/fs file"


@dataclass(frozen=True)
class EamFile:
    """For S elements: ``embedding`` (S, nrho), F in eV at densities k drho; ``density`` (S, S, nr),
    rho of an atom of the first element at an atom of the second; ``pair`` (S, S, nr), r phi(r)
    in eV A, at distances k dr (A). ``style``: "eam/alloy" or "eam/fs".
    """

    elements: tuple[str, ...]
    drho: float
    dr: float
    cutoff: float
    embedding: NDArray[np.float64]
    density: NDArray[np.float64]
    pair: NDArray[np.float64]
    style: str


def read_eam(path: str | Path) -> EamFile:
    """Read the tables of a file.

    Raises:
        VitreousError: if the file is missing, of another format, or truncated.
    """
    try:
        lines = Path(path).read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise VitreousError(
            f"the potential file {path} cannot be read: {error.strerror or error}"
        ) from None
    elements, (nrho, drho, nr, dr, cutoff), body = _header(lines, path)
    count = len(elements)
    groups = _numbers(body, count, path)
    pairs = count * (count + 1) // 2
    total = sum(len(group) for group in groups)
    columns = {count * (nrho + width * nr) + pairs * nr: width for width in (count, 1)}
    if total not in columns:
        expected = " or ".join(str(n) for n in sorted(columns))
        raise VitreousError(
            f"{path} contains {total} numbers in its tables, but its header announces {expected}; "
            "it is truncated or damaged"
        )
    width = columns[total]
    embedding, density, pair = (
        np.zeros((count, nrho)),
        np.zeros((count, count, nr)),
        np.zeros((count, count, nr)),
    )
    for k, group in enumerate(groups):
        if len(group) < nrho + width * nr:
            raise VitreousError(
                f"{path} has {len(group)} numbers for {elements[k]}, expected at least "
                f"{nrho + width * nr}; it is damaged"
            )
        embedding[k] = group[:nrho]
        density[k] = group[nrho : nrho + width * nr].reshape(width, nr)
    tail = groups[-1][nrho + width * nr :].reshape(pairs, nr)
    for k, (a, b) in enumerate((row, column) for row in range(count) for column in range(row + 1)):
        pair[a, b] = pair[b, a] = tail[k]
    return EamFile(
        elements,
        drho,
        dr,
        cutoff,
        embedding,
        density,
        pair,
        "eam/alloy" if width == 1 else "eam/fs",
    )


def _header(
    lines: list[str], path: str | Path
) -> tuple[tuple[str, ...], tuple[int, float, int, float, float], list[str]]:
    """Parse elements and grid; return them and the remaining lines."""
    try:
        words, grid = lines[3].split(), lines[4].split()
        elements = tuple(words[1 : 1 + int(words[0])])
        nrho, drho, nr, dr, cutoff = (
            int(grid[0]),
            float(grid[1]),
            int(grid[2]),
            float(grid[3]),
            float(grid[4]),
        )
        sound = (
            len(elements) == int(words[0]) > 0
            and nrho > 4
            and nr > 4
            and min(drho, dr, cutoff) > 0.0
        )
    except (IndexError, ValueError):
        sound = False
    if not sound:
        raise VitreousError(
            f"{path} is not {_FORMAT}: expected element names in its fourth line, and nrho, drho, "
            "nr, dr, cutoff in its fifth"
        )
    return elements, (nrho, drho, nr, dr, cutoff), lines[5:]


def _numbers(lines: list[str], count: int, path: str | Path) -> list[NDArray[np.float64]]:
    """The numbers after each element's header line, a line that ends in a word."""
    starts = [k for k, line in enumerate(lines) if line.split() and not _numeric(line.split()[-1])]
    if len(starts) != count or starts[0] != 0:
        raise VitreousError(
            f"{path} has the tables of {len(starts)} elements, expected {count}; it is truncated, "
            f"damaged or not {_FORMAT}"
        )
    groups = []
    for begin, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        words = " ".join(lines[begin + 1 : end]).split()
        try:
            groups.append(np.array(words, dtype=np.float64))
        except ValueError:
            bad = next(word for word in words if not _numeric(word))
            raise VitreousError(
                f"{path} has '{bad}' where a number is expected; it is damaged or not {_FORMAT}"
            ) from None
    return groups


def _numeric(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
