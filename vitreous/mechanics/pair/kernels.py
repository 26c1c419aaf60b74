"""Energy, forces, stress and stiffness of tabulated pair models in periodic cells, two- or
three-dimensional.

With n the unit vector from i to j and U(r) the pair energy

===============  ===============================================  ===========================
quantity         formula                                          code
===============  ===============================================  ===========================
force on i       f_i = sum_j U' n                                 ``forces`` (N, D)
virial           W = sum_pairs U' r n (x) n; stress = W / volume  ``virial`` (D, D)
pair stiffness   K = U'' n (x) n + (U'/r)(1 - n (x) n)            ``stiffness`` (P, D(D+1)/2)
Hessian times v  (H v)_i = - sum_j K_ij (v_j - v_i)               ``multiply``
affine force     X_i = d f_i / d strain = sum_j K_ij (L r_ij)     ``affine_force``
===============  ===============================================  ===========================

(Maloney & Lemaitre, Phys. Rev. E 74, 016118 (2006).) Energy and length in the model's units;
energies count each pair once. L is the displacement gradient ``gradient`` (D, D), r_ij the pair
vector (dx, dy, dz). In the loops ``g = U' / r``, so that ``g * (dx, dy, dz)`` is U' n.

Arguments shared by the kernels: positions ``x`` (N, D); the half list ``start`` (N+1,), ``nbr``
(P,), ``image`` (P,), with ``offset`` (Q, D) the lattice shifts in length; ``species`` (N,), the
table row of a pair being ``species[i] * kinds + species[j]``; ``table``, ``r_min``,
``inverse_step`` and ``cutoff`` of ``PairTable``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from vitreous.mechanics.pair.table import energy_slope, slope_alone, slope_curvature


def _evaluation(dimension: int, whole: bool) -> Any:
    """Compile the kernel for one ``dimension``.

    ``whole``: with energy and virial, from ``PairTable.coefficients``; otherwise these are zero
    and the table is ``PairTable.slopes``.
    """

    @njit(cache=True, fastmath={"contract", "nsz", "arcp"})
    def evaluate(
        x, start, nbr, image, offset, species, kinds, table, r_min, inverse_step, cutoff, forces
    ):  # type: ignore[no-untyped-def]
        """Fill ``forces`` (N, D); return the energy and the virial (3, 3)."""
        r2max = cutoff * cutoff
        forces[:] = 0.0
        energy = 0.0
        wxx = wxy = wxz = wyy = wyz = wzz = 0.0
        for i in range(len(x)):
            xi, yi = x[i, 0], x[i, 1]
            zi = x[i, 2] if dimension == 3 else 0.0
            fx = fy = fz = 0.0
            row = species[i] * kinds
            for k in range(start[i], start[i + 1]):
                j = np.uintp(
                    nbr[k]
                )  # unsigned: index wraparound checks cost numba a tenth of the time
                m = np.uintp(image[k])
                dx = x[j, 0] + offset[m, 0] - xi
                dy = x[j, 1] + offset[m, 1] - yi
                dz = x[j, 2] + offset[m, 2] - zi if dimension == 3 else 0.0
                r2 = dx * dx + dy * dy + dz * dz
                if r2 < r2max:
                    r = np.sqrt(r2)
                    kind = np.uintp(row + species[j])
                    if whole:
                        u, du = energy_slope(table, kind, r, r_min, inverse_step)
                    else:
                        u, du = 0.0, slope_alone(table, kind, r, r_min, inverse_step)
                    # force on i from j: U' n; on j the opposite; virial U' r n (x) n
                    g = du / r
                    gx, gy, gz = g * dx, g * dy, g * dz
                    fx += gx
                    fy += gy
                    forces[j, 0] -= gx
                    forces[j, 1] -= gy
                    if dimension == 3:
                        fz += gz
                        forces[j, 2] -= gz
                    if whole:
                        energy += u
                        wxx += gx * dx
                        wxy += gx * dy
                        wyy += gy * dy
                    if whole and dimension == 3:
                        wxz += gx * dz
                        wyz += gy * dz
                        wzz += gz * dz
            forces[i, 0] += fx
            forces[i, 1] += fy
            if dimension == 3:
                forces[i, 2] += fz
        return energy, np.array([[wxx, wxy, wxz], [wxy, wyy, wyz], [wxz, wyz, wzz]])

    return evaluate


#: by dimension: forces with energy and virial, and forces alone
EVALUATE = {2: _evaluation(2, True), 3: _evaluation(3, True)}
FORCES = {2: _evaluation(2, False), 3: _evaluation(3, False)}


@njit(cache=True)
def atom_energies(x, start, nbr, image, offset, species, kinds, table, r_min, inverse_step, cutoff):
    """Energies (N,), half of each pair's to either atom."""
    n, d = x.shape
    energies = np.zeros(n)
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            j = nbr[k]
            r2 = 0.0
            for a in range(d):
                r2 += (x[j, a] + offset[image[k], a] - x[i, a]) ** 2
            if r2 < cutoff * cutoff:
                u, _ = energy_slope(
                    table, species[i] * kinds + species[j], np.sqrt(r2), r_min, inverse_step
                )
                energies[i] += 0.5 * u
                energies[j] += 0.5 * u
    return energies


