"""The shear modulus of the undeformed glass along the loading (Lemaitre & Maloney, J. Stat. Phys.
123, 415 (2006)): the slope at which its stress-strain curve begins, affine and non-affine response.

Of simple shear along x and at 45 degrees the mean is the Voigt average of a plane glass over all
directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.interfaces import Labeler, Potential
from vitreous.mechanics.elasticity import elastic_constants, shear_modulus


@dataclass(frozen=True, kw_only=True)
class ShearModulus(Labeler):
    """One number per glass and loading, energy per area or volume; no parameters.

    Raises:
        VitreousError: for a uniaxial loading, or a glass that is not at a minimum.
    """

    level: ClassVar = "sample"
    needs_trajectory: ClassVar = False
    dimensions: ClassVar = frozenset({2, 3})

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """The label of one glass, at the centre of its cell."""
        surface = potential.surface(configuration)
        with threadpool_limits(1):
            constants = elastic_constants(surface, configuration.positions, configuration.cell)
        return Labels(
            name="shear_modulus",
            level="sample",
            unit=f"energy/length^{configuration.dimension}",
            values=np.array([shear_modulus(constants, loading)]),
            mask=np.ones(1, dtype=bool),
            positions=configuration.cell.sum(axis=0, keepdims=True) / 2.0,
        )
