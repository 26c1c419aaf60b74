"""A perfect honeycomb of silica, shaken: a small glass that needs no generator."""

import numpy as np

from vitreous.core.data import Configuration


def honeycomb(columns: int = 8, rows: int = 6, shake: float = 0.1, seed: int = 0) -> Configuration:
    """2D silica of ``columns`` x ``rows`` four-silicon cells with Si-Si 3.0, atoms moved at random by up to about ``shake``."""
    a = 3.0
    width, height = np.sqrt(3) * a, 3 * a
    basis = np.array([[0, 0], [0.5 * width, 0.5 * a], [0.5 * width, 1.5 * a], [0, 2 * a]])
    corners = np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"), -1).reshape(-1, 1, 2) * [width, height]
    silicon = (corners + basis).reshape(-1, 2)
    cell = np.diag([columns * width, rows * height])
    delta = silicon[None] - silicon[:, None]
    delta -= np.rint(delta / np.diag(cell)) * np.diag(cell)
    first, second = np.nonzero(np.triu(np.hypot(*np.moveaxis(delta, -1, 0)) < 1.1 * a, 1))
    oxygen = silicon[first] + 0.5 * delta[first, second]
    rng = np.random.default_rng(seed)
    positions = np.concatenate([silicon, oxygen])
    positions = positions + shake * rng.uniform(-1, 1, positions.shape)
    own = len(silicon) + np.arange(len(oxygen))
    bonds = np.concatenate([np.column_stack([first, own]), np.column_stack([second, own])])
    species = np.repeat([0, 1], [len(silicon), len(oxygen)])
    return Configuration(
        positions=positions, species=species, names=("Si", "O"), cell=cell, periodic=(True, True), units="silica2d", bonds=bonds
    )


def some_sites(glass: Configuration, count: int = 12, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 2)) @ glass.cell
