"""The disorder of a silica network: the variance of its ring size (Font-Clos et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.analysis.layers import layer_statistics, trace_layers
from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler, Potential


@dataclass(frozen=True, kw_only=True)
class Disorder(Labeler):
    """One number per glass: s2, the variance of the number of silicon atoms in a ring, of a plane
    network or of both layers of a bilayer; dimensionless. Of a piece without periodic boundaries in
    its plane, such as a micrograph shows, the closed rings count; large rings are cut by its rim
    more often than small ones.

    Raises:
        VitreousError: for a glass without bonds, or whose rings do not close in its plane.
    """

    level: ClassVar = "sample"
    needs_trajectory: ClassVar = False
    needs_bonds: ClassVar = True
    sign: ClassVar = "positive"
    dimensions: ClassVar = frozenset({2, 3})

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        if not len(configuration.bonds) or "Si" not in configuration.names:
            raise VitreousError(
                "disorder counts the rings of a silica network, but the glass has no silicon or no "
                "bonds; find its bonds first"
            )
        if any(configuration.periodic[:2]) != all(configuration.periodic[:2]):
            raise VitreousError(
                "disorder counts rings of a glass that is periodic along x and y, or along "
                f"neither; this one has periodic={configuration.periodic}"
            )

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """The label of one glass, at the centre of its cell."""
        self.refuse(configuration, potential)
        layers = trace_layers(configuration, configuration.bonds)
        return Labels(
            name="disorder",
            level="sample",
            unit="1",
            values=np.array([layer_statistics(layers).variance]),
            mask=np.array([True]),
            positions=configuration.cell.sum(axis=0, keepdims=True) / 2.0,
            weak_is="high",
        )
