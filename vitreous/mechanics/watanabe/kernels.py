"""Energy, forces, per-atom energies and virial of the Watanabe silica potential.

    E = sum_pairs g_i(z_i) g_j(z_j) phi(r_ij) + sum_triplets lambda(z_i) P(r_ij) P(r_ik) W(cos
    theta_jik)
    W(c) = (c - c0)^2 + alpha (c - c0)^3

The g apply to Si-O pairs. Each unordered pair of ends counts once, i is the centre. Forces follow
by the chain rule: with zeta_i = dE/dz_i, every Si-O pair on the coordination ramp adds (zeta_i +
zeta_j) fc'(r). Per-atom energies take pairs in halves and triplets in thirds.

The neighbour list is full: slot s of atom i holds neighbour ``nbr[s]`` at ``x[nbr] + offset[image]
- x[i]``; one of the two slots of a pair is ``forward``. ``Scratch`` holds the slots within reach at
the current positions; it is reused, so that the kernels do not allocate.

==================  ===========================================  ===========  =========
symbol              variable                                     shape        unit
==================  ===========================================  ===========  =========
r_ij, its length    ``s.d``, ``s.r``                             (S, 3) (S,)  A
z_i                 ``s.z``                                      (N,)         1
g, g', g''          ``s.g``, ``s.dg``, ``s.ddg``                 (N,)         1
zeta_i              ``s.zeta``                                   (N,)         eV
P, P', P'', 1/r, u  ``s.arms``                                   (2, M, 7)    1, 1/A ...
lambda, lambda'     ``lam``, ``dlam``                                         eV
W, W'               ``w``, ``dw``                                             1
cos theta_jik       ``c``                                                     1
==================  ===========================================  ===========  =========
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

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
    arm,
    coordination,
    radial,
    softening,
    strength,
)


class Scratch(NamedTuple):
    """``first`` (N+1,), ``nbr`` (S,), ``forward`` (S,), ``d`` (S, 3) and ``r`` (S,): slots within
    reach; ``z``, ``g``, ``dg``, ``ddg``, ``zeta``, ``energy`` (N,); ``grad`` (S, 3): a triplet
    centre's gradients by slot; ``ends`` (2, M) and ``arms`` (2, M, 7): its neighbours of two
    species, and their P, P', P'', inverse distance and direction.
    """

    first: NDArray[np.int64]
    nbr: NDArray[np.int64]
    forward: NDArray[np.bool_]
    d: NDArray[np.float64]
    r: NDArray[np.float64]
    z: NDArray[np.float64]
    g: NDArray[np.float64]
    dg: NDArray[np.float64]
    ddg: NDArray[np.float64]
    zeta: NDArray[np.float64]
    energy: NDArray[np.float64]
    grad: NDArray[np.float64]
    ends: NDArray[np.int64]
    arms: NDArray[np.float64]


def scratch(atoms: int, slots: int, most: int) -> Scratch:
    """Allocate buffers for ``atoms`` with ``slots`` in total and at most ``most`` each."""
    z, g, dg, ddg, zeta, energy = np.zeros((6, atoms))
    return Scratch(
        first=np.zeros(atoms + 1, np.int64),
        nbr=np.zeros(slots, np.int64),
        forward=np.zeros(slots, np.bool_),
        d=np.zeros((slots, 3)),
        r=np.zeros(slots),
        z=z,
        g=g,
        dg=dg,
        ddg=ddg,
        zeta=zeta,
        energy=energy,
        grad=np.zeros((slots, 3)),
        ends=np.zeros((2, most), np.int64),
        arms=np.zeros((2, most, 7)),
    )


@njit(cache=True)
def shorten(x, first, nbr, image, forward, offset, species, terms, s):
    """Fill the slots within reach, the coordinations z and the softening factors g."""
    reach2 = terms.reach**2
    low, high = terms.ramp[0], terms.ramp[1]
    at = 0
    for i in range(len(x)):
        s.first[i] = at
        z = 0.0
        for k in range(first[i], first[i + 1]):
            j = nbr[k]
            m = image[k]
            dx = x[j, 0] + offset[m, 0] - x[i, 0]
            dy = x[j, 1] + offset[m, 1] - x[i, 1]
            dz = x[j, 2] + offset[m, 2] - x[i, 2]
            r2 = dx * dx + dy * dy + dz * dz
            if r2 < reach2[species[i] + species[j]]:
                r = np.sqrt(r2)
                s.nbr[at], s.forward[at], s.r[at] = j, forward[k], r
                s.d[at, 0], s.d[at, 1], s.d[at, 2] = dx, dy, dz
                if species[i] != species[j] and r < high:
                    z += coordination(r, low, high)[0]
                at += 1
        s.z[i] = z
        s.g[i], s.dg[i], s.ddg[i] = softening(species[i], z, terms.soft)
    s.first[len(x)] = at


@njit(cache=True, inline="always")
def _push(forces, i, j, gx, gy, gz):  # type: ignore[no-untyped-def]
    """Add a pair force: dE/d(x_j - x_i) acts on i, its opposite on j."""
    forces[i, 0] += gx
    forces[i, 1] += gy
    forces[i, 2] += gz
    forces[j, 0] -= gx
    forces[j, 1] -= gy
    forces[j, 2] -= gz


@njit(cache=True, inline="always")
def _work(virial, dx, dy, dz, gx, gy, gz):  # type: ignore[no-untyped-def]
    """Add a pair force's virial: xx, yy, zz, xy, xz, yz."""
    virial[0] += gx * dx
    virial[1] += gy * dy
    virial[2] += gz * dz
    virial[3] += gx * dy
    virial[4] += gx * dz
    virial[5] += gy * dz


