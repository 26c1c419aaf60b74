"""Which instabilities of a network break a bond (Font-Clos et al. 2022, Methods).

A bridging atom has lost a bond when it stands within ``near`` of one of its two partners and beyond
``far`` of the other; the event breaks a bond when besides some atom's energy falls by more than
``drop``. Both are needed: a bond can pass ``far`` elastically, and bridging atoms flip from one
side of their bond to the other with drops of the same size and no broken bond. "The distance from
its nearest neighbors suddenly changes": the longer of the two bonds grows by more than ``jump`` in
the event, so a bond that was stretched beyond ``far`` before may break now, but is not taken for
broken because another atom flips far away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vitreous.core.bridges import bridges
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.mechanics.quasistatic.instability import Instability

Array = NDArray[np.float64]


class HasAtomEnergies(Protocol):
    """Anything that shares a glass's energy out among its atoms: (N,) at positions (N, D) in a cell
    (D, D).
    """

    def atom_energies(self, positions: Array, cell: Array) -> Array: ...


@dataclass(frozen=True)
class BreakRule:
    """Lengths ``near``, ``far`` and ``jump``, energy ``drop``, in the glass's units."""

    near: float
    far: float
    drop: float
    jump: float


def between_centres(bonds: NDArray[np.int64]) -> NDArray[np.int64]:
    """(B, 3): every atom with exactly two bonds whose partners both have more, and those partners;
    from ``bonds`` (., 2).
    """
    ends = np.concatenate([bonds, bonds[:, ::-1]])
    found = bridges(ends[:, 0], ends[:, 1])
    return found[(np.bincount(ends[:, 0])[found[:, 1:]] > 2).all(axis=1)]


class BondBreaks:
    """Which bond each event of one walk broke; told the events in their order, each once.

    ``energies``: the glass's energy surface, or LAMMPS.

    Raises:
        VitreousError: if the glass has no bonded bridges.
    """

    def __init__(
        self, configuration: Configuration, energies: HasAtomEnergies, rule: BreakRule
    ) -> None:
        self.bridge = between_centres(configuration.bonds)
        if not len(self.bridge):
            raise VitreousError(
                "broken bonds are asked for, but the glass has no bridging bonds; find its bonds "
                "first"
            )
        self.periodic, self.energies, self.rule = configuration.periodic, energies, rule
        self.broken = np.zeros(len(self.bridge), dtype=bool)  # by an earlier event, and open since

    def lost_by(self, event: Instability) -> int:
        """The bridging atom whose bond the event broke, of several the one that moved most; -1 for
        none.
        """
        before, after = event.before, event.after
        (short, long), (new_short, new_long) = (
            self._lengths(state.positions, state.cell) for state in (before, after)
        )
        self.broken &= self._open(short, long)
        lost = self._open(new_short, new_long) & (new_long - long > self.rule.jump) & ~self.broken
        fall = self.energies.atom_energies(
            before.positions, before.cell
        ) - self.energies.atom_energies(after.positions, after.cell)
        if not lost.any() or fall.max() <= self.rule.drop:
            return -1
        self.broken |= lost
        atoms = self.bridge[lost, 0]
        return int(atoms[np.linalg.norm(event.displacement[atoms], axis=1).argmax()])

    def _open(self, short: Array, long: Array) -> NDArray[np.bool_]:
        """(B,) whether each bridging atom stands near one partner and far from the other."""
        return (short < self.rule.near) & (long > self.rule.far)

    def _lengths(self, positions: Array, cell: Array) -> tuple[Array, Array]:
        """The shorter and the longer (B,) of each bridging atom's two bonds; nearest images are
        taken.
        """
        lengths = []
        for partner in (1, 2):
            reduced = (
                positions[self.bridge[:, partner]] - positions[self.bridge[:, 0]]
            ) @ np.linalg.inv(cell)
            reduced -= np.rint(reduced) * np.array(self.periodic)
            lengths.append(np.linalg.norm(reduced @ cell, axis=1))
        return np.minimum(*lengths), np.maximum(*lengths)
