"""The strain of the first broken bond (Font-Clos et al. 2022, Methods)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.interfaces import Labeler, Potential
from vitreous.plugins.labelers._first import first_event, refuse_kind


@dataclass(frozen=True, kw_only=True)
class FractureStrain(Labeler):
    """One number per glass: the strain of the first event of ``kind``, unknown (masked) if the
    deformation ends before.

    Fields:
        kind: "bond_break", which needs a simulator that detects broken bonds such as
            ``aqs_first_break``; "flip", "rearrangement", or "any" for the first event of all.

    Raises:
        VitreousError: for an unknown kind, or without a deformation.
    """

    level: ClassVar = "sample"
    needs_trajectory: ClassVar = True
    sign: ClassVar = "positive"
    dimensions: ClassVar = frozenset({2, 3})

    kind: str = "bond_break"

    def __post_init__(self) -> None:
        refuse_kind(self.kind)

    @classmethod
    def example(cls) -> Self:
        return cls(kind="any")

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """The label of one glass, at the centre of its cell."""
        first = first_event(trajectory, self.kind, "fracture_strain")
        return Labels(
            name="fracture_strain",
            level="sample",
            unit="1",
            values=np.array([np.nan if first is None else first[0]]),
            mask=np.array([first is not None]),
            positions=configuration.cell.sum(axis=0, keepdims=True) / 2.0,
        )
