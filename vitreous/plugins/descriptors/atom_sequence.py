"""The silicons of the window, one after the other, as coordinates (Bachhav et al. 2025, Methods and
Fig. 4a).

======================  ============================================================  ==========
column                  meaning                                                       unit
======================  ============================================================  ==========
x, y                    position from the site in the loading frame, over radius      1
======================  ============================================================  ==========

Under simple shear, which no mirror leaves as it is, the columns are called ``n`` and ``m``, as
those of ``bond_graph``.

The order matters to a recurrent network. The paper's is the numbering of the crystalline lattice
before its bonds were switched: along the armchair direction x from left to right, then the next
row. ``order`` "number" is that order: the atoms' own numbers (``ids``), which ``dual_switch`` gives
along the zigzag rows of its lattice and the group's published networks along rows of every other
silicon, both from left to right and from low y to high y (the paper's drawing goes down; under pure
shear the mirror image of a glass is as good a glass). It is what the file says: a glass numbered in
any other way, or a window across the cell's edge, where numbers jump, gives another sequence.
``order`` "row" asks only where atoms are: rows half as high as a silicon's distance from the
nearest other (the median over the glass), from low y to high y, from low x to high x within each.
"distance" goes from the site outwards. Neither of these depends on numbers, and both turn with the
loading, which numbers do not.

The paper takes coordinates as they are; here they are relative to the site, without which equal
surroundings would look different in different places. Padding and masking are the model's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import heights, pairs_within
from vitreous.analysis.silica_network import species_index
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential

Array = NDArray[np.float64]
ORDERS = ("row", "number", "distance")
_DIGITS = 6  # to which places are compared, so that rounding does not reorder atoms


@dataclass(frozen=True, kw_only=True)
class AtomSequence(Descriptor):
    """Coordinates of the atoms of species ``centre`` within ``radius`` (length) of each site, in
    ``order``.

    Raises:
        VitreousError: a species that is not there, a cell too small for the window, or an empty
        window.
    """

    form = "sequence"
    levels = frozenset({"site", "atom"})
    dimensions = frozenset({2})
    needs_bonds = False
    rotation = "invariant"
    version = 2

    radius: float = 11.0
    centre: str = "Si"
    order: str = "row"

    def __post_init__(self) -> None:
        if self.radius <= 0 or self.order not in ORDERS:
            raise VitreousError(
                f"atom_sequence got radius={self.radius:g}, order='{self.order}'; expected a "
                f"positive length and one of {', '.join(ORDERS)}"
            )

    @property
    def bound_to_axes(self) -> str:
        return (
            "descriptor.order=number reads atoms along the rows of the file, wherever the loading "
            "points" * (self.order == "number")
        )

    @property
    def reads_atom_order(self) -> bool:
        return self.order == "number"

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
        low = heights(configuration.cell)[list(configuration.periodic)].min(initial=np.inf)
        if low < 2 * self.radius:
            raise VitreousError(
                f"the cell is {low:.4g} high, but a window of radius {self.radius:g} needs "
                f"{2 * self.radius:.4g}"
            )
        centres = np.flatnonzero(configuration.species == species_index(configuration, self.centre))
        near = pairs_within(
            sites,
            configuration.positions[centres],
            configuration.cell,
            configuration.periodic,
            self.radius,
        )
        empty = np.flatnonzero(np.diff(near.offsets) == 0)
        if len(empty):
            raise VitreousError(
                f"site {int(empty[0])} has no {self.centre} within {self.radius:g}; use a larger "
                "radius or sites inside the glass"
            )
        place = near.vector @ loading.frame.T
        if self.order == "number":
            kept = np.lexsort((configuration.ids[centres][near.atom], near.site))
        elif self.order == "row":
            row = np.floor(
                (place[:, 1] / (0.5 * _apart(configuration, centres, self.radius))).round(_DIGITS)
            )
            kept = np.lexsort((place[:, 0].round(_DIGITS), row, near.site))
        else:
            kept = np.lexsort((near.distance.round(_DIGITS), near.site))
        names = ("n", "m") if loading.mode == "simple_shear" else ("x", "y")
        return Features(
            form="sequence",
            level=level,
            names=names,
            values=place[kept] / self.radius,
            offsets=near.offsets,
        )


def _apart(configuration: Configuration, centres: NDArray[np.int64], radius: float) -> float:
    """The median distance of an atom from the nearest other, length; infinite where most have none
    within ``radius``.
    """
    points = configuration.positions[centres]
    near = pairs_within(points, points, configuration.cell, configuration.periodic, radius)
    other, nearest = near.distance > 0.0, np.full(len(centres), np.inf)
    np.minimum.at(nearest, near.site[other], near.distance[other])
    return float(np.median(nearest))
