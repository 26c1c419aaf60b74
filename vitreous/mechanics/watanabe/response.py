"""Exact second derivatives of the Watanabe potential at one state, kept as small blocks and applied
matrix-free.

With E(x) = E(d, z(d)), d the vectors between neighbours and z the coordinations,

    H = A + M^T J + J^T M + J^T Z J

=============  ===============================================  ========================
symbol         meaning                                          code
=============  ===============================================  ========================
A              second derivatives at fixed z, and zeta_i d2z_i  ``k_pair``, ``blocks``
J = dz/dx      per slot, fc'(r) n                               ``jac`` (S, 3)
M = d2E/dz dx  per slot                                         ``mix`` (S, 3)
Z = d2E/dz dz  diagonal, and Si-O pairs per slot                ``zz`` (N,), ``zs`` (S,)
=============  ===============================================  ========================

J, and every term with it, vanishes while no pair is on the coordination ramp. The triplets of a
centre form one dense block over its neighbours in range, in the coordinates x_j - x_i; pairs are
stored as stiffness matrices. Lengths in angstrom, energies in eV; slots and ``Scratch`` as in
``vitreous.mechanics.watanabe.kernels``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.mechanics.watanabe.kernels import gather
from vitreous.mechanics.watanabe.terms import (
    ALPHA,
    CENTRE,
    COSINE,
    END_A,
    END_B,
    GAMMA_A,
    GAMMA_B,
    RANGE_A,
    RANGE_B,
    coordination,
    radial,
    strength,
)


class Blocks(NamedTuple):
    """The m ends of centre i are the slots ``slot[first[i]:first[i+1]]``; its (3m, 3m) block starts
    at ``values[at[i]]``.
    """

    first: NDArray[np.int64]
    slot: NDArray[np.int64]
    at: NDArray[np.int64]
    values: NDArray[np.float64]


@njit(cache=True)
def springs(species, terms, s, k_pair):  # type: ignore[no-untyped-def]
    """Fill ``k_pair`` (S, 6) with xx, xy, yy, xz, yz, zz of forward slots, zero in the others."""
    low, high = terms.ramp[0], terms.ramp[1]
    for i in range(len(species)):
        for k in range(s.first[i], s.first[i + 1]):
            k_pair[k, :] = 0.0
            if not s.forward[k]:
                continue
            j = s.nbr[k]
            kind = species[i] + species[j]
            r = s.r[k]
            # U' and U'' of g_i g_j phi + (zeta_i + zeta_j) fc at fixed z and zeta
            du = ddu = 0.0
            c = terms.pairs[kind]
            if r < c[4]:
                _, du, ddu = radial(r, c[0], c[1], c[2], c[3], c[4], terms.sigma)
                if kind == 1:
                    du *= s.g[i] * s.g[j]
                    ddu *= s.g[i] * s.g[j]
            if kind == 1 and low < r < high:
                _, df, ddf = coordination(r, low, high)
                du += (s.zeta[i] + s.zeta[j]) * df
                ddu += (s.zeta[i] + s.zeta[j]) * ddf
            # K = (U'/r) 1 + (U'' - U'/r) n (x) n
            t = du / r
            w = (ddu - t) / (r * r)
            dx, dy, dz = s.d[k, 0], s.d[k, 1], s.d[k, 2]
            k_pair[k, 0], k_pair[k, 1], k_pair[k, 2] = t + w * dx * dx, w * dx * dy, t + w * dy * dy
            k_pair[k, 3], k_pair[k, 4], k_pair[k, 5] = w * dx * dz, w * dy * dz, t + w * dz * dz


@njit(cache=True)
def layout(species, terms, s):  # type: ignore[no-untyped-def]
    """Allocate zero blocks over the ends that can take part in a triplet."""
    n = len(species)
    reach = np.zeros((2, 2))
    for t in range(len(terms.triplets)):
        term = terms.triplets[t]
        c, a, b = int(term[CENTRE]), int(term[END_A]), int(term[END_B])
        reach[c, a] = max(reach[c, a], term[RANGE_A])
        reach[c, b] = max(reach[c, b], term[RANGE_B])
    first, at = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    slot = np.empty(s.first[n], np.int64)
    count = 0
    for i in range(n):
        begin = count
        for k in range(s.first[i], s.first[i + 1]):
            if s.r[k] < reach[species[i], species[s.nbr[k]]]:
                slot[count] = k
                count += 1
        if count - begin < 2:
            count = begin
        first[i + 1] = count
        at[i + 1] = at[i] + 9 * (count - begin) ** 2
    return Blocks(first, slot[:count].copy(), at, np.zeros(at[n]))


@njit(cache=True, inline="always")
def _arm_block(block, end, f, u, v, uu, uv, vv, rest):  # type: ignore[no-untyped-def]
    """Add f (uu u u + uv (u v + v u) + vv v v + rest 1) to the diagonal sub-block of an end."""
    for a in range(3):
        for b in range(3):
            block[3 * end + a, 3 * end + b] += f * (
                uu * u[a] * u[b] + uv * (u[a] * v[b] + v[a] * u[b]) + vv * v[a] * v[b]
            )
        block[3 * end + a, 3 * end + a] += f * rest


@njit(cache=True)
def _triplet(block, la, lb, lam, arms, a, row, b, c0, alpha, convex, v1, v2):
    """Add lambda d2[P Q W] to the sub-blocks of ends la and lb, whose arms are ``arms[0, a]`` and
    ``arms[row, b]``; ``convex`` keeps only the stiffness of the angle.

    Fill v1 and v2 with the derivatives of cos theta with respect to the two arms; return W and W'.
    """
    p, dp, ddp, ia = arms[0, a, 0], arms[0, a, 1], arms[0, a, 2], arms[0, a, 3]
    q, dq, ddq, ib = arms[row, b, 0], arms[row, b, 1], arms[row, b, 2], arms[row, b, 3]
    e1 = (arms[0, a, 4], arms[0, a, 5], arms[0, a, 6])
    e2 = (arms[row, b, 4], arms[row, b, 5], arms[row, b, 6])
    c = e1[0] * e2[0] + e1[1] * e2[1] + e1[2] * e2[2]
    t = c - c0
    w, dw, ddw = t * t * (1.0 + alpha * t), t * (2.0 + 3.0 * alpha * t), 2.0 + 6.0 * alpha * t
    for x in range(3):
        v1[x], v2[x] = (e2[x] - c * e1[x]) * ia, (e1[x] - c * e2[x]) * ib
    if convex:
        w = dw = 0.0
        ddw = max(ddw, 0.0)
    # in an arm's own sub-block, with v = dc/dr: e e from P'' Q W, e v from P' Q W', v v from P Q
    # W'', and from d2c/dr2 = -(e v + v e)/r - c (1 - e e)/r^2 the terms in twist
    bend, twist = p * q * ddw, p * q * dw
    rest = (dp * q * w - twist * c * ia) * ia
    _arm_block(block, la, lam, e1, v1, ddp * q * w - rest, dp * q * dw - twist * ia, bend, rest)
    rest = (dq * p * w - twist * c * ib) * ib
    _arm_block(block, lb, lam, e2, v2, ddq * p * w - rest, dq * p * dw - twist * ib, bend, rest)
    # between the two arms, with d2c/dr1 dr2 = (1 - e1 e1 - e2 e2 + c e1 e2)/(r1 r2)
    for x in range(3):
        for y in range(3):
            cross = e1[x] * (dp * dq * w * e2[y] + (dp * q * dw - twist * ia) * v2[y])
            cross += v1[x] * (p * dq * dw * e2[y] + bend * v2[y]) - twist * ia * ib * e2[x] * e2[y]
            if x == y:
                cross += twist * ia * ib
            block[3 * la + x, 3 * lb + y] += lam * cross
            block[3 * lb + y, 3 * la + x] += lam * cross
    return w, dw


@njit(cache=True)
def triplets(species, terms, s, blocks, convex, bond_range, mix, zz):
    """Fill the blocks, and add the triplets' part of M (``mix``) and Z (``zz``).

    With ``convex`` include only angles between arms shorter than ``bond_range``, and only the
    stiffness of the angle: the blocks are then positive semidefinite.
    """
    first, nbr, d, r, ends, arms, z = s.first, s.nbr, s.d, s.r, s.ends, s.arms, s.z
    begin, slot, at, values, table = (
        blocks.first,
        blocks.slot,
        blocks.at,
        blocks.values,
        terms.triplets,
    )
    v1, v2 = np.empty(3), np.empty(3)
    local = np.zeros(len(nbr), np.int64)
    for i in range(len(species)):
        m = begin[i + 1] - begin[i]
        if m == 0:
            continue
        for k in range(m):
            local[slot[begin[i] + k]] = k
        block = values[at[i] : at[i + 1]].reshape(3 * m, 3 * m)
        slots = (first[i], first[i + 1])
        for t in range(len(table)):
            if table[t, CENTRE] != species[i]:
                continue
            same = table[t, END_A] == table[t, END_B]
            end, range_, gamma = int(table[t, END_A]), table[t, RANGE_A], table[t, GAMMA_A]
            within = min(range_, bond_range)
            na = gather(slots, end, within, range_, gamma, species, nbr, d, r, ends, arms, 0)
            row, nb = 0, na
            if not same:
                end, range_, gamma = int(table[t, END_B]), table[t, RANGE_B], table[t, GAMMA_B]
                within = min(range_, bond_range)
                nb = gather(slots, end, within, range_, gamma, species, nbr, d, r, ends, arms, 1)
                row = 1
            c0, alpha = table[t, COSINE], table[t, ALPHA]
            lam, dlam, ddlam = strength(table[t], z[i])
            for a in range(na):
                ka, p, dp = ends[0, a], arms[0, a, 0], arms[0, a, 1]
                for b in range(a + 1 if same else 0, nb):
                    kb, q, dq = ends[row, b], arms[row, b, 0], arms[row, b, 1]
                    la, lb = local[ka], local[kb]
                    w, dw = _triplet(block, la, lb, lam, arms, a, row, b, c0, alpha, convex, v1, v2)
                    # through lambda(z_i): Z_ii += lambda'' P Q W, M_i += lambda' d(P Q W)
                    if dlam != 0.0 and not convex:
                        zz[i] += ddlam * p * q * w
                        for x in range(3):
                            mix[ka, x] += dlam * q * (dp * w * arms[0, a, 4 + x] + p * dw * v1[x])
                            mix[kb, x] += dlam * p * (dq * w * arms[row, b, 4 + x] + q * dw * v2[x])


@njit(cache=True)
def coordination_coupling(species, terms, s, unit, jac, mix, zz, zs):
    """Fill J, and add the Si-O pairs' part of M and Z; return whether any pair is on the ramp."""
    low, high = terms.ramp[0], terms.ramp[1]
    on_ramp = False
    c = terms.pairs[1]
    for i in range(len(species)):
        for k in range(s.first[i], s.first[i + 1]):
            j, r = s.nbr[k], s.r[k]
            if species[i] == species[j]:
                continue
            if low < r < high:
                on_ramp = True
                df = coordination(r, low, high)[1]
                for x in range(3):
                    jac[k, x] = df * unit[k, x]
            if r < c[4]:
                # E = g_i g_j phi: Z_ii += g_i'' g_j phi, Z_ij += g_i' g_j' phi, M_i += g_i' g_j
                # phi'
                u, du, _ = radial(r, c[0], c[1], c[2], c[3], c[4], terms.sigma)
                zz[i] += s.ddg[i] * s.g[j] * u
                zs[k] += s.dg[i] * s.dg[j] * u
                for x in range(3):
                    mix[k, x] += s.dg[i] * s.g[j] * du * unit[k, x]
    return on_ramp


