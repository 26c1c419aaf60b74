"""Springs on the dual lattice, which keep the triangulation plane while its topology changes.

Every edge between rings of sizes m and n is a spring E = (r - r0)^2 / 2 with the distance of two
regular polygons that share a side,

    r0(m, n) = bond / 2 [cot(pi / m) + cot(pi / n)]        (Ormrod Morley & Wilson 2018, section 2)

from the current sizes, so that a switch changes the rest lengths of all edges of the four rings.

=============  =========================================  ==============  =======
symbol         variable                                   shape           unit
=============  =========================================  ==============  =======
r0(m, n)       ``apothem[m] + apothem[n]``                                length
r              ``r``, in nearest images                                   length
force on i     ``force_on``: sum_j (1 - r0 / r) r_ij      (2,)            length
=============  =========================================  ==============  =======

The spring constant is 1, so forces are in units of length.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def apothems(maximum_size: int, bond: float) -> Floats:
    """Distances (maximum_size + 1,) from the centre of a regular n-gon of side ``bond`` to its
    sides; zero below n = 3.
    """
    n = np.arange(3, maximum_size + 1)
    return np.concatenate([np.zeros(3), 0.5 * bond / np.tan(np.pi / n)])


@njit(cache=True)
def force_on(
    i: int, neighbours: Ints, sizes: Ints, positions: Floats, box: Floats, apothem: Floats
) -> tuple[float, float]:
    """Spring force on ring ``i``, length unit."""
    fx = fy = 0.0
    for k in range(sizes[i]):
        j = neighbours[i, k]
        dx = positions[j, 0] - positions[i, 0]
        dy = positions[j, 1] - positions[i, 1]
        dx -= box[0] * np.rint(dx / box[0])
        dy -= box[1] * np.rint(dy / box[1])
        r = np.sqrt(dx * dx + dy * dy)
        pull = 1.0 - (apothem[sizes[i]] + apothem[sizes[j]]) / max(r, 1e-12)
        fx += pull * dx
        fy += pull * dy
    return fx, fy


@njit(cache=True)
def relax_some(
    rings: Ints,
    count: int,
    neighbours: Ints,
    sizes: Ints,
    positions: Floats,
    box: Floats,
    apothem: Floats,
    tolerance: float,
    limit: int,
) -> None:
    """Steepest descent of ``rings[:count]``, all others fixed, until no force exceeds ``tolerance``
    or after ``limit`` sweeps.
    """
    step = 0.15  # below 2 / (largest stiffness) of a triangular lattice of unit springs, which is 6
    forces = np.empty((count, 2))
    for _ in range(limit):
        largest = 0.0
        for row in range(count):
            fx, fy = force_on(rings[row], neighbours, sizes, positions, box, apothem)
            forces[row, 0] = fx
            forces[row, 1] = fy
            largest = max(largest, abs(fx), abs(fy))
        if largest < tolerance:
            break
        for row in range(count):
            positions[rings[row], 0] += step * forces[row, 0]
            positions[rings[row], 1] += step * forces[row, 1]


@njit(cache=True)
def relax_all(
    neighbours: Ints,
    sizes: Ints,
    positions: Floats,
    box: Floats,
    apothem: Floats,
    tolerance: float,
    limit: int,
) -> float:
    """FIRE descent (Bitzek et al. 2006) of all rings, in place; return the largest remaining
    force component.
    """
    count = len(sizes)
    velocity = np.zeros((count, 2))
    force = np.empty((count, 2))
    dt, mixing, downhill = 0.3, 0.1, 0
    largest = 0.0
    for _ in range(limit):
        largest = 0.0
        for i in range(count):
            fx, fy = force_on(i, neighbours, sizes, positions, box, apothem)
            force[i, 0] = fx
            force[i, 1] = fy
            largest = max(largest, abs(fx), abs(fy))
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
        positions += dt * velocity
    return largest


@njit(cache=True)
def is_plane(
    rings: Ints,
    count: int,
    neighbours: Ints,
    sizes: Ints,
    positions: Floats,
    box: Floats,
    smallest_area: float,
) -> bool:
    """Whether every triangle at ``rings[:count]`` has a signed area above ``smallest_area``: no
    edges cross.
    """
    for row in range(count):
        i = rings[row]
        j = neighbours[i, sizes[i] - 1]
        ax = positions[j, 0] - positions[i, 0]
        ay = positions[j, 1] - positions[i, 1]
        ax -= box[0] * np.rint(ax / box[0])
        ay -= box[1] * np.rint(ay / box[1])
        for k in range(sizes[i]):
            j = neighbours[i, k]
            bx = positions[j, 0] - positions[i, 0]
            by = positions[j, 1] - positions[i, 1]
            bx -= box[0] * np.rint(bx / box[0])
            by -= box[1] * np.rint(by / box[1])
            if 0.5 * (ax * by - ay * bx) <= smallest_area:
                return False
            ax, ay = bx, by
    return True


@njit(cache=True)
def strain_of(
    rings: Ints,
    count: int,
    neighbours: Ints,
    sizes: Ints,
    positions: Floats,
    box: Floats,
    apothem: Floats,
) -> float:
    """Largest |r / r0 - 1| over the springs at ``rings[:count]``."""
    largest = 0.0
    for row in range(count):
        i = rings[row]
        for k in range(sizes[i]):
            j = neighbours[i, k]
            dx = positions[j, 0] - positions[i, 0]
            dy = positions[j, 1] - positions[i, 1]
            dx -= box[0] * np.rint(dx / box[0])
            dy -= box[1] * np.rint(dy / box[1])
            largest = max(
                largest,
                abs(np.sqrt(dx * dx + dy * dy) / (apothem[sizes[i]] + apothem[sizes[j]]) - 1.0),
            )
    return largest
