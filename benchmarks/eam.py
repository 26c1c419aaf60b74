"""The forces of 32,000 atoms of Cu-Zr and a step of their athermal quasistatic shear, next to
LAMMPS's own eam/alloy and fire.

Needs the path of a setfl file in VITREOUS_EAM. The force asked for is one that LAMMPS reaches: its
tables end with a jump of the force.
"""

import os

import numpy as np

from benchmarks.clock import once, table
from benchmarks.forces import row
from benchmarks.glasses import repeated
from vitreous.core.data import Configuration, Loading
from vitreous.plugins.generators.melt_quench import MeltQuench
from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.simulators.aqs import AQS
from vitreous.plugins.simulators.lammps_aqs import LammpsAQS

TOLERANCE, STEP, STEPS = 1e-4, 1e-4, 2


def run() -> None:
    """Prints the table; says so and does nothing without the file."""
    path = os.environ.get("VITREOUS_EAM")
    if not path:
        print(
            "\nVITREOUS_EAM names no setfl file with Zr and Cu; the embedded-atom step is left out"
        )
        return
    glass, potential, loading = (
        cuzr(path),
        Eam(path=path),
        Loading(mode="simple_shear", dimension=3),
    )
    native = AQS(
        strain_step=STEP,
        strain_max=STEPS * STEP,
        force_tolerance=TOLERANCE,
        relax_cell=False,
        eigenvalues=False,
    )
    glass = native.relax(glass, potential)
    native.deform(glass, potential, loading)  # compiles
    seconds, ours = once(lambda: native.deform(glass, potential, loading))
    peer = LammpsAQS(
        strain_step=STEP,
        strain_max=STEPS * STEP,
        min_style="fire",
        time_step=0.02,
        force_tolerance=TOLERANCE,
    )
    theirs, states = once(lambda: peer.deform(glass, Eam(path=path, smooth_end=False), loading))
    differ = abs(
        (states.scalar_stress[-1] - states.scalar_stress[0])
        / (ours.scalar_stress[-1] - ours.scalar_stress[0])
        - 1.0
    )
    steps = [
        len(glass),
        seconds / STEPS,
        theirs / STEPS,
        theirs / seconds,
        float(ours.residual.max()),
        float(states.residual.max()),
        differ,
    ]
    headings = [
        "atoms",
        "native, s per step",
        "LAMMPS fire, s per step",
        "ratio",
        "force left, native",
        "LAMMPS",
        "stress increment differs",
    ]
    forces = row("eam", glass, Eam(path=path, smooth_end=False))
    table(
        "Force evaluation",
        ["potential", "atoms", "ours, ms", "LAMMPS, ms", "LAMMPS / ours"],
        [forces],
    )
    table(f"Cu-Zr, steps of {STEP:g} at {TOLERANCE:g} eV/angstrom", headings, [steps])


def cuzr(path: str, per_side: int = 2) -> Configuration:
    """4000 atoms cooled from the melt at 1e14 K/s, repeated, and shaken so that the
    copies differ.
    """
    commands = ("pair_style eam/alloy", f"pair_coeff * * {path} Zr Cu")
    small = MeltQuench(
        species=("Zr", "Cu"),
        counts=(2000, 2000),
        masses=(91.224, 63.546),
        units="metal",
        dimension=3,
        density=0.0572,
        pressure=0.0,
        time_step=0.002,
        schedule=((2000.0, 2000.0, 2.0), (2000.0, 300.0, 17.0)),
        pair_commands=commands,
    ).generate(0, np.random.default_rng(0))
    glass = repeated(small, per_side)
    return glass.with_(
        positions=glass.positions
        + np.random.default_rng(1).normal(scale=0.05, size=glass.positions.shape)
    )
