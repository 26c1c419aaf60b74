"""Atoms around given sites of a periodic glass, including all periodic images.

The atoms are wrapped into the cell and copied by all lattice vectors that can bring a copy within
the cutoff of a site, so the result is correct for tilted cells and for cutoffs beyond half the
cell, where a minimum-image search fails.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from vitreous.core.errors import VitreousError
from vitreous.core.pairs import heights

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
MAX_COPIES = 50_000_000


class Pairs(NamedTuple):
    """P pairs of a site and an atom or one of its images, sorted by site, then by atom.

    Fields:
        site, atom: (P,) indices. vector: (P, D) from site to atom, length unit. distance: (P,).
        offsets: (M+1,) the pairs of site m are offsets[m]:offsets[m+1].
    """

    site: Indices
    atom: Indices
    vector: Array
    distance: Array
    offsets: Indices


def wrap(points: Array, cell: Array, periodic: tuple[bool, ...]) -> Array:
    """Points (N, D) moved by lattice vectors into the cell along its periodic directions."""
    fractional = points @ np.linalg.inv(cell)
    shift = np.floor(fractional) * np.array(periodic)
    return points - shift @ cell


def copies(
    points: Array, cell: Array, periodic: tuple[bool, ...], cutoff: float
) -> tuple[Array, Indices]:
    """Wrapped points (N, D) and their copies within ``cutoff`` of the cell: positions, and original
    indices.
    """
    fractional = points @ np.linalg.inv(cell)
    margin = cutoff / heights(cell) + 1e-9
    reach = np.where(periodic, np.ceil(margin), 0).astype(int)
    if len(points) * np.prod(2.0 * reach + 1.0) > MAX_COPIES:
        raise VitreousError(
            f"a cutoff of {cutoff:g} in a cell with heights {heights(cell).round(2).tolist()} "
            "needs too many images; use a smaller one"
        )
    found, origin = [], []
    for step in product(*(range(-r, r + 1) for r in reach)):
        moved = fractional + np.array(step)
        near = np.all(((moved > -margin) & (moved < 1.0 + margin)) | ~np.array(periodic), axis=1)
        found.append(points[near] + np.array(step) @ cell)
        origin.append(np.flatnonzero(near))
    return np.concatenate(found), np.concatenate(origin)


def pairs_within(
    sites: Array, points: Array, cell: Array, periodic: tuple[bool, ...], cutoff: float
) -> Pairs:
    """Find all pairs of a site ``sites`` (M, D) and a point (N, D), or an image of it, at most
    ``cutoff`` (length unit) apart.

    Raises:
        VitreousError: if sites are not finite, or the cutoff needs too many images.
    """
    if not np.isfinite(sites).all():
        wrong = int(np.flatnonzero(~np.isfinite(sites).all(axis=1))[0])
        raise VitreousError(
            f"site {wrong} is at {sites[wrong].tolist()}; expected finite coordinates"
        )
    inside = wrap(sites, cell, periodic)
    images, origin = copies(wrap(points, cell, periodic), cell, periodic, cutoff)
    # Slightly more than the cutoff, filtered exactly below: the tree's rounding must not decide.
    table = KDTree(inside).sparse_distance_matrix(
        KDTree(images), cutoff * (1 + 1e-9), output_type="ndarray"
    )
    site, copy = table["i"].astype(np.int64), table["j"].astype(np.int64)
    vector = images[copy] - inside[site]
    distance = np.sqrt(np.einsum("pd,pd->p", vector, vector))
    order = np.lexsort((distance, origin[copy], site))
    order = order[distance[order] <= cutoff]
    site = site[order]
    offsets = np.zeros(len(sites) + 1, dtype=np.int64)
    np.cumsum(np.bincount(site, minlength=len(sites)), out=offsets[1:])
    return Pairs(
        site, origin[copy[order]].astype(np.int64), vector[order], distance[order], offsets
    )


def nearest_site(sites: Array, points: Array, cell: Array, periodic: tuple[bool, ...]) -> Indices:
    """(N,) the site (M, D), of all images of sites, that lies nearest to each point (N, D)."""
    steps = np.array(list(product(*((-1, 0, 1) if along else (0,) for along in periodic))))
    images = (sites + (steps @ cell)[:, None]).reshape(-1, len(cell))
    nearest = np.asarray(KDTree(images).query(wrap(points, cell, periodic))[1])
    return nearest % len(sites)


def image_distance(points: Array, point: Array, cell: Array, periodic: tuple[bool, ...]) -> Array:
    """Distances (N,) from points (N, D) to the nearest image of ``point`` (D,), length
    unit.

    Rounding fractional coordinates is not sufficient in a tilted cell, so the neighbouring images
    are tried too; this is correct for cells tilted by less than half a lattice vector, such as
    reduced cells.
    """
    fractional = (points - point) @ np.linalg.inv(cell)
    fractional -= np.rint(fractional) * np.array(periodic)
    steps = product(*((-1, 0, 1) if along else (0,) for along in periodic))
    return np.min(
        [np.linalg.norm((fractional + np.array(step)) @ cell, axis=1) for step in steps], axis=0
    )
