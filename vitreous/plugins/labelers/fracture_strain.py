"""The strain of the first broken bond (Font-Clos et al. 2022, Methods)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.interfaces import Potential
from vitreous.plugins.labelers._first import OfFirstEvent


@dataclass(frozen=True, kw_only=True)
class FractureStrain(OfFirstEvent):
    """One number per glass: the strain of the first event of ``kind``, unknown (masked) if the
    deformation ends before.

    Fields:
        kind: "bond_break", which needs a simulator that detects broken bonds such as
            ``aqs_first_break``; "flip", "rearrangement", or "any" for the first event of all.

    Raises:
        VitreousError: for an unknown kind, or without a deformation.
    """

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """The label of one glass, at the centre of its cell."""
        first = self.first(trajectory)
        return Labels(
            name="fracture_strain",
            level="sample",
            unit="1",
            values=np.array([np.nan if first is None else first[0]]),
            mask=np.array([first is not None]),
            positions=configuration.cell.sum(axis=0, keepdims=True) / 2.0,
        )
