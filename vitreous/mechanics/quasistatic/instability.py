"""Events: instabilities that reversing the strain step does not undo, measured by the largest
displacement of an atom and by the energy drop.

Two states at the same strain are compared: the last one before the branch ended, and the state
after it brought back to that strain. The elastic part is the same in both and cancels, so the size
of the glass does not matter. Reversing the step undoes a smooth response, however steep. The energy
drop is that between the branches at the end of the step; beyond the instability it grows with the
stress drop, so coarse steps find more, by at most step times volume times the stress drop.

===================================  =======================================================  ======
symbol                               variable                                                 unit
===================================  =======================================================  ======
lo, hi                               states before and after, h apart in strain, within one
                                     strain step
u_i                                  ``shift``: of ``hi`` brought back, relative to ``lo``    length
E_lo - E_back + h (E'_lo - E'_back)  ``released``: with both branches continued to ``hi``'s   energy
                                     strain
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
]  #: (state, its strain, new strain) -> the minimum at the new strain

_HALVINGS = 7  # number of intervals tried, each half the last, before a step counts as smooth
_ROUNDING = 1e-11  # of the energy: a smaller energy drop is no event


@dataclass(frozen=True)
class Fall:
    """The drop at an instability, at one strain: ``shift`` (N, D) of the atoms, energy
    ``released``, ``stress_drop`` (D, D).
    """

    shift: Array
    released: float
    stress_drop: Array

    @property
    def move(self) -> float:
        """The largest shift of an atom, length."""
        return longest(self.shift)


@dataclass(frozen=True)
class Instability:
    """An event: the states before (grid strain k) and after (k + 1), the non-affine displacement
    (N, D) between them, and the drop ``fall``.
    """

    step: int
    before: State
    after: State
    displacement: Array
    fall: Fall


def non_affine(before: State, after: State) -> Array:
    """Non-affine displacement (N, D) between two states of one trajectory, rigid translation
    removed.
    """
    affine = np.linalg.solve(before.cell, after.cell)
    u = after.positions - before.positions @ affine
    return u - u.mean(axis=0)


def furthest(before: State, after: State) -> float:
    """The largest non-affine displacement of an atom, length."""
    return longest(non_affine(before, after))


def longest(vectors: Array) -> float:
    """The length of the longest of (N, D) vectors."""
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

    ``advance`` finds the minimum next to a state at another strain. Reversing the interval undoes
    an instability whose hysteresis is narrower; the interval is then halved, a few times. A change
    that is still undone, or releases no energy, is no event.
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
