"""One force evaluation, next to LAMMPS's serial style for the same model."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.clock import best, table
from benchmarks.glasses import YUKAWA, large
from vitreous.core.data import Configuration
from vitreous.core.interfaces import Potential
from vitreous.io.lammps import LammpsEngine
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.simulators.lammps_aqs import LammpsAQS
from vitreous.testing.systems import silica_crystal

STEPS = 100


def run() -> None:
    """Prints the table."""
    rows = [
        row("yukawa_silica", large(), YUKAWA),
        row("lennard_jones_2d", binary_mixture(), LennardJones2D()),
    ]
    crystal = silica_crystal(repeat=7, shake=0.02)
    surface = Watanabe().surface(crystal)
    ours = best(lambda: surface.energy_forces_virial(crystal.positions, crystal.cell), calls=5)
    rows.append(["watanabe", len(crystal), 1e3 * ours, "-", "-"])
    table(
        "Force evaluation", ["potential", "atoms", "ours, ms", "LAMMPS, ms", "LAMMPS / ours"], rows
    )


def row(name: str, glass: Configuration, potential: Potential) -> list:
    """Ours against LAMMPS's, on the same atoms at rest."""
    surface = potential.surface(glass)
    alone = getattr(
        surface, "forces", surface.energy_forces_virial
    )  # LAMMPS leaves energy and virial out between outputs, too
    ours = best(lambda: alone(glass.positions, glass.cell), calls=10)
    with (
        tempfile.TemporaryDirectory() as folder,
        LammpsAQS()._engine(glass, potential, Path(folder)) as engine,
    ):
        theirs = lammps_step(engine, glass)
    return [name, len(glass), 1e3 * ours, 1e3 * theirs, theirs / ours]


def lammps_step(engine: LammpsEngine, glass: Configuration) -> float:
    """Seconds per step of a run in which nothing moves, so that each step is one force
    evaluation.
    """
    engine.evaluate(glass.positions, glass.cell)
    engine.command("fix still all nve")
    engine.command("timestep 1e-12")
    return best(lambda: engine.command(f"run {STEPS} post no"), repeats=3) / STEPS


def binary_mixture(side: int = 100) -> Configuration:
    """10^4 Lennard-Jones particles on a slightly shaken square lattice at the glass's density."""
    rng = np.random.default_rng(0)
    length = side / np.sqrt(1.02436)
    x = (
        (np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2) + 0.5)
        / side
        * length
    )
    return Configuration(
        positions=x + rng.normal(scale=0.02, size=x.shape),
        species=(rng.random(len(x)) < 0.447).astype(int),
        names=("S", "L"),
        cell=np.eye(2) * length,
        periodic=(True, True),
        units="lj",
    )
