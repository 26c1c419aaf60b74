"""A disc cut from a plane glass: free atoms inside a ring of atoms that only follow the affine deformation. Compiled kernels.

Positions (M, 2) are relative to the centre, the F free atoms first; arrays of forces are (F, 2), matrices dense (2F, 2F), lower triangle.
Stress is that of the free atoms, ``1/2 sum_i sum_j U' r n (x) n / area``: a pair of free atoms counts whole, a pair of a free and a frozen
one half (Bachhav et al. 2025; Patinet et al., Phys. Rev. Lett. 117, 045501 (2016)); ``weights`` (2, 2) picks from it the component that
the loading drives.

Everything a pair contributes follows from g(q) = U'(r) / r at q = r^2, tabulated as cubics in q: its force is ``g x``, its stiffness
``g 1 + 2 g' x (x) x``. No square root and no division are left per pair. Kernels release the interpreter lock.

==================  =======================================  ==================
symbol              variable                                 unit
==================  =======================================  ==================
g(q)                ``table[kind, k, :]``, powers of t       energy / length^2
q_k = q_0 + k dq    ``q_min``, ``1 / per_q``                 length^2
pairs (a, b)        ``other[start[a]:start[a + 1]]``         b > a or frozen
==================  =======================================  ==================
"""

from __future__ import annotations

import numpy as np
from numba import njit

_FAST = {"contract", "reassoc", "nsz", "arcp"}


@njit(cache=True, nogil=True)
def near_pairs(x, free, radius, start, other):  # type: ignore[no-untyped-def]
    """Fills ``start`` (F + 1,) and ``other`` with the pairs closer than ``radius`` of a free atom; False if ``other`` is too short."""
    count, limit = 0, radius * radius
    for a in range(free):
        start[a] = count
        for b in range(a + 1, len(x)):
            dx, dy = x[b, 0] - x[a, 0], x[b, 1] - x[a, 1]
            if dx * dx + dy * dy < limit:
                if count == len(other):
                    return False
                other[count] = b
                count += 1
    start[free] = count
    return True


@njit(cache=True, nogil=True)
def pairs_hold(x, free, f, then, inverse_then, cutoff, reach):  # type: ignore[no-untyped-def]
    """Whether pairs listed up to ``reach``, with free atoms at ``then`` (F, 2) and F^-1 ``inverse_then``, hold all within ``cutoff`` now.

    A pair at r < cutoff was at most (r + 2 drift) / squeeze apart when the list was made; squeeze is the least stretch since.
    """
    change = f @ inverse_then
    a, b, c, d = change[0, 0], change[0, 1], change[1, 0], change[1, 1]
    mean, det = 0.5 * (a * a + b * b + c * c + d * d), a * d - b * c
    squeeze = np.sqrt(max(mean - np.sqrt(max(mean * mean - det * det, 0.0)), 0.0))
    drift = 0.0
    for i in range(free):
        dx = x[i, 0] - a * then[i, 0] - b * then[i, 1]
        dy = x[i, 1] - c * then[i, 0] - d * then[i, 1]
        drift = max(drift, dx * dx + dy * dy)
    return cutoff + 2.0 * np.sqrt(drift) < reach * squeeze


@njit(cache=True, nogil=True, fastmath=_FAST)
def forces_and_stress(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, forces):  # type: ignore[no-untyped-def]
    """Fills ``forces``; returns (largest component, weighted stress times area)."""
    forces[:] = 0.0
    limit, stress = cutoff * cutoff, 0.0
    wxx, wxy, wyy = weights[0, 0], weights[0, 1] + weights[1, 0], weights[1, 1]
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
            g = table[kind, k, 0] + t * (table[kind, k, 1] + t * (table[kind, k, 2] + t * table[kind, k, 3]))
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
def stiffness(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, gradient, h, affine):  # type: ignore[no-untyped-def]
    """Fills the lower triangle of the Hessian ``h`` and the affine force ``affine`` (2F,) for ``dx = gradient @ x`` of all atoms."""
    n = 2 * free
    for i in range(n):
        affine[i] = 0.0
        for j in range(i + 1):
            h[i, j] = 0.0
    limit = cutoff * cutoff
    for a in range(free):
        xa, ya, row = x[a, 0], x[a, 1], species[a] * kinds
        hxx = hxy = hyy = fx = fy = 0.0
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
            kxx, kxy, kyy = g + bend * dx * dx, bend * dx * dy, g + bend * dy * dy
            mx, my = gradient[0, 0] * dx + gradient[0, 1] * dy, gradient[1, 0] * dx + gradient[1, 1] * dy
            gx, gy = kxx * mx + kxy * my, kxy * mx + kyy * my
            hxx += kxx
            hxy += kxy
            hyy += kyy
            fx += gx
            fy += gy
            if b < free:
                i, j = 2 * b, 2 * a
                affine[i] -= gx
                affine[i + 1] -= gy
                h[i, i] += kxx
                h[i + 1, i] += kxy
                h[i + 1, i + 1] += kyy
                h[i, j] = -kxx
                h[i, j + 1] = h[i + 1, j] = -kxy
                h[i + 1, j + 1] = -kyy
        i = 2 * a
        affine[i] += fx
        affine[i + 1] += fy
        h[i, i] += hxx
        h[i + 1, i] += hxy
        h[i + 1, i + 1] += hyy


@njit(cache=True, nogil=True, fastmath=_FAST)
def rates(x, free, start, other, species, kinds, table, q_min, per_q, cutoff, weights, gradient, tangent, out):  # type: ignore[no-untyped-def]
    """Rates while all atoms move with ``gradient @ x``, free ones with ``tangent`` (2F,) besides: of the forces, into ``out`` (2F,), and of
    the weighted stress times area, returned."""
    limit, rate = cutoff * cutoff, 0.0
    wxx, wxy, wyy = weights[0, 0], 0.5 * (weights[0, 1] + weights[1, 0]), weights[1, 1]
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
            ax, ay = wxx * dx + wxy * dy, wxy * dx + wyy * dy
            rate += share * (along * (ax * dx + ay * dy) + 2.0 * g * (ax * mx + ay * my))
        out[2 * a] += fx
        out[2 * a + 1] += fy
    return rate
