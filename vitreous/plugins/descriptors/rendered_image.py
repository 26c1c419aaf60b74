"""Grey images of the window: a disc at every silicon, a line along every bond between two of them
(Bachhav et al. 2025, Fig. 5a).

The paper plots silicons and bonds, turns the plot grey, and scales 8 bits to [0, 1]; it gives 220 x
220 pixels, but neither the sizes of discs and lines nor which is bright. Here the network is 1 on
0, with borders smoothed over a pixel. Row 0 is the lowest y of the loading frame, column 0 the
lowest x; the image shows the square around the circular window, and only what lies in the window is
drawn.

Images are kept in half precision (11 bits): 2500 of 220 x 220 pixels take 242 MB. To train on many
glasses take ``model=cnn`` with ``bond_graph``, which draws the very same images when a batch needs
them; this descriptor is for looking, and for other models of images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.drawing import draw
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.plugins.descriptors.bond_graph import BondGraph

Array = NDArray[np.float64]
_BLOCK = 64  #: images drawn at once, in single precision


@dataclass(frozen=True, kw_only=True)
class RenderedImage(Descriptor):
    """Images of ``pixels`` x ``pixels`` of the circle of ``radius`` (length) around sites or atoms;
    one channel, called grey.

    Raises:
        VitreousError: sizes out of range, and what ``bond_graph`` refuses: no bonds, missing
        species, too small a cell, an empty window.
    """

    form = "image"
    levels = frozenset({"site", "atom"})
    dimensions = frozenset({2})
    needs_bonds = True
    rotation = "invariant"

    radius: float = 11.0
    pixels: int = 220
    dot: float = 0.05
    line: float = 0.015
    centre: str = "Si"
    bridge: str = "O"

    def __post_init__(self) -> None:
        if not (self.radius > 0 and self.pixels > 0 and self.dot > 0 and self.line > 0):
            given = (
                f"radius={self.radius:g}, pixels={self.pixels}, dot={self.dot:g}, "
                f"line={self.line:g}"
            )
            raise VitreousError(f"rendered_image got {given}; expected positive numbers")

    @classmethod
    def example(cls) -> Self:
        return cls(pixels=48)

    @property
    def reach(self) -> float:
        return self.radius

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        graph = BondGraph(radius=self.radius, centre=self.centre, bridge=self.bridge).describe(
            configuration, loading, sites, level
        )
        images = np.empty((len(graph), 1, self.pixels, self.pixels), dtype=np.float16)
        owner = np.repeat(np.arange(len(graph)), np.diff(graph.offsets))
        for first in range(0, len(graph), _BLOCK):
            last = min(first + _BLOCK, len(graph))
            nodes = slice(graph.offsets[first], graph.offsets[last])
            edges = (
                graph.edges[:, graph.edge_offsets[first] : graph.edge_offsets[last]] - nodes.start
            )
            block = np.zeros((last - first, self.pixels, self.pixels), dtype=np.float32)
            draw(graph.values[nodes, :2], owner[nodes] - first, edges, self.dot, self.line, block)
            images[first:last, 0] = block
        return Features(form="image", level=level, names=("grey",), values=images)
