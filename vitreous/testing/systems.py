"""Small glasses with known structure, made from a formula, for tests of components."""

from __future__ import annotations

import numpy as np

from vitreous.core.data import Configuration


def silica_honeycomb(columns: int = 10, rows: int = 6, si_si: float = 3.014649, shake: float = 0.0, seed: int = 0) -> Configuration:
    """Planar silica: a honeycomb of Si with O at mid-bond, every ring of size 6.

    ``columns`` x ``rows`` rectangular units of 4 Si and 6 O, each sqrt(3) a x 3 a with a = ``si_si`` (angstrom; the default is the
    spacing at rest of the Yukawa model). ``shake`` (angstrom) is the standard deviation of random displacements drawn from ``seed``.
    """
    unit = np.array([[0.0, 0.0], [0.5 * np.sqrt(3), 0.5], [0.5 * np.sqrt(3), 1.5], [0.0, 2.0]]) * si_si
    size = np.array([np.sqrt(3), 3.0]) * si_si
    corners = np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"), -1).reshape(-1, 1, 2) * size
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
