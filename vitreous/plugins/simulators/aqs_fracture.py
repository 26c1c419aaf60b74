"""Native athermal quasistatic deformation to complete fracture (Font-Clos et al. 2022, Methods).

As ``aqs``, until no path of bonds connects the glass with its own periodic image along the axis
that the loading extends most: the crack then spans the glass. Broken bonds and flips are
distinguished, so the first "bond_break" is the first broken bond.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.mechanics.quasistatic.instability import Instability
from vitreous.mechanics.quasistatic.separation import intact, spans
from vitreous.plugins.simulators.aqs import AQS


@dataclass(frozen=True, kw_only=True)
class AQSFracture(AQS):
    """AQS to complete fracture, with the defaults for a stretched bilayer; a bond longer than
    ``break_far`` (length) is broken.

    Raises:
        VitreousError: for ``break_far`` of zero, or, when deforming, for a glass that has no bonds,
            is already fractured, or is not stretched along an axis of its cell.
    """

    version: ClassVar = AQS.version

    strain_step: float = 5e-5
    strain_max: float = 1.0
    max_events: int = 100_000
    stride: int = 200
    relax_cell: bool = False
    break_far: float = 2.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.break_far <= 0.0:
            raise VitreousError(
                f"simulator.break_far is {self.break_far!r}; complete fracture needs the length "
                "beyond which a bond is broken; set it"
            )

    def _over(
        self, configuration: Configuration, loading: Loading
    ) -> Callable[[Instability, int], bool]:
        axis = _axis(loading)
        bonds, periodic = configuration.bonds, configuration.periodic

        def in_pieces(positions, cell) -> bool:  # type: ignore[no-untyped-def]
            held = bonds[intact(positions, cell, periodic, bonds, self.break_far)]
            return not spans(positions, cell, periodic, held, axis)

        if in_pieces(configuration.positions, configuration.cell):
            raise VitreousError(
                f"no path of bonds shorter than {self.break_far:g} spans the glass along "
                "the loading: it is already fractured; use an intact glass"
            )
        return lambda event, lost: in_pieces(event.after.positions, event.after.cell)


def _axis(loading: Loading) -> int:
    """The lattice vector along which the loading extends most."""
    along = np.abs(loading.extension_direction)
    if along.max() < 1.0 - 1e-9:
        raise VitreousError(
            "the loading stretches the glass most between the axes of its cell (loading.angle is "
            f"{loading.angle:g}); complete fracture is defined along an axis: use 0 or 90, for "
            "simple shear 45"
        )
    return int(along.argmax())
