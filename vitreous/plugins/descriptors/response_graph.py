"""The bond graph with the linear response of each window's disc on its edges.

The atoms within ``radius`` of a site are free, those in the ring around them follow the affine
deformation, as in local probing (Patinet et al., Phys. Rev. Lett. 117, 045501 (2016); Bachhav et
al. 2025). As the loading begins, the free atoms move by

    dx/dstrain = G x + u,    H u = f

    G: velocity gradient of the loading    H: Hessian of the disc    f: rate of force of G x

(nonaffine velocities: Lemaitre and Maloney, J. Stat. Phys. 123, 415 (2006)), which is known from
the undeformed glass and its potential alone. To the columns of ``bond_graph`` each edge adds its
rate of change per unit of strain, all in the loading frame.

A weak site near the rim of the disc gives way or holds out according to which of its atoms are
free and how the frozen ones stand, so the graph goes ``margin`` beyond the disc, and says of
silicons and of oxygens whether they are free.

===========  ================================  ====
node column  meaning                           unit
===========  ================================  ====
free         1 inside the disc, 0 in the ring  1
===========  ================================  ====

============================  ================================================  ======
edge column                   meaning                                           unit
============================  ================================================  ======
rate_x, rate_y, rate          rate of the silicons' vector, and of its length   length
oxygen_rate_x, oxygen_rate_y  of the shared oxygen, off the silicons' midpoint  length
oxygen_rate                   of the length of the Si-O bond of the source      length
angle_rate                    of the Si-O-Si angle                              radian
oxygen_distance               of the shared oxygen from the site, over radius   1
oxygen_free                   1 where it is inside the disc, 0 in the ring      1
============================  ================================================  ======
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.analysis.neighborhoods import heights
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.core.interfaces import Potential
from vitreous.mechanics.boundary import clearance
from vitreous.mechanics.probing.disc_probe import disc_probe
from vitreous.mechanics.probing.probe import ProbeProtocol
from vitreous.plugins.descriptors.bond_graph import BondGraph, Windows, column_names

Array = NDArray[np.float64]
RATE_NAMES = (
    "rate_x",
    "rate_y",
    "rate",
    "oxygen_rate_x",
    "oxygen_rate_y",
    "oxygen_rate",
    "angle_rate",
)
# Nothing is strained or moved: positions are taken as they are, and velocities do not depend on the
# area.
_AS_IT_IS = ProbeProtocol(
    strain_step=1.0, strain_max=1.0, stride=1, force_tolerance=np.inf, jump=1.0, area=1.0
)


@dataclass(frozen=True, kw_only=True)
class ResponseGraph(BondGraph):
    """Graphs of corner-sharing triangles whose edges know how they begin to change under the
    loading (module's docstring).

    Fields:
        radius: of the disc of free atoms, length. frozen_ring: width of the ring that only follows
        the affine deformation, length. margin: how far into the ring the nodes go, length.
        force_tolerance: the largest force on a free atom for which a disc counts as at rest, energy
        per length.
        workers: threads over sites; does not affect the result.

    Raises:
        VitreousError: as BondGraph; a ring thinner than the reach of the forces, a cell too small
            for disc and ring, a disc that leaves a glass with a free boundary, or no potential.
        NotConverged: a disc that is not at rest in a minimum of the potential.
    """

    needs_potential: ClassVar = True
    version = BondGraph.version + 1  # and one more for each change of its own

    frozen_ring: float = 10.0
    margin: float = 2.0
    force_tolerance: float = 0.01
    workers: int = field(default=1, metadata={"affects_result": False})

    def __post_init__(self) -> None:
        for name in ("radius", "frozen_ring", "force_tolerance"):
            if not getattr(self, name) > 0:
                raise VitreousError(
                    f"response_graph {name} is {getattr(self, name):g}; expected a positive number"
                )
        if not 0.0 <= self.margin <= self.frozen_ring:
            raise VitreousError(
                f"response_graph margin is {self.margin:g}; expected 0 to frozen_ring, the ring "
                f"that it goes into, {self.frozen_ring:g}"
            )
        if self.workers < 1:
            raise VitreousError(f"response_graph workers is {self.workers}; expected at least 1")

    @classmethod
    def example(cls) -> Self:
        return cls(radius=6.0)

    @property
    def window(self) -> float:
        """Radius of what a graph shows, length."""
        return self.radius + self.margin

    @property
    def reach(self) -> float:
        return self.radius + self.frozen_ring

    def refuse(self, configuration: Configuration, potential: Potential) -> None:
        forces, low = (
            potential.surface(configuration).force_range,
            heights(configuration.cell)[list(configuration.periodic)].min(initial=np.inf),
        )
        if self.frozen_ring < forces:
            raise VitreousError(
                f"descriptor.frozen_ring is {self.frozen_ring:g}, thinner than the reach of the "
                f"potential's forces, {forces:g}; widen it"
            )
        if low < 2.0 * self.reach:
            raise VitreousError(
                f"the cell is {low:.4g} high, but a disc of radius {self.radius:g} with its ring "
                f"of {self.frozen_ring:g} needs "
                f"{2 * self.reach:g}; use a larger glass or a smaller radius"
            )

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        potential = self.needed(potential)
        self.refuse(configuration, potential)
        windows = self._windows(configuration, sites)
        self._refuse_outside(configuration, sites)
        graphs = self._graphs(windows, loading, level)
        rates = _edge_rates(
            windows, self._velocities(configuration, potential, loading, sites), loading
        )
        oxygen = np.linalg.norm(
            windows.near.vector[windows.source] + windows.network.to_oxygen[windows.link], axis=1
        )
        return replace(
            graphs,
            values=np.column_stack([graphs.values, windows.near.distance < self.radius]),
            names=(*graphs.names, "free"),
            edge_values=np.column_stack(
                [graphs.edge_values, rates, oxygen / self.radius, oxygen < self.radius]
            ),
            edge_names=(
                *graphs.edge_names,
                *column_names(RATE_NAMES, loading),
                "oxygen_distance",
                "oxygen_free",
            ),
        )

    def _refuse_outside(self, configuration: Configuration, sites: Array) -> None:
        inside = (
            clearance(configuration.positions, configuration.cell, configuration.periodic, sites)
            >= self.reach
        )
        if not inside.all():
            raise VitreousError(
                f"the disc around {_place(sites[~inside][0])}, {self.reach:g} with its ring, "
                "leaves the glass, which ends there; describe "
                "sites further inside, or use descriptor=bond_graph"
            )

    def _velocities(
        self, configuration: Configuration, potential: Potential, loading: Loading, sites: Array
    ) -> _Velocities:
        surface, count = potential.surface(configuration), len(configuration)

        def velocities(m: int) -> tuple[NDArray[np.int64], Array]:
            site = sites[m]
            near, probe = disc_probe(
                configuration,
                potential,
                surface,
                loading,
                site,
                self.radius,
                self.frozen_ring,
                _AS_IT_IS,
            )
            if not probe.free:
                raise VitreousError(
                    f"the disc of radius {self.radius:g} around {_place(site)} holds no atom; use "
                    "a larger radius"
                )
            start = probe.reach(0.0, probe.start.copy(), np.inf)
            if start is None or start.residual > self.force_tolerance:
                how = (
                    "is no minimum of the potential"
                    if start is None
                    else f"feels forces of up to {start.residual:.3g}"
                )
                raise NotConverged(
                    f"the disc of radius {self.radius:g} around {_place(site)} {how}, but a "
                    "response needs a glass at rest (forces up to "
                    f"{self.force_tolerance:g}); relax the glass under the potential first "
                    "(vitreous relax, or predict --relax; in Python: relax=True)"
                )
            return m * count + near[: probe.free], start.tangent

        with threadpool_limits(1), ThreadPoolExecutor(self.workers) as pool:
            keys, values = zip(
                (np.zeros(0, np.int64), np.zeros((0, 2))),
                *pool.map(velocities, range(len(sites))),
                strict=True,
            )
        return _Velocities(np.concatenate(keys), np.concatenate(values), count)


class _Velocities:
    """Nonaffine velocities (K, 2) of the free atoms, looked up by site and atom; zero
    in the rings.
    """

    def __init__(self, keys: NDArray[np.int64], values: Array, atoms: int) -> None:
        order = np.argsort(keys)
        self._keys, self._values, self._atoms = keys[order], values[order], atoms

    def of(self, site: NDArray[np.int64], atom: NDArray[np.int64]) -> Array:
        """(P, 2)."""
        wanted = site * self._atoms + atom
        row = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where((self._keys[row] == wanted)[:, None], self._values[row], 0.0)


def _edge_rates(windows: Windows, velocities: _Velocities, loading: Loading) -> Array:
    """(G, 7) the columns of ``RATE_NAMES``."""
    near, network, source, target, link = windows
    site, gradient, frame = near.site[source], loading.velocity_gradient(0.0), loading.frame
    whole, half = network.to_target[link], network.to_oxygen[link]
    own = velocities.of(site, near.atom[source])
    whole_rate = whole @ gradient.T + velocities.of(site, near.atom[target]) - own
    half_rate = half @ gradient.T + velocities.of(site, network.oxygen[link]) - own
    other, other_rate = half - whole, half_rate - whole_rate
    cross, dot = _cross(half, other), (half * other).sum(axis=1)
    cross_rate = np.sign(cross) * (_cross(half_rate, other) + _cross(half, other_rate))
    dot_rate = (half_rate * other + half * other_rate).sum(axis=1)
    angle_rate = (cross_rate * dot - np.abs(cross) * dot_rate) / (cross**2 + dot**2)
    length_rate, bond_rate = _length_rate(whole, whole_rate), _length_rate(half, half_rate)
    return np.column_stack(
        [
            whole_rate @ frame.T,
            length_rate,
            (half_rate - 0.5 * whole_rate) @ frame.T,
            bond_rate,
            angle_rate,
        ]
    )


def _length_rate(vector: Array, rate: Array) -> Array:
    return (vector * rate).sum(axis=1) / np.linalg.norm(vector, axis=1)


def _place(site: Array) -> str:
    return f"({', '.join(f'{x:.4g}' for x in site)})"


def _cross(a: Array, b: Array) -> Array:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
