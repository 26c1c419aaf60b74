"""Energy, forces, stress and second derivatives of embedded-atom models.

    E = sum_i F_i(rho_i) + sum_pairs phi(r_ij),        rho_i = sum_j rho_ji(r_ij)

===============  ============================================  ===========================
quantity         formula                                       code
===============  ============================================  ===========================
effective slope  U' = phi' + F_i' rho_ji' + F_j' rho_ij'       as U' of a pair model
Hessian          H = pair stiffness of U'' and U' + J^T F'' J  ``stiffness``, ``respond``
J = d rho / dx   rho_ji' n on each pair                        ``jac_i``, ``jac_j`` (P, D)
===============  ============================================  ===========================

(Daw & Baskes, Phys. Rev. B 29, 6443 (1984).) Tables are piecewise cubic with the slopes that LAMMPS
gives them: a five-point formula inside, differences at the ends; slopes are continuous, curvatures
only approximately. Beyond the last density F is continued linearly.

==================  ============================================  ================  ==============
symbol              variable                                      shape             unit
==================  ============================================  ================  ==============
r_ij, its length    ``d``, ``r``                                  (3, P), (P,)      A
rho_i               ``rho``                                       (N,)              file's unit
F_i, F_i', F_i''    ``energies``, ``slope``, ``bend``             (N,)              eV / rho^k
rho_ji(r)           ``density[b, a]``: from species b at a        (S, S, n, 4)      file's unit
r phi(r)            ``pair[a, b]``                                (S, S, n, 4)      eV A
==================  ============================================  ================  ==============

Of a pair (i, j), a is the species of i and b that of j; ``first`` (N+1,) and ``near`` (P,) list the
pairs within the cutoff.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


def cubic_table(values: NDArray[np.float64], flat_end: bool = False) -> NDArray[np.float64]:
    """Coefficients (..., n - 1, 4), in powers of t in [0, 1], of the cubic Hermite interpolation of
    ``values`` (..., n); ``flat_end``: zero slope at the end.
    """
    slope = np.empty_like(values)
    slope[..., 0] = values[..., 1] - values[..., 0]
    slope[..., 1] = 0.5 * (values[..., 2] - values[..., 0])
    slope[..., -2] = 0.5 * (values[..., -1] - values[..., -3])
    slope[..., -1] = 0.0 if flat_end else values[..., -1] - values[..., -2]
    slope[..., 2:-2] = (
        values[..., :-4] - values[..., 4:] + 8.0 * (values[..., 3:-1] - values[..., 1:-3])
    ) / 12.0
    rise, left, right = np.diff(values), slope[..., :-1], slope[..., 1:]
    return np.ascontiguousarray(
        np.stack(
            [values[..., :-1], left, 3.0 * rise - 2.0 * left - right, left + right - 2.0 * rise],
            axis=-1,
        )
    )


@njit(cache=True, inline="always")
def _place(s, n):  # type: ignore[no-untyped-def]
    """Interval and position in it, in [0, 1]."""
    k = min(max(int(s), 0), n - 1)
    return k, min(s - k, 1.0)


@njit(cache=True, inline="always")
def _cubic(c, t):  # type: ignore[no-untyped-def]
    return c[0] + t * (c[1] + t * (c[2] + t * c[3]))


@njit(cache=True, inline="always")
def _slope(c, t):  # type: ignore[no-untyped-def]
    return c[1] + t * (2.0 * c[2] + 3.0 * t * c[3])


@njit(cache=True, inline="always")
def _bend(c, t):  # type: ignore[no-untyped-def]
    return 2.0 * c[2] + 6.0 * t * c[3]


@njit(cache=True, fastmath={"contract", "nsz", "arcp"})
def shorten(x, start, nbr, image, offset, cutoff, first, near, d, r):
    """Fill ``near``, ``d`` (3, P), ``r`` (P,) with the pairs within the cutoff, those of i at
    ``first[i]:first[i + 1]``.
    """
    r2max = cutoff * cutoff
    at = 0
    for i in range(len(x)):
        first[i] = at
        xi, yi, zi = x[i, 0], x[i, 1], x[i, 2]
        for k in range(start[i], start[i + 1]):
            j = nbr[k]
            m = image[k]
            dx = x[j, 0] + offset[m, 0] - xi
            dy = x[j, 1] + offset[m, 1] - yi
            dz = x[j, 2] + offset[m, 2] - zi
            r2 = dx * dx + dy * dy + dz * dz
            near[at] = j
            d[0, at], d[1, at], d[2, at] = dx, dy, dz
            r[at] = r2
            at += r2 < r2max  # overwritten by the next pair unless within the cutoff
    first[len(x)] = at
    for k in range(at):
        r[k] = np.sqrt(r[k])


@njit(cache=True, fastmath={"contract", "nsz", "arcp"})
def embed(
    first,
    near,
    r,
    species,
    density,
    per_dr,
    embedding,
    per_drho,
    rho_max,
    rho,
    slope,
    bend,
    energies,
):  # type: ignore[no-untyped-def]
    """Fill ``rho``, F' (``slope``), F'' (``bend``) and F (``energies``), (N,) each."""
    n, cells = len(species), density.shape[2]
    # rho_i = sum_j rho_ji(r_ij), each pair contributing to both atoms
    rho[:] = 0.0
    for i in range(n):
        a, total = species[i], 0.0
        for k in range(first[i], first[i + 1]):
            j = near[k]
            b = species[j]
            m, t = _place(r[k] * per_dr, cells)
            total += _cubic(density[b, a, m], t)
            rho[j] += _cubic(density[a, b, m], t)
        rho[i] += total
    # F and its derivatives; linear beyond the table
    for i in range(n):
        m, t = _place(rho[i] * per_drho, embedding.shape[1])
        c = embedding[species[i], m]
        slope[i], bend[i] = _slope(c, t) * per_drho, _bend(c, t) * per_drho * per_drho
        energies[i] = _cubic(c, t)
        if rho[i] > rho_max:
            energies[i] += slope[i] * (rho[i] - rho_max)
            bend[i] = 0.0


