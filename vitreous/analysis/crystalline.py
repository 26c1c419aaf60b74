"""How much of a glass is a crystal: atoms whose bonds point the same way as their neighbours'.

    q(i)_m = sum_j Y_6m(r_ij)           over the 12 nearest atoms j, in three dimensions
    q(i)   = sum_j exp(6 i phi_ij)      over the 6 nearest, in two

    s_ij = Re q(i) . q(j)* / |q(i)| |q(j)|

An atom is crystalline when at least ``SHARE`` of its nearest atoms have s_ij above ``COHERENT``
(ten Wolde, Ruiz-Montero & Frenkel, Faraday Discuss. 104, 93 (1996), with a number of neighbours in
place of a cutoff, so that nothing depends on the unit of length; Halperin & Nelson, Phys. Rev.
Lett. 41, 121 (1978), for the plane). All atoms of fcc, hcp, bcc and triangular crystals are, and a
tenth of those of two-dimensional Lennard-Jones glasses; those of a simple cubic crystal, whose 12
nearest atoms are not a shell, are not found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.special import sph_harm_y

from vitreous.analysis.neighborhoods import copies, wrap
from vitreous.core.pairs import heights

Array = NDArray[np.float64]
COHERENT, SHARE = 0.7, 0.75
_NEAREST = {2: 6, 3: 12}


def crystalline(positions: Array, cell: Array, periodic: tuple[bool, ...]) -> NDArray[np.bool_]:
    """(N,) whether each atom is crystalline; positions (N, D) and cell (D, D), length."""
    count, dimension = _NEAREST[len(cell)], len(cell)
    if len(positions) <= count:
        return np.zeros(len(positions), dtype=bool)
    # far enough for the nearest atoms of any but an empty region, and at least one layer of images
    apart = float(np.prod(heights(cell)) / len(positions)) ** (1.0 / dimension)
    inside = wrap(positions, cell, periodic)
    images, origin = copies(inside, cell, periodic, 4.0 * apart)
    near = np.asarray(KDTree(images).query(inside, k=count + 1)[1])[:, 1:]
    order = _orders(images[near] - inside[:, None])
    other = order[origin[near]]
    coherence = np.einsum("im,ijm->ij", order, other.conj()).real
    return (coherence > COHERENT).mean(axis=1) >= SHARE


def _orders(bonds: Array) -> NDArray[np.complex128]:
    """Normalised bond order (N, 1 or 13) from the vectors (N, K, D) to the nearest atoms."""
    if bonds.shape[2] == 2:
        order = np.exp(6j * np.arctan2(bonds[..., 1], bonds[..., 0])).sum(axis=1)[:, None]
    else:
        polar = np.arccos(np.clip(bonds[..., 2] / np.linalg.norm(bonds, axis=2), -1.0, 1.0))
        around = np.arctan2(bonds[..., 1], bonds[..., 0])
        order = np.stack(
            [sph_harm_y(6, m, polar, around).sum(axis=1) for m in range(-6, 7)], axis=1
        )
    return order / np.linalg.norm(order, axis=1, keepdims=True)
