"""The local stress threshold map: Bachhav et al. (2025), Methods, after Patinet et al., Phys. Rev. Lett. 117, 045501 (2016).

At every point of an n x n grid a disc of free atoms inside a frozen ring is strained along the glass's own loading until its stress first
drops; the label is Delta tau = tau_c - tau_in. The stress is the free atoms' virial over the area of the free disc (a constant factor
relative to the published maps, which divide by the area of the whole glass). One direction only, that of the loading, as in the paper.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler, Potential
from vitreous.mechanics.neighbours import heights
from vitreous.mechanics.pair_surface import PairSurface
from vitreous.mechanics.probe import Probe, Probed, ProbeProtocol


@dataclass(frozen=True, kw_only=True)
class LocalProbing(Labeler):
    """Delta tau on an n x n grid.

    Fields:
        grid: n, points along each lattice vector, at fractional coordinates (i + 1/2) / n.
        free_radius: R_free of the atoms that relax, length.
        frozen_ring: width of the ring that only follows the affine deformation, length; at least the potential's cutoff.
        strain_step: grid of strains on which the drop is looked for.
        strain_max: a site without a drop up to here stays unlabelled.
        stride: at most this many strain steps at once where the disc responds smoothly.
        force_tolerance: largest force component of a state, energy per length.
        jump: displacement beyond the prediction that counts as a jump, length.
        workers: threads over sites; does not affect the result.
    """

    level: ClassVar = "site"
    needs_trajectory: ClassVar = False
    sign: ClassVar = "positive"
    dimensions: ClassVar = frozenset({2})

    grid: int = 50
    free_radius: float = 11.0
    frozen_ring: float = 10.0
    strain_step: float = 1e-4
    strain_max: float = 0.4
    stride: int = 100
    force_tolerance: float = 1e-8
    jump: float = 0.1
    workers: int = field(default=1, metadata={"affects_result": False})

    def __post_init__(self) -> None:
        for name in ("free_radius", "frozen_ring", "strain_step", "strain_max", "force_tolerance", "jump"):
            if not getattr(self, name) > 0.0:
                raise VitreousError(f"labeler.{name} is {getattr(self, name)!r}; expected a positive number")
        for name in ("grid", "stride", "workers"):
            if getattr(self, name) < 1:
                raise VitreousError(f"labeler.{name} is {getattr(self, name)!r}; expected at least 1")

    @classmethod
    def example(cls) -> Self:
        return cls(grid=2, free_radius=5.0)

    def label(self, configuration: Configuration, potential: Potential, loading: Loading, trajectory: Trajectory | None) -> Labels:
        """The map of one relaxed glass; sites where no drop was found are masked.

        Raises:
            VitreousError: for a potential without pair tables, a ring thinner than the cutoff, or a glass smaller than the probe.
        """
        surface = potential.surface(configuration)
        if not isinstance(surface, PairSurface):
            raise VitreousError(f"local_probing needs a pair potential, got {type(potential).__name__}; use a potential with pair tables")
        self._refuse(configuration, surface.table.cutoff)
        sites = self.sites(configuration)
        with threadpool_limits(1), ThreadPoolExecutor(self.workers) as pool:
            found = list(pool.map(lambda site: self._probe(configuration, surface, loading, site).run(), sites))
        return self._labels(sites, found)

    def sites(self, configuration: Configuration) -> NDArray[np.float64]:
        """(grid * grid, 2) positions, first lattice direction slowest."""
        axis = (np.arange(self.grid) + 0.5) / self.grid
        return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2) @ configuration.cell

    def _refuse(self, configuration: Configuration, cutoff: float) -> None:
        if self.frozen_ring < cutoff:
            raise VitreousError(
                f"labeler.frozen_ring is {self.frozen_ring:g}, thinner than the potential's cutoff {cutoff:g}; make it wider"
            )
        reach, thin = self.free_radius + self.frozen_ring, heights(configuration.cell).min()
        if thin < 2.0 * reach:
            raise VitreousError(
                f"the glass is {thin:.4g} across, but a probe of radius {self.free_radius:g} and ring {self.frozen_ring:g} needs "
                f"{2 * reach:g}; use a larger glass or a smaller probe"
            )

    def _probe(self, configuration: Configuration, surface: PairSurface, loading: Loading, site: NDArray[np.float64]) -> Probe:
        """The disc around ``site``, free atoms first, ordered by distance so that the result does not depend on the order of atoms."""
        vectors = configuration.minimum_image(configuration.positions - site)
        distance = np.linalg.norm(vectors, axis=1)
        near = np.flatnonzero(distance < self.free_radius + self.frozen_ring)
        near = near[np.argsort(distance[near], kind="stable")]
        free = int(np.searchsorted(distance[near], self.free_radius))
        protocol = ProbeProtocol(
            self.strain_step, self.strain_max, self.stride, self.force_tolerance, self.jump, float(np.pi * self.free_radius**2)
        )
        return Probe(np.ascontiguousarray(vectors[near]), free, surface.species[near], surface.table, loading, protocol)

    def _labels(self, sites: NDArray[np.float64], found: list[Probed]) -> Labels:
        mask = np.array([p.converged for p in found])
        initial = np.array([p.tau_initial for p in found])
        critical = np.array([p.tau_critical for p in found])
        return Labels(
            name="delta_tau",
            level="site",
            unit="energy/length^2",
            values=np.where(mask, critical - initial, np.nan),
            mask=mask,
            positions=sites,
            weak_is="low",
            grid=(self.grid, self.grid),
            columns={
                "tau_initial": initial,
                "tau_critical": critical,
                "strain_critical": np.array([p.strain_critical for p in found]),
                "residual": np.array([p.residual for p in found]),
            },
        )