@njit(cache=True, fastmath={"contract", "nsz", "arcp"})
def evaluate(first, near, d, r, species, density, pair, per_dr, slope, energies, forces):
    """Fill ``forces`` (N, 3), add half of each pair energy to ``energies`` (N,) of both atoms;
    return the virial (3, 3).
    """
    cells = density.shape[2]
    forces[:] = 0.0
    wxx = wxy = wxz = wyy = wyz = wzz = 0.0
    for i in range(len(species)):
        fx = fy = fz = half = 0.0
        a = species[i]
        for k in range(first[i], first[i + 1]):
            j = near[k]
            b = species[j]
            m, t = _place(r[k] * per_dr, cells)
            inverse = 1.0 / r[k]
            c = pair[a, b, m]
            # phi = (r phi) / r and r phi' = (r phi)' - phi
            phi = _cubic(c, t) * inverse
            g = _slope(c, t) * per_dr - phi
            g = (
                g * inverse
                + (slope[i] * _slope(density[b, a, m], t) + slope[j] * _slope(density[a, b, m], t))
                * per_dr
            )
            g *= inverse  # now U' / r, with U' = phi' + F_i' rho_ji' + F_j' rho_ij'
            dx, dy, dz = d[0, k], d[1, k], d[2, k]
            gx, gy, gz = g * dx, g * dy, g * dz
            half += 0.5 * phi
            energies[j] += 0.5 * phi
            fx += gx
            fy += gy
            fz += gz
            forces[j, 0] -= gx
            forces[j, 1] -= gy
            forces[j, 2] -= gz
            wxx += gx * dx
            wxy += gx * dy
            wxz += gx * dz
            wyy += gy * dy
            wyz += gy * dz
            wzz += gz * dz
        energies[i] += half
        forces[i, 0] += fx
        forces[i, 1] += fy
        forces[i, 2] += fz
    return np.array([[wxx, wxy, wxz], [wxy, wyy, wyz], [wxz, wyz, wzz]])


@njit(cache=True)
def atom_virials(first, near, d, r, species, density, pair, per_dr, slope):
    """Virials (N, 3, 3), half of each pair's U' r n (x) n to either atom."""
    cells = density.shape[2]
    virials = np.zeros((len(species), 3, 3))
    for i in range(len(species)):
        a = species[i]
        for k in range(first[i], first[i + 1]):
            j = near[k]
            b = species[j]
            m, t = _place(r[k] * per_dr, cells)
            c = pair[a, b, m]
            # phi' from r phi, then U' at fixed F'
            dphi = (_slope(c, t) * per_dr - _cubic(c, t) / r[k]) / r[k]
            drho_i, drho_j = _slope(density[b, a, m], t), _slope(density[a, b, m], t)
            du = dphi + (slope[i] * drho_i + slope[j] * drho_j) * per_dr
            for p in range(3):
                for q in range(3):
                    half = 0.5 * du / r[k] * d[p, k] * d[q, k]
                    virials[i, p, q] += half
                    virials[j, p, q] += half
    return virials


@njit(cache=True)
def stiffness(first, near, d, r, species, density, pair, per_dr, slope, k_pair, jac_i, jac_j):
    """Fill each pair's stiffness ``k_pair`` (P, 6), ordered as in
    ``vitreous.mechanics.pair.kernels``, and its factors ``jac_i``, ``jac_j`` (P,) of J: rho' / r,
    to be multiplied by the pair vector.
    """
    cells = density.shape[2]
    for i in range(len(species)):
        a = species[i]
        for k in range(first[i], first[i + 1]):
            j = near[k]
            b = species[j]
            m, t = _place(r[k] * per_dr, cells)
            inverse = 1.0 / r[k]
            c, at_i, at_j = pair[a, b, m], density[b, a, m], density[a, b, m]
            # phi, phi', phi'' from r phi; U' and U'' of the effective pair energy at fixed F'
            phi = _cubic(c, t) * inverse
            dphi = (_slope(c, t) * per_dr - phi) * inverse
            ddphi = (_bend(c, t) * per_dr * per_dr - 2.0 * dphi) * inverse
            drho_i, drho_j = _slope(at_i, t) * per_dr, _slope(at_j, t) * per_dr
            du = dphi + slope[i] * drho_i + slope[j] * drho_j
            ddu = ddphi + (slope[i] * _bend(at_i, t) + slope[j] * _bend(at_j, t)) * per_dr * per_dr
            jac_i[k], jac_j[k] = drho_i * inverse, drho_j * inverse
            # K = (U'/r) 1 + (U'' - U'/r) n (x) n
            s = du * inverse
            w = (ddu - s) * inverse * inverse
            dx, dy, dz = d[0, k], d[1, k], d[2, k]
            k_pair[k, 0], k_pair[k, 1], k_pair[k, 2] = s + w * dx * dx, w * dx * dy, s + w * dy * dy
            k_pair[k, 3], k_pair[k, 4], k_pair[k, 5] = w * dx * dz, w * dy * dz, s + w * dz * dz


