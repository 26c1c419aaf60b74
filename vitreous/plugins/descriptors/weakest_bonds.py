"""The weakest links of a glass, from its linear response: what its bonds do as the loading begins.

To first order a glass under load moves as u' = H^-1 X (``vitreous.mechanics.linear``), with the
Hessian H and the affine force X of the loading. A bond of length l then lengthens at the rate

    dl / dstrain = e . (u'_j - u'_i + L d)
    d: the bond's vector, e its direction    L: velocity gradient of the loading

Bonds that already are long and lengthen fast break first, so the extremes over all bonds of a
glass say when it does.

===================  ================================================================  ====
column               meaning                                                           unit
===================  ================================================================  ====
stretch_rate_k       k-th largest (dl / dstrain) / l, for every k in ``orders``        1
approach_k           k-th largest (dl / dstrain) / (limit <l> - l): one over the       1
                     strain at which a bond would reach ``limit`` times the mean
                     length <l>; the difference counts as 0.01 <l> at least
length_k             k-th largest l / <l>                                              1
stretch_rate_spread  standard deviation of (dl / dstrain) / l                          1
length_spread        standard deviation of l / <l>                                     1
===================  ================================================================  ====
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.mechanics.linear import nonaffine_velocity

Array = NDArray[np.float64]
_CLOSEST = 0.01  #: of the mean bond length: how close to its limit a bond counts


@dataclass(frozen=True, kw_only=True)
class WeakestBonds(Descriptor):
    """Extremes over the bonds of a relaxed glass (table in the module's docstring).

    Fields:
        limit: length at which a bond counts as broken, over the mean length of the glass's bonds.
        orders: which of the largest values are taken, from 1 on. In a bilayer every bond has a
            mirror image: the first two are nearly the same.

    Raises:
        VitreousError: parameters out of range; when describing, a glass with too few bonds, or no
            potential.
        NotConverged: the energy of the glass falls in some direction: it is not at rest, or at a
            saddle, as one in fifty mirror-symmetric bilayers. A run leaves it out.
    """

    form = "vector"
    levels = frozenset({"sample"})
    dimensions = frozenset({2, 3})
    needs_bonds = True
    needs_potential: ClassVar = True
    rotation = "invariant"

    limit: float = 1.25
    orders: tuple[int, ...] = (1, 5, 17)

    def __post_init__(self) -> None:
        object.__setattr__(self, "orders", tuple(self.orders))
        if not self.limit > 1.0:
            raise VitreousError(
                f"weakest_bonds got limit={self.limit:g}; expected a number above 1"
            )
        if not self.orders or min(self.orders) < 1 or len(set(self.orders)) < len(self.orders):
            raise VitreousError(
                f"weakest_bonds got orders={list(self.orders)}; expected different numbers from 1 "
                "on, such as [1,5,17]"
            )

    @property
    def reach(self) -> float:
        """The whole glass answers."""
        return np.inf

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        potential = self.needed(potential)
        if len(configuration.bonds) < max(self.orders):
            raise VitreousError(
                f"weakest_bonds takes the {max(self.orders)}-th of the bonds of a glass, and this "
                f"one has {len(configuration.bonds)}; use a glass with a bond list, or smaller "
                "orders"
            )
        if not np.isfinite(sites).all():
            raise VitreousError("weakest_bonds got a site that is not made of finite numbers")
        length, rate = _bonds(configuration, loading, potential)
        mean = length.mean()
        left = np.maximum(self.limit * mean - length, _CLOSEST * mean)
        over = {"stretch_rate": rate / length, "approach": rate / left, "length": length / mean}
        columns = {
            f"{name}_{order}": np.sort(values)[-order]
            for name, values in over.items()
            for order in self.orders
        }
        for name in ("stretch_rate", "length"):
            columns[f"{name}_spread"] = over[name].std()
        return Features(
            form="vector",
            level=level,
            names=tuple(columns),
            values=np.tile(list(columns.values()), (len(sites), 1)),
        )


def _bonds(glass: Configuration, loading: Loading, potential: Potential) -> tuple[Array, Array]:
    """Length, and dl / dstrain (length), of all bonds, (B,)."""
    with threadpool_limits(1):
        moved = nonaffine_velocity(potential.surface(glass), glass, loading)
    i, j = glass.bonds.T
    vector = glass.minimum_image(glass.positions[j] - glass.positions[i])
    change = moved[j] - moved[i] + vector @ loading.velocity_gradient(0.0).T
    length = np.linalg.norm(vector, axis=1)
    return length, np.einsum("ba,ba->b", vector, change) / length
