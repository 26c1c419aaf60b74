"""A quench by LAMMPS in pieces, from restart file to restart file.

LAMMPS rebuilds its neighbour lists where it writes and where it reads a restart file, in an order
that the file does not fix: a run that continues after writing it and a run that reads it part
within rounding, which chaos makes large. Here every piece begins by reading the file that the last
one wrote, in a LAMMPS of its own, whether or not anything was interrupted. So an interrupted quench
gives the same glass as any other, bit for bit (same LAMMPS, same machine). The variables of
thermostat and barostat travel in the file. A quench in one go ends in another glass, unless no
segment of its schedule is longer than a piece.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import nullcontext
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.io.lammps import load_lammps, reason
from vitreous.io.lammps_quench import (
    SILENT,
    Quench,
    carry_out,
    final,
    melt,
    model,
    steps_of,
    thermostat,
)

Array = NDArray[Any]


def cooled_in_pieces(
    positions: Array,
    species: NDArray[np.int64],
    lengths: Array,
    quench: Quench,
    seed: int,
    every: float,
    folder: Path | None,
) -> tuple[Array, Array]:
    """As ``cooled``, in pieces of at most ``every`` (LAMMPS's unit of time), the restart file of
    the last one in ``folder`` until the end; None: nothing outlives this process. The same quench
    of the same atoms resumes from what was left there.

    Raises:
        VitreousError: as ``cooled``, or for a restart file that LAMMPS cannot read.
    """
    n, d = positions.shape
    pieces = _pieces(quench, every)
    with TemporaryDirectory() if folder is None else nullcontext(folder) as place:
        kept = Path(place) / _name(positions, species, lengths, quench, seed, every)
        kept.parent.mkdir(parents=True, exist_ok=True)
        done = max(map(_number, kept.parent.glob(f"{kept.name}.*.restart")), default=0)
        for k, (number, begin, first, last, end) in enumerate(pieces[done:], start=done):
            engine = load_lammps()(cmdargs=SILENT)
            try:
                if k == 0:
                    melt(engine, positions, species, lengths, quench, seed)
                else:
                    _resume(engine, _file(kept, k), quench, d)
                carry_out(
                    engine, [thermostat(f"segment_{number}", quench, quench.schedule[number], d)]
                )
                carry_out(engine, [f"run {last - first} start {begin} stop {end}"])
                if k + 1 == len(pieces):
                    found = final(engine, n, d)
                else:
                    _write(engine, _file(kept, k + 1))
            finally:
                engine.close()
            if k:
                _file(kept, k).unlink(missing_ok=True)
        for left in kept.parent.glob(f"{kept.name}.*"):
            left.unlink(missing_ok=True)
        return found


def _pieces(quench: Quench, every: float) -> list[tuple[int, int, int, int, int]]:
    """Number of the segment, its first step, first and last step of the piece, and the segment's
    last step; at least one piece per segment.
    """
    found, begin = [], 0
    longest = max(1, round(every / quench.time_step))
    for number, segment in enumerate(quench.schedule):
        end = begin + steps_of(segment, quench)
        cuts = [*range(begin, end, longest), end]
        found += [(number, begin, first, last, end) for first, last in pairwise(cuts)]
        begin = end
    return found


def _name(positions: Array, species: Array, lengths: Array, *rest: Any) -> str:
    """Of the restart files of this very quench of these very atoms by this LAMMPS."""
    quench, seed, every = rest
    about = json.dumps([asdict(quench), seed, every, _version()], sort_keys=True)
    digest = hashlib.sha256(about.encode())
    for array in (positions, species, lengths):
        digest.update(np.ascontiguousarray(array).tobytes())
    return f"quench_{digest.hexdigest()[:16]}"


def _version() -> str:
    from importlib.metadata import version

    return version("lammps")


def _file(kept: Path, done: int) -> Path:
    """The state after so many pieces."""
    return kept.with_name(f"{kept.name}.{done}.restart")


def _number(path: Path) -> int:
    return int(path.name.split(".")[-2])


def _write(engine: Any, path: Path) -> None:
    """Leave the state in ``path``, whole or not at all."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    carry_out(engine, [f'write_restart "{partial}"'])
    with open(partial, "rb") as stream:
        os.fsync(stream.fileno())
    partial.replace(path)


def _resume(engine: Any, path: Path, quench: Quench, dimension: int) -> None:
    """The atoms as ``path`` holds them, and what a restart file does not hold."""
    try:
        engine.command(f'read_restart "{path}"')
    except Exception as error:  # LAMMPS raises plain Exception
        raise VitreousError(
            f"LAMMPS cannot read the restart file {path}: {reason(error)}; remove it to begin this "
            "quench anew"
        ) from error
    carry_out(engine, model(quench, dimension))