@njit(cache=True, fastmath={"contract", "nsz"})
def respond(v, gradient, strained, first, near, d, k_pair, jac_i, jac_j, bend, drho, out):
    """``out`` (N, 3) = H (v + gradient @ x), the gradient only if ``strained``; ``drho`` (N,) is a
    buffer.

    First the pair stiffness and the change of density J (v + gradient @ x), then J^T F'' times
    it.
    """
    n = len(v)
    out[:] = 0.0
    drho[:] = 0.0
    for i in range(n):
        vx, vy, vz = v[i, 0], v[i, 1], v[i, 2]
        ox = oy = oz = mine = 0.0
        for k in range(first[i], first[i + 1]):
            j = near[k]
            sx, sy, sz = v[j, 0] - vx, v[j, 1] - vy, v[j, 2] - vz
            dx, dy, dz = d[0, k], d[1, k], d[2, k]
            if strained:
                sx += gradient[0, 0] * dx + gradient[0, 1] * dy + gradient[0, 2] * dz
                sy += gradient[1, 0] * dx + gradient[1, 1] * dy + gradient[1, 2] * dz
                sz += gradient[2, 0] * dx + gradient[2, 1] * dy + gradient[2, 2] * dz
            # s = change of the pair vector; K s acts on both atoms
            gx = k_pair[k, 0] * sx + k_pair[k, 1] * sy + k_pair[k, 3] * sz
            gy = k_pair[k, 1] * sx + k_pair[k, 2] * sy + k_pair[k, 4] * sz
            gz = k_pair[k, 3] * sx + k_pair[k, 4] * sy + k_pair[k, 5] * sz
            ox -= gx
            oy -= gy
            oz -= gz
            out[j, 0] += gx
            out[j, 1] += gy
            out[j, 2] += gz
            # change of the densities of i and j: rho' n . s
            stretch = dx * sx + dy * sy + dz * sz
            mine += jac_i[k] * stretch
            drho[j] += jac_j[k] * stretch
        out[i, 0] += ox
        out[i, 1] += oy
        out[i, 2] += oz
        drho[i] += mine
    for i in range(n):
        drho[i] *= bend[i]  # F'' drho
    for i in range(n):
        ox = oy = oz = 0.0
        for k in range(first[i], first[i + 1]):
            j = near[k]
            g = drho[i] * jac_i[k] + drho[j] * jac_j[k]
            gx, gy, gz = g * d[0, k], g * d[1, k], g * d[2, k]
            ox += gx
            oy += gy
            oz += gz
            out[j, 0] += gx
            out[j, 1] += gy
            out[j, 2] += gz
        out[i, 0] -= ox
        out[i, 1] -= oy
        out[i, 2] -= oz


@njit(cache=True)
def on_site(first, near, d, r, k_pair, jac_i, jac_j, bend, within, blocks):
    """Fill ``blocks`` (N, 3, 3) with the stiffness of each atom against its neighbours closer than
    ``within``, held fixed.
    """
    n = len(bend)
    blocks[:] = 0.0
    own, spring = np.zeros((n, 3)), np.empty((3, 3))
    for i in range(n):
        for k in range(first[i], first[i + 1]):
            if r[k] >= within:
                continue
            j = near[k]
            c = k_pair[k]
            spring[0, 0], spring[1, 1], spring[2, 2] = c[0], c[2], c[5]
            spring[0, 1] = spring[1, 0] = c[1]
            spring[0, 2] = spring[2, 0] = c[3]
            spring[1, 2] = spring[2, 1] = c[4]
            # own = d rho_i / d x_i; a neighbour's density adds F_j'' (rho' n) (x) (rho' n)
            for a in range(3):
                own[i, a] += jac_i[k] * d[a, k]
                own[j, a] -= jac_j[k] * d[a, k]
                for b in range(3):
                    dd = d[a, k] * d[b, k]
                    blocks[i, a, b] += spring[a, b] + bend[j] * jac_j[k] ** 2 * dd
                    blocks[j, a, b] += spring[a, b] + bend[i] * jac_i[k] ** 2 * dd
    for i in range(n):
        for a in range(3):
            for b in range(3):
                blocks[i, a, b] += bend[i] * own[i, a] * own[i, b]
