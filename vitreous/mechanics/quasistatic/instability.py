"""What an event is: an instability that a step back does not undo, told by how far it moved an
atom, and by the energy that it set free.

Two states at one and the same strain are compared: the last before the branch ended, and the state
after it brought back to that strain. What is elastic is the same in both and drops out, so the size
of the glass does not enter. A step over which the glass goes smoothly is undone by the step back,
however steep it is. The energy is that between the branches where the event is seen, at the end of
the step: beyond the instability it grows by the fall of the stress, so coarse steps find more of
it, by at most step times volume times that fall.

===================================  =======================================================  ======
symbol                               variable                                                 unit
===================================  =======================================================  ======
lo, hi                               states before and after, h apart in strain, within one
                                     strain step
u_i                                  ``shift``: of ``hi`` brought back, against ``lo``        length
E_lo - E_back + h (E'_lo - E'_back)  ``released``: by then, the branches continued to         energy
                                     ``hi``'s strain
===================================  =======================================================  ======
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
Advance = Callable[
    [State, float, float], State
]  #: a state, its strain, and the strain at which to find it again

_HALVINGS = (
    7  # of a strain step at most, less one, until what a step back undoes is taken for smooth
)
_ROUNDING = 1e-11  # of the energy: a fall that sets no more free is none


@dataclass(frozen=True)
class Fall:
    """An instability at one strain: ``shift`` (N, D) of the atoms, energy ``released``,
    ``stress_drop`` (D, D).
    """

    shift: Array
    released: float
    stress_drop: Array

    @property
    def move(self) -> float:
        """The longest shift of an atom."""
        return longest(self.shift)


@dataclass(frozen=True)
class Instability:
    """An event: the states before (grid strain k) and after (k + 1), the non-affine displacement
    (N, D) between them, and the fall.
    """

    step: int
    before: State
    after: State
    displacement: Array
    fall: Fall


def non_affine(before: State, after: State) -> Array:
    """(N, D) non-affine displacement between two states followed continuously, rigid translation
    removed.
    """
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


def fall_between(
    lo: State,
    at_lo: float,
    hi: State,
    at_hi: float,
    loading: Loading,
    advance: Advance,
    least: float,
) -> Fall | None:
    """The instability between states at strains ``at_lo`` < ``at_hi``; None if it moves no atom by
    more than ``least`` (length).

    ``advance`` finds a state again at another strain. An instability whose hysteresis is narrower
    than the interval is undone by a step back; the interval is then halved, a few times. What is
    undone even so, or sets no energy free, is no event.
    """
    for _ in range(_HALVINGS):
        if not furthest(lo, hi) > least:
            return None
        back = advance(hi, at_hi, at_lo)
        shift = non_affine(lo, back)
        if longest(shift) > least:
            apart = slope(lo, loading, at_lo) - slope(back, loading, at_lo)
            released = lo.energy - back.energy + (at_hi - at_lo) * apart
            return (
                Fall(shift, released, lo.stress - back.stress)
                if released > _ROUNDING * abs(lo.energy)
                else None
            )
        middle = 0.5 * (at_lo + at_hi)
        halfway = advance(lo, at_lo, middle)
        if furthest(lo, halfway) > furthest(halfway, hi):
            hi, at_hi = halfway, middle
        else:
            lo, at_lo = halfway, middle
    return None
