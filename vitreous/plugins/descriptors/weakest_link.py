"""How soft the softest bridges of a glass are, from its linear response: two numbers.

A chain breaks at its weakest link, so what counts is the largest of the rates r_b at which the
bridges b of a network stretch (``bond_rate`` of ``descriptor=bond_response``). The largest alone is
noisy: which of several fast bonds breaks is decided later. Soft extremes weigh them by how near
they are to it,

    w_b = exp(beta r_b) / sum_b exp(beta r_b)

===========  ======================================================================  ======
column       meaning                                                                 unit
===========  ======================================================================  ======
soft_rate    log(mean_b exp(beta r_b)) / beta: the mean of r_b for beta = 0, its     1
             largest value for beta = infinity
soft_angle   sum_b w_b theta_b, theta the angle at the bridge: wide angles have no   radian
             slack left, by which a bridge gives way without stretching its bonds
===========  ======================================================================  ======

To first order a soft extreme of any sum r_b + c theta_b is soft_rate + c soft_angle, so that a
linear model learns c, which says what makes a link weak.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.plugins.descriptors.bond_response import BondResponse

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class WeakestLink(Descriptor):
    """Soft extremes over the bridges of a relaxed network (table in the module's docstring).

    Fields:
        sharpness: beta, dimensionless. centre, bridge: species of the network.

    Raises:
        VitreousError: parameters out of range; when describing, no bonds, missing species, or no
            potential.
        NotConverged: a glass that is at no minimum of the potential.
    """

    form = "vector"
    levels = frozenset({"sample"})
    dimensions = frozenset({2, 3})
    needs_bonds = True
    needs_potential: ClassVar = True
    rotation = "invariant"

    sharpness: float = 20.0
    centre: str = "Si"
    bridge: str = "O"

    def __post_init__(self) -> None:
        if not 0.0 < self.sharpness < np.inf:
            raise VitreousError(
                f"weakest_link sharpness is {self.sharpness:g}; expected a positive number, such "
                "as 20"
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
        if not np.isfinite(sites).all():
            raise VitreousError("weakest_link got a site that is not made of finite numbers")
        response = BondResponse(centre=self.centre, bridge=self.bridge).describe(
            configuration, loading, configuration.positions, "atom", potential
        )
        rate, angle, centre = (
            response.values[:, response.names.index(name)]
            for name in ("bond_rate", "angle", "centre")
        )
        bridges = centre == 0.0
        numbers = soft_extremes(rate[bridges], angle[bridges], self.sharpness)
        return Features(
            form="vector",
            level=level,
            names=("soft_rate", "soft_angle"),
            values=np.tile(numbers, (len(sites), 1)),
        )


def soft_extremes(rate: Array, angle: Array, sharpness: float) -> tuple[float, float]:
    """Soft maximum of rates (B,), and the mean of angles (B,) under its weights."""
    largest = rate.max()
    weight = np.exp(sharpness * (rate - largest))
    return largest + np.log(weight.mean()) / sharpness, float(weight @ angle / weight.sum())
