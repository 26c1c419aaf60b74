"""Which atoms rearrange most when the glass has been strained, as a class (Fan & Ma, Nat. Commun.
12, 1506 (2021)): "fertile" are the atoms of a glass with the highest D2min.

    class of atom i = fertile where D2min_i is among the highest ``fraction`` of its glass

at one strain and along one loading: the same atom is fertile along one direction and stable along
another. The threshold is that of each glass and loading; the paper does not say whether its 0.5 %
are of each glass or of all. D2min itself (``labeler=d2min``) is the label's column ``d2min``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.plugins.labelers._moved import OfD2min

CLASSES = ("stable", "fertile")


@dataclass(frozen=True, kw_only=True)
class PlasticSusceptibility(OfD2min):
    """Class "fertile" for the ``fraction`` of the atoms with the highest D2min, at least one,
    "stable" for the others, dimensionless.

    Fields:
        strain, cutoff: as of ``d2min``. fraction: of the atoms of each glass; 0.5 % in the paper.

    Raises:
        VitreousError: fields out of range, and what ``d2min`` refuses.
    """

    task: ClassVar = "class"
    columns: ClassVar = frozenset({"d2min"})

    fraction: float = 0.005

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.fraction < 1.0:
            raise VitreousError(
                f"plastic_susceptibility fraction is {self.fraction:g}; expected a fraction "
                "between 0 and 1"
            )

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """One label per atom, in the order of the glass."""
        moved = self.moved(configuration, trajectory)
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
