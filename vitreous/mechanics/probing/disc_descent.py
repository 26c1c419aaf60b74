"""Conjugate gradients on a disc, compiled: the reference descent ``cg`` of
``vitreous.mechanics.descent`` for these kernels.

Polak-Ribiere+ directions p, with a secant step along each: with s = f.p, and s' the same after a
trial step t, the projected force vanishes at ``t s / (s - s')``. No energies are compared, so the
descent does not stall at their rounding error. A descent can be interrupted and resumed: the caller
keeps position, force and direction.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from vitreous.mechanics.probing.disc import forces_and_stress


@njit(cache=True, nogil=True)
def _dot(a, b):  # type: ignore[no-untyped-def]
    """Scalar product of ``a`` and ``b`` (F, 2)."""
    total = 0.0
    for i in range(len(a)):
        total += a[i, 0] * b[i, 0] + a[i, 1] * b[i, 1]
    return total


@njit(cache=True, nogil=True)
def conjugate_gradient(x, disc, forces, along, tolerance, trial, longest, drift, most):
    """Descend from ``x`` (M, 2), in place, until the largest force component is at most
    ``tolerance``.

    ``forces`` and ``along`` (F, 2) are the force and direction at which an earlier call stopped;
    zeros in ``along`` restart the descent. ``trial`` is the trial step along a direction relative
    to the force (length squared per energy); ``longest`` bounds the displacement in one step. Stop
    early after ``most`` force evaluations, or once an atom has moved further than ``drift``.

    Return (largest force component, scalar stress times area, force evaluations).
    """
    free = disc.free
    origin, ahead = x[:free].copy(), np.empty((free, 2))
    residual, tau = forces_and_stress(x, disc, forces)
    if not along.any():
        along[:] = forces
    used = 1
    while residual > tolerance and used < most:
        slope = _dot(forces, along)
        if slope <= 0.0:
            along[:] = forces
            slope = _dot(forces, forces)
        reach = longest / np.abs(along).max()
        first = min(trial, reach)
        x[:free] += first * along
        forces_and_stress(x, disc, ahead)
        bend = (slope - _dot(ahead, along)) / first
        step = min(slope / bend, reach) if bend > 0.0 else reach
        x[:free] += (step - first) * along
        residual, tau = forces_and_stress(x, disc, ahead)
        used += 2
        beta = max(0.0, (_dot(ahead, ahead) - _dot(ahead, forces)) / _dot(forces, forces))
        along[:] = ahead + beta * along
        forces[:] = ahead
        if np.abs(x[:free] - origin).max() > drift:
            break
    return residual, tau, used
