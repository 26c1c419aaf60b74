"""Local probing: a 50 x 50 map, and single probes next to the published protocol in LAMMPS."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.clock import once, table
from benchmarks.glasses import YUKAWA, large
from vitreous.core.data import Loading
from vitreous.plugins.labelers.local_probing import LocalProbing

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
SITES, STEP = 12, 1e-3


def run() -> None:
    """Prints both tables."""
    glass, cores = large(), os.cpu_count() or 1
    LocalProbing(grid=2).label(glass, YUKAWA, Loading(), None)  # compiles
    seconds, labels = once(
        lambda: LocalProbing(workers=cores).label(glass, YUKAWA, Loading(), None)
    )
    rows = [
        [
            len(glass),
            "50 x 50",
            cores,
            seconds,
            1e3 * seconds * cores / 2500,
            f"{labels.mask.sum()} of 2500",
        ]
    ]
    table(
        "Probing map",
        ["atoms", "grid", "threads", "seconds", "core-ms per probe", "sites labelled"],
        rows,
    )
    compare(glass)


def compare(glass) -> None:
    """The same discs by small steps in LAMMPS."""
    from lammps_yukawa import probe_by_small_steps

    labeler, surface, rng = (
        LocalProbing(strain_step=STEP),
        YUKAWA.surface(glass),
        np.random.default_rng(0),
    )
    ours = theirs = 0.0
    differ = []
    for site in rng.uniform(0, 1, (SITES, 2)) @ glass.cell:
        probe = labeler.probe(glass, YUKAWA, surface, Loading(), site)
        seconds, found = once(probe.run)
        ours += seconds
        with tempfile.TemporaryDirectory() as folder:
            arguments = (
                probe.start,
                probe.free,
                probe.species,
                YUKAWA,
                folder,
                Loading(),
                STEP,
                0.4,
                np.pi * 121,
            )
            seconds, (initial, critical, _) = once(lambda a=arguments: probe_by_small_steps(*a))
        theirs += seconds
        differ.append(abs((found.tau_critical - found.tau_initial) / (critical - initial) - 1.0))
    rows = [
        [
            SITES,
            STEP,
            1e3 * ours / SITES,
            theirs / SITES,
            theirs / ours,
            f"{sum(d < 5e-3 for d in differ)} of {SITES}",
            max(differ),
        ]
    ]
    headings = [
        "sites",
        "strain step",
        "ours, ms",
        "LAMMPS cg, s",
        "ratio",
        "thresholds within 0.5 %",
        "largest difference",
    ]
    table("Single probes", headings, rows)
