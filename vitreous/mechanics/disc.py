"""A disc (or ball) cut from a glass: free atoms inside a ring of atoms that only follow the affine deformation.

Positions (M, D) are relative to the centre, the F free atoms first. Kernels release the interpreter lock and work on one disc at a time;
H is dense, (F*D, F*D). Stress is that of the free atoms, ``1/2 sum_i sum_j U' r n (x) n / area``: a pair of free atoms counts whole, a
pair of a free and a frozen one half (Bachhav et al. 2025; Patinet et al., Phys. Rev. Lett. 117, 045501 (2016)).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from vitreous.mechanics.cholesky import back_substitute, factorise
from vitreous.mechanics.pair_table import energy_slope, slope_curvature

_FAST = {"contract", "nsz", "arcp"}


@njit(cache=True, nogil=True)
def free_pairs(x, free, radius):  # type: ignore[no-untyped-def]
    """(P, 2) pairs a < b closer than ``radius`` of which a is free."""
    count = 0
    for write in range(2):
        if write:
            pairs = np.empty((count, 2), np.int32)
            count = 0
        for a in range(free):
            for b in range(a + 1, len(x)):
                r2 = 0.0
                for c in range(x.shape[1]):
                    r2 += (x[a, c] - x[b, c]) ** 2
                if r2 < radius * radius:
                    if write:
                        pairs[count, 0], pairs[count, 1] = a, b
                    count += 1
    return pairs


@njit(cache=True, nogil=True, fastmath=_FAST)
def forces_virial(x, free, pairs, species, kinds, table, r_min, inverse_step, cutoff, forces, virial):  # type: ignore[no-untyped-def]
    """Fills ``forces`` (F, D) and the free atoms' ``virial`` (D, D); returns the energy of all pairs with a free atom."""
    d = x.shape[1]
    forces[:] = 0.0
    virial[:] = 0.0
    energy = 0.0
    step = np.empty(3)
    for p in range(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        r2 = 0.0
        for c in range(d):
            step[c] = x[b, c] - x[a, c]
            r2 += step[c] * step[c]
        if r2 >= cutoff * cutoff:
            continue
        r = np.sqrt(r2)
        u, du = energy_slope(table, species[a] * kinds + species[b], r, r_min, inverse_step)
        energy += u
        g = du / r
        share = g if b < free else 0.5 * g
        for c in range(d):
            forces[a, c] += g * step[c]
            if b < free:
                forces[b, c] -= g * step[c]
            for e in range(d):
                virial[c, e] += share * step[c] * step[e]
    return energy


@njit(cache=True, nogil=True, fastmath=_FAST)
def hessian_affine(x, free, pairs, species, kinds, table, r_min, inverse_step, cutoff, gradient, h, affine):  # type: ignore[no-untyped-def]
    """Fills the lower triangle of ``h`` (F*D, F*D) and the affine force ``affine`` (F, D) for ``dx = gradient @ x`` of all atoms."""
    d = x.shape[1]
    h[:] = 0.0
    affine[:] = 0.0
    step, moved = np.empty(3), np.empty(3)
    for p in range(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        r2 = 0.0
        for c in range(d):
            step[c] = x[b, c] - x[a, c]
            r2 += step[c] * step[c]
        if r2 >= cutoff * cutoff:
            continue
        r = np.sqrt(r2)
        du, ddu = slope_curvature(table, species[a] * kinds + species[b], r, r_min, inverse_step)
        t = du / r
        s = (ddu - t) / r2
        along = 0.0
        for c in range(d):
            moved[c] = 0.0
            for e in range(d):
                moved[c] += gradient[c, e] * step[e]
            along += moved[c] * step[c]
        for c in range(d):
            g = t * moved[c] + s * along * step[c]
            affine[a, c] += g
            if b < free:
                affine[b, c] -= g
            for e in range(d):
                k = s * step[c] * step[e]
                if c == e:
                    k += t
                h[a * d + c, a * d + e] += k
                if b < free:
                    h[b * d + c, b * d + e] += k
                    h[b * d + c, a * d + e] -= k


@njit(cache=True, nogil=True, fastmath=_FAST)
def virial_rate(x, free, pairs, species, kinds, table, r_min, inverse_step, cutoff, velocity, out):  # type: ignore[no-untyped-def]
    """Fills ``out`` (D, D): the rate of the free atoms' virial while atoms move with ``velocity`` (M, D)."""
    d = x.shape[1]
    out[:] = 0.0
    step, moved = np.empty(3), np.empty(3)
    for p in range(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        r2 = along = 0.0
        for c in range(d):
            step[c] = x[b, c] - x[a, c]
            moved[c] = velocity[b, c] - velocity[a, c]
            r2 += step[c] * step[c]
            along += step[c] * moved[c]
        if r2 >= cutoff * cutoff:
            continue
        r = np.sqrt(r2)
        du, ddu = slope_curvature(table, species[a] * kinds + species[b], r, r_min, inverse_step)
        t = du / r
        s = (ddu - t) / r2 * along
        share = 1.0 if b < free else 0.5
        for c in range(d):
            for e in range(d):
                out[c, e] += share * (s * step[c] * step[e] + t * (moved[c] * step[e] + step[c] * moved[e]))


@njit(cache=True, nogil=True)
def newton(x, free, pairs, species, kinds, table, r_min, inverse_step, cutoff, gradient, tolerance, trust, h, affine, forces, virial):  # type: ignore[no-untyped-def]
    """Newton from ``x``, in place. Returns the residual, negative if the way is not smooth; on success ``h`` holds a factor.

    The factor made at ``x`` serves for as long as it cuts the force tenfold a step, then it is made anew.
    """
    d = x.shape[1]
    moved = np.zeros((free, d))
    forces_virial(x, free, pairs, species, kinds, table, r_min, inverse_step, cutoff, forces, virial)
    residual = np.abs(forces).max()
    stale = True
    for _ in range(24):
        if stale:
            hessian_affine(x, free, pairs, species, kinds, table, r_min, inverse_step, cutoff, gradient, h, affine)
            if not factorise(h):
                return -1.0
        if residual <= tolerance:
            return residual
        step = forces.copy().reshape(free * d)
        back_substitute(h, step)
        largest = 0.0
        for i in range(free):
            r2 = 0.0
            for c in range(d):
                x[i, c] += step[i * d + c]
                moved[i, c] += step[i * d + c]
                r2 += moved[i, c] ** 2
            largest = max(largest, r2)
        if not largest <= trust * trust:
            return -1.0
        forces_virial(x, free, pairs, species, kinds, table, r_min, inverse_step, cutoff, forces, virial)
        before, residual = residual, np.abs(forces).max()
        stale = residual > 0.1 * before
    return -1.0
