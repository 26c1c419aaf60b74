"""A silica bilayer stretched to its first broken bond (Watanabe's model); needs the path of its
dump file in VITREOUS_BILAYER.
"""

import os

from benchmarks.clock import once, table
from vitreous.core.data import Loading
from vitreous.direct import deform, read_glass, relax
from vitreous.plugins.potentials.watanabe import Watanabe

STEP = 5e-5  #: to which the break is resolved


def run() -> None:
    """Prints the table; says so and does nothing without the file."""
    path = os.environ.get("VITREOUS_BILAYER")
    if not path:
        print("\nVITREOUS_BILAYER names no dump of a bilayer; its stretching is left out")
        return
    model = Watanabe()
    glass = relax(read_glass(path, model), model).configuration
    loading = Loading(mode="uniaxial", dimension=3)
    deform(glass, model, loading, strain_max=2 * STEP, strain_step=STEP)  # compiles
    limits = {
        "strain_max": 0.3,
        "strain_step": STEP,
        "stop_at_first_break": True,
        "eigenvalues": False,
    }
    seconds, walk = once(lambda: deform(glass, model, loading, **limits))
    kinds, strain = list(walk.events.kind), float(walk.events.strain[-1])
    row = [
        len(glass),
        seconds,
        len(kinds) - kinds.count("bond_break"),
        strain,
        kinds[-1],
        float(walk.residual.max()),
    ]
    table(
        f"Bilayer, uniaxial, transverse lengths fixed, steps of {STEP:g}",
        ["atoms", "seconds", "events before", "strain of the break", "last event", "largest force"],
        [row],
    )
