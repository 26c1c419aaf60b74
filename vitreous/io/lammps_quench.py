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

SILENT = ["-log", "none", "-screen", "none", "-nocite"]
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
    d = positions.shape[1]
    engine = load_lammps()(cmdargs=SILENT)
    try:
        melt(engine, positions, species, lengths, quench, seed)
        for segment in quench.schedule:
            steps = steps_of(segment, quench)
            carry_out(engine, [thermostat("thermostat", quench, segment, d), f"run {steps}"])
            carry_out(engine, ["unfix thermostat"])
        return final(engine, len(positions), d)
    finally:
        engine.close()


def melt(
    engine: Any,
    positions: Array,
    species: NDArray[np.int64],
    lengths: Array,
    quench: Quench,
    seed: int,
) -> None:
    """The atoms in their box, with velocities of the first temperature."""
    n, d = positions.shape
    box = [*lengths, *([1.0] if d == 2 else [])]
    edges = (
        " ".join(f"0 {length:.17g}" for length in box)
        if d == 3
        else f"0 {box[0]:.17g} 0 {box[1]:.17g} -0.5 0.5"
    )
    x = np.zeros((n, 3))
    x[:, :d] = positions
    carry_out(
        engine,
        [
            f"units {quench.units}",
            f"dimension {d}",
            "atom_style atomic",
            "atom_modify map array",
            "boundary p p p",
        ],
    )
    carry_out(engine, [f"region box block {edges}", f"create_box {len(quench.masses)} box"])
    engine.create_atoms(n, list(range(1, n + 1)), (species + 1).tolist(), x.ravel().tolist())
    carry_out(engine, [f"mass {k + 1} {mass:.17g}" for k, mass in enumerate(quench.masses)])
    carry_out(engine, model(quench, d))
    carry_out(
        engine, [f"velocity all create {quench.schedule[0][0]:.17g} {seed} mom yes dist gaussian"]
    )


def model(quench: Quench, dimension: int) -> list[str]:
    """The commands that a restart file does not stand for."""
    return [
        *quench.pair_commands,
        *(["fix flat all enforce2d"] if dimension == 2 else []),
        f"timestep {quench.time_step:.17g}",
    ]


def final(engine: Any, n: int, d: int) -> tuple[Array, Array]:
    """Positions (N, D) from the box's corner, and its lengths (D,)."""
    if engine.get_natoms() != n:
        raise VitreousError(
            f"LAMMPS lost {n - engine.get_natoms()} of {n} atoms; shorten the time step or "
            "lower the temperature"
        )
    x = np.array(engine.gather_atoms("x", 1, 3)).reshape(-1, 3)[:, :d]
    low, high = (np.array(corner)[:d] for corner in engine.extract_box()[:2])
    return x - low, high - low


def steps_of(segment: Segment, quench: Quench) -> int:
    """The time steps of one stretch of the schedule."""
    return max(1, round(segment[2] / quench.time_step))


def thermostat(name: str, quench: Quench, segment: Segment, dimension: int) -> str:
    """The command of the thermostat (and barostat) of one stretch of the schedule."""
    start, end, _ = segment
    temperature = f"temp {start:.17g} {end:.17g} {_DAMPING * quench.time_step:.17g}"
    if quench.pressure is None:
        return f"fix {name} all nvt {temperature}"
    axes = ("x", "y", "z")[:dimension]
    relaxation = _BAROSTAT * quench.time_step
    return f"fix {name} all npt {temperature} " + " ".join(
        f"{a} {quench.pressure:.17g} {quench.pressure:.17g} {relaxation:.17g}" for a in axes
    )


def carry_out(engine: Any, commands: Sequence[str]) -> None:
    """Commands in order. Raises VitreousError with the one that LAMMPS refuses, and why."""
    for line in commands:
        try:
            engine.command(line)
        except Exception as error:  # LAMMPS raises plain Exception
            raise VitreousError(f"LAMMPS refuses '{line}': {reason(error)}") from error
