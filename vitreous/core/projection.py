"""A three-dimensional glass seen from the side: what descriptors of plane glasses make of a
bilayer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.configuration import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.loading import PLANES, Loading

LAYERS = ("upper", "lower")


@dataclass(frozen=True, kw_only=True)
class Projection:
    """The view onto ``plane``, of all atoms or of one layer.

    Fields:
        plane: xy, yz or zx, spanned by two lattice vectors. layer: "upper" or "lower" keeps the
        atoms on that side of the middle of the glass; None keeps all.

    Raises:
        VitreousError: a plane or layer that does not exist.
    """

    plane: str = "xy"
    layer: str | None = None

    def __post_init__(self) -> None:
        if self.plane not in PLANES:
            raise VitreousError(
                f"projection.plane is '{self.plane}'; expected one of {', '.join(PLANES)}"
            )
        if self.layer is not None and self.layer not in LAYERS:
            raise VitreousError(
                f"projection.layer is '{self.layer}'; expected one of {', '.join(LAYERS)}, or null "
                "for all atoms"
            )

    def recipe(self) -> dict[str, Any]:
        """The fields that keys of results are made of."""
        return asdict(self)

    def glass(self, configuration: Configuration) -> Configuration:
        """The plane glass (D = 2): positions and cell without the axis across, bonds between the
        atoms that are kept.

        Raises:
            VitreousError: a plane glass, or a cell whose vectors do not span the plane.
        """
        if configuration.dimension != 3:
            raise VitreousError(
                "projection is for glasses in three dimensions, and this one has "
                f"{configuration.dimension}; leave it out with projection=null"
            )
        *axes, across = PLANES[self.plane]
        cell = configuration.cell
        tilt = max(np.abs(cell[axes][:, across]).max(), np.abs(cell[across][axes]).max())
        if tilt > 1e-9 * np.abs(cell).max():
            raise VitreousError(
                f"the glass cannot be projected on {self.plane}: its cell is tilted out of that "
                "plane; expected two lattice vectors in it and the third across"
            )
        kept = self._kept(configuration, across)
        number = np.full(len(configuration), -1)
        number[kept] = np.arange(len(kept))
        bonds = number[configuration.bonds]
        return replace(
            configuration,
            positions=configuration.positions[kept][:, axes],
            species=configuration.species[kept],
            ids=configuration.ids[kept],
            cell=cell[np.ix_(axes, axes)],
            periodic=tuple(configuration.periodic[axis] for axis in axes),
            bonds=np.sort(bonds[(bonds >= 0).all(axis=1)], axis=1),
        )

    def _kept(self, configuration: Configuration, across: int) -> NDArray[np.int64]:
        """Atoms of the layer. The middle is the mean height; across a periodic cell the circular
        mean, since the glass may lie across the boundary.
        """
        if self.layer is None:
            return np.arange(len(configuration))
        height = configuration.positions[:, across]
        if configuration.periodic[across]:
            period = configuration.cell[across, across]
            turned = np.exp(2j * np.pi * height / period).mean()
            middle = np.angle(turned) / (2.0 * np.pi) * period
            above = height - middle
            above -= period * np.rint(above / period)
        else:
            above = height - height.mean()
        return np.flatnonzero(above >= 0.0 if self.layer == "upper" else above < 0.0)

    def sites(self, sites: NDArray[np.float64]) -> NDArray[np.float64]:
        """(M, 2) of (M, 3)."""
        return sites[:, PLANES[self.plane][:2]]

    def loading(self, loading: Loading) -> Loading:
        """The same loading of the plane glass.

        Raises:
            VitreousError: a loading that acts in another plane.
        """
        if loading.plane != self.plane:
            raise VitreousError(
                f"the loading acts in the plane {loading.plane}, but the projection shows "
                f"{self.plane}; set projection.plane={loading.plane}"
            )
        return replace(loading, dimension=2, plane="xy")
