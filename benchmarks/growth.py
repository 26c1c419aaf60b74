"""How each cost grows with the number of atoms, and D2min next to OVITO's."""

import resource

import numpy as np

from benchmarks.clock import best, once, table
from benchmarks.glasses import YUKAWA, repeated, silica
from vitreous.core.data import Loading
from vitreous.mechanics.d2min import d2min
from vitreous.mechanics.linear import Preconditioner, solve
from vitreous.mechanics.neighbours import neighbour_list


def run() -> None:
    """Prints both tables."""
    rows = []
    for rings, times in (((14, 16), 1), ((24, 28), 1), ((44, 52), 1), ((24, 28), 3), ((44, 52), 3)):
        glass = repeated(silica(*rings), times)
        surface, cell, x = YUKAWA.surface(glass), glass.cell, glass.positions
        lin = surface.linearise(x, cell)
        preconditioner = Preconditioner(surface.bond_range)
        factor, _ = once(lambda p=preconditioner, a=lin: p.refresh(a))
        response, _ = once(
            lambda p=preconditioner, a=lin: solve(
                a, a.affine_force(Loading().velocity_gradient(0.0)), p, 1e-6
            )
        )
        rows.append(
            [
                len(glass),
                1e3
                * best(
                    lambda g=glass: neighbour_list(g.positions, g.cell, (True, True), 11.0),
                    repeats=3,
                ),
                1e3 * best(lambda s=surface, x=x, c=cell: s.energy_forces_virial(x, c), repeats=3),
                1e3 * best(lambda a=lin, x=x: a.multiply(x), repeats=3),
                1e3 * factor,
                1e3 * response,
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
            ]
        )
    headings = [
        "atoms",
        "neighbour list, ms",
        "forces, ms",
        "Hessian x vector, ms",
        "factor, ms",
        "affine response to 1e-6, ms",
        "peak memory so far, MB",
    ]
    table("Growth with size, yukawa_silica", headings, rows)
    ovito()


def ovito() -> None:
    """D2min of 10^5 atoms; left out where OVITO is not installed."""
    try:
        from ovito.data import DataCollection, Particles, SimulationCell
        from ovito.modifiers import AtomicStrainModifier
        from ovito.pipeline import Pipeline, StaticSource
    except ImportError:
        print("\nOVITO is not installed (pip install 'vitreous[oracles]'); D2min is not compared")
        return
    rng = np.random.default_rng(0)
    cell = np.eye(3) * 106.0
    before = rng.uniform(0, 106, (100_000, 3))
    after = before + rng.normal(scale=0.1, size=before.shape)

    def collection(x):
        data, particles = DataCollection(), Particles()
        data.objects.append(SimulationCell(pbc=(True,) * 3))
        data.cell_[:, :3] = cell
        particles.create_property("Position", data=x)
        data.objects.append(particles)
        return data

    def theirs():
        pipeline = Pipeline(source=StaticSource(data=collection(after)))
        strain = AtomicStrainModifier(
            cutoff=3.0, output_nonaffine_squared_displacements=True, minimum_image_convention=True
        )
        strain.reference = StaticSource(data=collection(before))
        pipeline.modifiers.append(strain)
        return np.array(pipeline.compute().particles["Nonaffine Squared Displacement"])

    ours = best(lambda: d2min(before, cell, after, cell, (True,) * 3, 3.0), repeats=3)
    their = best(theirs, repeats=3)
    value = d2min(before, cell, after, cell, (True,) * 3, 3.0)[0]
    known = np.isfinite(value)
    differ = float(np.abs(value[known] - theirs()[known]).max())
    table(
        "D2min, 100000 atoms",
        ["ours, ms", "OVITO, ms", "OVITO / ours", "largest difference"],
        [[1e3 * ours, 1e3 * their, their / ours, differ]],
    )
