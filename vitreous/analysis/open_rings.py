"""Rings of a plane network with a free boundary: those that are closed.

Dangling atoms are taken off until every atom has two bonds; the faces of what is left are the
rings, except for the faces outside.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.rings import Rings, next_along_face, refuse_long
from vitreous.core.errors import VitreousError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def trace_open_rings(positions: Floats, bonds: Ints) -> Rings:
    """Trace the closed rings of a plane network without periodic boundaries.

    Args:
        positions: (N, 2). bonds: (B, 2) pairs of atoms, each bond once.

    ``joined`` is -1 on the side of a bond without a ring.

    Raises:
        VitreousError: if there are no bonds, a bond is broken (too long), bonds cross, or no ring
            is closed.
    """
    bonds = np.asarray(bonds, dtype=np.int64)
    if not len(bonds):
        raise VitreousError(
            "the network has no bonds; find them with generator.find_bonds=true (in Python: "
            "vitreous.io.bonds.bonded(glass))"
        )
    refuse_long(bonds, np.linalg.norm(positions[bonds[:, 1]] - positions[bonds[:, 0]], axis=1))
    kept = _without_ends(bonds, len(positions))
    joined = np.full((len(bonds), 2), -1, dtype=np.int64)
    members, centres, label = _faces(positions, bonds[kept])
    joined[kept] = label
    if not members:
        raise VitreousError("the network has no closed ring; give a larger piece of glass")
    return Rings(
        members=tuple(members),
        sizes=np.array([len(ring) for ring in members]),
        centres=np.array(centres),
        joined=joined,
    )


def _without_ends(bonds: Ints, count: int) -> NDArray[np.bool_]:
    """(B,) whether a bond is left when atoms with one bond are taken off, again and again."""
    kept = np.ones(len(bonds), dtype=bool)
    while True:
        found = np.bincount(bonds[kept].ravel(), minlength=count)
        ends = kept & (found[bonds] == 1).any(axis=1)
        if not ends.any():
            return kept
        kept &= ~ends


def _faces(positions: Floats, bonds: Ints) -> tuple[list[Ints], list[Floats], Ints]:
    """Members and centres of the faces with a positive area, and the faces (B, 2) beside each bond,
    -1 for one outside.
    """
    count = len(bonds)
    start, end = np.concatenate([bonds, bonds[:, ::-1]]).T
    step = positions[end] - positions[start]
    after = next_along_face(start, np.arctan2(step[:, 1], step[:, 0]), count)
    seen, label = np.zeros(2 * count, dtype=bool), np.full(2 * count, -1)
    members: list[Ints] = []
    centres: list[Floats] = []
    faces = 0
    for seed in range(2 * count):
        if seen[seed]:
            continue
        walk, here = [], seed
        while not seen[here]:
            seen[here] = True
            walk.append(here)
            here = int(after[here])
        faces += 1
        path = positions[start[walk]]
        ahead = np.roll(path, -1, axis=0)
        if np.sum(path[:, 0] * ahead[:, 1] - ahead[:, 0] * path[:, 1]) > 0.0:
            label[walk] = len(members)
            members.append(start[walk])
            centres.append(path.mean(axis=0))
    _refuse_crossing(bonds, faces)
    return members, centres, np.column_stack([label[:count], label[count:]])


def _refuse_crossing(bonds: Ints, faces: int) -> None:
    """Euler's theorem of a plane: every separate piece has a face outside of its own."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    atoms, ends = np.unique(bonds, return_inverse=True)
    ends = ends.reshape(bonds.shape)
    graph = coo_array((np.ones(len(bonds)), (ends[:, 0], ends[:, 1])), shape=(len(atoms),) * 2)
    pieces = connected_components(graph, directed=False)[0] if len(atoms) else 0
    expected = len(bonds) - len(atoms) + 2 * pieces
    if faces != expected:
        raise VitreousError(
            f"the network has {faces} faces, Euler's theorem requires {expected}: bonds cross, so "
            "it is not plane; find the bonds again"
        )
