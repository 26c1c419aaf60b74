"""Small glasses of known structure, for tests of components: two atoms, eight atoms, crystals and
disordered glasses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Loading, Trajectory
from vitreous.core.interfaces import Potential
from vitreous.mechanics.pair.surface import PairSurface
from vitreous.mechanics.pair.table import PairFunction, pair_table
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS

Array = NDArray[np.float64]


def two_particles(
    distance: float = 2.0 ** (1 / 6), dimension: int = 2, box: float = 10.0
) -> Configuration:
    """Two particles ``distance`` apart along x (sigma; the default is the minimum of the
    Lennard-Jones pair), across the cell boundary.
    """
    positions = np.full((2, dimension), 0.5 * box)
    positions[:, 0] = [-0.5 * distance, 0.5 * distance]
    return Configuration(
        positions=positions,
        species=np.array([0, 0]),
        names=("A",),
        cell=np.eye(dimension) * box,
        periodic=(True,) * dimension,
        units="lj",
    )


def eight_particles() -> Configuration:
    """Eight particles of two species in a sheared box of 8 x 6 sigma, one corner case each."""
    positions = np.array(
        [
            [4.0, 3.0],  # 0: a centre with two neighbours at unequal distances
            [5.1, 3.0],  # 1: near 0, another species
            [4.0, 4.3],  # 2: near 0, the same species
            [0.1, 1.0],  # 3: next to 4, but only through the boundary along x
            [7.9, 1.0],  # 4: outside the sheared cell as drawn, inside after wrapping
            [2.0, 0.1],  # 5: next to 6, but only through the sheared boundary along y
            [3.4, 5.9],  # 6: its image lies at (1.6, -0.1)
            [6.5, 5.0],  # 7: isolated, no neighbour within 1.5 sigma
        ]
    )
    return Configuration(
        positions=positions,
        species=np.array([0, 1, 0, 0, 1, 0, 0, 1]),
        names=("A", "B"),
        cell=np.array([[8.0, 0.0], [1.8, 6.0]]),
        periodic=(True, True),
        units="lj",
    )


def binary_mixture(
    side: int = 4,
    spacing: float = 1.1,
    seed: int = 0,
    dimension: int = 3,
    names: tuple[str, str] = ("A", "B"),
) -> Configuration:
    """A perturbed cubic (square) lattice of ``side`` ** dimension particles, four of the first
    species to one of the second, sigma.
    """
    rng = np.random.default_rng(seed)
    lattice = (
        np.stack(np.meshgrid(*[np.arange(side)] * dimension, indexing="ij"), axis=-1).reshape(
            -1, dimension
        )
        * spacing
    )
    return Configuration(
        positions=lattice + 0.05 * spacing * rng.standard_normal(lattice.shape),
        species=(np.arange(len(lattice)) % 5 == 4).astype(int),
        names=names,
        cell=np.eye(dimension) * side * spacing,
        periodic=(True,) * dimension,
        units="lj",
    )


def silica_honeycomb(
    columns: int = 10, rows: int = 6, si_si: float = 3.014649, shake: float = 0.0, seed: int = 0
) -> Configuration:
    """Planar silica: a honeycomb of Si with O at mid-bond, every ring of size 6.

    ``columns`` x ``rows`` rectangular units of 4 Si and 6 O, each sqrt(3) a x 3 a with a =
    ``si_si`` (angstrom; the default is the equilibrium spacing of the Yukawa model). ``shake``
    (angstrom) is the standard deviation of random displacements drawn from ``seed``.
    """
    unit = (
        np.array([[0.0, 0.0], [0.5 * np.sqrt(3), 0.5], [0.5 * np.sqrt(3), 1.5], [0.0, 2.0]]) * si_si
    )
    size = np.array([np.sqrt(3), 3.0]) * si_si
    corners = (
        np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"), -1).reshape(
            -1, 1, 2
        )
        * size
    )
    silicon = (corners + unit).reshape(-1, 2)
    box = size * [columns, rows]
    vectors = silicon[None] - silicon[:, None]
    vectors -= np.rint(vectors / box) * box
    i, j = np.nonzero(np.triu(np.linalg.norm(vectors, axis=-1) < 1.2 * si_si, 1))
    positions = np.vstack([silicon, silicon[i] + 0.5 * vectors[i, j]])
    positions += shake * np.random.default_rng(seed).normal(size=positions.shape)
    oxygen = len(silicon) + np.arange(len(i))
    return Configuration(
        positions=positions,
        species=np.repeat([0, 1], [len(silicon), len(oxygen)]),
        names=("Si", "O"),
        cell=np.diag(box),
        periodic=(True, True),
        units="silica2d",
        bonds=np.concatenate([np.column_stack([i, oxygen]), np.column_stack([j, oxygen])]),
    )


def shaken_honeycomb(
    columns: int = 8, rows: int = 6, shake: float = 0.06, seed: int = 0
) -> Configuration:
    """``silica_honeycomb`` with random displacements: all sites differ, the rings are known."""
    return silica_honeycomb(columns, rows, shake=shake, seed=seed)


def some_sites(glass: Configuration, count: int = 12, seed: int = 1) -> Array:
    """Sites (count, D), drawn uniformly from the cell."""
    return np.random.default_rng(seed).random((count, glass.dimension)) @ glass.cell


def silica_crystal(repeat: int = 2, shake: float = 0.1, seed: int = 0) -> Configuration:
    """Silica in three dimensions: ideal beta-cristobalite of ``repeat`` ** 3 cells of 7.16
    angstrom, with random displacements ``shake`` (angstrom) and bonds; eV.
    """
    a = 7.16
    corner = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    cells = np.stack(np.meshgrid(*[np.arange(repeat)] * 3, indexing="ij"), axis=-1).reshape(
        -1, 1, 3
    )
    first = (cells + corner).reshape(-1, 3)
    arms = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 8
    oxygen = (first[:, None] + arms).reshape(-1, 3)
    positions = np.concatenate([first, first + 0.25, oxygen]) * a
    n, box = len(first), repeat * a
    silicon = (first[:, None] + 2 * arms).reshape(-1, 1, 3) * a - (first + 0.25) * a
    far = np.linalg.norm(silicon - box * np.rint(silicon / box), axis=-1)
    index = 2 * n + np.arange(len(oxygen))
    bonds = np.concatenate(
        [
            np.column_stack([np.repeat(np.arange(n), 4), index]),
            np.column_stack([n + far.argmin(axis=1), index]),
        ]
    )
    return Configuration(
        positions=positions + shake * np.random.default_rng(seed).standard_normal(positions.shape),
        species=np.repeat([0, 1], [2 * n, len(oxygen)]),
        names=("Si", "O"),
        cell=np.eye(3) * box,
        periodic=(True, True, True),
        units="metal",
        bonds=bonds,
    )


@lru_cache
def silica_glass(rings_x: int = 8, rings_y: int = 8, seed: int = 0) -> Configuration:
    """Disordered planar silica (ring-size variance 0.5), relaxed under the Yukawa model;
    320 atoms, 42 x 36 angstrom.
    """
    glass = DualSwitch(rings_x=rings_x, rings_y=rings_y, steps=5000).generate(
        0, np.random.default_rng(seed)
    )
    return AQS().relax(glass, YukawaSilica())


@lru_cache
def silica_deformation(seed: int = 0) -> Trajectory:
    """``silica_glass`` in pure shear beyond its first event."""
    return AQS(strain_max=0.2, max_events=2).deform(
        silica_glass(seed=seed), YukawaSilica(), Loading()
    )


@dataclass(frozen=True, kw_only=True)
class LennardJones(Potential):
    """Lennard-Jones, 4 (r^-12 - r^-6), force-shifted at ``cutoff`` (sigma), the same for A and B,
    in two and three dimensions.
    """

    species: ClassVar = ("A", "B")
    dimensions: ClassVar = frozenset({2, 3})
    units: ClassVar = "lj"

    cutoff: float = 2.0

    def surface(self, configuration: Configuration) -> PairSurface:
        """Energies in epsilon, lengths in sigma."""
        function: PairFunction = self._shifted
        table = pair_table(
            {(0, 0): function, (0, 1): function, (1, 1): function},
            2,
            0.6,
            self.cutoff,
            intervals=4000,
        )
        return PairSurface(configuration, configuration.species, table, 1.5)

    def _shifted(self, r: Array) -> tuple[Array, Array, Array]:
        v, dv, ddv = _lennard_jones(r)
        end, slope, _ = _lennard_jones(np.array([self.cutoff]))
        return v - end - slope * (r - self.cutoff), dv - slope, ddv


def _lennard_jones(r: Array) -> tuple[Array, Array, Array]:
    """V, V', V'' in epsilon and sigma."""
    return 4 * (r**-12 - r**-6), 4 * (-12 * r**-13 + 6 * r**-7), 4 * (156 * r**-14 - 42 * r**-8)
