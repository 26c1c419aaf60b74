"""Which atoms rearrange most when the glass has been strained, as a class (Fan & Ma, Nat. Commun.
12, 1506 (2021)): "fertile" are the atoms of a glass with the highest D2min.

    class of atom i = fertile where D2min_i is among the highest ``fraction`` of its glass

at one strain and along one loading: the same atom is fertile along one direction and stable along
another. The threshold is that of each glass and loading; the paper does not say whether its 0.5 %
are of each glass or of all. D2min itself (``labeler=d2min``) is the label's column ``d2min``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler, Potential
from vitreous.plugins.labelers.d2min import d2min_at, refuse_out_of_range

CLASSES = ("stable", "fertile")


@dataclass(frozen=True, kw_only=True)
class PlasticSusceptibility(Labeler):
    """Class "fertile" for the ``fraction`` of the atoms with the highest D2min, at least one,
    "stable" for the others, dimensionless.

    Fields:
        strain, cutoff: as of ``d2min``. fraction: of the atoms of each glass; 0.5 % in the paper.

    Raises:
        VitreousError: fields out of range, and what ``d2min`` refuses.
    """

    level: ClassVar = "atom"
    task: ClassVar = "class"
    needs_trajectory: ClassVar = True
    dimensions: ClassVar = frozenset({2, 3})
    columns: ClassVar = frozenset({"d2min"})

    strain: float = 0.03
    fraction: float = 0.005
    cutoff: float = 2.5

    def __post_init__(self) -> None:
        refuse_out_of_range("plastic_susceptibility", self.strain, self.cutoff)
        if not 0.0 < self.fraction < 1.0:
            raise VitreousError(
                f"plastic_susceptibility fraction is {self.fraction:g}; expected a fraction "
                "between 0 and 1"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(strain=1e-3, cutoff=5.0)

    @property
    def strains(self) -> tuple[float, ...]:
        return (self.strain,)

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """One label per atom, in the order of the glass."""
        moved = d2min_at(configuration, trajectory, self.strain, self.cutoff)
        fertile = np.argsort(-moved, kind="stable")[: max(1, round(self.fraction * len(moved)))]
        values = np.full(len(moved), float(CLASSES.index("stable")))
        values[fertile] = CLASSES.index("fertile")
        return Labels(
            name="plastic_susceptibility",
            level="atom",
            task="class",
            classes=CLASSES,
            unit="1",
            values=values,
            mask=np.ones(len(values), dtype=bool),
            positions=configuration.positions,
            weak_is="high",
            columns={"d2min": moved},
        )
