"""Rings of a silica network, plane or bilayer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitreous.analysis.layers import layer_statistics, trace_layers
from vitreous.analysis.rings import Rings, RingStatistics
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
    """Trace the rings of planar silica, or of each layer of a bilayer (whose layers lie along z);
    of a piece without periodic boundaries in its plane, the closed ones.

    Args:
        configuration: a Configuration, ASE Atoms, or the path of a file.
        bond_cutoff: silicon and oxygen closer than this are bonded, length.

    Raises:
        VitreousError: another species, no bonds, a cell that is periodic along one direction of the
        plane alone, or a network that is no plane one.
    """
    configuration = as_glass(configuration, assumed=("Si", "O"))
    if any(configuration.periodic[:2]) != all(configuration.periodic[:2]):
        free = free_directions(configuration.periodic[:2])
        raise VitreousError(
            f"the glass is not periodic along {free}; rings are traced in a glass that is periodic "
            "along x and y, or along neither"
        )
    bonds = silica_bonds(configuration, bond_cutoff)
    traced = trace_layers(configuration, bonds)
    return RingReport(layers=traced, statistics=layer_statistics(traced))
