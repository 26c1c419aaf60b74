"""Rings of a silica network, plane or bilayer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.rings import Rings, RingStatistics, ring_statistics, trace_rings
from vitreous.core.bridges import bridges
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.bonds import silica_bonds
from vitreous.io.glasses import as_glass
from vitreous.mechanics.boundary import free_directions

if TYPE_CHECKING:
    from vitreous.io.glasses import Given


@dataclass(frozen=True, kw_only=True)
class RingReport:
    """The rings of silicon atoms joined through oxygens: one layer, or both layers of a bilayer
    with one entry each.
    """

    layers: tuple[Rings, ...]
    statistics: RingStatistics


def rings(configuration: Given, bond_cutoff: float = 2.2) -> RingReport:
    """Trace the rings of planar silica, or of each layer of a bilayer (whose layers lie along z).

    Args:
        configuration: a Configuration, ASE Atoms, or the path of a file.
        bond_cutoff: silicon and oxygen closer than this are bonded, length.

    Raises:
        VitreousError: another species, no bonds, a free boundary in the plane, or a network that is
        no plane one.
    """
    configuration = as_glass(configuration, assumed=("Si", "O"))
    if not all(configuration.periodic[:2]):
        free = free_directions(configuration.periodic[:2])
        raise VitreousError(
            f"the glass is not periodic along {free}, and the rings at a free boundary do not "
            "close; give the whole periodic glass"
        )
    bonds = silica_bonds(configuration, bond_cutoff)
    silicon = np.array([name == "Si" for name in configuration.names])[configuration.species]
    layer = np.zeros(len(configuration), dtype=np.int64)
    if configuration.dimension == 3:
        layer = _layers(configuration, silicon)
    traced = tuple(
        _trace(configuration, bonds, silicon, layer == k) for k in range(int(layer.max()) + 1)
    )
    first = np.cumsum([0] + [len(found) for found in traced])
    sizes = np.concatenate([found.sizes for found in traced])
    joined = np.concatenate(
        [found.joined + start for found, start in zip(traced, first, strict=False)]
    )
    return RingReport(layers=traced, statistics=ring_statistics(sizes, joined))


def _layers(configuration: Configuration, silicon: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(N,) 0 or 1: the layer of every silicon; oxygens count with silicons when bonds
    are sorted.
    """
    z = configuration.positions[:, 2]
    middle = 0.5 * float(z[silicon].min() + z[silicon].max())
    apart = np.ptp(z[silicon])
    if (
        abs(float(np.mean(z[silicon] > middle)) - 0.5) > 0.05
        or np.abs(z[silicon] - middle).min() < 0.2 * apart
    ):
        raise VitreousError(
            "the silicon atoms do not form two layers along z; rings are traced in planar silica "
            "and in bilayers"
        )
    return (z > middle).astype(np.int64)


def _trace(
    configuration: Configuration,
    bonds: NDArray[np.int64],
    silicon: NDArray[np.bool_],
    inside: NDArray[np.bool_],
) -> Rings:
    """The rings of the silicons ``inside`` one layer, joined by oxygens that bind two of them."""
    first = silicon[bonds[:, 0]]
    oxygen, end = (
        np.where(first, bonds[:, 1], bonds[:, 0]),
        np.where(first, bonds[:, 0], bonds[:, 1]),
    )
    keep = inside[end]
    pairs = bridges(oxygen[keep], end[keep])[:, 1:]
    return trace_rings(configuration.positions[:, :2], pairs, configuration.cell[:2, :2])
