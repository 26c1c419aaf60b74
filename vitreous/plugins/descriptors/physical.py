"""Physical indicators of weakness around each site: what can be said without learning anything.

All are plain (unweighted) statistics over a disc of ``radius`` around the site, of bonds by their
midpoint, atoms by their position and rings by the mean position of their silicons. The stretch of
bond b with length l_b and unit vector u_b, projected on the loading, is

    s_b = (l_b / <l> - 1) (u_b . n)^2
    <l>: mean bond length of the glass    n: direction in which the loading extends most

so a bond counts in proportion to the share of its elongation that the loading will add to. Its
variance within 8 A was reported as a strong geometric indicator for two-dimensional silica
(arXiv:2503.17210); the precise projection here is our reading of it.

==================  ==================================  ==========  ===========
column              meaning                             unit        weak sites
==================  ==================================  ==========  ===========
stretch_variance    variance of s_b                     1           high
stretch_mean        mean of s_b                         1           high
number_density      atoms per area of the disc          1/length^2  low
ring_size_mean      mean size of the rings              1           high
ring_size_variance  variance of the sizes of the rings  1           high
==================  ==================================  ==========  ===========
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.analysis.rings import bridged, trace_rings
from vitreous.analysis.silica_network import centre_bonds, species_index
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PhysicalIndicators(Descriptor):
    """Statistics of bond stretch, density and rings around sites or atoms (table in the module's
    docstring).

    ``weak_is`` says for each column whether high or low values mark weak sites.

    Raises:
        VitreousError: no bonds or rings, missing species, or a disc without a bond or a ring.
    """

    form = "vector"
    levels = frozenset({"site", "atom"})
    dimensions = frozenset({2})
    needs_bonds = True
    rotation = "invariant"
    weak_is: ClassVar[Mapping[str, str]] = {
        "stretch_variance": "high",
        "stretch_mean": "high",
        "number_density": "low",
        "ring_size_mean": "high",
        "ring_size_variance": "high",
    }

    radius: float = 8.0
    centre: str = "Si"
    bridge: str = "O"

    def __post_init__(self) -> None:
        if self.radius <= 0:
            raise VitreousError(f"physical radius is {self.radius:g}; expected a positive length")

    @property
    def reach(self) -> float:
        return self.radius

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        stretch, middle = projected_stretch(configuration, loading, self.centre, self.bridge)
        sizes, centres = ring_places(configuration, self.centre, self.bridge)
        stretch_mean, stretch_variance = self._statistics(
            configuration, sites, middle, stretch, "bond"
        )
        ring_mean, ring_variance = self._statistics(configuration, sites, centres, sizes, "ring")
        near = pairs_within(
            sites, configuration.positions, configuration.cell, configuration.periodic, self.radius
        )
        density = np.diff(near.offsets) / (np.pi * self.radius**2)
        columns = (stretch_variance, stretch_mean, density, ring_mean, ring_variance)
        return Features(
            form="vector", level=level, names=tuple(self.weak_is), values=np.column_stack(columns)
        )

    def _statistics(
        self, glass: Configuration, sites: Array, places: Array, values: Array, what: str
    ) -> tuple[Array, Array]:
        """Mean and variance (M,) of ``values`` (K,) at ``places`` (K, 2) within the disc around
        each site.
        """
        near = pairs_within(sites, places, glass.cell, glass.periodic, self.radius)
        count = np.diff(near.offsets)
        if not count.all():
            site = int(np.argmin(count))
            raise VitreousError(
                f"no {what} lies within {self.radius:g} of site {site}; use a larger radius"
            )
        mean = np.bincount(near.site, values[near.atom], len(sites)) / count
        spread = (values[near.atom] - mean[near.site]) ** 2
        return mean, np.bincount(near.site, spread, len(sites)) / count


def projected_stretch(
    configuration: Configuration, loading: Loading, centre: str, bridge: str
) -> tuple[Array, Array]:
    """s_b (B,), dimensionless, and the midpoints (B, D) of all centre-bridge bonds."""
    first, _, vector = centre_bonds(configuration, centre, bridge)
    length = np.sqrt((vector**2).sum(axis=1))
    cosine = vector @ loading.extension_direction / length
    return (length / length.mean() - 1.0) * cosine**2, configuration.positions[first] + 0.5 * vector


def ring_places(configuration: Configuration, centre: str, bridge: str) -> tuple[Array, Array]:
    """Sizes (R,) and centres (R, 2) of the rings of the network. Raises VitreousError when the
    network is damaged or not plane.
    """
    silicon, oxygen, _ = centre_bonds(configuration, centre, bridge)
    pairs = bridged(
        np.column_stack([silicon, oxygen]),
        configuration.species,
        species_index(configuration, centre),
    )
    rings = trace_rings(configuration.positions, pairs, configuration.cell)
    return rings.sizes.astype(np.float64), rings.centres
