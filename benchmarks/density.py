"""Density maps of every atom of a plane glass (50 x 50 pixels, two species), beside the sum over
neighbours written in NumPy, and by torch.
"""

import numpy as np
from scipy.spatial import KDTree

from benchmarks.clock import best, once, table
from vitreous.core.data import Loading
from vitreous.direct import density_map
from vitreous.testing.systems import binary_mixture

RADIUS, WIDTH = 5.0, 0.2


def in_numpy(glass):
    """(N, 2, 50, 50) by eq. 1, one site at a time; neighbours by a k-d tree."""
    side = glass.cell[0, 0]
    tree = KDTree(glass.positions % side, boxsize=side)
    near = tree.query_ball_point(glass.positions % side, RADIUS * np.sqrt(2.0))
    grid = WIDTH * (np.arange(round(2 * RADIUS / WIDTH)) + 0.5) - RADIUS
    maps = np.zeros((len(glass), 2, len(grid), len(grid)), dtype=np.float32)
    for site, atoms in enumerate(near):
        away = glass.minimum_image(glass.positions[atoms] - glass.positions[site])
        inside = (np.abs(away) < RADIUS).all(axis=1)
        x, y = (np.exp(-0.5 * ((away[inside, k, None] - grid) / WIDTH) ** 2) for k in (0, 1))
        for kind in (0, 1):
            of = glass.species[atoms][inside] == kind
            maps[site, kind] = y[of].T @ x[of]
    return maps


def run() -> None:
    """Prints the table."""
    glass = binary_mixture(side=100, dimension=2, spacing=0.988, names=("S", "L"))
    loading = Loading(mode="simple_shear")
    seconds, reference = once(lambda: in_numpy(glass))
    rows = [[len(glass), "NumPy, one site at a time", seconds, 1.0, "–"]]
    for name, device in (("vitreous.direct.density_map", None), ("the same by torch", "cpu")):

        def maps(device=device):
            return density_map(glass, loading, device=device)

        mine = best(maps, repeats=3)
        rows.append(
            [len(glass), name, mine, seconds / mine, float(np.abs(maps() - reference).max())]
        )
    table(
        "Density maps, one core",
        ["atoms", "program", "s", "times as fast as NumPy", "largest difference"],
        rows,
    )
