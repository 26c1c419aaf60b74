"""Distances in a periodic glass: overlapping atoms, and the bonds of silica."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.pairs import heights, pairs_closer

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: angstrom; silicon and oxygen further apart are not bonded: Font-Clos et al. (2022), Methods
BOND_CUTOFF = 2.2
_HEAP = 64  # atoms in a square (cube) whose side is half a cutoff
_SMALLEST, _LARGEST = 1e-2, 1e8  # of a cell, angstrom or sigma
_FAR = 1e6  # cells that an atom may lie away from its own
VALENCE: Mapping[int, Mapping[str, int]] = {
    2: {"Si": 3, "O": 2},
    3: {"Si": 4, "O": 2},
}  #: neighbours of each atom, by dimension


def close_pairs(configuration: Configuration, cutoff: float) -> tuple[Ints, Floats]:
    """Pairs of atoms i < j closer than ``cutoff`` through the periodic boundaries, (P, 2) in
    ascending order, and their distances (P,).

    Raises:
        VitreousError: if the cell is thinner than two cutoffs along a periodic direction, where a
        pair could meet twice.
    """
    thin = [
        t
        for t, periodic in zip(heights(configuration.cell), configuration.periodic, strict=True)
        if periodic and t < 2.0 * cutoff
    ]
    if thin:
        raise VitreousError(
            f"the cell is {min(thin):.4g} thick; expected at least twice the cutoff {cutoff:g}: "
            "use a larger glass"
        )
    _refuse_heap(configuration, cutoff)
    pairs = pairs_closer(configuration, cutoff)
    ends = configuration.positions[pairs]
    return pairs, np.linalg.norm(configuration.minimum_image(ends[:, 1] - ends[:, 0]), axis=1)


def _refuse_heap(configuration: Configuration, cutoff: float) -> None:
    """Raises VitreousError where so many atoms lie in one place that their pairs are too many."""
    reduced = configuration.positions @ np.linalg.inv(configuration.cell)
    points = (reduced - np.where(configuration.periodic, np.floor(reduced), 0.0)) @ (
        configuration.cell
    )
    boxes = np.floor((points - points.min(axis=0)) * (2.0 / cutoff)).astype(np.int64)
    _, box, counts = np.unique(boxes, axis=0, return_inverse=True, return_counts=True)
    if counts.max() > _HEAP:
        heap = np.flatnonzero(box.ravel() == counts.argmax())
        i, j = configuration.ids[heap[:2]]
        raise VitreousError(
            f"{counts.max()} atoms, {i} and {j} among them, lie within {cutoff:g} of each other; "
            "check the cell and the units"
        )


def refuse_cell(positions: Floats, cell: Floats, ids: Ints, source: str) -> None:
    """Raises VitreousError for a cell without volume, of a size or shape that no glass has, or
    from which an atom lies millions of cells away.
    """
    d = len(cell)
    if not np.isfinite(cell).all() or np.abs(cell).max() == 0.0 or not np.linalg.det(cell) > 1e-12:
        raise VitreousError(
            f"{source} has no cell, or one without volume; expected {d} lattice vectors: write it "
            'with its cell (in extended XYZ Lattice="LX 0 0 0 LY 0 0 0 LZ" in the second line)'
        )
    sides = np.linalg.norm(cell, axis=1)
    thickness = heights(cell)
    if not (thickness.min() > _SMALLEST and sides.max() < _LARGEST):
        raise VitreousError(
            f"{source} has a cell {thickness.min():.3g} thick and {sides.max():.3g} long; expected "
            f"lengths from {_SMALLEST:g} to {_LARGEST:g}: check the file and its units"
        )
    away = np.abs(positions @ np.linalg.inv(cell)).max(axis=1)
    if away.max() > _FAR:
        raise VitreousError(
            f"{source}: atom {ids[away.argmax()]} lies {away.max():.3g} cells away from the cell; "
            "check the file"
        )


def refuse_overlaps(
    configuration: Configuration, minimum_distance: float, source: str = "the glass"
) -> None:
    """Raises VitreousError if two atoms are closer than ``minimum_distance``, naming the closest
    pair by their identifiers.
    """
    if minimum_distance <= 0.0 or len(configuration) < 2:
        return
    pairs, distance = close_pairs(
        configuration, min(minimum_distance, 0.5 * float(heights(configuration.cell).min()))
    )
    if len(pairs):
        i, j = configuration.ids[pairs[np.argmin(distance)]]
        raise VitreousError(
            f"{source}: {len(pairs)} pairs of atoms overlap, the worst {i} and {j} at "
            f"{distance.min():.4g}; "
            f"expected at least {minimum_distance:g} between any two, check the cell and the "
            "units"
        )


def silica_bonds(
    configuration: Configuration, cutoff: float = BOND_CUTOFF, *, strict: bool = False
) -> Ints:
    """Si-O bonds: every silicon and oxygen closer than ``cutoff`` (length unit), (B, 2) with i < j
    in ascending order.

    Atoms with another number of neighbours than silica's (Si 3 in two dimensions and 4 in three, O
    2) are listed in a warning, or refused if ``strict``.

    Raises:
        VitreousError: if the species are not Si and O, if the cell is too small, or if no bond is
        found.
    """
    if set(configuration.names) != {"Si", "O"}:
        raise VitreousError(
            f"bonds were asked for in a glass of {', '.join(configuration.names)}; expected "
            "species Si and O"
        )
    pairs, _ = close_pairs(configuration, cutoff)
    bonds = pairs[configuration.species[pairs[:, 0]] != configuration.species[pairs[:, 1]]]
    if not len(bonds):
        raise VitreousError(
            f"no Si-O distance is below {cutoff:g}; check the species, the units and the bond "
            "cutoff"
        )
    wrong = miscoordinated(configuration, bonds)
    if len(wrong):
        listed = ", ".join(str(i) for i in configuration.ids[wrong[:10]]) + (
            ", ..." if len(wrong) > 10 else ""
        )
        message = (
            f"{len(wrong)} atoms have an unusual number of Si-O bonds within {cutoff:g}: {listed}"
        )
        if strict:
            raise VitreousError(f"{message}; mend the glass or change the bond cutoff")
        warnings.warn(message, stacklevel=2)
    return bonds


def miscoordinated(configuration: Configuration, bonds: Ints) -> Ints:
    """Indices of the atoms whose number of bonds is not that of intact silica."""
    found = np.bincount(bonds.ravel(), minlength=len(configuration))
    valence = VALENCE[configuration.dimension]
    return np.flatnonzero(
        found != np.array([valence[name] for name in configuration.names])[configuration.species]
    )


def bonded(glass: Configuration) -> Configuration:
    """Silica with its Si-O bonds, whatever their number on each atom. Raises VitreousError as
    ``silica_bonds`` does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return glass.with_(bonds=silica_bonds(glass))