@njit(cache=True, fastmath={"contract", "nsz", "arcp"})
def _pairs(species, terms, s, forces, virial):  # type: ignore[no-untyped-def]
    """Add sum_pairs g_i g_j phi at fixed z to forces, energies and virial, and its dE/dz to
    zeta.
    """
    for i in range(len(species)):
        for k in range(s.first[i], s.first[i + 1]):
            j = s.nbr[k]
            kind = species[i] + species[j]
            if not s.forward[k] or s.r[k] >= terms.pairs[kind, 4]:
                continue
            c = terms.pairs[kind]
            u, du, _ = radial(s.r[k], c[0], c[1], c[2], c[3], c[4], terms.sigma)
            if kind == 1:
                s.zeta[i] += s.dg[i] * s.g[j] * u
                s.zeta[j] += s.dg[j] * s.g[i] * u
                u *= s.g[i] * s.g[j]
                du *= s.g[i] * s.g[j]
            s.energy[i] += 0.5 * u
            s.energy[j] += 0.5 * u
            du /= s.r[k]
            dx, dy, dz = s.d[k, 0], s.d[k, 1], s.d[k, 2]
            _push(forces, i, j, du * dx, du * dy, du * dz)
            _work(virial, dx, dy, dz, du * dx, du * dy, du * dz)


@njit(cache=True, inline="always")
def gather(slots, end, within, range_, gamma, species, nbr, d, r, ends, arms, row):
    """Store those of an atom's slots ``slots`` (first, last + 1) that hold species ``end`` closer
    than ``within`` in ``ends[row]``, and their P, P', P'', 1/r and direction in ``arms[row]``;
    return their number.
    """
    count = 0
    for k in range(slots[0], slots[1]):
        if r[k] < within and species[nbr[k]] == end:
            ends[row, count] = k
            arms[row, count, 0], arms[row, count, 1], arms[row, count, 2] = arm(r[k], range_, gamma)
            inverse = 1.0 / r[k]
            arms[row, count, 3] = inverse
            for x in range(3):
                arms[row, count, 4 + x] = d[k, x] * inverse
            count += 1
    return count


