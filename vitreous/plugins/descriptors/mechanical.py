"""Mechanical indicators of every atom: how freely it vibrates, how much of the softest modes it
carries, and how the linear response to the loading moves it.

The indicators that Fan & Ma, Nature Communications 12, 1506 (2021), compare with, and two of the
response to the loading (after Richard et al., Phys. Rev. Materials 4, 113609 (2020)). As the
loading begins, all atoms move by dx/dstrain = G x + u (``vitreous.mechanics.linear``), and around
each of them u has a best-fit gradient J, from its neighbours j within ``cutoff``, d_j apart:

    J = argmin sum_j |u_j - u_i - J d_j|^2        E = (G + G^T) / 2

========================  ================================================  ====================
column                    meaning                                           unit
========================  ================================================  ====================
flexibility_volume        <u^2> Omega^(1/D), classical harmonic vibrations  length^3
soft_modes                sum of |e_i|^2 over the softest modes             1
atomic_volume             Omega: Voronoi volume, area in two dimensions     length^D
nonaffine                 |u|                                               length
nonaffine_gradient        (J : E) / (E : E)                                 1
nonaffine_d2min           least sum_j |u_j - u_i - J d_j|^2                 length^2
energy                    potential energy                                  energy
nonaffine_near            mean of nonaffine, weighted as below              length
nonaffine_gradient_near   mean of nonaffine_gradient, likewise              1
nonaffine_growth          mean of u . v over mean of u . u, likewise        1
nonaffine_acceleration    |v|                                               length
========================  ================================================  ====================

nonaffine_gradient is the strain that the surroundings of an atom take along the loading beyond
their affine share: 0 as the whole glass, 1 twice as much; a local rotation does not count. The
weights of the means are exp(-r^2 / 2 smooth^2), the atom itself included. v is the second response
(``vitreous.mechanics.second_response``): nonaffine_growth is half the inverse of the strain that is
left to an instability, negative where the loading leads away from one. It alone, of all columns,
tells a loading from its reverse. In all columns weak sites are high. Modes are those of the
Hessian, of atoms of equal mass, or with ``weighted`` of the mass-weighted Hessian M^-1/2 H M^-1/2,
whose eigenvectors e are M^1/2 times displacements; of <u^2> the masses decide no more than which
point of the glass stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.core.pairs import heights
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.compliance import Compliance
from vitreous.mechanics.d2min import local_gradient
from vitreous.mechanics.linear import nonaffine_velocity
from vitreous.mechanics.modes import flexibility_volume
from vitreous.mechanics.second_response import second_response
from vitreous.mechanics.voronoi import voronoi_volumes
from vitreous.plugins.descriptors.symmetry_functions import atoms_at

Array = NDArray[np.float64]
_VIBRATIONS = ("flexibility_volume", "soft_modes")
_RESPONSE = ("nonaffine", "nonaffine_gradient", "nonaffine_d2min")
_NEAR = ("nonaffine_near", "nonaffine_gradient_near")
_SECOND = ("nonaffine_growth", "nonaffine_acceleration")
_FITTED = ("nonaffine_gradient", "nonaffine_d2min", "nonaffine_gradient_near")
COLUMNS = (*_VIBRATIONS, "atomic_volume", *_RESPONSE, "energy", *_NEAR, *_SECOND)
_POSITIVE = frozenset(COLUMNS) - {
    "nonaffine_gradient",
    "nonaffine_gradient_near",
    "energy",
    "nonaffine_growth",
}
LEAST = 1e-12  #: whose logarithm stands for that of zero
_TAIL = 4.0  #: of ``smooth``: the weight beyond is 3e-4 of an atom's own


@dataclass(frozen=True, kw_only=True)
class Mechanical(Descriptor):
    """Vibrations, soft modes, volumes, linear response and energies of atoms (table in the module's
    docstring).

    Fields:
        columns: which to compute; the vibrations are the costly ones. cutoff: of the neighbours
        that a gradient is fitted to, length.
        fraction: of all modes, the softest, that soft_modes adds up. smooth: of the means,
        length. thermal_energy: k_B T of the vibrations, energy; it is but a factor.
        logarithm: give the columns that cannot be negative as their natural logarithm, and
        nonaffine_growth g as sign(g) log(1 + |g|), which are spread more evenly, for linear models.
        weighted: whether vibrations are those of atoms with the masses that the potential tells.

    Raises:
        VitreousError: parameters out of range; when describing, no potential or one that does not
        know the glass, or its masses, sites that are not atoms, a cutoff beyond half the cell, an
        atom with too few neighbours, or a cell that is not periodic.
        NotConverged: a glass that is at no minimum of the potential.
    """

    form = "vector"
    levels = frozenset({"atom"})
    dimensions = frozenset({2, 3})
    needs_bonds = False
    needs_potential: ClassVar = True
    rotation = "invariant"
    weak_is: ClassVar[Mapping[str, str]] = dict.fromkeys(COLUMNS, "high")

    columns: tuple[str, ...] = COLUMNS
    cutoff: float = 2.5
    fraction: float = 0.01
    smooth: float = 1.0
    thermal_energy: float = 0.0299
    logarithm: bool = False
    weighted: bool = field(default=False, metadata={"unkeyed": False})

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        unknown = [name for name in self.columns if name not in COLUMNS]
        if unknown or not self.columns or len(set(self.columns)) < len(self.columns):
            raise VitreousError(
                f"mechanical got columns={list(self.columns)}; expected different ones of "
                f"{', '.join(COLUMNS)}"
            )
        for name in ("cutoff", "smooth", "thermal_energy"):
            if not 0.0 < getattr(self, name) < np.inf:
                raise VitreousError(
                    f"mechanical {name} is {getattr(self, name):g}; expected a positive number"
                )
        if not 0.0 < self.fraction < 1.0:
            raise VitreousError(
                f"mechanical fraction is {self.fraction:g}; expected a number between 0 and 1, "
                "such as 0.01"
            )

    @classmethod
    def example(cls) -> Self:
        """Oxygens of silica have but two neighbours within the default cutoff."""
        return cls(cutoff=4.0)

    @property
    def reach(self) -> float:
        """The whole glass answers."""
        return np.inf

    @property
    def bound_to_cell(self) -> str:
        waves = "a larger cell has longer waves among its modes"
        return waves if self._wanted(*_VIBRATIONS) else ""

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        self._masses(configuration, potential)
        across = heights(configuration.cell)[list(configuration.periodic)].min(initial=np.inf)
        if self._wanted(*_FITTED) and self.cutoff > 0.5 * across:
            raise VitreousError(
                f"mechanical cutoff is {self.cutoff:g}, but the cell is {across:.4g} across, and "
                "neighbours within more than half of that would count twice; use a smaller cutoff "
                "or a larger glass"
            )

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        potential = self.needed(potential)
        atoms = atoms_at(configuration, sites)
        self.refuse(configuration, potential)
        surface = potential.surface(configuration)
        with threadpool_limits(1):
            found = (
                self._vibrations(configuration, surface, self._masses(configuration, potential))
                | self._response(configuration, loading, surface)
                | {"energy": surface.atom_energies(configuration.positions, configuration.cell)}
            )
        if self.logarithm:
            found |= {
                name: np.log(np.maximum(found[name], LEAST)) for name in _POSITIVE & set(found)
            }
            if "nonaffine_growth" in found:
                growth = found["nonaffine_growth"]
                found["nonaffine_growth"] = np.sign(growth) * np.log1p(np.abs(growth))
        return Features(
            form="vector",
            level=level,
            names=self.columns,
            values=np.column_stack([found[name] for name in self.columns])[atoms],
        )

    def _wanted(self, *columns: str) -> bool:
        return not set(self.columns).isdisjoint(columns)

    def _masses(self, glass: Configuration, potential: Potential) -> Array | None:
        """(N,) masses of the vibrations; None for equal ones."""
        if not (self.weighted and self._wanted(*_VIBRATIONS)):
            return None
        known = potential.masses
        lacking = [glass.names[k] for k in np.unique(glass.species) if glass.names[k] not in known]
        if lacking:
            raise VitreousError(
                f"mechanical weighted needs the mass of {', '.join(lacking)}, which "
                f"{type(potential).__name__} does not tell; set "
                "descriptor.weighted=false (or indicators.weighted=false) for equal masses"
            )
        return np.array([known.get(name, np.nan) for name in glass.names])[glass.species]

    def _vibrations(
        self, glass: Configuration, surface: EnergySurface, masses: Array | None
    ) -> dict[str, Array]:
        """Those of atomic_volume and the two columns of vibrations that are wanted."""
        found: dict[str, Array] = {}
        if self._wanted("atomic_volume", "flexibility_volume"):
            found["atomic_volume"] = voronoi_volumes(glass.positions, glass.cell, glass.periodic)
        if not self._wanted(*_VIBRATIONS):
            return found
        hessian = surface.hessian(glass.positions, glass.cell)
        compliance = Compliance(hessian, glass.dimension, masses)
        if self._wanted("flexibility_volume"):
            found["flexibility_volume"] = flexibility_volume(
                self.thermal_energy
                * compliance.diagonal().sum(axis=1)
                / (1.0 if masses is None else masses),
                found["atomic_volume"],
                glass.dimension,
            )
        if self._wanted("soft_modes"):
            every = (len(glass) - 1) * glass.dimension
            modes = compliance.softest(max(1, round(self.fraction * every)))
            found["soft_modes"] = (modes.vectors**2).sum(axis=(0, 2))
        return found

    def _response(
        self, glass: Configuration, loading: Loading, surface: EnergySurface
    ) -> dict[str, Array]:
        """Those columns of the linear response that are wanted."""
        found: dict[str, Array] = {}
        if not self._wanted(*_RESPONSE, *_NEAR, *_SECOND):
            return found
        u = nonaffine_velocity(surface, glass, loading)
        found["nonaffine"] = np.linalg.norm(u, axis=1)
        if self._wanted(*_FITTED):
            residual, gradient = local_gradient(
                glass.positions, glass.cell, glass.periodic, u, self.cutoff
            )
            rate = loading.velocity_gradient(0.0)
            along = 0.5 * (rate + rate.T)
            found["nonaffine_d2min"] = residual
            found["nonaffine_gradient"] = (gradient * along).sum(axis=(1, 2)) / (along**2).sum()
        smoothed = [name for name in _NEAR if self._wanted(name)]
        mean = gaussian_mean(glass, self.smooth)
        found |= {name: mean(found[name.removesuffix("_near")]) for name in smoothed}
        if self._wanted(*_SECOND):
            v = second_response(surface, glass, loading, u)
            found["nonaffine_acceleration"] = np.linalg.norm(v, axis=1)
            found["nonaffine_growth"] = growth(u, v, mean)
        return found


def growth(u: Array, v: Array, mean: Callable[[Array], Array]) -> Array:
    """(N,) mean of u . v over mean of u . u; 0 where nothing moves beside the affine motion."""
    moved = mean((u * u).sum(axis=1))
    still = moved <= LEAST
    return np.where(still, 0.0, mean((u * v).sum(axis=1)) / np.where(still, 1.0, moved))


def gaussian_mean(glass: Configuration, width: float) -> Callable[[Array], Array]:
    """The map from values (N,) of the atoms to their means with weights exp(-r^2 / 2 width^2)."""
    where, n = glass.positions, len(glass)
    near = pairs_within(where, where, glass.cell, glass.periodic, _TAIL * width)
    weight = np.exp(-0.5 * (near.distance / width) ** 2)
    total = np.bincount(near.site, weight, n)
    return lambda values: np.bincount(near.site, weight * values[near.atom], n) / total
