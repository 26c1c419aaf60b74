"""Simple shear of a two-dimensional Lennard-Jones glass of ``data/fan_ma`` in steps of 1e-5, beside
LAMMPS at the same steps and force tolerance, in CPU time of one process.

LAMMPS takes 100 of the steps, the first 50 and 50 from the last saved state on, and is scaled.
"""

from pathlib import Path
from time import process_time

import numpy as np

from benchmarks.clock import table
from vitreous.core.data import Configuration, Loading
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.simulators.aqs import AQS
from vitreous.plugins.simulators.lammps_aqs import LammpsAQS

LJ, SHEAR = LennardJones2D(), Loading(mode="simple_shear")
STEP, END, STEPS, GLASS = 1e-5, 0.03, 50, 3
FIELDS = {"strain_step": STEP, "max_events": 100000}


def glass_of(number: int) -> Configuration:
    """A packed glass, at rest."""
    packed = np.load(Path(__file__).parents[1] / "data" / "fan_ma" / "d2min.npz")
    row = int(np.flatnonzero(packed["glass"] == number)[0])
    return Configuration(
        positions=packed["positions"][row],
        species=packed["species"][row],
        names=("S", "L"),
        cell=packed["cell"][row],
        periodic=(True, True),
        units="lj",
    )


def timed(work):
    """CPU seconds and the result."""
    start = process_time()
    result = work()
    return process_time() - start, result


def run() -> None:
    """Prints the table."""
    glass = glass_of(GLASS)
    native = AQS(**FIELDS, strain_max=END, relax_cell=False, eigenvalues=False)
    AQS(**FIELDS, strain_max=3 * STEP, relax_cell=False).deform(glass, LJ, SHEAR)  # compiles
    ours, walk = timed(lambda: native.deform(glass, LJ, SHEAR))
    rows = [["native", "1e-8", len(walk.strain), ours, 1.0, len(walk.events.strain)]]
    later = glass.with_(positions=walk.frames[-1], cell=walk.cells[-1])
    lammps = LammpsAQS(
        **FIELDS,
        strain_max=STEPS * STEP,
        force_tolerance=1e-6,
        accepted_force=1e-3,  # its line search gives up now and then
    )
    seconds = [timed(lambda start=s: lammps.deform(start, LJ, SHEAR))[0] for s in (glass, later)]
    scaled = sum(seconds) / (2 * STEPS) * END / STEP
    rows.append(["LAMMPS cg, 100 steps", "1e-6", round(END / STEP), scaled, scaled / ours, "–"])
    table(
        f"Simple shear to {END:g} in steps of {STEP:g}, {len(glass)} particles",
        ["engine", "force tolerance", "states", "s of CPU", "ratio", "events"],
        rows,
    )