@njit(cache=True, fastmath={"contract", "nsz", "arcp"})
def _triplets(term, species, s):  # type: ignore[no-untyped-def]
    """Add lambda P P W of one term, all centres, to ``s.grad`` by slot, to energies and to zeta."""
    # arrays by name: reading a field of a named tuple within the loops costs more than the algebra
    first, nbr, d, r, ends, arms = s.first, s.nbr, s.d, s.r, s.ends, s.arms
    grad, energy, zeta, z = s.grad, s.energy, s.zeta, s.z
    same, row = term[END_A] == term[END_B], 0 if term[END_A] == term[END_B] else 1
    end_a, range_a, gamma_a = int(term[END_A]), term[RANGE_A], term[GAMMA_A]
    end_b, range_b, gamma_b = int(term[END_B]), term[RANGE_B], term[GAMMA_B]
    c0, alpha = term[COSINE], term[ALPHA]
    for i in range(len(species)):
        if species[i] != term[CENTRE]:
            continue
        at = (first[i], first[i + 1])
        na = gather(at, end_a, range_a, range_a, gamma_a, species, nbr, d, r, ends, arms, 0)
        nb = na
        if not same and na:
            nb = gather(at, end_b, range_b, range_b, gamma_b, species, nbr, d, r, ends, arms, 1)
        lam, dlam, _ = strength(term, z[i])
        total = 0.0
        for a in range(na):
            ka, p, dp, ia = ends[0, a], arms[0, a, 0], arms[0, a, 1], arms[0, a, 3]
            ux, uy, uz = arms[0, a, 4], arms[0, a, 5], arms[0, a, 6]
            gx = gy = gz = share = 0.0
            for b in range(a + 1 if same else 0, nb):
                kb, q, dq, ib = ends[row, b], arms[row, b, 0], arms[row, b, 1], arms[row, b, 3]
                wx, wy, wz = arms[row, b, 4], arms[row, b, 5], arms[row, b, 6]
                # c = cos theta_jik, then W and P Q W' with t = c - c0
                c = ux * wx + uy * wy + uz * wz
                t = c - c0
                w = t * t * (1.0 + alpha * t)
                bend = p * q * t * (2.0 + 3.0 * alpha * t)
                # with the arms' directions u and w: P' Q W along u, and P Q W' dc with
                # dc = (w - c u) / r; likewise for w
                along_a, along_b = dp * q * w - bend * c * ia, p * dq * w - bend * c * ib
                gx += along_a * ux + bend * ia * wx
                gy += along_a * uy + bend * ia * wy
                gz += along_a * uz + bend * ia * wz
                grad[kb, 0] += lam * (along_b * wx + bend * ib * ux)
                grad[kb, 1] += lam * (along_b * wy + bend * ib * uy)
                grad[kb, 2] += lam * (along_b * wz + bend * ib * uz)
                share += p * q * w
                energy[nbr[kb]] += lam * p * q * w / 3.0
            grad[ka, 0] += lam * gx
            grad[ka, 1] += lam * gy
            grad[ka, 2] += lam * gz
            energy[nbr[ka]] += lam * share / 3.0
            total += share
        energy[i] += lam * total / 3.0
        zeta[i] += dlam * total  # dE/dz_i through lambda(z_i)


@njit(cache=True)
def evaluate(x, first, nbr, image, forward, offset, species, terms, s, forces):
    """Fill ``forces`` (N, 3), ``s.energy`` (N,) and the rest of the scratch; return the energy and
    the virial (3, 3).
    """
    shorten(x, first, nbr, image, forward, offset, species, terms, s)
    forces[:] = 0.0
    s.energy[:] = 0.0
    s.zeta[:] = 0.0
    w = np.zeros(6)
    _pairs(species, terms, s, forces, w)
    s.grad[: s.first[-1]] = 0.0
    for t in range(len(terms.triplets)):
        _triplets(terms.triplets[t], species, s)
    for i in range(len(x)):
        for k in range(s.first[i], s.first[i + 1]):
            gx, gy, gz = s.grad[k, 0], s.grad[k, 1], s.grad[k, 2]
            _push(forces, i, s.nbr[k], gx, gy, gz)
            _work(w, s.d[k, 0], s.d[k, 1], s.d[k, 2], gx, gy, gz)
    # forces through the coordinations: (zeta_i + zeta_j) fc'(r)
    low, high = terms.ramp[0], terms.ramp[1]
    for i in range(len(x)):
        for k in range(s.first[i], s.first[i + 1]):
            j = s.nbr[k]
            if s.forward[k] and species[i] != species[j] and low < s.r[k] < high:
                du = (s.zeta[i] + s.zeta[j]) * coordination(s.r[k], low, high)[1] / s.r[k]
                dx, dy, dz = s.d[k, 0], s.d[k, 1], s.d[k, 2]
                _push(forces, i, j, du * dx, du * dy, du * dz)
                _work(w, dx, dy, dz, du * dx, du * dy, du * dz)
    virial = np.array([[w[0], w[3], w[4]], [w[3], w[1], w[5]], [w[4], w[5], w[2]]])
    return s.energy.sum(), virial
