"""Which instabilities of a network break a bond (Font-Clos et al. 2022, Methods).

A bridging atom has lost a bond when it stands within ``near`` of one of its two partners and beyond ``far`` of the other, and did not
before; the event breaks a bond when besides some atom's energy falls by more than ``drop``. Both are needed: a bond can pass ``far``
elastically, and bridging atoms flip from one side of their bond to the other with drops of the same size and no broken bond.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.mechanics.quasistatic import Instability

Array = NDArray[np.float64]


class HasAtomEnergies(Protocol):
    """Anything that shares a glass's energy out among its atoms: (N,) at positions (N, D) in a cell (D, D)."""

    def atom_energies(self, positions: Array, cell: Array) -> Array: ...


@dataclass(frozen=True)
class BreakRule:
    """Lengths ``near`` and ``far``, energy ``drop``, in the glass's units."""

    near: float
    far: float
    drop: float


def bridges(bonds: NDArray[np.int64], atoms: int) -> NDArray[np.int64]:
    """(B, 3): every atom with exactly two bonds whose partners both have more, and those partners; from ``bonds`` (., 2)."""
    ends = np.concatenate([bonds, bonds[:, ::-1]])
    count = np.bincount(ends[:, 0], minlength=atoms)
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    first = np.concatenate([[0], np.cumsum(count)])[:-1]
    middle = np.flatnonzero(count == 2)
    a, b = ends[first[middle], 1], ends[first[middle] + 1, 1]
    between = (count[a] > 2) & (count[b] > 2)
    return np.column_stack([middle, a, b])[between]


def open_bridges(
    positions: Array, cell: Array, periodic: tuple[bool, ...], bridge: NDArray[np.int64], rule: BreakRule
) -> NDArray[np.bool_]:
    """(B,) whether each bridging atom stands near one partner and far from the other; nearest images are taken."""
    lengths = []
    for partner in (1, 2):
        reduced = (positions[bridge[:, partner]] - positions[bridge[:, 0]]) @ np.linalg.inv(cell)
        reduced -= np.rint(reduced) * np.array(periodic)
        lengths.append(np.linalg.norm(reduced @ cell, axis=1))
    shorter, longer = np.minimum(*lengths), np.maximum(*lengths)
    return (shorter < rule.near) & (longer > rule.far)


def lost_bond(configuration: Configuration, energies: HasAtomEnergies, rule: BreakRule) -> Callable[[Instability], int]:
    """A function from an event to the bridging atom whose bond it broke (the one that moved most), -1 for none.

    ``energies``: the glass's energy surface, or LAMMPS.

    Raises:
        VitreousError: if the glass has no bonded bridges.
    """
    bridge = bridges(configuration.bonds, len(configuration))
    if not len(bridge):
        raise VitreousError("broken bonds are asked for, but the glass has no bridging bonds; find its bonds first")

    def lost(event: Instability) -> int:
        before, after = event.before, event.after
        opened = [open_bridges(s.positions, s.cell, configuration.periodic, bridge, rule) for s in (before, after)]
        new = bridge[opened[1] & ~opened[0], 0]
        fall = energies.atom_energies(before.positions, before.cell) - energies.atom_energies(after.positions, after.cell)
        if not len(new) or fall.max() <= rule.drop:
            return -1
        return int(new[np.linalg.norm(event.displacement[new], axis=1).argmax()])

    return lost
