"""Whether the forces of a model are continuous where neighbours cross its cutoffs, whatever these
are.

A glass is expanded evenly, so that pairs, triplets and longer chains cross every cutoff. Over three
states h apart a smooth force bends by h^2 F'', across a kink by h times the jump of its slope, and
across a jump by the jump itself. The intervals that bend most are halved until only a jump is left.

=================================  =============  ================
symbol                             variable       unit
=================================  =============  ================
F at an expansion lambda           ``at(lambda)``  energy / length
|F_a - 2 F_m + F_b|, largest       ``bend``       energy / length
=================================  =============  ================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SPAN, _INTERVALS = 0.25, 250  # of lengths: how far the glass is expanded, in how many steps
_FOLLOWED = 2  # intervals that are halved: those that bend most
_HALVINGS = 25  # of 1e-3: a smooth force then changes by 1e-9 of itself


def force_jump(
    forces: Callable[[Array, Array], Array], positions: Array, cell: Array
) -> tuple[float, float]:
    """The largest jump of an atom's force, energy per length, and the expansion at which it was
    found; zero but for some 1e-8 of the forces for a continuous model. ``forces`` of positions
    (N, D) and cell (D, D) are (N, D). A crystal with no shell of neighbours within a quarter below
    a cutoff shows nothing there.
    """

    def at(expansion: float) -> Array:
        return np.array(forces(positions * expansion, cell * expansion))

    grid = 1.0 + np.linspace(0.0, _SPAN, _INTERVALS + 1)
    seen = [at(expansion) for expansion in grid]
    bends = [_bend(*seen[k - 1 : k + 2]) for k in range(1, _INTERVALS)]
    found = [
        _followed(at, grid[k : k + 3], seen[k : k + 3])
        for k in np.argsort(bends)[-_FOLLOWED:].tolist()
    ]
    return max(found)


def _followed(at: Callable[[float], Array], grid: Array, seen: list[Array]) -> tuple[float, float]:
    """The jump within ``grid`` (3,), where the forces are ``seen``, and its expansion."""
    (a, m, b), (at_a, at_m, at_b) = grid, seen
    for _ in range(_HALVINGS):
        left, right = 0.5 * (a + m), 0.5 * (m + b)
        at_left, at_right = at(left), at(right)
        if _bend(at_a, at_left, at_m) > _bend(at_m, at_right, at_b):
            m, b, at_m, at_b = left, m, at_left, at_m
        else:
            a, m, at_a, at_m = m, right, at_m, at_right
    return float(np.abs(at_b - at_a).max()), float(m)


def _bend(a: Array, m: Array, b: Array) -> float:
    return float(np.abs(a - 2.0 * m + b).max())
