"""Monte Carlo of bond switches on the dual lattice towards target ring statistics (Ormrod Morley &
Wilson 2018).

A trial switch is accepted with probability min(1, exp(-dE / T)). After acceptance the four rings
and their neighbours are relaxed with all others fixed; the switch is reverted exactly if two edges
cross or the strain of a spring exceeds a limit. The cost of the perfect lattice is infinite (no
slope), as in the published programs. All sums are integers, updated with every switch, so the cost
does not drift.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.generation.dual_cost import Sums, Target, cost_of, sums_of
from vitreous.generation.dual_lattice import DualLattice, can_switch, opposite, switch
from vitreous.generation.dual_springs import apothems, is_plane, relax_all, relax_some, strain_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BLOCK = 1000  #: switches tried between two relaxations of the whole lattice
THINNEST = 0.1  #: smallest area of a triangle, as a share of that of the perfect lattice
LOCAL_SWEEPS, LOCAL_TOLERANCE = 60, 1e-3  #: of the local relaxation; the tolerance in bond lengths


class Outcome(NamedTuple):
    """Result of a run: switches tried and accepted, those reverted because of crossing or
    overstrained edges, and the final cost.
    """

    tried: int
    accepted: int
    crossed: int
    cost: float


@njit(cache=True)
def _gather(quad: Ints, neighbours: Ints, sizes: Ints, shell: Ints) -> int:
    """Write the four rings and all rings around them, each once, into ``shell``; return their
    number.
    """
    count = 4
    shell[:4] = quad
    for q in quad:
        for k in range(sizes[q]):
            ring = neighbours[q, k]
            known = False
            for row in range(count):
                if shell[row] == ring:
                    known = True
                    break
            if not known:
                shell[count] = ring
                count += 1
    return count


@njit(cache=True)
def _recount(
    shell: Ints, length: int, neighbours: Ints, sizes: Ints, sums: Sums, sign: int
) -> None:
    """Add (sign 1, after recounting) or subtract (sign -1) the contribution of ``shell[:length]``
    to the sums.
    """
    for row in range(length):
        i = shell[row]
        if sign > 0:
            total = 0
            for k in range(sizes[i]):
                total += sizes[neighbours[i, k]]
            sums.shell[i] = total
        sums.count[sizes[i]] += sign
        sums.around[sizes[i]] += sign * sums.shell[i]


@njit(cache=True)
def try_switches(
    neighbours: Ints,
    triangles: Ints,
    sizes: Ints,
    edges: Ints,
    positions: Floats,
    box: Floats,
    sums: Sums,
    target: Target,
    limits: tuple[int, int],
    apothem: Floats,
    temperature: float,
    largest: float,
    picks: Ints,
    chances: Floats,
    cost: float,
) -> tuple[float, int, int]:
    """Try the switches ``picks`` (edge numbers) with the random numbers ``chances`` in [0, 1);
    modify all arrays in place.

    Return the cost reached, the number of switches accepted, and of those reverted because edges
    crossed or were strained by more than ``largest``.
    """
    minimum, maximum = limits
    bond = 2.0 * apothem[4]
    smallest_area = THINNEST * 0.75 * np.sqrt(3.0) * bond * bond
    shell = np.empty(4 * maximum + 4, dtype=np.int64)
    quad = np.empty(4, dtype=np.int64)
    accepted = crossed = 0
    for move in range(len(picks)):
        a, b = edges[picks[move]]
        c, d = opposite(neighbours, sizes, a, b)
        if not can_switch(neighbours, sizes, a, b, c, d, minimum, maximum):
            continue
        quad[:] = (a, b, c, d)
        length = _gather(quad, neighbours, sizes, shell)
        kept_neighbours, kept_triangles = neighbours[quad], triangles[quad]
        _recount(shell, length, neighbours, sizes, sums, -1)
        switch(neighbours, triangles, sizes, a, b, c, d)
        _recount(shell, length, neighbours, sizes, sums, 1)
        # Metropolis criterion
        new = cost_of(sums.count, sums.around, target)
        rise = new - cost
        keep = rise <= 0.0 or (temperature > 0.0 and chances[move] < np.exp(-rise / temperature))
        if keep:
            kept_positions = positions[shell[:length]]
            relax_some(
                shell,
                length,
                neighbours,
                sizes,
                positions,
                box,
                apothem,
                LOCAL_TOLERANCE * bond,
                LOCAL_SWEEPS,
            )
            sound = is_plane(shell, length, neighbours, sizes, positions, box, smallest_area)
            if (
                sound
                and strain_of(shell, length, neighbours, sizes, positions, box, apothem) <= largest
            ):
                edges[picks[move]] = c, d
                accepted += 1
                cost = new
                continue
            crossed += 1
            positions[shell[:length]] = kept_positions
        # rejected or reverted: restore topology and sums
        _recount(shell, length, neighbours, sizes, sums, -1)
        neighbours[quad], triangles[quad] = kept_neighbours, kept_triangles
        sizes[a] += 1
        sizes[b] += 1
        sizes[c] -= 1
        sizes[d] -= 1
        _recount(shell, length, neighbours, sizes, sums, 1)
    return cost, accepted, crossed


def relax(lattice: DualLattice, apothem: Floats, tolerance: float, limit: int) -> None:
    """Relax all ring centres together; reverted if edges would cross."""
    before = lattice.positions.copy()
    relax_all(
        lattice.neighbours, lattice.sizes, lattice.positions, lattice.box, apothem, tolerance, limit
    )
    everything = np.arange(len(lattice))
    if not is_plane(
        everything,
        len(lattice),
        lattice.neighbours,
        lattice.sizes,
        lattice.positions,
        lattice.box,
        0.0,
    ):
        lattice.positions[:] = before


def anneal(
    lattice: DualLattice,
    target: Target,
    rng: np.random.Generator,
    *,
    bond: float,
    minimum: int,
    steps: int,
    temperature: float,
    largest_strain: float,
    tolerance: float,
    patience: int,
) -> Outcome:
    """Try up to ``steps`` switches on ``lattice``, in place.

    Stop early once the cost is at most ``tolerance``, or has not fallen for ``patience`` tries.
    ``bond`` is the network's bond length, ``minimum`` the smallest ring size (the largest is the
    width of the lattice's tables), ``largest_strain`` relative to r0.
    """
    maximum = lattice.neighbours.shape[1]
    apothem = apothems(maximum, bond)
    sums = sums_of(lattice)
    cost = best = float(cost_of(sums.count, sums.around, target))
    tried = accepted = crossed = best_at = 0
    while tried < steps and cost > tolerance and tried - best_at < patience:
        block = min(BLOCK, steps - tried)
        cost, kept, undone = try_switches(
            lattice.neighbours,
            lattice.triangles,
            lattice.sizes,
            lattice.edges,
            lattice.positions,
            lattice.box,
            sums,
            target,
            (minimum, maximum),
            apothem,
            temperature,
            largest_strain,
            rng.integers(len(lattice.edges), size=block),
            rng.random(block),
            cost,
        )
        tried, accepted, crossed = tried + block, accepted + kept, crossed + undone
        if kept:
            relax(lattice, apothem, 1e-3 * bond, 200)
        if cost < best - 1e-12:
            best, best_at = cost, tried
    relax(lattice, apothem, 1e-6 * bond, 5000)
    return Outcome(tried, accepted, crossed, cost)
