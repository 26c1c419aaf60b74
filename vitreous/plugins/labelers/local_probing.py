"""The local stress threshold map: Bachhav et al. (2025), Methods, after Patinet et al., Phys. Rev.
Lett. 117, 045501 (2016).

At every site of a grid a free disc inside a frozen annulus is strained along the loading until its
stress first drops; the label is Delta tau = tau_c - tau_in. It is that of the fixed-step protocol,
an affine step and conjugate gradients, at every ``strain_step``
(``vitreous.mechanics.probing.probe`` describes how longer strides reproduce it). Sites are masked
if their disc, annulus included, extends beyond a free boundary, or if it has no free atom. The
stress is the free atoms' virial over the area of the free disc (a constant factor relative to the
published maps, which divide by the area of the whole glass). Sites are probed along the loading
only, as in the paper.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Labeler, Potential
from vitreous.core.surface import EnergySurface
from vitreous.core.vocabulary import UNITS
from vitreous.core.watching import Told, watcher
from vitreous.mechanics.boundary import clearance
from vitreous.mechanics.neighbours import around, heights
from vitreous.mechanics.probing.disc_probe import disc_probe
from vitreous.mechanics.probing.probe import UNKNOWN, ContinuedProbe, Probed, ProbeProtocol
from vitreous.mechanics.quasistatic.fixed_steps import steps_within

Found = TypeVar("Found")
_FEW = 10.0  # strain steps to the median threshold: below this a warning calls the step coarse


@dataclass(frozen=True, kw_only=True)
class LocalProbing(Labeler):
    """Local stress threshold Delta tau on a grid of n x n (x n) sites.

    Fields:
        grid: n, points along each lattice vector, at fractional coordinates (i + 1/2) / n; or one
            number for each lattice vector, such as 50, 50, 1 for the middle plane of a bilayer.
        free_radius: radius of the free disc, whose atoms relax, length.
        frozen_ring: width of the frozen annulus, which only follows the affine deformation,
        length; at least the range of the forces. strain_step: increment of the strain grid.
        strain_max: a site without a stress drop up to here is masked.
        stride: largest number of strain steps at once where the response is smooth; 1: the
            fixed-step protocol itself, an affine step and conjugate gradients alone, about a
            hundred times slower.
        force_tolerance: largest force component of a state, energy per length.
        jump: displacement beyond the prediction that counts as a jump, times the potential's
            ``length``.
        workers: threads over sites; does not affect the result.
    """

    version: ClassVar = 3

    level: ClassVar = "site"
    needs_trajectory: ClassVar = False
    sign: ClassVar = "positive"
    columns: ClassVar = frozenset({"tau_initial", "tau_critical", "strain_critical", "residual"})
    dimensions: ClassVar = frozenset({2, 3})

    grid: int | tuple[int, ...] = 50
    free_radius: float = 11.0
    frozen_ring: float = 10.0
    strain_step: float = 1e-4
    strain_max: float = 0.4
    stride: int = 100
    force_tolerance: float = 1e-8
    jump: float = 0.1
    workers: int = field(default=1, metadata={"affects_result": False})

    def __post_init__(self) -> None:
        for name in (
            "free_radius",
            "frozen_ring",
            "strain_step",
            "strain_max",
            "force_tolerance",
            "jump",
        ):
            if not getattr(self, name) > 0.0:
                raise VitreousError(
                    f"labeler.{name} is {getattr(self, name)!r}; expected a positive number"
                )
        if not steps_within(self.strain_max, self.strain_step):
            raise VitreousError(
                f"labeler.strain_step is {self.strain_step:g}, more than labeler.strain_max, "
                f"{self.strain_max:g}; expected a small part of it"
            )
        if min(np.atleast_1d(self.grid), default=0) < 1:
            raise VitreousError(
                f"labeler.grid is {self.grid!r}; expected at least 1 site along each lattice vector"
            )
        for name in ("stride", "workers"):
            if getattr(self, name) < 1:
                raise VitreousError(
                    f"labeler.{name} is {getattr(self, name)!r}; expected at least 1"
                )

    @classmethod
    def example(cls) -> Self:
        return cls(grid=2, free_radius=5.0)

    def label(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        trajectory: Trajectory | None,
    ) -> Labels:
        """The map of one relaxed glass; sites without a stress drop, or whose disc extends beyond
        the glass, are masked.

        Raises:
            VitreousError: for an annulus thinner than the range of the forces, a glass smaller than
                a probe, or a force tolerance too large for the strain step.
        """
        surface = potential.surface(configuration)
        self.refuse(configuration, potential)
        self._refuse_tolerance(configuration, surface, loading)
        sites = self.sites(configuration)
        found = self._each(
            configuration,
            sites,
            lambda site: self.probe(configuration, potential, surface, loading, site).run(),
            UNKNOWN,
        )
        return self._labels(configuration, sites, found)

    def _each(
        self,
        configuration: Configuration,
        sites: NDArray[np.float64],
        probed: Callable[[NDArray[np.float64]], Found],
        outside: Found,
    ) -> list[Found]:
        """The result of ``probed`` at each site; ``outside``, with a warning, if the disc has no
        free atom or extends beyond the glass.
        """
        reach = self.free_radius + self.frozen_ring
        inside = (
            clearance(configuration.positions, configuration.cell, configuration.periodic, sites)
            >= reach
        )
        if not inside.any():
            raise VitreousError(
                f"none of the {len(sites)} sites has its whole disc, {reach:g} with its frozen "
                "annulus, inside the glass; use a smaller probe, a finer grid or a larger glass, "
                "and for a slab with real surfaces a cell that is periodic across it, with vacuum"
            )
        if not inside.all():
            warnings.warn(
                f"{(~inside).sum()} of {len(sites)} sites are masked: their disc, {reach:g} "
                "with its frozen annulus, extends beyond the glass",
                stacklevel=3,
            )

        by, done, count = watcher(), itertools.count(1), int(inside.sum())
        empty: list[NDArray[np.float64]] = []

        def found_at(site: NDArray[np.float64]) -> Found:
            found = at(site)
            if by is not None:
                so_far = next(done)
                by(Told(so_far / count, f"{so_far} of {count} sites"))
            return found

        def at(site: NDArray[np.float64]) -> Found:
            near, _ = around(
                configuration.positions,
                site,
                configuration.cell,
                np.array(configuration.periodic),
                self.free_radius,
            )
            if len(near):
                return probed(site)
            empty.append(site)
            return outside

        with threadpool_limits(1), ThreadPoolExecutor(self.workers) as pool:
            each = pool.map(found_at, sites[inside])
            found = [next(each) if is_inside else outside for is_inside in inside]
        if empty:
            warnings.warn(
                f"{len(empty)} of {len(sites)} sites are masked: no atom is within free_radius, "
                f"{self.free_radius:g}, of them",
                stacklevel=3,
            )
        return found

    def sites(self, configuration: Configuration) -> NDArray[np.float64]:
        """Positions (M, D) of the sites, first lattice direction slowest."""
        axes = [(np.arange(n) + 0.5) / n for n in self._counts(configuration)]
        return (
            np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
            @ configuration.cell
        )

    def _counts(self, configuration: Configuration) -> tuple[int, ...]:
        """Sites along each lattice vector, (D,)."""
        counts = (self.grid,) * configuration.dimension if isinstance(self.grid, int) else self.grid
        if len(counts) != configuration.dimension:
            raise VitreousError(
                f"labeler.grid is {self.grid!r}; expected one number, or "
                f"{configuration.dimension} for this glass"
            )
        return counts

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        """Raise VitreousError for an annulus thinner than the range of the forces, a glass smaller
        than the probe, or a grid of another dimension.
        """
        self._counts(configuration)
        reach_of_forces = potential.surface(configuration).force_range
        if self.frozen_ring < reach_of_forces:
            raise VitreousError(
                f"labeler.frozen_ring is {self.frozen_ring:g}, less than the range of the "
                f"potential's forces, {reach_of_forces:g}; increase it"
            )
        reach, thin = self.free_radius + self.frozen_ring, heights(configuration.cell).min()
        if thin < 2.0 * reach:
            most = math.floor(10.0 * (0.5 * thin - self.frozen_ring)) / 10.0
            smaller = (
                f", or a smaller probe: labeler.free_radius={most:g} (vitreous probe: --probe-set "
                f"free_radius={most:g}) or less"
                if most > 0.0
                else ""
            )
            raise VitreousError(
                f"the glass is {thin:.4g} {UNITS[configuration.units][0]} across, but a probe of "
                f"free_radius {self.free_radius:g} and frozen_ring {self.frozen_ring:g} needs "
                f"{2 * reach:g}; use a larger glass{smaller}"
            )

    def _refuse_tolerance(
        self, configuration: Configuration, surface: EnergySurface, loading: Loading
    ) -> None:
        """Raise VitreousError if forces change in a strain step by less than ten times the force
        tolerance.
        """
        lin = surface.linearise(configuration.positions, configuration.cell)
        change = self.strain_step * float(
            np.abs(lin.affine_force(loading.velocity_gradient(0.0))).max()
        )
        if 0.0 < change < 10.0 * self.force_tolerance:
            raise VitreousError(
                f"labeler.force_tolerance is {self.force_tolerance:g}, but a strain step of "
                f"{self.strain_step:g} changes forces by no more "
                f"than {change:.2g}, so that stress drops would be numerical noise; set "
                f"labeler.force_tolerance={0.01 * change:.0e}"
            )

    def probe(
        self,
        configuration: Configuration,
        potential: Potential,
        surface: EnergySurface,
        loading: Loading,
        site: NDArray[np.float64],
    ) -> ContinuedProbe:
        """The probe of the disc around ``site`` (D,)."""
        area = (
            np.pi
            * self.free_radius**2
            * (1.0 if configuration.dimension == 2 else 4.0 / 3.0 * self.free_radius)
        )
        protocol = ProbeProtocol(
            self.strain_step,
            self.strain_max,
            self.stride,
            self.force_tolerance,
            self.jump * potential.length,
            float(area),
        )
        return disc_probe(
            configuration,
            potential,
            surface,
            loading,
            site,
            self.free_radius,
            self.frozen_ring,
            protocol,
        )[1]

    def _warn(self, unfinished: list[Probed], count: int) -> None:
        """Warn of probes that started but found no stress drop, by reason, unless none found
        one.
        """
        lost = sum(np.isnan(probed.tau_critical) for probed in unfinished)
        if lost:
            warnings.warn(
                f"{lost} of {count} sites are masked: their disc does not converge to a minimum; "
                "a single atom without neighbours is sufficient",
                stacklevel=4,
            )
        if lost < len(unfinished) < count:
            warnings.warn(
                f"{len(unfinished) - lost} of {count} sites are masked: their stress did not "
                f"drop up to a strain of {self.strain_max:g}; increase strain_max",
                stacklevel=4,
            )

    def _warn_of_coarse_steps(self, found: list[Probed]) -> None:
        """Warn if half of the thresholds are reached within a few strain steps."""
        reached = [p.strain_critical / self.strain_step for p in found if p.converged]
        steps = float(np.median(reached)) if reached else np.inf
        if steps < _FEW:
            warnings.warn(
                f"half of the thresholds are reached within {steps:.3g} strain steps of "
                f"{self.strain_step:g}: they are known to one step only, and the stress may have "
                "dropped within an earlier one; use a smaller strain_step",
                stacklevel=4,
            )

    def _labels(
        self, configuration: Configuration, sites: NDArray[np.float64], found: list[Probed]
    ) -> Labels:
        mask = np.array([p.converged for p in found])
        self._warn([p for p in found if not p.converged and p is not UNKNOWN], len(sites))
        self._warn_of_coarse_steps(found)
        initial = np.array([p.tau_initial for p in found])
        critical = np.array([p.tau_critical for p in found])
        return Labels(
            name="delta_tau",
            level="site",
            unit=f"energy/length^{configuration.dimension}",
            values=np.where(mask, critical - initial, np.nan),
            mask=mask,
            positions=sites,
            weak_is="low",
            grid=self._counts(configuration),
            columns={
                "tau_initial": initial,
                "tau_critical": critical,
                "strain_critical": np.array([p.strain_critical for p in found]),
                "residual": np.array([p.residual for p in found]),
            },
        )
