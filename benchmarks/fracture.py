"""A silica bilayer stretched until the crack has gone through (Watanabe's model), with the atoms of
the crack's path, as a picture.

python -m benchmarks.fracture DUMP figure.png
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.clock import once, table
from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.direct import read_glass
from vitreous.plugins.labelers.crack_path import CrackPath
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.simulators.aqs_fracture import AQSFracture

LOADING = Loading(mode="uniaxial", dimension=3)
GPA = 160.21766  #: of one eV per cubic angstrom


def fracture(dump: str) -> tuple[float, Trajectory, Labels]:
    """Seconds of the deformation, the deformation, and 1 for the atoms of the crack."""
    model, engine = Watanabe(), AQSFracture(eigenvalues=False)
    glass = engine.relax(read_glass(dump, model), model)
    seconds, walk = once(lambda: engine.deform(glass, model, LOADING))
    return seconds, walk, CrackPath().label(glass, model, LOADING, walk)


def thickness(glass: Configuration) -> float:
    """Distance between the two layers of silicon, angstrom: the height that stress is referred to
    (Font-Clos et al. 2022, Fig. 2).
    """
    z = glass.positions[glass.species == glass.names.index("Si"), 2]
    return float(z[z > z.mean()].mean() - z[z < z.mean()].mean())


def report(seconds: float, walk: Trajectory, crack: Labels) -> None:
    """Prints the table."""
    events, kinds = walk.events, list(walk.events.kind)
    first = float(events.strain[kinds.index("bond_break")])
    row = [
        len(crack.values),
        seconds,
        first,
        float(walk.strain[-1]),
        kinds.count("flip"),
        kinds.count("bond_break"),
    ]
    stress = nominal(walk)
    row += [
        float(stress.max()),
        float(walk.strain[stress.argmax()]),
        float(stress[-1]),
        int(crack.values.sum()),
    ]
    headings = ["atoms", "seconds", "first break", "fracture", "flips", "breaking events"]
    headings += ["peak, GPa", "at", "GPa left", "atoms of the crack"]
    table("Bilayer to complete fracture, uniaxial, transverse lengths fixed", headings, [row])


def nominal(walk: Trajectory) -> np.ndarray:
    """Force per undeformed cross-section, GPa."""
    glass = walk.initial
    return walk.scalar_stress * GPA * glass.cell[2, 2] / thickness(glass)


def draw(walk: Trajectory, crack: Labels, path: Path) -> None:
    """The curve with its events, and the crack's atoms before and after."""
    figure, (curve, before, after) = plt.subplots(
        1, 3, figsize=(15, 4.6), width_ratios=(1.1, 1.0, 1.33), layout="constrained"
    )
    curve.plot(walk.strain, nominal(walk), color="0.3", lw=1)
    for kind, colour in (("flip", "tab:blue"), ("bond_break", "tab:red")):
        at = walk.events.strain[[k == kind for k in walk.events.kind]]
        curve.plot(
            at, np.full(len(at), -1.0), "|", color=colour, ms=9, label=kind.replace("_", " ")
        )
    curve.set(
        xlabel="strain",
        ylabel="stress (GPa)",
        title="force per undeformed section, two layers thick",
    )
    curve.legend()
    frames = (
        (before, walk.initial.positions, walk.initial.cell),
        (after, walk.frames[-1], walk.cells[-1]),
    )
    for axes, positions, cell in frames:
        x = positions % np.diag(cell)
        on = crack.values == 1.0
        axes.scatter(*x[~on, :2].T, s=2, color="0.75", lw=0)
        axes.scatter(*x[on, :2].T, s=9, color="tab:red", lw=0)
        axes.set(
            aspect="equal",
            xlim=(0, cell[0, 0]),
            ylim=(0, cell[1, 1]),
            xlabel="x (Å)",
            ylabel="y (Å)",
        )
    before.set_title(f"undeformed: the {int(crack.values.sum())} atoms that lose a bond")
    after.set_title(f"strain {walk.strain[-1]:.4f}: no path of bonds along x")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    found = fracture(sys.argv[1])
    report(*found)
    draw(*found[1:], Path(sys.argv[2]))
