"""Virials of single atoms under the Watanabe potential: shares of dE/dstrain.

An energy of several atoms leaves open how its virial is shared. As in LAMMPS, equal parts go to the
atoms that a force acts between: a half of a pair's to either atom, a third of a triplet's to each
of its three.

=============  ==============================================================================
part           virial, shared among its atoms
=============  ==============================================================================
pair           g_i g_j phi'(r) r u (x) u
coordination   (zeta_i + zeta_j) fc'(r) r u (x) u, the force of a Si-O pair through both z
triplet        lambda [P' Q W r u (x) u + P Q' W s w (x) w
               + P Q W' (u (x) w + w (x) u - c u (x) u - c w (x) w)]
=============  ==============================================================================

u, r and P belong to the one arm, w, s and Q to the other; c = u . w. zeta and the other symbols are
those of ``vitreous.mechanics.watanabe.kernels``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

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


@njit(cache=True)
def _pairs(species, terms, s, virials):  # type: ignore[no-untyped-def]
    """Add the halves of pairs, and of the forces through coordinations."""
    low, high = terms.ramp[0], terms.ramp[1]
    for i in range(len(species)):
        for k in range(s.first[i], s.first[i + 1]):
            if not s.forward[k]:
                continue
            j, r, du = s.nbr[k], s.r[k], 0.0
            kind = species[i] + species[j]
            if r < terms.pairs[kind, 4]:
                c = terms.pairs[kind]
                du = radial(r, c[0], c[1], c[2], c[3], c[4], terms.sigma)[1]
                du *= s.g[i] * s.g[j] if kind == 1 else 1.0
            if kind == 1:
                du += (s.zeta[i] + s.zeta[j]) * coordination(r, low, high)[1]
            for a in range(3):
                for b in range(3):
                    half = 0.5 * du / r * s.d[k, a] * s.d[k, b]
                    virials[i, a, b] += half
                    virials[j, a, b] += half


@njit(cache=True)
def _triplets(term, species, s, virials):  # type: ignore[no-untyped-def]
    """Add the thirds of one term's triplets, all centres."""
    same = term[END_A] == term[END_B]
    row = 0 if same else 1
    for i in range(len(species)):
        if species[i] != term[CENTRE]:
            continue
        slots = (s.first[i], s.first[i + 1])
        count = nb = _arms(slots, term[END_A], term[RANGE_A], term[GAMMA_A], species, s, 0)
        if not same:
            nb = _arms(slots, term[END_B], term[RANGE_B], term[GAMMA_B], species, s, 1)
        third = strength(term, s.z[i])[0] / 3.0
        for k in range(count):
            for m in range(k + 1 if same else 0, nb):
                j, o = s.nbr[s.ends[0, k]], s.nbr[s.ends[row, m]]
                one, other = s.arms[0, k], s.arms[row, m]
                _triplet(i, j, o, third, one, other, term[COSINE], term[ALPHA], virials)


@njit(cache=True, inline="always")
def _arms(slots, end, reach, gamma, species, s, row):  # type: ignore[no-untyped-def]
    """The arms of one species at one centre, in ``s.ends[row]`` and ``s.arms[row]``; how many."""
    return gather(
        slots, int(end), reach, reach, gamma, species, s.nbr, s.d, s.r, s.ends, s.arms, row
    )


@njit(cache=True)
def _triplet(i, j, o, share, one, other, cosine, alpha, virials):  # type: ignore[no-untyped-def]
    """Add ``share`` of one triplet's virial to its centre i and its ends j and o."""
    p, dp, r, u = one[0], one[1], 1.0 / one[3], one[4:]
    q, dq, length, w = other[0], other[1], 1.0 / other[3], other[4:]
    c = u[0] * w[0] + u[1] * w[1] + u[2] * w[2]
    t = c - cosine
    bent, slope = t * t * (1.0 + alpha * t), t * (2.0 + 3.0 * alpha * t)
    along_u, along_w = (
        dp * q * bent * r - p * q * slope * c,
        p * dq * bent * length - p * q * slope * c,
    )
    for a in range(3):
        for b in range(3):
            v = along_u * u[a] * u[b] + along_w * w[a] * w[b]
            v = share * (v + p * q * slope * (u[a] * w[b] + w[a] * u[b]))
            virials[i, a, b] += v
            virials[j, a, b] += v
            virials[o, a, b] += v


@njit(cache=True)
def atom_virials(species, terms, s):  # type: ignore[no-untyped-def]
    """Virials (N, 3, 3) of the state that was last evaluated into ``s``."""
    virials = np.zeros((len(species), 3, 3))
    _pairs(species, terms, s, virials)
    for t in range(len(terms.triplets)):
        _triplets(terms.triplets[t], species, s, virials)
    return virials
