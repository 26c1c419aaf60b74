"""What an event is: an instability that a step back does not undo, told by how far it moved an atom, and by the energy that it set free.

Two states at one and the same strain are compared: the last before the branch ended, and the state after it brought back to that strain.
What is elastic is the same in both and drops out, so neither the size of the glass nor the strain step enters. A step over which the glass
goes smoothly is undone by the step back, however steep it is.

========================================  ===================================================================  ===============
symbol                                    variable                                                             unit
========================================  ===================================================================  ===============
lo, hi                                    states before and after, h apart in strain, within one strain step
largest abs(u_i)                          ``move``: of ``hi`` brought back, against ``lo``                     length
E_lo - E_back + h (E'_lo - E'_back)       ``released``: by then, the branches continued to ``hi``'s strain     energy
========================================  ===================================================================  ===============
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.loading import Loading
from vitreous.mechanics.newton import State

Array = NDArray[Any]
Advance = Callable[[State, float, float], State]  #: a state, its strain, and the strain at which to find it again

_HALVINGS = 6  # of a strain step, until an instability that a step back undoes is taken for one all the same


@dataclass(frozen=True)
class Instability:
    """An event: the states before (grid strain k) and after (k + 1), the non-affine displacement (N, D) between them, and its size."""

    step: int
    before: State
    after: State
    displacement: Array
    move: float
    released: float


def non_affine(before: State, after: State) -> Array:
    """(N, D) non-affine displacement between two states followed continuously, rigid translation removed."""
    affine = np.linalg.solve(before.cell, after.cell)
    u = after.positions - before.positions @ affine
    return u - u.mean(axis=0)


def furthest(before: State, after: State) -> float:
    """The longest non-affine displacement of an atom."""
    return longest(non_affine(before, after))


def longest(vectors: Array) -> float:
    """The longest of (N, D) vectors."""
    return float(np.sqrt(np.einsum("ij,ij->i", vectors, vectors).max()))


def slope(state: State, loading: Loading, strain: float) -> float:
    """dE/dstrain of a state at a strain."""
    return float(np.sum(state.virial * loading.velocity_gradient(strain)))


def size(lo: State, at_lo: float, hi: State, at_hi: float, loading: Loading, advance: Advance, least: float) -> tuple[float, float] | None:
    """(move, released) of the instability between states at strains ``at_lo`` < ``at_hi``; None if it moves no atom by ``least`` (length).

    ``advance`` finds a state again at another strain. An instability whose hysteresis is narrower than the interval is undone by a step
    back; the interval is then halved, and if that goes on it is as large as the move from one state to the other.
    """
    move = furthest(lo, hi)
    for halvings in range(_HALVINGS):
        if not move > least:
            return None
        back = advance(hi, at_hi, at_lo)
        apart = furthest(lo, back)
        if apart > least or halvings == _HALVINGS - 1:
            h = at_hi - at_lo
            return (apart if apart > least else move), lo.energy - back.energy + h * (
                slope(lo, loading, at_lo) - slope(back, loading, at_lo)
            )
        middle = 0.5 * (at_lo + at_hi)
        halfway = advance(lo, at_lo, middle)
        if furthest(lo, halfway) > furthest(halfway, hi):
            hi, at_hi = halfway, middle
        else:
            lo, at_lo = halfway, middle
        move = furthest(lo, hi)
    return None
