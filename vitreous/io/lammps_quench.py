"""A melt cooled by LAMMPS molecular dynamics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.io.lammps import load_lammps, reason

Array = NDArray[Any]
Segment = tuple[float, float, float]  #: temperature at its start and its end, time it takes

_DAMPING = 100  # time steps that the thermostat averages over
_BAROSTAT = 1000  # the same of the barostat


@dataclass(frozen=True)
class Quench:
    """What is done to a melt, in the units of LAMMPS's ``units`` (lj: epsilon / k and tau; metal:
    kelvin, ps and bar).

    ``pressure`` None keeps the cell; a number lets its lengths follow it.
    """

    units: str
    pair_commands: Sequence[str]
    masses: Sequence[float]
    schedule: Sequence[Segment]
    time_step: float
    pressure: float | None


def cooled(
    positions: Array, species: NDArray[np.int64], lengths: Array, quench: Quench, seed: int
) -> tuple[Array, Array]:
    """Positions (N, D) and cell lengths (D,) at the end of the schedule, of atoms that start at
    ``positions`` in a periodic box.

    Raises:
        VitreousError: with LAMMPS's own message, or if atoms are lost.
    """
    n, d = positions.shape
    engine = load_lammps()(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    try:
        box = [*lengths, *([1.0] if d == 2 else [])]
        edges = (
            " ".join(f"0 {length:.17g}" for length in box)
            if d == 3
            else f"0 {box[0]:.17g} 0 {box[1]:.17g} -0.5 0.5"
        )
        x = np.zeros((n, 3))
        x[:, :d] = positions
        _run(
            engine,
            [
                f"units {quench.units}",
                f"dimension {d}",
                "atom_style atomic",
                "atom_modify map array",
                "boundary p p p",
            ],
        )
        _run(engine, [f"region box block {edges}", f"create_box {len(quench.masses)} box"])
        engine.create_atoms(n, list(range(1, n + 1)), (species + 1).tolist(), x.ravel().tolist())
        _run(engine, [f"mass {k + 1} {mass:.17g}" for k, mass in enumerate(quench.masses)])
        _run(
            engine,
            [
                *quench.pair_commands,
                *(["fix flat all enforce2d"] if d == 2 else []),
                f"timestep {quench.time_step:.17g}",
            ],
        )
        _run(
            engine,
            [f"velocity all create {quench.schedule[0][0]:.17g} {seed} mom yes dist gaussian"],
        )
        for segment in quench.schedule:
            _run(engine, _segment(quench, segment, d))
        if engine.get_natoms() != n:
            raise VitreousError(
                f"LAMMPS lost {n - engine.get_natoms()} of {n} atoms; shorten the time step or "
                "lower the temperature"
            )
        final = np.array(engine.gather_atoms("x", 1, 3)).reshape(-1, 3)[:, :d]
        low, high = (np.array(corner)[:d] for corner in engine.extract_box()[:2])
        return final - low, high - low
    finally:
        engine.close()


def _segment(quench: Quench, segment: Segment, dimension: int) -> list[str]:
    """The commands of one stretch of the schedule."""
    start, end, duration = segment
    thermostat = f"temp {start:.17g} {end:.17g} {_DAMPING * quench.time_step:.17g}"
    if quench.pressure is None:
        ensemble = f"nvt {thermostat}"
    else:
        axes = ("x", "y", "z")[:dimension]
        relaxation = _BAROSTAT * quench.time_step
        ensemble = f"npt {thermostat} " + " ".join(
            f"{a} {quench.pressure:.17g} {quench.pressure:.17g} {relaxation:.17g}" for a in axes
        )
    return [
        f"fix thermostat all {ensemble}",
        f"run {max(1, round(duration / quench.time_step))}",
        "unfix thermostat",
    ]


def _run(engine: Any, commands: Sequence[str]) -> None:
    for line in commands:
        try:
            engine.command(line)
        except Exception as error:  # LAMMPS raises plain Exception
            raise VitreousError(f"LAMMPS refuses '{line}': {reason(error)}") from error
