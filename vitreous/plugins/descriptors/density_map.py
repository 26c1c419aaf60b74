"""Spatial density maps of the surroundings of each atom, one per species, in the frame of the shear
(Fan & Ma, Nat. Commun. 12, 1506 (2021), eqs. 1 and 2; ``vitreous.analysis.density_maps``).

The map is turned with the loading: x is the direction of shear, y the normal of its planes, so the
glass is stretched along (1, 1) and shortened across. Uniaxial strain and pure shear are turned to
the shear that starts with the same strain (``Loading.shear_axes``). That is what lets one network
answer differently for every orientation of the loading.

Copies are mirror images about the directions of stretching and of shortening, and both: four in two
dimensions, with those about the plane of shear eight in three. Pure shear does not change under
them. Simple shear, which also rotates, does from the second order of the strain on, except under
the half turn; the paper's Supplementary Fig. 10 finds D2min "almost identical".

Maps are drawn when a batch needs them: 10^4 of 50 x 50 x 2 take 200 MB. What is stored is the
glass.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.density_maps import Surroundings, density_maps, pixels_of, surroundings
from vitreous.core.data import Configuration, Drawn, Features, Loading, Symmetry
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.core.loading import shear_mirrors

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
_AXES = ("x", "y", "z")
LARGEST = 256  #: pixels along a side


@dataclass(frozen=True, kw_only=True)
class DensityMap(Descriptor):
    """Maps (species, [z,] y, x) of ``2 radius / width`` pixels along each axis, dimensionless.

    Fields:
        species: names of the channels, in this order. radius: half the side of the square or cube,
        r_c; width: of the Gaussians and of the pixels, Delta; length.

    Raises:
        VitreousError: lengths out of range, or no whole number of pixels; a glass of other species.
    """

    form = "image"
    stores = "vector"
    levels = frozenset({"atom", "site"})
    dimensions = frozenset({2, 3})
    needs_bonds = False
    rotation = "invariant"

    species: tuple[str, ...] = ("S", "L")
    radius: float = 5.0
    width: float = 0.2

    def __post_init__(self) -> None:
        object.__setattr__(self, "species", tuple(self.species))
        if not self.species or len(set(self.species)) != len(self.species):
            raise VitreousError(
                f"density_map got the species {', '.join(self.species) or 'none'}; name each once"
            )
        if not 0.0 < self.width <= self.radius < np.inf:
            raise VitreousError(
                f"density_map got radius={self.radius:g}, width={self.width:g}; expected lengths, "
                "the width at most the radius"
            )
        sides = 2.0 * self.radius / self.width
        if abs(sides - round(sides)) > 1e-6 or sides > LARGEST:
            raise VitreousError(
                f"density_map has 2 radius / width = {sides:g} pixels along a side; expected a "
                f"whole number of at most {LARGEST}"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(species=("Si", "O", "A", "B"), radius=4.0, width=0.5)

    @property
    def reach(self) -> float:
        return self.radius * np.sqrt(3.0)

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        channels_of(configuration, self.species, "density_map")

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        channels = channels_of(configuration, self.species, "density_map")
        axes = loading.shear_axes
        if not np.isfinite(sites).all():
            raise VitreousError("density_map got sites that are not finite numbers")
        return Features(
            form="vector",
            level=level,
            names=_AXES[: configuration.dimension],
            values=sites @ axes.T,
            shared={
                "atoms": configuration.positions @ axes.T,
                "channels": channels,
                "cell": configuration.cell @ axes.T,
                "periodic": np.array(configuration.periodic),
                "from_loading": axes @ loading.frame.T,
            },
        )

    def view(self, described: Features) -> Drawn:
        """(M, species, P, P[, P]) maps."""
        shared = described.shared
        around = surroundings(
            shared["atoms"],
            shared["channels"],
            shared["cell"],
            tuple(bool(p) for p in shared["periodic"]),
            self.radius,
        )
        dimension = described.values.shape[1]
        return Drawn(
            form="image",
            names=self.species,
            shape=(len(self.species), *[pixels_of(self.radius, self.width)] * dimension),
            copies=len(shear_mirrors(dimension)),
            source=described,
            recipe={
                "species": list(self.species),
                "radius": self.radius,
                "width": self.width,
            },
            draw=partial(self._draw, around),
            symmetries=_symmetries,
        )

    def _draw(
        self, around: Surroundings, source: Features, indices: Ints, copies: Ints
    ) -> NDArray[np.float32]:
        sites = source.values[indices]
        turns = shear_mirrors(sites.shape[1])[copies]
        return density_maps(sites, around, len(self.species), self.radius, self.width, turns)


def channels_of(glass: Configuration, species: tuple[str, ...], descriptor: str) -> Ints:
    """(N,) the place of each atom's species among ``species``. Raises VitreousError for others."""
    present = [glass.names[k] for k in np.unique(glass.species)]
    unknown = [name for name in present if name not in species]
    if unknown:
        raise VitreousError(
            f"{descriptor} has the channels {', '.join(species)}, but the glass contains "
            f"{', '.join(unknown)}; set descriptor.species=[{','.join(present)}]"
        )
    number = [species.index(n) if n in species else -1 for n in glass.names]
    return np.array(number, dtype=np.int64)[glass.species]


def _symmetries(source: Features, indices: Ints, copies: Ints) -> Symmetry:
    """In the loading's frame: the mirror images of the frame of the shear, turned there."""
    turn = source.shared["from_loading"]
    return Symmetry(turn=turn.T @ shear_mirrors(len(turn))[copies] @ turn)