@njit(cache=True, inline="always")
def _step(v, gradient, d, i, j, k, out, at):  # type: ignore[no-untyped-def]
    """Put the change of the vector of slot k, under displacements v plus the affine motion
    ``gradient @ x``, in ``out`` from ``at`` on.
    """
    for a in range(3):
        out[at + a] = (
            v[j, a]
            - v[i, a]
            + gradient[a, 0] * d[k, 0]
            + gradient[a, 1] * d[k, 1]
            + gradient[a, 2] * d[k, 2]
        )


@njit(cache=True, fastmath={"contract", "nsz"})
def multiply(v, gradient, first, nbr, forward, d, k_pair, blocks, out):
    """``out`` (N, 3) = A (v + gradient @ x): pair stiffness, then the block of every centre."""
    begin, slot, start, values = blocks.first, blocks.slot, blocks.at, blocks.values
    out[:] = 0.0
    w = np.empty(3 * (np.diff(begin).max() + 1))
    for i in range(len(v)):
        for k in range(first[i], first[i + 1]):
            if not forward[k]:
                continue
            j = nbr[k]
            _step(v, gradient, d, i, j, k, w, 0)
            gx = k_pair[k, 0] * w[0] + k_pair[k, 1] * w[1] + k_pair[k, 3] * w[2]
            gy = k_pair[k, 1] * w[0] + k_pair[k, 2] * w[1] + k_pair[k, 4] * w[2]
            gz = k_pair[k, 3] * w[0] + k_pair[k, 4] * w[1] + k_pair[k, 5] * w[2]
            out[i, 0] -= gx
            out[i, 1] -= gy
            out[i, 2] -= gz
            out[j, 0] += gx
            out[j, 1] += gy
            out[j, 2] += gz
        m = begin[i + 1] - begin[i]
        for k in range(m):
            end = slot[begin[i] + k]
            _step(v, gradient, d, i, nbr[end], end, w, 3 * k)
        at = start[i]
        for k in range(m):
            end = nbr[slot[begin[i] + k]]
            for a in range(3):
                y = 0.0
                for b in range(3 * m):
                    y += values[at + b] * w[b]
                at += 3 * m
                out[end, a] += y
                out[i, a] -= y


@njit(cache=True)
def add_coupling(v, gradient, first, nbr, d, jac, mix, zz, zs, out):  # type: ignore[no-untyped-def]
    """Add (M^T J + J^T M + J^T Z J)(v + gradient @ x) to ``out`` (N, 3)."""
    n = len(v)
    w = np.empty(3)
    # dz = J w and answer = M w + Z dz; then M^T dz + J^T answer
    dz, answer = np.zeros(n), np.zeros(n)
    for i in range(n):
        for k in range(first[i], first[i + 1]):
            _step(v, gradient, d, i, nbr[k], k, w, 0)
            for a in range(3):
                dz[i] += jac[k, a] * w[a]
                answer[i] += mix[k, a] * w[a]
    for i in range(n):
        answer[i] += zz[i] * dz[i]
        for k in range(first[i], first[i + 1]):
            answer[i] += zs[k] * dz[nbr[k]]
    for i in range(n):
        for k in range(first[i], first[i + 1]):
            for a in range(3):
                y = dz[i] * mix[k, a] + answer[i] * jac[k, a]
                out[nbr[k], a] += y
                out[i, a] -= y
