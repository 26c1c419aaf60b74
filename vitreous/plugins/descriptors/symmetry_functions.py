"""Radial symmetry functions of the glass at rest and of the glass deformed affinely.

    G(X, mu) = sum_j exp(-(r_j - mu)^2 / delta^2) fc(r_j)

over the neighbours j of species X at distance r_j <= cutoff

(Font-Clos et al. 2022, eq. 16 with its missing minus sign; Behler & Parrinello 2007). ``fc`` is 1,
as in the paper, or Behler's cosine (1 + cos(pi r / cutoff)) / 2. In the second state every vector
is mapped by the loading's deformation gradient, r -> F r: that is how functions of distances alone
come to know the loading direction; under pure shear and uniaxial strain both reflections of the
loading frame leave them unchanged.
They are made for atoms: around a point of a grid, which may lie anywhere in a ring, they mostly
tell where in the ring it lies.

=========  ==================  =============  ==================================================
symbol     variable            unit           shape
=========  ==================  =============  ==================================================
mu         ``mu_grid``         length         (K,) mu_min, mu_min + mu_step, ..., mu_max
delta      ``delta``           length
F          affine_strain       dimensionless  (D, D) from ``Loading.deformation_gradient``
=========  ==================  =============  ==================================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.analysis.radial import REACH, Grid, radial_sums
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential

Array = NDArray[np.float64]
CUTOFF_FUNCTIONS = ("none", "cosine")


@dataclass(frozen=True, kw_only=True)
class SymmetryFunctions(Descriptor):
    """Radial symmetry functions around sites or atoms (equations in the module's docstring).

    Columns: state (rest, then deformed) > species pair > mu. Around a site there is one block per
    neighbour species. Around an atom there is one per (centre, neighbour) pair, zero where the
    row's atom is not the centre, or with ``per_pair=False`` one per neighbour species as in
    Font-Clos et al. (their 148 columns: mu 0.2-7.4 step 0.2, two species, two states). An atom does
    not count itself.

    Raises:
        VitreousError: parameters out of range; at level "atom", sites that are not atoms.
    """

    form = "vector"
    levels = frozenset({"site", "atom"})
    dimensions = frozenset({2, 3})
    needs_bonds = False
    rotation = "invariant"

    mu_min: float = 0.2
    mu_max: float = 10.0
    mu_step: float = 0.2
    delta: float = 0.2
    cutoff: float = 10.0
    cutoff_function: str = "none"
    affine_strain: float = 0.05
    per_pair: bool = True

    def __post_init__(self) -> None:
        if not (
            0 <= self.mu_min <= self.mu_max
            and self.mu_step > 0
            and self.delta > 0
            and self.cutoff > 0
        ):
            raise VitreousError(
                f"symmetry_functions got mu_min={self.mu_min}, mu_max={self.mu_max}, "
                f"mu_step={self.mu_step}, delta={self.delta}, "
                f"cutoff={self.cutoff}; expected 0 <= mu_min <= mu_max and the others positive"
            )
        if self.cutoff_function not in CUTOFF_FUNCTIONS:
            raise VitreousError(
                f"unknown cutoff_function '{self.cutoff_function}'; expected one of "
                f"{', '.join(CUTOFF_FUNCTIONS)}"
            )

    @property
    def mu_grid(self) -> Array:
        """(K,) centres of the Gaussians, length unit."""
        return self.mu_min + self.mu_step * np.arange(
            int((self.mu_max - self.mu_min) / self.mu_step + 1e-9) + 1, dtype=np.float64
        )

    @property
    def reach(self) -> float:
        return self.cutoff

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        gradients = [np.eye(configuration.dimension)]
        if self.affine_strain:
            gradients.append(loading.deformation_gradient(self.affine_strain))
        values = (
            self._of_atoms(configuration, atoms_at(configuration, sites), gradients)
            if level == "atom"
            else np.stack([self._of_sites(configuration, sites, f) for f in gradients], axis=1)
        )
        states = ("rest", "deformed")[: len(gradients)]
        pairs = self._pair_names(configuration.names, level)
        names = tuple(
            f"{state}_{pair}_{mu:.4g}" for state in states for pair in pairs for mu in self.mu_grid
        )
        return Features(
            form="vector", level=level, names=names, values=values.reshape(len(sites), -1)
        )

    def _pair_names(self, species: tuple[str, ...], level: str) -> list[str]:
        if level == "atom" and self.per_pair:
            return [f"{centre}-{other}" for centre in species for other in species]
        return list(species)

    def _of_atoms(
        self, glass: Configuration, atoms: NDArray[np.int64], gradients: list[Array]
    ) -> Array:
        """(M, states, pairs, K)."""
        kinds, grid = (
            len(glass.names),
            Grid(self.mu_min, self.mu_step, len(self.mu_grid), self.delta),
        )
        sums = radial_sums(
            glass, atoms, np.stack(gradients), grid, self.cutoff, self.cutoff_function == "cosine"
        )
        if not self.per_pair:
            return sums
        pairs = np.zeros((*sums.shape[:2], kinds, *sums.shape[2:]))
        pairs[np.arange(len(atoms)), :, glass.species[atoms]] = sums
        return pairs

    def _of_sites(self, glass: Configuration, sites: Array, gradient: Array) -> Array:
        """(M, species, K) of the glass mapped by ``gradient``; an atom at a site counts."""
        mapped = (sites @ gradient.T, glass.positions @ gradient.T, glass.cell @ gradient.T)
        pairs = pairs_within(*mapped, glass.periodic, self.cutoff)
        weight = np.ones(len(pairs.distance))
        if self.cutoff_function == "cosine":
            weight = 0.5 * (1.0 + np.cos(np.pi * pairs.distance / self.cutoff))
        shape = (len(sites), len(glass.names), len(self.mu_grid))
        return _gaussians(
            pairs.site,
            glass.species[pairs.atom],
            pairs.distance,
            weight,
            self.mu_grid,
            self.mu_step,
            self.delta,
            shape,
        )


def atoms_at(configuration: Configuration, sites: Array) -> NDArray[np.int64]:
    """(M,) the atom at each site. Raises VitreousError if a site is not on an atom."""
    if np.array_equal(sites, configuration.positions):
        return np.arange(len(sites))
    pairs = pairs_within(
        sites, configuration.positions, configuration.cell, configuration.periodic, 1e-3
    )
    if not np.array_equal(pairs.site, np.arange(len(sites))):
        wrong = int(np.flatnonzero(np.diff(pairs.offsets) != 1)[0])
        raise VitreousError(
            f"site {wrong} at {np.round(sites[wrong], 3).tolist()} is not on an atom; level "
            "'atom' needs atom positions as sites"
        )
    return pairs.atom


@njit(cache=True)
def _gaussians(place, channel, distance, weight, mu, step, delta, shape):
    """Sum of weighted Gaussians (M, channels, K); terms below rounding are skipped."""
    total = np.zeros(shape)
    last = len(mu) - 1
    for p in range(len(place)):
        row = total[place[p], channel[p]]
        first = max(0, int(np.ceil((distance[p] - REACH * delta - mu[0]) / step)))
        final = min(last, int(np.floor((distance[p] + REACH * delta - mu[0]) / step)))
        for k in range(first, final + 1):
            x = (distance[p] - mu[k]) / delta
            row[k] += weight[p] * np.exp(-x * x)
    return total
