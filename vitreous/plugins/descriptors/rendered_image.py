"""Grey images of the window: a disc at every silicon, a line along every bond between two of them
(Bachhav et al. 2025, Fig. 5a).

The paper plots silicons and bonds, turns the plot grey, and scales 8 bits to [0, 1]; it gives 220 x
220 pixels, but neither the sizes of discs and lines nor which is bright. Here the network is 1 on
0, with borders smoothed over a pixel. Row 0 is the lowest y of the loading frame, column 0 the
lowest x; the image shows the square around the circular window, and only what lies in the window is
drawn.

Images are drawn when a batch needs them: 2,500 of 220 x 220 pixels would take half a gigabyte. What
is stored is the network around each site, as ``bond_graph`` gives it. ``RenderedImage.view`` gives
the images of a stored description; their ``take`` draws those asked for. Symmetric copies are the
mirror images about the loading's axes, four with the glass itself, or the half turn under simple
shear, which has no mirrors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.drawing import draw
from vitreous.core.data import Configuration, Drawn, Features, Loading, Symmetry
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.plugins.descriptors.bond_graph import BondGraph

Array = NDArray[np.float64]
MIRRORS = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])  #: signs of x and y
HALF_TURN = MIRRORS[[0, 3]]


@dataclass(frozen=True, kw_only=True)
class RenderedImage(Descriptor):
    """Images of ``pixels`` x ``pixels`` of the circle of ``radius`` (length) around sites or atoms;
    one channel, called grey.

    Raises:
        VitreousError: sizes out of range, and what ``bond_graph`` refuses: no bonds, missing
        species, too small a cell, an empty window.
    """

    form = "image"
    stores = "graph"
    version = 2
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

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, self.pixels, self.pixels)

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        graph = BondGraph(radius=self.radius, centre=self.centre, bridge=self.bridge)
        return graph.describe(configuration, loading, sites, level)

    def view(self, described: Features) -> Drawn:
        """(M, 1, H, W) images, 1 on 0."""
        return Drawn(
            form="image",
            names=("grey",),
            shape=self.shape,
            copies=len(_signs(described)),
            source=described,
            recipe={"pixels": self.pixels, "dot": self.dot, "line": self.line},
            draw=self._draw,
            symmetries=_symmetries,
        )

    def _draw(
        self, graph: Features, indices: NDArray[np.int64], copies: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        signs = _signs(graph)[copies]
        nodes, owner = _rows(graph.offsets, indices)
        links, of_link = _rows(graph.edge_offsets, indices)
        first = np.concatenate([[0], np.cumsum(np.diff(graph.offsets)[indices])])[:-1]
        edges = graph.edges[:, links] + (first - graph.offsets[indices])[of_link]
        images = np.zeros((len(indices), self.pixels, self.pixels), dtype=np.float32)
        places = graph.values[nodes, :2] * signs[owner]
        draw(places, owner, edges, self.dot, self.line, images)
        return images[:, None]


def _signs(graph: Features) -> Array:
    """(K, 2) signs of the coordinates in each symmetric copy."""
    return MIRRORS if graph.names[:2] == ("x", "y") else HALF_TURN


def _symmetries(graph: Features, indices: NDArray[np.int64], copies: NDArray[np.int64]) -> Symmetry:
    return Symmetry(turn=_signs(graph)[copies][:, :, None] * np.eye(2))


def _rows(
    offsets: NDArray[np.int64], indices: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that belong to these entries, and which entry each belongs to."""
    count = np.diff(offsets)[indices]
    owner = np.repeat(np.arange(len(indices)), count)
    before = np.cumsum(count) - count
    return np.arange(len(owner)) + (offsets[indices] - before)[owner], owner
