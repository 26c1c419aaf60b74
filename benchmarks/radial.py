"""Radial symmetry functions of every atom of a bilayer in two states (148 columns, as published),
beside DScribe's ACSF on the same functions.
"""

import ase
import numpy as np
from dscribe.descriptors import ACSF

from benchmarks.clock import best, table
from vitreous.core.data import Loading
from vitreous.plugins.descriptors.symmetry_functions import SymmetryFunctions
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer


def run() -> None:
    """Prints the table; DScribe knows functions with a smooth cutoff alone."""
    glass = SilicaBilayer(steps=200).generate(0, np.random.default_rng(0))
    loading = Loading(mode="uniaxial", dimension=3)
    published, smooth = (
        SymmetryFunctions(mu_max=7.4, delta=0.1, per_pair=False, cutoff_function=cut)
        for cut in ("none", "cosine")
    )
    theirs = ACSF(
        r_cut=smooth.cutoff,
        g2_params=[[1 / smooth.delta**2, mu] for mu in smooth.mu_grid],
        species=["O", "Si"],
        periodic=True,
    )
    states = [np.eye(3), loading.deformation_gradient(smooth.affine_strain)]
    atoms = [
        ase.Atoms(
            [glass.names[s] for s in glass.species],
            positions=glass.positions @ f.T,
            cell=glass.cell @ f.T,
            pbc=glass.periodic,
        )
        for f in states
    ]

    def describe(method):
        return method.describe(glass, loading, glass.positions, "atom").values

    blocks = [theirs.create(a).reshape(len(glass), 2, -1)[:, ::-1, 1:] for a in atoms]
    differ = np.abs(describe(smooth) - np.stack(blocks, axis=1).reshape(len(glass), -1)).max()
    reference = best(lambda: [theirs.create(a) for a in atoms], repeats=3)
    rows = [
        [len(glass), name, 1e3 * seconds, reference / seconds, error]
        for name, seconds, error in (
            ("ours, as published", best(lambda: describe(published)), "–"),
            ("ours, cosine cutoff", best(lambda: describe(smooth)), float(differ)),
            ("DScribe, cosine cutoff", reference, "–"),
        )
    ]
    table(
        "Radial symmetry functions, two states, one core",
        ["atoms", "program", "ms", "times as fast as DScribe", "largest difference"],
        rows,
    )
