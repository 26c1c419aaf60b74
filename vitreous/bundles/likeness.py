"""Is a glass like those that a model was trained on? Density, energy and bonds, compared glass by
glass.

Over the training glasses each quantity has a mean m and a spread s; a new glass is unusual by the
largest ``|v - m| / e``, where e is how far v may lie off by chance: s sqrt(N / n) if n of its atoms
are looked at instead of the N of a training glass, and for a part of a glass, which no cell holds
at one density and shape, no less than the scatter of single atoms over sqrt(n). It is unlike them
when it is more unusual than ``MARGIN`` times as any of them is when it is left out itself.

=============  ===================================  ==========
quantity       of                                   unit
=============  ===================================  ==========
density        all atoms in a periodic cell         1/length^D
energy         an atom, mean; with a potential      energy
bond           mean length                          length
bond's spread  standard deviation of the lengths    length
=============  ===================================  ==========

Next to a free boundary atoms lack neighbours: only those beyond the reach of the forces are looked
at there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import UNITS, Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.boundary import moving

Array = NDArray[Any]
MARGIN = 1.5
_FLOOR = 1e-6  # of a value's size: a spread smaller than this is rounding
_DENSITY = 1e-4  # the same of densities, which glasses of one volume share
Oddity = tuple[str, str, float, float]  #: quantity, unit, value, mean of the training glasses


@dataclass(frozen=True)
class Likeness:
    """What training glasses are like: ``names`` and ``units`` of the quantities, ``mean`` and
    ``spread`` over glasses of ``atoms`` atoms, the ``scatter`` of single atoms, and the ``limit``.
    """

    names: Sequence[str]
    units: Sequence[str]
    mean: Sequence[float]
    spread: Sequence[float]
    scatter: Sequence[float]
    limit: float
    atoms: int

    def odd(self, glass: Configuration, potential: Potential | None) -> list[Oddity] | None:
        """What is unusual beyond the limit, the worst first; None where that is unknown: fewer
        than three glasses were learnt from, or all atoms are next to a free boundary.
        """
        found, atoms = quantities(glass, potential)
        shared = [k for k, name in enumerate(self.names) if name in found]
        if not np.isfinite(self.limit) or not shared:
            return None
        names, units = [self.names[k] for k in shared], [self.units[k] for k in shared]
        value = np.array([found[name][1] for name in names])
        mean, spread, scatter = (
            np.array(of)[shared] for of in (self.mean, self.spread, self.scatter)
        )
        chance = spread * max(1.0, self.atoms / atoms) ** 0.5
        far = np.abs(value - mean) / (
            chance if all(glass.periodic) else np.maximum(chance, scatter / atoms**0.5)
        )
        worst = [int(k) for k in np.argsort(-far) if far[k] > self.limit]
        return [(names[k], units[k], float(value[k]), float(mean[k])) for k in worst]


def likeness(glasses: Sequence[Configuration], potential: Potential | None) -> Likeness:
    """From the training glasses, without energies where there is no potential; with fewer than
    three of them nothing is unusual.
    """
    tables = [quantities(glass, potential)[0] for glass in glasses]
    names = [name for name in tables[0] if all(name in table for table in tables)]
    values = np.array([[table[name][1] for name in names] for table in tables])
    limit = float("inf")
    if len(glasses) > 2:
        others = [_centre(np.delete(values, k, axis=0), names) for k in range(len(values))]
        far = [
            np.abs(row - mean) / spread for row, (mean, spread) in zip(values, others, strict=True)
        ]
        limit = MARGIN * float(np.max(far, initial=1.0))
    mean, spread = _centre(values, names)
    scatter = np.mean([[table[name][2] for name in names] for table in tables], axis=0)
    units = [tables[0][name][0] for name in names]
    return Likeness(
        names,
        units,
        mean.tolist(),
        spread.tolist(),
        scatter.tolist(),
        limit,
        int(np.mean([len(g) for g in glasses])),
    )


def quantities(
    glass: Configuration, potential: Potential | None
) -> tuple[dict[str, tuple[str, float, float]], int]:
    """(unit, value, scatter of single atoms or bonds) by quantity, and how many atoms were looked
    at.
    """
    surface, (length, energy) = surface_of(glass, potential), UNITS[glass.units]
    if surface is None and not all(glass.periodic):
        return {}, 0
    deep = None if surface is None else moving(glass, surface.force_range)
    inside = np.ones(len(glass), bool) if deep is None else deep[:, 0] > 0.0
    if not inside.any():
        return {}, 0
    found: dict[str, tuple[str, float, float]] = {}
    if all(glass.periodic):
        found["density"] = f"atoms/{length}^{glass.dimension}", len(glass) / glass.volume, 0.0
    if surface is not None:
        each = np.asarray(surface.atom_energies(glass.positions, glass.cell))[inside]
        found["energy of an atom"] = energy, float(each.mean()), float(each.std())
    bonds = glass.bonds[inside[glass.bonds].all(axis=1)]
    if len(bonds):
        lengths = np.linalg.norm(
            glass.minimum_image(glass.positions[bonds[:, 1]] - glass.positions[bonds[:, 0]]), axis=1
        )
        found["length of a bond"] = length, float(lengths.mean()), float(lengths.std())
        found["spread of the bonds' lengths"] = length, float(lengths.std()), float(lengths.std())
    return found, int(inside.sum())


def surface_of(glass: Configuration, potential: Potential | None) -> EnergySurface | None:
    """None without a potential, or of one that only LAMMPS can evaluate."""
    if potential is None:
        return None
    try:
        return potential.surface(glass)
    except VitreousError:
        return None


def _centre(rows: Array, names: Sequence[str]) -> tuple[Array, Array]:
    mean = rows.mean(axis=0)
    floor = np.array([_DENSITY if name == "density" else _FLOOR for name in names])
    return mean, np.maximum(rows.std(axis=0, ddof=1), floor * np.maximum(np.abs(mean), 1e-30))
