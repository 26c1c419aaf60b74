"""Non-affine motion: D2min of Falk & Langer and the displacement field behind it.

For each atom, with d_j and d'_j the vectors to its neighbours j before and after, neighbours being
the atoms within ``cutoff`` in the *reference*:

    F = (sum_j d'_j (x) d_j) (sum_j d_j (x) d_j)^-1        D2min = sum_j |d'_j - F d_j|^2

a plain sum, not a mean (Falk & Langer, Phys. Rev. E 57, 7192 (1998); the convention of OVITO and of
Fan & Ma 2021). A neighbour is identified with its lattice image: d' is the image nearest to d in
reduced coordinates, so the cell may shear and positions may be wrapped.

===================  =====================================  =============  ================
symbol               variable                               shape          unit
===================  =====================================  =============  ================
d_j, d'_j            ``before``, ``after`` in ``_fit``      (P, D)         length
sum d' (x) d         ``mixed``                              (N, D, D)      length squared
sum d (x) d          ``spread``                             (N, D, D)      length squared
F                    ``gradient``                           (N, D, D)      1
D2min                ``result``                             (N,)           length squared
===================  =====================================  =============  ================
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.mechanics.neighbours import neighbour_list

Array = NDArray[np.float64]


def d2min(
    reference: Array,
    reference_cell: Array,
    current: Array,
    cell: Array,
    periodic: tuple[bool, ...],
    cutoff: float,
) -> tuple[Array, Array]:
    """Compute D2min (N,), length squared, and the best-fit deformation gradients F (N, D, D),
    which act on column vectors.

    ``reference``, ``current`` (N, D) are positions of the same atoms in cells (D, D) whose rows are
    lattice vectors; ``cutoff`` is a length. An atom whose neighbours do not span the space has NaN
    in both.

    Raises:
        VitreousError: if the two states differ in shape.
    """
    if reference.shape != current.shape:
        raise VitreousError(
            f"the two states have {len(reference)} and {len(current)} atoms; D2min compares "
            "states of the same atoms"
        )
    near = neighbour_list(reference, reference_cell, periodic, cutoff)
    i, j = near.pairs()
    before = near.vectors(reference, reference_cell)
    reduced = (current[j] - current[i]) @ np.linalg.inv(cell)
    reduced -= np.rint(reduced - before @ np.linalg.inv(reference_cell)) * np.array(periodic)
    after = reduced @ cell
    return _fit(len(reference), i, j, np.ascontiguousarray(before), np.ascontiguousarray(after))


def local_gradient(
    positions: Array, cell: Array, periodic: tuple[bool, ...], field: Array, cutoff: float
) -> tuple[Array, Array]:
    """Best-fit gradients J (N, D, D) of a displacement ``field`` u (N, D), and the residuals (N,)
    of the fit, squares of u's unit: D2min, with u_j - u_i for d'_j.

    Raises:
        VitreousError: for an atom whose neighbours within ``cutoff`` (length) do not span the
        space.
    """
    near = neighbour_list(positions, cell, periodic, cutoff)
    i, j = near.pairs()
    apart = near.vectors(positions, cell)
    residual, gradient = _fit(len(positions), i, j, apart, field[j] - field[i])
    lonely = np.flatnonzero(np.isnan(residual))
    if len(lonely):
        where = np.round(positions[lonely[0]], 3).tolist()
        raise VitreousError(
            f"the atom at {where} has {np.bincount([*i, *j], minlength=1 + lonely[0])[lonely[0]]} "
            f"neighbours within {cutoff:g}, which do not span the space, so a gradient has no "
            "best fit there; use a larger cutoff"
        )
    return residual, gradient


@njit(cache=True)
def _fit(n, i, j, before, after):  # type: ignore[no-untyped-def]
    """D2min (N,) and F (N, D, D) from pair vectors (P, D) of atoms ``i``, ``j`` (P,), each pair
    once: d (x) d is even in d, so a pair contributes equally to both of its atoms.
    """
    d = before.shape[1]
    spread, mixed = np.zeros((n, d, d)), np.zeros((n, d, d))
    # accumulate sum d' (x) d and sum d (x) d
    for p in range(len(i)):
        for a in range(d):
            for b in range(d):
                w, v = after[p, a] * before[p, b], before[p, a] * before[p, b]
                mixed[i[p], a, b] += w
                mixed[j[p], a, b] += w
                spread[i[p], a, b] += v
                spread[j[p], a, b] += v
    # F = mixed @ spread^-1, unless the neighbours do not span the space
    gradient, result = np.empty((n, d, d)), np.zeros(n)
    for k in range(n):
        scale = np.trace(spread[k]) / d
        if scale > 0.0 and np.linalg.det(spread[k] / scale) > 1e-12:
            gradient[k] = mixed[k] @ np.linalg.inv(spread[k])
        else:
            gradient[k] = np.nan
            result[k] = np.nan
    # add |d' - F d|^2 of every pair to both atoms
    for p in range(len(i)):
        for k in (i[p], j[p]):
            for a in range(d):
                miss = after[p, a]
                for b in range(d):
                    miss -= gradient[k, a, b] * before[p, b]
                result[k] += miss * miss
    return result, gradient


def non_affine_displacement(
    reference: Array,
    reference_cell: Array,
    current: Array,
    cell: Array,
    periodic: tuple[bool, ...],
    gradients: Array,
) -> Array:
    """Non-affine displacement (N, D), length: relative to the affine map between the cells, in
    nearest images, rigid translation removed.

    ``gradients`` (N, D, D) are those of ``d2min`` for the same two states; they identify the
    current images of the reference's lattice vectors.
    """
    cell = _followed(reference_cell, cell, periodic, gradients)
    reduced = current @ np.linalg.inv(cell) - reference @ np.linalg.inv(reference_cell)
    reduced -= np.rint(reduced) * np.array(periodic)
    moved = reduced @ cell
    return moved - moved.mean(axis=0)


def _followed(
    reference_cell: Array, cell: Array, periodic: tuple[bool, ...], gradients: Array
) -> Array:
    """The lattice of ``cell`` in the basis that continues that of the reference; ``cell`` itself if
    no gradient is known.

    LAMMPS replaces the basis of a cell that tilts too far by another one of the same lattice, and
    the tilt alone does not show how often.
    """
    known = gradients[np.isfinite(gradients).all(axis=(1, 2))]
    if not len(known):
        return cell
    carried = reference_cell @ np.median(known, axis=0).T
    basis = np.where(
        np.outer(periodic, periodic), np.rint(carried @ np.linalg.inv(cell)), np.eye(len(cell))
    )
    return basis @ cell if round(float(np.linalg.det(basis))) == 1 else cell
