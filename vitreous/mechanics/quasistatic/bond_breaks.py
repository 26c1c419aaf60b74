"""Which instabilities of a network break a bond (Font-Clos et al. 2022, Methods).

A bridging atom has lost a bond if it lies within ``near`` of one of its two partners and beyond
``far`` of the other; an event breaks a bond if in addition some atom's energy falls by more than
``drop``. Both are needed: a bond can exceed ``far`` elastically, and bridging atoms flip from one
side of their bond to the other with drops of the same size and no broken bond. "The distance from
its nearest neighbors suddenly changes": the longer of the two bonds grows by more than ``jump`` in
the event, so a bond stretched beyond ``far`` earlier may break now, but does not count as broken
when another atom flips far away.
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
    """Provides atomic energies (N,) of a glass at positions (N, D) in a cell (D, D)."""

    def atom_energies(self, positions: Array, cell: Array) -> Array:
        """Energies (N,) of the atoms."""
        ...


@dataclass(frozen=True)
class BreakRule:
    """Thresholds of a broken bond: lengths ``near``, ``far`` and ``jump``, energy ``drop``, in the
    glass's units."""

    near: float
    far: float
    drop: float
    jump: float


def between_centres(bonds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bridging atoms and their two partners (B, 3), from ``bonds`` (., 2): atoms with exactly two
    bonds, whose partners both have more.
    """
    ends = np.concatenate([bonds, bonds[:, ::-1]])
    found = bridges(ends[:, 0], ends[:, 1])
    return found[(np.bincount(ends[:, 0])[found[:, 1:]] > 2).all(axis=1)]


class BondBreaks:
    """Find the bond that each event of a deformation breaks. Pass every event once, in order.

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
                "broken bonds were requested, but the glass has no bridging bonds; find its bonds "
                "first"
            )
        self.periodic, self.energies, self.rule = configuration.periodic, energies, rule
        self.broken = np.zeros(
            len(self.bridge), dtype=bool
        )  # by an earlier event, and not closed since

    def lost_by(self, event: Instability) -> int:
        """The bridging atom whose bond the event broke, of several the one with the largest
        displacement; -1 if none.
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
        """Whether each bridging atom (B,) is near one partner and far from the other."""
        return (short < self.rule.near) & (long > self.rule.far)

    def _lengths(self, positions: Array, cell: Array) -> tuple[Array, Array]:
        """The shorter and the longer (B,) of each bridging atom's two bonds, in nearest images."""
        lengths = []
        for partner in (1, 2):
            reduced = (
                positions[self.bridge[:, partner]] - positions[self.bridge[:, 0]]
            ) @ np.linalg.inv(cell)
            reduced -= np.rint(reduced) * np.array(self.periodic)
            lengths.append(np.linalg.norm(reduced @ cell, axis=1))
        return np.minimum(*lengths), np.maximum(*lengths)
