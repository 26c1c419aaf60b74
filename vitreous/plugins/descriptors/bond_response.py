"""How fast the loading stretches the bonds of a glass at rest: its weakest links, without a
simulation.

To first order a glass under load moves as u' = H^-1 X (``vitreous.mechanics.linear``), with the
Hessian H and the affine force X of the loading. A bond of length l then lengthens at the rate

    dl / dstrain = e . (u'_j - u'_i + L d)
    d: the bond's vector, e its direction    L: velocity gradient of the loading

Bonds that already are long and lengthen fast break first. One response of the whole glass gives
the rates of all bonds; nothing is learnt and nothing is simulated. As indicators of atoms the
columns rank them; for a whole glass (level "sample") they are the extremes over its bonds.

=================  ==========================================================  ======  ===========
column of an atom  over its bonds                                              unit    weak atoms
=================  ==========================================================  ======  ===========
stretch_rate       largest (dl / dstrain) / l                                  1       high
approach           largest (dl / dstrain) / (limit <l> - l), one over the      1       high
                   strain at which the bond would reach ``limit`` times the
                   mean length <l>
length             largest l / <l>                                             1       high
bend_rate          largest rate of an angle between two of its bonds           radian  high
non_affine         length of u' over <l>                                       1       high
relative           stretch_rate over that of the glass's fastest bond          1       high
=================  ==========================================================  ======  ===========

A whole glass has the first three as ``stretch_rate_1``, ``stretch_rate_5``... the first, fifth...
largest over its bonds (``orders``), and the standard deviations ``stretch_rate_spread`` and
``length_spread``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.mechanics.linear import Preconditioner, solve

Array = NDArray[np.float64]
Ints = NDArray[Any]
_ON = 1e-6  #: length within which a site is an atom's position
_CLOSEST = 0.01  #: of the mean bond length: how close to its limit a bond counts


class _Bonds(NamedTuple):
    """Of B bonds: length over the mean, rate of stretching, approach; vectors and their rates (B,
    D); u' of the atoms (N, D) over the mean length.
    """

    length: Array
    rate: Array
    approach: Array
    vector: Array
    change: Array
    moved: Array


@dataclass(frozen=True, kw_only=True)
class BondResponse(Descriptor):
    """Linear response of the bonds of a relaxed glass to the loading (tables in the module's
    docstring).

    Fields:
        limit: length at which a bond counts as broken, over the mean length of the glass's bonds.
        orders: which of the largest values describe a whole glass, from 1 on. In a bilayer every
            bond has a mirror image: the first two are nearly the same.
        tolerance: of the response, relative to the affine force.

    Raises:
        VitreousError: parameters out of range; when describing, a glass without bonds, sites of
        level "atom" that are no atoms, or a glass that is not at rest.
    """

    form = "vector"
    levels = frozenset({"atom", "sample"})
    dimensions = frozenset({2, 3})
    needs_bonds = True
    needs_potential: ClassVar = True
    rotation = "invariant"
    weak_is: ClassVar[Mapping[str, str]] = {
        "stretch_rate": "high",
        "approach": "high",
        "length": "high",
        "bend_rate": "high",
        "non_affine": "high",
        "relative": "high",
    }

    limit: float = 1.25
    orders: tuple[int, ...] = (1, 5, 17)
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        object.__setattr__(self, "orders", tuple(self.orders))
        if not self.limit > 1.0 or not 0.0 < self.tolerance < 0.1:
            raise VitreousError(
                f"bond_response got limit={self.limit:g}, tolerance={self.tolerance:g}; expected a "
                "limit above 1 and a tolerance between 0 and 0.1"
            )
        if not self.orders or min(self.orders) < 1 or len(set(self.orders)) < len(self.orders):
            raise VitreousError(
                f"bond_response got orders={list(self.orders)}; expected different numbers from 1 "
                "on, such as [1,5,17]"
            )

    @property
    def reach(self) -> float:
        return np.inf

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        if potential is None:
            raise VitreousError(
                "bond_response needs the potential of the glass; give it as the last argument"
            )
        if len(configuration.bonds) < max(self.orders):
            raise VitreousError(
                f"bond_response compares the bonds of a glass, and this one has "
                f"{len(configuration.bonds)}; use a glass with a bond list"
            )
        if not np.isfinite(sites).all():
            raise VitreousError("bond_response got a site that is not made of finite numbers")
        found = self._response(configuration, loading, potential)
        if level == "sample":
            names, row = self._extremes(found)
            return Features(
                form="vector", level=level, names=names, values=np.tile(row, (len(sites), 1))
            )
        columns = self._of_atoms(configuration.bonds, len(configuration), found)
        return Features(
            form="vector",
            level=level,
            names=tuple(self.weak_is),
            values=columns[_atoms_at(configuration, sites)],
        )

    def _response(self, glass: Configuration, loading: Loading, potential: Potential) -> _Bonds:
        surface, gradient = potential.surface(glass), loading.velocity_gradient(0.0)
        lin = surface.linearise(glass.positions, glass.cell)
        moved, minimum = solve(
            lin, lin.affine_force(gradient), Preconditioner(surface.bond_range), self.tolerance
        )
        if not minimum:
            raise NotConverged(
                "bond_response found a direction in which the energy of the glass falls: it is not "
                "at rest, or a symmetry holds it at a saddle; relax it, its positions slightly "
                "perturbed"
            )
        i, j = glass.bonds.T
        vector = glass.minimum_image(glass.positions[j] - glass.positions[i])
        change = moved[j] - moved[i] + vector @ gradient.T
        length = np.linalg.norm(vector, axis=1)
        rate = np.einsum("ba,ba->b", vector, change) / length
        mean = length.mean()
        left = np.maximum(self.limit * mean - length, _CLOSEST * mean)
        return _Bonds(length / mean, rate / length, rate / left, vector, change, moved / mean)

    def _extremes(self, found: _Bonds) -> tuple[tuple[str, ...], Array]:
        names, row = [], []
        for name, values in (
            ("stretch_rate", found.rate),
            ("approach", found.approach),
            ("length", found.length),
        ):
            ordered = np.sort(values)[::-1]
            names += [f"{name}_{order}" for order in self.orders]
            row += [ordered[order - 1] for order in self.orders]
        names += ["stretch_rate_spread", "length_spread"]
        row += [found.rate.std(), found.length.std()]
        return tuple(names), np.array(row)

    def _of_atoms(self, bonds: Ints, atoms: int, found: _Bonds) -> Array:
        """Columns (N, 6); zero for an atom without bonds."""
        largest = np.zeros((atoms, 3))
        held = np.zeros(atoms, dtype=bool)
        held[bonds] = True
        largest[held] = -np.inf
        for column, values in enumerate((found.rate, found.approach, found.length)):
            for end in bonds.T:
                np.maximum.at(largest[:, column], end, values)
        relative = largest[:, 0] / (np.abs(found.rate).max() or 1.0)
        return np.column_stack(
            [
                largest,
                _bend_rates(bonds, atoms, found),
                np.linalg.norm(found.moved, axis=1),
                relative,
            ]
        )


def _bend_rates(bonds: Ints, atoms: int, found: _Bonds) -> Array:
    """The largest |d angle / dstrain| (N,) between two bonds of an atom; 0 with fewer.

    With unit vectors e, f of the bonds and c = e . f, dc = (de . f + e . df) and the angle's rate
    is -dc / sqrt(1 - c^2).
    """
    ends = np.concatenate([bonds[:, 0], bonds[:, 1]])
    sign = np.repeat([1.0, -1.0], len(bonds))
    row = np.tile(np.arange(len(bonds)), 2)
    order = np.argsort(ends, kind="stable")
    first = np.searchsorted(ends[order], np.arange(atoms + 1))
    size = np.linalg.norm(found.vector, axis=1, keepdims=True)
    unit = found.vector / size
    turning = found.change / size
    turning = turning - unit * np.einsum("ba,ba->b", unit, turning)[:, None]
    out = np.zeros(atoms)
    for atom in np.flatnonzero(np.diff(first) > 1):
        mine = order[first[atom] : first[atom + 1]]
        e, de = sign[mine, None] * unit[row[mine]], sign[mine, None] * turning[row[mine]]
        cosine = e @ e.T
        dc = de @ e.T + e @ de.T
        a, b = np.triu_indices(len(mine), 1)
        sine = np.sqrt(np.maximum(1.0 - cosine[a, b] ** 2, 1e-12))
        out[atom] = np.abs(dc[a, b] / sine).max()
    return out


def _atoms_at(glass: Configuration, sites: Array) -> Ints:
    """The atoms (M,) whose positions the sites are."""
    near = pairs_within(sites, glass.positions, glass.cell, glass.periodic, _ON)
    if not (np.diff(near.offsets) == 1).all():
        raise VitreousError(
            "bond_response describes atoms, but a site is the position of none, or of several; use "
            "a labeler of level atom"
        )
    return near.atom
