"""The local yield stress: the least projected threshold of local probing along a set of directions.

Patinet et al., Phys. Rev. Lett. 117, 045501 (2016); Barbot et al., Phys. Rev. E 97, 033001 (2018):
with Delta tau(a) the threshold of the disc sheared along a direction ``a`` off the glass's loading,
the local yield stress is ``min_a Delta tau(a) / cos 2a`` over |a| < 45 degrees. For network glasses
Bachhav et al. (2025) found no gain over the one direction of ``local_probing``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.mechanics.probing.probe import UNKNOWN, Probed
from vitreous.plugins.labelers.local_probing import LocalProbing


@dataclass(frozen=True, kw_only=True)
class LocalYieldStress(LocalProbing):
    """LocalProbing along every multiple of ``angle_step`` (degrees) within 45 degrees of the
    loading; column ``angle``: direction of the least projected threshold.
    """

    angle_step: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.angle_step < 45.0:
            raise VitreousError(
                f"labeler.angle_step is {self.angle_step!r}; expected an angle between 0 and 45 "
                "degrees"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(grid=2, free_radius=5.0, angle_step=30.0)

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """The map of one relaxed glass; sites are masked if no direction has a stress drop, if one
        does not converge, or if the disc extends beyond the glass.

        Raises:
            VitreousError: as LocalProbing, and for uniaxial strain, whose thresholds have no
            projection.
        """
        directions = self.directions(loading)
        surface = potential.surface(configuration)
        self.refuse(configuration, potential)
        sites = self.sites(configuration)

        def weakest(site: NDArray[np.float64]) -> tuple[Probed, float]:
            probed = [
                (self.probe(configuration, potential, surface, along, site).run(), off)
                for along, off in directions
            ]
            lost = [(found, off) for found, off in probed if np.isnan(found.tau_critical)]
            return lost[0] if lost else min(probed, key=lambda found: _projected(*found))

        found = self._each(configuration, sites, weakest, (UNKNOWN, np.nan))
        labels = self._labels(configuration, sites, [probed for probed, _ in found])
        values = np.where(labels.mask, [_projected(*one) for one in found], np.nan)
        return replace(
            labels,
            values=values,
            columns={**labels.columns, "angle": np.array([off for _, off in found])},
        )

    def directions(self, loading: Loading) -> list[tuple[Loading, float]]:
        """The loadings to probe along, and the angle of each from the given one, degrees; the given
        one first.
        """
        if loading.mode == "uniaxial":
            raise VitreousError(
                "local_yield_stress projects shear, but the loading is uniaxial; probe along that "
                "direction only (labeler=local_probing; no --angle-step)"
            )
        most = int(np.ceil(45.0 / self.angle_step)) - 1
        offsets = [k * self.angle_step for k in sorted(range(-most, most + 1), key=abs)]
        return [(replace(loading, angle=loading.angle + off), off) for off in offsets]


def _projected(probed: Probed, off: float) -> float:
    """Delta tau of one direction, projected on the loading; infinite without a stress drop."""
    return (
        (probed.tau_critical - probed.tau_initial) / float(np.cos(np.deg2rad(2.0 * off)))
        if probed.converged
        else np.inf
    )
