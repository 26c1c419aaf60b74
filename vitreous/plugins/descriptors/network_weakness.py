"""Where a network is stretched, where it stretches fastest as the loading begins, and which of its
bonds will be longest, around every site and on several scales.

Over the bonds b whose midpoint lies within each of ``radii`` of a site, with length l_b, unit
vector u_b, and n the direction in which the loading extends most,

    e_b = l_b / <l> - 1        s_b = e_b (u_b . n)^2        r_b = (dl_b / dstrain) / l_b

(s: ``descriptor=physical``; r, from the linear response of the whole glass: ``bond_response``):

==================  ========================================================================
column              meaning, dimensionless; R: the number of the radius
==================  ========================================================================
length_mean_R       mean of e_b
rate_mean_R         mean of r_b
ahead_R             largest e_b + ``ahead`` r_b: the stretch that the response at rest leads
                    to expect at the strain ``ahead``
stretch_mean_R      mean of s_b
stretch_variance_R  variance of s_b
pull_mean_R         mean of s_b r_b: of bonds that are stretched and stretch further
span_...            the same six of the distance between the two centres that the bond's
                    bridge joins, in place of its own length; where a bridge does not join
                    two, of the bond itself
==================  ========================================================================

A network fails where it is first stretched too far. A bond can be long while its bridge is bent and
gives way, and the other way round: spans tell how much of that is left. Over 66 networks of 5580
atoms in pure shear the largest ``ahead`` of a glass, within 2.5 angstrom, orders them by the strain
of their first event with a rank correlation of -0.95, the largest mean stretch at rest with -0.90;
the place of either lies within 8 angstrom of the event in four glasses of five (docs/results/14).
Events begin at few bonds, so the smallest radii say most. Energies, nonaffine motion and the growth
of the response (``vitreous.mechanics.second_response``) said little: events so far away are not yet
to be seen in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.analysis.neighborhoods import Pairs, pairs_within
from vitreous.analysis.silica_network import centre_bonds
from vitreous.core.bridges import meeting_bonds
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.mechanics.linear import nonaffine_velocity
from vitreous.plugins.descriptors.bond_response import Bonds, bonds_answering
from vitreous.plugins.descriptors.physical import projected_stretch

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class NetworkWeakness(Descriptor):
    """Stretch of bonds and its rate around sites (table in the module's docstring).

    Fields:
        radii: of the surroundings, length. ahead: strain at which stretch is expected,
        dimensionless. centre, bridge: species of the network.

    Raises:
        VitreousError: radii that are not positive and different, a strain that is not, no bonds,
        missing species, no potential, or surroundings without a bond.
        NotConverged: a glass that is at no minimum of the potential.
    """

    form = "vector"
    levels = frozenset({"atom", "site"})
    dimensions = frozenset({2, 3})
    needs_bonds = True
    needs_potential: ClassVar = True
    rotation = "invariant"
    version = 2

    weak_is: ClassVar[Mapping[str, str]] = {"ahead_0": "high", "stretch_mean_0": "high"}

    radii: tuple[float, ...] = (2.5, 4.0, 6.0)
    ahead: float = 0.05
    centre: str = "Si"
    bridge: str = "O"

    def __post_init__(self) -> None:
        object.__setattr__(self, "radii", tuple(map(float, self.radii)))
        good = all(0.0 < radius < np.inf for radius in self.radii)
        if not self.radii or not good or len(set(self.radii)) < len(self.radii):
            raise VitreousError(
                f"network_weakness radii are {list(self.radii)}; expected different positive "
                "lengths, such as [2.5,4,6]"
            )
        if not 0.0 < self.ahead < np.inf:
            raise VitreousError(
                f"network_weakness ahead is {self.ahead:g}; expected a positive strain"
            )

    @property
    def reach(self) -> float:
        """The whole glass answers."""
        return np.inf

    @property
    def meanings(self) -> Mapping[str, str]:
        said = {
            "length_mean": "long bonds",
            "rate_mean": "bonds that the loading stretches fast",
            "ahead": "a bond that will soon be among the longest",
            "stretch_mean": "bonds that are long along the loading",
            "stretch_variance": "uneven bonds",
            "pull_mean": "long bonds that the loading stretches further",
        }
        across = {
            "length_mean": "nodes far apart across their bridges",
            "rate_mean": "nodes that the loading draws apart fast",
            "ahead": "nodes that will soon be among the farthest apart",
            "stretch_mean": "nodes far apart along the loading",
            "stretch_variance": "uneven distances between nodes",
            "pull_mean": "nodes far apart that the loading draws further apart",
        }
        said |= {f"span_{name}": words for name, words in across.items()}
        numbers = range(len(self.radii))
        return {f"{name}_{number}": words for name, words in said.items() for number in numbers}

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        surface = self.needed(potential).surface(configuration)
        with threadpool_limits(1):
            velocity = nonaffine_velocity(surface, configuration, loading)
        _, middle = projected_stretch(configuration, loading, self.centre, self.bridge)
        bonds = bonds_answering(configuration, loading, velocity, self.centre, self.bridge)
        kinds = {
            "": _Long.of(bonds.length, bonds.alignment, bonds.rate),
            "span_": _Long.of(*_spans(configuration, loading, bonds, self.centre, self.bridge)),
        }
        columns: dict[str, Array] = {}
        for number, radius in enumerate(self.radii):
            near = _Discs(configuration, sites, middle, radius)
            for kind, long in kinds.items():
                found = long.around(near, self.ahead)
                columns |= {f"{kind}{name}_{number}": values for name, values in found.items()}
        return Features(
            form="vector",
            level=level,
            names=tuple(columns),
            values=np.column_stack(list(columns.values())),
        )


class _Long(NamedTuple):
    """Of each bond or span: e, s and r (K,) of the module's docstring."""

    length: Array
    stretch: Array
    rate: Array

    @classmethod
    def of(cls, length: Array, alignment: Array, rate: Array) -> _Long:
        """From lengths, cosines squared and rates (K,)."""
        long = length / length.mean() - 1.0
        return cls(long, long * alignment, rate)

    def around(self, near: _Discs, ahead: float) -> dict[str, Array]:
        """(M,) by column."""
        mean = near.mean(self.stretch)
        return {
            "length_mean": near.mean(self.length),
            "rate_mean": near.mean(self.rate),
            "ahead": near.largest(self.length + ahead * self.rate),
            "stretch_mean": mean,
            "stretch_variance": near.mean(self.stretch**2) - mean**2,
            "pull_mean": near.mean(self.stretch * self.rate),
        }


def _spans(
    glass: Configuration, loading: Loading, bonds: Bonds, centre: str, bridge: str
) -> tuple[Array, Array, Array]:
    """(K,) length, cosine squared and rate of the span of each bond; lengths of bonds that have
    none are scaled to the mean span.
    """
    _, oxygen, vector = centre_bonds(glass, centre, bridge)
    p, q = meeting_bonds(oxygen).T
    joined = np.bincount(oxygen)[oxygen[p]] == 2
    p, q = p[joined], q[joined]
    across = np.zeros_like(vector)
    across[p] = across[q] = vector[p] - vector[q]
    length = np.linalg.norm(across, axis=1)
    spans = length > 0.0
    mean = length[spans].mean() if spans.any() else bonds.length.mean()
    length[~spans] = bonds.length[~spans] * mean / bonds.length.mean()
    alignment = bonds.alignment.copy()
    alignment[spans] = (across[spans] @ loading.extension_direction / length[spans]) ** 2
    return length, alignment, bonds.centres_rate


class _Discs:
    """The surroundings of sites (M, D): which bonds, at ``places`` (K, D), are near."""

    def __init__(self, glass: Configuration, sites: Array, places: Array, radius: float) -> None:
        self.pairs: Pairs = pairs_within(sites, places, glass.cell, glass.periodic, radius)
        self.count = np.diff(self.pairs.offsets)
        if not self.count.all():
            raise VitreousError(
                f"no bond lies within {radius:g} of site {int(np.argmin(self.count))}; use larger "
                "radii"
            )

    def mean(self, values: Array) -> Array:
        """(M,) of values (K,)."""
        near = self.pairs
        return np.bincount(near.site, values[near.atom], len(self.count)) / self.count

    def largest(self, values: Array) -> Array:
        """(M,) of values (K,)."""
        return np.maximum.reduceat(values[self.pairs.atom], self.pairs.offsets[:-1])
