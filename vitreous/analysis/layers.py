"""Rings of silica networks: of a plane one, or of each layer of a bilayer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.open_rings import trace_open_rings
from vitreous.analysis.rings import Rings, RingStatistics, ring_statistics, trace_rings
from vitreous.core.bridges import bridges
from vitreous.core.configuration import Configuration
from vitreous.core.errors import VitreousError

Ints = NDArray[np.int64]


def trace_layers(configuration: Configuration, bonds: Ints) -> tuple[Rings, ...]:
    """The rings of silicon atoms joined through oxygens, of one layer or of two layers along z;
    with free boundaries in the plane, the closed ones.

    Args:
        bonds: (B, 2) silicon-oxygen pairs.

    Raises:
        VitreousError: if the silicon atoms of a bilayer form other than two layers, or a network is
        not plane.
    """
    silicon = np.array([name == "Si" for name in configuration.names])[configuration.species]
    layer = np.zeros(len(configuration), dtype=np.int64)
    if configuration.dimension == 3:
        layer = _layers(configuration, silicon)
    return tuple(
        _trace(configuration, bonds, silicon, layer == k) for k in range(int(layer.max()) + 1)
    )


def layer_statistics(layers: Sequence[Rings]) -> RingStatistics:
    """Ring statistics of all layers together."""
    first = np.cumsum([0] + [len(found) for found in layers])
    sizes = np.concatenate([found.sizes for found in layers])
    joined = np.concatenate(
        [
            np.where(found.joined < 0, -1, found.joined + start)
            for found, start in zip(layers, first, strict=False)
        ]
    )
    return ring_statistics(sizes, joined)


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
    positions = configuration.positions[:, :2]
    if not any(configuration.periodic[:2]):
        return trace_open_rings(positions, pairs)
    return trace_rings(positions, pairs, configuration.cell[:2, :2])