@njit(cache=True)
def atom_virials(x, start, nbr, image, offset, species, kinds, table, r_min, inverse_step, cutoff):
    """Virials (N, D, D), half of each pair's U' r n (x) n to either atom."""
    n, d = x.shape
    virials, step = np.zeros((n, d, d)), np.empty(d)
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            j = nbr[k]
            r2 = 0.0
            for a in range(d):
                step[a] = x[j, a] + offset[image[k], a] - x[i, a]
                r2 += step[a] ** 2
            if r2 < cutoff * cutoff:
                r = np.sqrt(r2)
                _, du = energy_slope(table, species[i] * kinds + species[j], r, r_min, inverse_step)
                for a in range(d):
                    for b in range(d):
                        half = 0.5 * du / r * step[a] * step[b]
                        virials[i, a, b] += half
                        virials[j, a, b] += half
    return virials


@njit(cache=True)
def stiffness(
    x, start, nbr, image, offset, species, kinds, table, r_min, inverse_step, cutoff, out, distance
):  # type: ignore[no-untyped-def]
    """Fill ``out`` (P, D(D+1)/2) with xx, xy, yy(, xz, yz, zz) of each pair's K, zero beyond the
    cutoff, and ``distance`` (P,) with its length.
    """
    n, d = x.shape
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            j = nbr[k]
            m = image[k]
            dx = x[j, 0] + offset[m, 0] - x[i, 0]
            dy = x[j, 1] + offset[m, 1] - x[i, 1]
            dz = x[j, 2] + offset[m, 2] - x[i, 2] if d == 3 else 0.0
            r2 = dx * dx + dy * dy + dz * dz
            r = np.sqrt(r2)
            distance[k] = r
            if r >= cutoff:
                out[k, :] = 0.0
                continue
            du, ddu = slope_curvature(
                table, species[i] * kinds + species[j], r, r_min, inverse_step
            )
            # K = (U'/r) 1 + (U'' - U'/r) n (x) n: t is U'/r, c the second coefficient over r^2
            t = du / r
            c = (ddu - t) / r2
            out[k, 0] = t + c * dx * dx
            out[k, 1] = c * dx * dy
            out[k, 2] = t + c * dy * dy
            if d == 3:
                out[k, 3] = c * dx * dz
                out[k, 4] = c * dy * dz
                out[k, 5] = t + c * dz * dz


@njit(cache=True, fastmath={"contract", "nsz"})
def multiply(v, start, nbr, k_pair, out):  # type: ignore[no-untyped-def]
    """``out`` (N, D) = H v, from the pair stiffnesses ``k_pair``: (H v)_i = sum_j K_ij (v_i -
    v_j).
    """
    n, d = v.shape
    out[:] = 0.0
    for i in range(n):
        vx, vy = v[i, 0], v[i, 1]
        vz = v[i, 2] if d == 3 else 0.0
        ox = oy = oz = 0.0
        for k in range(start[i], start[i + 1]):
            j = np.uintp(nbr[k])
            dx = vx - v[j, 0]
            dy = vy - v[j, 1]
            if d == 2:
                gx = k_pair[k, 0] * dx + k_pair[k, 1] * dy
                gy = k_pair[k, 1] * dx + k_pair[k, 2] * dy
            else:
                dz = vz - v[j, 2]
                gx = k_pair[k, 0] * dx + k_pair[k, 1] * dy + k_pair[k, 3] * dz
                gy = k_pair[k, 1] * dx + k_pair[k, 2] * dy + k_pair[k, 4] * dz
                gz = k_pair[k, 3] * dx + k_pair[k, 4] * dy + k_pair[k, 5] * dz
                oz += gz
                out[j, 2] -= gz
            ox += gx
            oy += gy
            out[j, 0] -= gx
            out[j, 1] -= gy
        out[i, 0] += ox
        out[i, 1] += oy
        if d == 3:
            out[i, 2] += oz


@njit(cache=True)
def affine_force(x, start, nbr, image, offset, k_pair, gradient, out):
    """``out`` (N, D): rate of the forces under the affine motion ``dx/dstrain = gradient @ x``, X_i
    = sum_j K_ij (L r_ij).
    """
    n, d = x.shape
    out[:] = 0.0
    step = np.empty(d)
    g = np.empty(d)
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            j = nbr[k]
            # step = L r_ij
            for a in range(d):
                step[a] = 0.0
                for b in range(d):
                    step[a] += gradient[a, b] * (x[j, b] + offset[image[k], b] - x[i, b])
            # g = K_ij step
            g[0] = k_pair[k, 0] * step[0] + k_pair[k, 1] * step[1]
            g[1] = k_pair[k, 1] * step[0] + k_pair[k, 2] * step[1]
            if d == 3:
                g[0] += k_pair[k, 3] * step[2]
                g[1] += k_pair[k, 4] * step[2]
                g[2] = k_pair[k, 3] * step[0] + k_pair[k, 4] * step[1] + k_pair[k, 5] * step[2]
            for a in range(d):
                out[i, a] += g[a]
                out[j, a] -= g[a]
