"""Athermal quasistatic deformation, next to LAMMPS at fixed steps."""

import numpy as np

from benchmarks.clock import once, table
from benchmarks.glasses import YUKAWA, large, silica
from vitreous.core.data import Configuration, Loading
from vitreous.plugins.simulators.aqs import AQS
from vitreous.plugins.simulators.lammps_aqs import LammpsAQS

ELASTIC_STEPS, THEIR_STEPS = 400, 6


def run() -> None:
    """Prints both tables."""
    elastic()
    events()


def elastic() -> None:
    """400 elastic steps of 1e-4 to a force of 1e-8; LAMMPS does the first few, as tightly as its
    line search can, and is scaled up.
    """
    glass, native = large(), AQS(strain_max=ELASTIC_STEPS * 1e-4, max_events=1, eigenvalues=False)
    native.deform(glass, YUKAWA, Loading())  # compiles
    ours, walk = once(lambda: native.deform(glass, YUKAWA, Loading()))
    rows = [["native", 1e-8, len(walk.strain) - 1, ours, 1.0, 0.0]]
    for style in ("cg", "fire"):
        theirs = LammpsAQS(strain_max=THEIR_STEPS * 1e-4, min_style=style)
        seconds, steps = once(lambda theirs=theirs: theirs.deform(glass, YUKAWA, Loading()))
        scaled = seconds * ELASTIC_STEPS / (THEIR_STEPS + 1)
        fine = AQS(strain_max=THEIR_STEPS * 1e-4, stride=1, eigenvalues=False).deform(
            glass, YUKAWA, Loading()
        )
        growth = steps.scalar_stress[-1] - steps.scalar_stress[0]
        differ = abs((fine.scalar_stress[-1] - fine.scalar_stress[0]) / growth - 1.0)
        rows.append(
            [
                f"LAMMPS {style}, {THEIR_STEPS} steps scaled",
                float(steps.residual.max()),
                ELASTIC_STEPS,
                scaled,
                scaled / ours,
                differ,
            ]
        )
    headings = [
        "engine",
        "largest force",
        "states",
        "seconds per 400 steps",
        "ratio to native",
        "stress increment differs, relative",
    ]
    table(f"Elastic AQS, {len(glass)} atoms, 400 steps of 1e-4", headings, rows)


def events() -> None:
    """Three events at steps of 5e-4, six at steps of 1e-3 in the large glass; both engines do all
    of it.
    """
    side_by_side(silica(16, 18), 5e-4, 3)
    side_by_side(large(), 1e-3, 6)
    ours, walk = once(lambda: AQS(eigenvalues=False).deform(large(), YUKAWA, Loading()))
    rows = [["native", ours, len(walk.strain), np.round(walk.events.strain, 6).tolist()]]
    table(
        f"AQS through six events, {len(large())} atoms, steps of 1e-4",
        ["engine", "seconds", "states", "event strains"],
        rows,
    )


def side_by_side(glass: Configuration, step: float, count: int) -> None:
    """Prints the table of one glass taken through ``count`` events by both engines."""
    ours, walk = once(
        lambda: AQS(strain_step=step, max_events=count, eigenvalues=False).deform(
            glass, YUKAWA, Loading()
        )
    )
    theirs, steps = once(
        lambda: LammpsAQS(strain_step=step, max_events=count).deform(glass, YUKAWA, Loading())
    )
    same = [int(a) == int(b) for a, b in zip(walk.events.atom, steps.events.atom, strict=False)]
    rows = [
        ["native", ours, 1.0, np.round(walk.events.strain, 6).tolist(), "-"],
        [
            "LAMMPS cg",
            theirs,
            theirs / ours,
            np.round(steps.events.strain, 6).tolist(),
            f"{sum(same)} of {len(same)} ({same})",
        ],
    ]
    headings = ["engine", "seconds", "ratio", "event strains", "same atom"]
    table(f"AQS through {count} events, {len(glass)} atoms, steps of {step:g}", headings, rows)
