"""Harmonic springs between given pairs of atoms: an inexpensive first relaxation of a network with
known bonds.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@njit(cache=True)
def relax_springs(
    positions: Floats,
    pairs: Ints,
    lengths: Floats,
    stiffness: Floats,
    box: Floats,
    tolerance: float,
    limit: int,
) -> tuple[Floats, float]:
    """FIRE descent (Bitzek et al. 2006) of E = sum k (r - r0)^2 / 2 over ``pairs`` in a rectangular
    periodic box.

    Args:
        positions: (N, 2), length unit. pairs: (P, 2) atom indices. lengths, stiffness: (P,) r0 and
        k.
        box: (2,) sides of the box. tolerance: largest force component to stop at. limit: largest
        number of steps.

    Returns:
        The relaxed positions (N, 2), not wrapped, and the largest remaining force component.
    """
    x = positions.copy()
    velocity = np.zeros_like(x)
    force = np.empty_like(x)
    dt, mixing, downhill, largest = 0.3, 0.1, 0, 0.0
    for _ in range(limit):
        # force on i: k (1 - r0 / r) r_ij, the opposite on j
        force[:] = 0.0
        for row in range(len(pairs)):
            i, j = pairs[row]
            dx = x[j, 0] - x[i, 0]
            dy = x[j, 1] - x[i, 1]
            dx -= box[0] * np.rint(dx / box[0])
            dy -= box[1] * np.rint(dy / box[1])
            pull = stiffness[row] * (1.0 - lengths[row] / max(np.sqrt(dx * dx + dy * dy), 1e-12))
            force[i, 0] += pull * dx
            force[i, 1] += pull * dy
            force[j, 0] -= pull * dx
            force[j, 1] -= pull * dy
        largest = np.max(np.abs(force))
        if largest < tolerance:
            break
        # FIRE: while moving downhill turn the velocity towards the force, else stop
        power = np.sum(force * velocity)
        if power > 0.0:
            scale = mixing * np.sqrt(np.sum(velocity * velocity) / np.sum(force * force))
            velocity = (1.0 - mixing) * velocity + scale * force
            downhill += 1
            if downhill > 5:
                dt, mixing = min(1.1 * dt, 0.6), 0.99 * mixing
        else:
            velocity[:] = 0.0
            dt, mixing, downhill = 0.5 * dt, 0.1, 0
        velocity += dt * force
        x += dt * velocity
    return x, largest


def relax_springs_and_box(
    positions: Floats,
    pairs: Ints,
    lengths: Floats,
    stiffness: Floats,
    box: Floats,
    tolerance: float,
    limit: int,
    rounds: int = 30,
) -> tuple[Floats, Floats]:
    """Relax positions and the sides of the box to zero normal stress, to a strain of 1e-4.

    Alternate between relaxing positions in a fixed box and straining the box by -(affine
    modulus)^-1 (stress); the affine modulus is an upper bound of the true one, so no round
    overshoots.
    """
    box = box.copy()
    for _ in range(rounds):
        positions, _ = relax_springs(positions, pairs, lengths, stiffness, box, tolerance, limit)
        step = positions[pairs[:, 1]] - positions[pairs[:, 0]]
        step -= box * np.rint(step / box)
        r = np.linalg.norm(step, axis=1)
        # normal virials W_a = sum k (1 - r0/r) r_a^2 and affine modulus M_ab = sum k r_a^2 r_b^2 /
        # r^2
        virial = (stiffness * (1.0 - lengths / r)) @ step**2
        modulus = (step**2).T @ ((stiffness / r**2)[:, None] * step**2)
        strain = -np.linalg.solve(modulus, virial)
        box = box * (1.0 + strain)
        positions = positions * (1.0 + strain)
        if np.abs(strain).max() < 1e-4:
            break
    return relax_springs(positions, pairs, lengths, stiffness, box, tolerance, limit)[0], box
