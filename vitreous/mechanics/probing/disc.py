"""Compiled kernels for a disc of a plane glass: free atoms inside a frozen annulus, whose atoms
only follow the affine deformation.

Positions (M, 2) are relative to the centre, the F free atoms first; arrays of forces are (F, 2),
matrices dense (2F, 2F), lower triangle. Stress is that of the free atoms, ``1/2 sum_i sum_j U' r n
(x) n / area``: pairs of free atoms count fully, pairs of a free and a frozen atom half (Bachhav
et al. 2025; Patinet et al., Phys. Rev. Lett. 117, 045501 (2016)); ``weights`` (2, 2) contracts
it to the scalar stress of the loading.

All contributions of a pair with vector x follow from g(q) = U'(r) / r at q = r^2, tabulated as
cubics in q: its force is ``g x``, its stiffness ``g 1 + 2 g' x (x) x``, with g' = dg/dq. This
avoids square roots and divisions. Kernels release the interpreter lock.

==================  =======================================  ==================
symbol              variable                                 unit
==================  =======================================  ==================
g(q)                ``table[kind, k, :]``, powers of t       energy / length^2
q_k = q_0 + k dq    ``q_min``, ``1 / per_q``                 length^2
pairs (a, b)        ``other[start[a]:start[a + 1]]``         b > a or frozen
2 g'(q)             ``bend``                                 energy / length^4
L (grad of motion)  ``gradient`` (2, 2)                      1
u (free atoms)      ``tangent`` (2F,)                        length
==================  =======================================  ==================
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]

_FAST = {"contract", "reassoc", "nsz", "arcp"}
_SKIN = 0.06  # of the cutoff: least margin of the pair list beyond it


class Disc(NamedTuple):
    """A disc of M atoms, without their positions, for the kernels. Pairs are listed up to ``reach``
    (1,) (0: not yet), for free atoms at ``then`` (F, 2) and F^-1 ``inverse_then`` (2, 2).
    """

    free: int
    species: NDArray[np.int64]
    kinds: int
    table: Array
    q_min: float
    per_q: float
    cutoff: float
    weights: Array
    start: NDArray[np.int32]
    other: NDArray[np.int32]
    reach: Array
    then: Array
    inverse_then: Array

    @classmethod
    def of(
        cls,
        free: int,
        species: NDArray[np.int64],
        kinds: int,
        table: Array,
        q_min: float,
        per_q: float,
        cutoff: float,
        weights: Array,
    ) -> Disc:
        """A disc without pairs yet; only the filled part of ``other`` occupies memory."""
        lists = np.zeros(free + 1, np.int32), np.empty(free * len(species), np.int32), np.zeros(1)
        return cls(
            free,
            species,
            kinds,
            table,
            q_min,
            per_q,
            cutoff,
            weights,
            *lists,
            np.empty((free, 2)),
            np.eye(2),
        )


@njit(cache=True, nogil=True)
def keep_pairs(x, disc, f, inverse, spare):  # type: ignore[no-untyped-def]
    """Rebuild the list of pairs within cutoff + ``spare`` for positions ``x`` (M, 2) at the
    deformation gradient ``f``, unless it is still complete.

    A pair at r < cutoff was at most (r + 2 drift) / squeeze apart when the list was built; squeeze
    is the least stretch since then.
    """
    # squeeze: the smaller singular value of the deformation since then. Element by element, here
    # and below: numba takes a second to compile a product of matrices, two for an assignment that
    # may broadcast
    then = disc.inverse_then
    a, b = f[0, 0] * then[0, 0] + f[0, 1] * then[1, 0], f[0, 0] * then[0, 1] + f[0, 1] * then[1, 1]
    c, d = f[1, 0] * then[0, 0] + f[1, 1] * then[1, 0], f[1, 0] * then[0, 1] + f[1, 1] * then[1, 1]
    mean, det = 0.5 * (a * a + b * b + c * c + d * d), a * d - b * c
    squeeze = np.sqrt(max(mean - np.sqrt(max(mean * mean - det * det, 0.0)), 0.0))
    drift = 0.0
    for i in range(disc.free):
        dx = x[i, 0] - a * disc.then[i, 0] - b * disc.then[i, 1]
        dy = x[i, 1] - c * disc.then[i, 0] - d * disc.then[i, 1]
        drift = max(drift, dx * dx + dy * dy)
    if not disc.cutoff + spare + 2.0 * np.sqrt(drift) < disc.reach[0] * squeeze:
        disc.reach[0] = max(1.0 + _SKIN, 1.01 + 1.01 * spare / disc.cutoff) * disc.cutoff
        for i in range(disc.free):
            for k in range(2):
                disc.then[i, k] = x[i, k]
        for i in range(2):
            for k in range(2):
                disc.inverse_then[i, k] = inverse[i, k]
        _near_pairs(x, disc)


@njit(cache=True, nogil=True)
def _near_pairs(x, disc):  # type: ignore[no-untyped-def]
    """Fill ``start`` and ``other`` with the pairs of free atoms closer than ``reach``."""
    count, limit = 0, disc.reach[0] ** 2
    for a in range(disc.free):
        disc.start[a] = count
        for b in range(a + 1, len(x)):
            dx, dy = x[b, 0] - x[a, 0], x[b, 1] - x[a, 1]
            if dx * dx + dy * dy < limit:
                disc.other[count] = b
                count += 1
    disc.start[disc.free] = count


@njit(cache=True, nogil=True)
def largest_of(values):  # type: ignore[no-untyped-def]
    """The largest magnitude among ``values`` (n,); NaN if one is NaN."""
    largest = 0.0
    for i in range(len(values)):
        size = abs(values[i])
        if size > largest or np.isnan(size):
            largest = size
    return largest


@njit(cache=True, nogil=True)
def _pairs(disc):  # type: ignore[no-untyped-def]
    """The fields that a loop over pairs needs."""
    return (
        disc.free,
        disc.start,
        disc.other,
        disc.species,
        disc.kinds,
        disc.table,
        disc.q_min,
        disc.per_q,
    )


@njit(cache=True, nogil=True, fastmath=_FAST)
def forces_and_stress(x, disc, forces):  # type: ignore[no-untyped-def]
    """Fill ``forces`` (F, 2); return (largest component, scalar stress times area)."""
    free, start, other, species, kinds, table, q_min, per_q = _pairs(disc)
    wxx, wxy, wyy = disc.weights[0, 0], disc.weights[0, 1] + disc.weights[1, 0], disc.weights[1, 1]
    forces[:] = 0.0
    limit, stress = disc.cutoff**2, 0.0
    for a in range(free):
        xa, ya, row = x[a, 0], x[a, 1], species[a] * kinds
        fx = fy = 0.0
        for p in range(start[a], start[a + 1]):
            b = other[p]
            dx, dy = x[b, 0] - xa, x[b, 1] - ya
            q = dx * dx + dy * dy
            if q >= limit:
                continue
            s = (q - q_min) * per_q
            k = max(int(s), 0)
            t, kind = s - k, row + species[b]
            g = table[kind, k, 0] + t * (
                table[kind, k, 1] + t * (table[kind, k, 2] + t * table[kind, k, 3])
            )
            fx += g * dx
            fy += g * dy
            if b < free:
                forces[b, 0] -= g * dx
                forces[b, 1] -= g * dy
            else:
                g *= 0.5
            stress += g * (wxx * dx * dx + wxy * dx * dy + wyy * dy * dy)
        forces[a, 0] += fx
        forces[a, 1] += fy
    largest = 0.0
    for a in range(free):
        largest = max(largest, abs(forces[a, 0]), abs(forces[a, 1]))
    return largest, stress


@njit(cache=True, nogil=True, fastmath=_FAST)
def stiffness(x, disc, gradient, forces, h, affine):  # type: ignore[no-untyped-def]
    """As ``forces_and_stress``, and fill the lower triangle of the Hessian ``h`` (2F, 2F) and the
    affine force ``affine`` (2F,) for ``dx/dstrain = gradient @ x``.
    """
    free, start, other, species, kinds, table, q_min, per_q = _pairs(disc)
    wxx, wxy, wyy = disc.weights[0, 0], disc.weights[0, 1] + disc.weights[1, 0], disc.weights[1, 1]
    n = 2 * free
    forces[:] = 0.0
    for i in range(n):
        affine[i] = 0.0
        for j in range(i + 1):
            h[i, j] = 0.0
    limit, stress = disc.cutoff**2, 0.0
    for a in range(free):
        xa, ya, row = x[a, 0], x[a, 1], species[a] * kinds
        hxx = hxy = hyy = fx = fy = rx = ry = 0.0
        for p in range(start[a], start[a + 1]):
            b = other[p]
            dx, dy = x[b, 0] - xa, x[b, 1] - ya
            q = dx * dx + dy * dy
            if q >= limit:
                continue
            s = (q - q_min) * per_q
            k = max(int(s), 0)
            t, kind = s - k, row + species[b]
            c1, c2, c3 = table[kind, k, 1], table[kind, k, 2], table[kind, k, 3]
            g = table[kind, k, 0] + t * (c1 + t * (c2 + t * c3))
            bend = 2.0 * per_q * (c1 + t * (2.0 * c2 + t * 3.0 * c3))
            # K = g 1 + 2 g' x (x) x; the affine force is K (L x)
            kxx, kxy, kyy = g + bend * dx * dx, bend * dx * dy, g + bend * dy * dy
            mx, my = (
                gradient[0, 0] * dx + gradient[0, 1] * dy,
                gradient[1, 0] * dx + gradient[1, 1] * dy,
            )
            ux, uy = kxx * mx + kxy * my, kxy * mx + kyy * my
            hxx += kxx
            hxy += kxy
            hyy += kyy
            fx, fy = fx + g * dx, fy + g * dy
            rx, ry = rx + ux, ry + uy
            share = 1.0 if b < free else 0.5
            if b < free:
                i, j = 2 * b, 2 * a
                forces[b, 0] -= g * dx
                forces[b, 1] -= g * dy
                affine[i] -= ux
                affine[i + 1] -= uy
                h[i, i] += kxx
                h[i + 1, i] += kxy
                h[i + 1, i + 1] += kyy
                h[i, j], h[i + 1, j + 1] = -kxx, -kyy
                h[i, j + 1] = h[i + 1, j] = -kxy
            stress += share * g * (wxx * dx * dx + wxy * dx * dy + wyy * dy * dy)
        i = 2 * a
        forces[a, 0] += fx
        forces[a, 1] += fy
        affine[i] += rx
        affine[i + 1] += ry
        h[i, i] += hxx
        h[i + 1, i] += hxy
        h[i + 1, i + 1] += hyy
    return largest_of(forces.ravel()), stress


@njit(cache=True, nogil=True, fastmath=_FAST)
def rates(x, disc, gradient, tangent, out):  # type: ignore[no-untyped-def]
    """Rates under the motion ``gradient @ x`` of all atoms plus ``tangent`` (2F,) of the free ones:
    of the forces, into ``out`` (2F,), and of the scalar stress times area, returned.
    """
    free, start, other, species, kinds, table, q_min, per_q = _pairs(disc)
    wxx, wxy, wyy = (
        disc.weights[0, 0],
        0.5 * (disc.weights[0, 1] + disc.weights[1, 0]),
        disc.weights[1, 1],
    )
    limit, rate = disc.cutoff**2, 0.0
    out[:] = 0.0
    for a in range(free):
        xa, ya, row = x[a, 0], x[a, 1], species[a] * kinds
        ua, va, fx, fy = tangent[2 * a], tangent[2 * a + 1], 0.0, 0.0
        for p in range(start[a], start[a + 1]):
            b = other[p]
            dx, dy = x[b, 0] - xa, x[b, 1] - ya
            q = dx * dx + dy * dy
            if q >= limit:
                continue
            s = (q - q_min) * per_q
            k = max(int(s), 0)
            t, kind = s - k, row + species[b]
            c1, c2, c3 = table[kind, k, 1], table[kind, k, 2], table[kind, k, 3]
            g = table[kind, k, 0] + t * (c1 + t * (c2 + t * c3))
            bend = 2.0 * per_q * (c1 + t * (2.0 * c2 + t * 3.0 * c3))
            # m = L x + u_b - u_a, the rate of the pair vector; K m = g m + 2 g' (x . m) x
            mx = gradient[0, 0] * dx + gradient[0, 1] * dy - ua
            my = gradient[1, 0] * dx + gradient[1, 1] * dy - va
            share = 0.5
            if b < free:
                mx += tangent[2 * b]
                my += tangent[2 * b + 1]
                share = 1.0
            along = bend * (dx * mx + dy * my)
            gx, gy = g * mx + along * dx, g * my + along * dy
            fx += gx
            fy += gy
            if b < free:
                out[2 * b] -= gx
                out[2 * b + 1] -= gy
            # rate of g x . W x with W the symmetric weights: 2 g' (x . m) x . W x + 2 g x . W m
            ax, ay = wxx * dx + wxy * dy, wxy * dx + wyy * dy
            rate += share * (along * (ax * dx + ay * dy) + 2.0 * g * (ax * mx + ay * my))
        out[2 * a] += fx
        out[2 * a + 1] += fy
    return rate
