"""Is a glass like those that a model was trained on? Density, energy and bonds, compared glass by
glass.

Over the training glasses each quantity has a mean m and a spread s; a new glass is unusual by the
largest ``|v - m| / e``, where e is how far v may lie off by chance: s sqrt(N / n) if n of its atoms
are looked at instead of the N of a training glass, and for a part of a glass, which no cell holds
at one density and shape, no less than the scatter of single atoms over sqrt(n). It is unlike them
when it is more unusual than ``MARGIN`` times as any of them is when it is left out itself.

=============  =====================================  ==========
quantity       of                                     unit
=============  =====================================  ==========
density        all atoms, per volume, or per area of  1/length^D
               a layer
energy         an atom, mean; with a potential        energy
bond           mean length                            length
bond's spread  standard deviation of the lengths      length
atoms          the glass: a larger one has weaker     1
               extremes
odd atoms      more or fewer bonds than most of the   1
               glass's atoms of the species have
=============  =====================================  ==========

The last two are compared where a model looks at whole glasses alone: a map does without the size,
and masks the sites of odd atoms.

Next to a free boundary that the training glasses do not have, the glass is cut and atoms lack
neighbours: only those beyond the reach of the forces are looked at there.
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
_SIZE = 0.05  # the same of numbers of atoms
ATOMS, ODD_ATOMS = "number of atoms", "number of atoms with too few or too many bonds"
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

    def odd(
        self, glass: Configuration, potential: Potential | None, as_trained: bool = False
    ) -> list[Oddity] | None:
        """What is unusual beyond the limit, the worst first; None where that is unknown: fewer
        than three glasses were learnt from, or all atoms are next to a free boundary.
        ``as_trained``: whether the training glasses have that boundary, too.
        """
        found, atoms = quantities(glass, potential, as_trained)
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
            chance
            if all(glass.periodic) or as_trained
            else np.maximum(chance, scatter / atoms**0.5)
        )
        worst = [int(k) for k in np.argsort(-far) if far[k] > self.limit]
        return [(names[k], units[k], float(value[k]), float(mean[k])) for k in worst]


def likeness(
    glasses: Sequence[Configuration],
    potential: Potential | None,
    whole: bool = False,
    any_size: bool = False,
) -> Likeness:
    """From the training glasses, without energies where there is no potential; with fewer than
    three of them nothing is unusual. ``whole``: of a model that looks at whole glasses;
    ``any_size``: whose answers hold whatever the number of atoms, as hazards that add up do.
    """
    tables = [quantities(glass, potential, True)[0] for glass in glasses]
    names = [name for name in tables[0] if all(name in table for table in tables)]
    if not whole:
        names = [name for name in names if name not in (ATOMS, ODD_ATOMS)]
    if any_size:
        names = [name for name in names if name != ATOMS]
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
    glass: Configuration, potential: Potential | None, as_trained: bool = False
) -> tuple[dict[str, tuple[str, float, float]], int]:
    """(unit, value, scatter of single atoms or bonds) by quantity, and how many atoms were looked
    at: all of them if the boundary is ``as_trained``.
    """
    surface, (length, energy) = surface_of(glass, potential), UNITS[glass.units]
    whole = as_trained or all(glass.periodic)
    if surface is None and not whole:
        return {}, 0
    deep = None if surface is None or whole else moving(glass, surface.force_range)
    inside = np.ones(len(glass), bool) if deep is None else deep[:, 0] > 0.0
    if not inside.any():
        return {}, 0
    found: dict[str, tuple[str, float, float]] = {}
    repeated = glass.cell[list(glass.periodic)]
    if whole and len(repeated):
        extent = float(np.linalg.det(repeated @ repeated.T) ** 0.5)
        found["density"] = f"atoms/{length}^{len(repeated)}", len(glass) / extent, 0.0
    if surface is not None:
        each = np.asarray(surface.atom_energies(glass.positions, glass.cell))[inside]
        found["energy of an atom"] = energy, float(each.mean()), float(each.std())
    found[ATOMS] = "", float(len(glass)), 0.0
    bonds = glass.bonds[inside[glass.bonds].all(axis=1)]
    if len(bonds):
        lengths = np.linalg.norm(
            glass.minimum_image(glass.positions[bonds[:, 1]] - glass.positions[bonds[:, 0]]), axis=1
        )
        found["length of a bond"] = length, float(lengths.mean()), float(lengths.std())
        found["spread of the bonds' lengths"] = length, float(lengths.std()), float(lengths.std())
        found[ODD_ATOMS] = "", float(_odd_atoms(glass)[inside].sum()), 0.0
    return found, int(inside.sum())


def _odd_atoms(glass: Configuration) -> NDArray[np.bool_]:
    """(N,) whether an atom has another number of bonds than most of its species."""
    count = np.bincount(glass.bonds.ravel(), minlength=len(glass))
    usual = [np.bincount(count[glass.species == k]) for k in range(len(glass.names))]
    most = np.array([of.argmax() if len(of) else 0 for of in usual])
    return count != most[glass.species]


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
    least = {"density": _DENSITY, ATOMS: _SIZE}
    floor = np.array([least.get(name, _FLOOR) for name in names])
    scatter = rows.std(axis=0, ddof=1) if len(rows) > 1 else np.zeros_like(mean)
    return mean, np.maximum(scatter, floor * np.maximum(np.abs(mean), 1e-30))
