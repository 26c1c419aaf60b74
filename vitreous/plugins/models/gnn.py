"""The graph network of Bachhav et al. (2025), Methods and Fig. 6, as published: coordinates on
nodes, bonds as edges without values.

    alpha_ij = softmax_j((W_a h_i)^T (W_b h_j) / sqrt(d))
    h_i <- U(h_i, sum_j alpha_ij W h_j)                                                 (eq. 2)

Two blocks of such convolutions (two, then one), each closed by a dense layer with rectified linear
units; global average pooling; 20, 10 and 5 neurons; 1. AdaMax, 1000 epochs at most. The paper
leaves the width of its convolutions open (``hidden``), names no activation for the 20 - 10 - 5
(here: leaky rectifiers), calls its convolutions graph convolutions in the text and writes attention
in eq. 2: here they are eq. 2 (PyG's TransformerConv). ``graph_network`` is our own, with vectors on
edges.

The descriptor gives coordinates over the window's radius, the paper takes them as they are:
``coordinate_scale`` 11, the radius, makes them angstroms again. That matters: left at 1, the
network does not begin to learn for thousands of steps. Predictions are in the label's unit.

``reflections`` is not in the paper: "predict" trains as published and predicts the mean over the
windows mirrored about the loading's axes, which leaves a threshold as it is; "augment" trains on
mirrored windows; "average" does both. Under simple shear only the half turn is a symmetry, and
used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import nn
from torch_geometric.nn import TransformerConv
from torch_geometric.nn.aggr import MeanAggregation

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.learning.graphs import Batch, Graphs, join, reflection_signs, take
from vitreous.learning.inputs import Unmoved
from vitreous.learning.network import Network, Seen, refuse_without_coordinates


@dataclass(frozen=True, kw_only=True)
class GNN(Network):
    """Attention convolutions of width ``hidden``, average pooling, 20 - 10 - 5 - 1."""

    forms = frozenset({"graph"})
    network: ClassVar = "gnn"
    version: ClassVar = 2

    hidden: int = 32
    coordinate_scale: float = 11.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden < 1 or not self.coordinate_scale > 0:
            raise VitreousError(
                f"gnn got hidden={self.hidden}, coordinate_scale={self.coordinate_scale:g}; "
                "expected positive numbers"
            )

    def refuse_features(self, seen: Seen) -> None:
        refuse_without_coordinates(self.network, seen)

    @staticmethod
    def inputs(
        features: Sequence[Features], parameters: Mapping[str, Any], dtype: torch.dtype
    ) -> Nodes:
        return Nodes(features, parameters["coordinate_scale"], dtype)

    @staticmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> AttentionNet:
        return AttentionNet(parameters["hidden"], outputs)

    @classmethod
    def example(cls) -> Self:
        return cls(
            hidden=32,
            coordinate_scale=1.0,
            epochs=500,
            patience=500,
            batch_size=8,
            learning_rate=0.01,
        )


class Nodes(Unmoved):
    """Graphs whose nodes carry their two coordinates only. Images: the mirrored ones, or the half
    turn where the loading has none.
    """

    def __init__(self, features: Sequence[Features], scale: float, dtype: torch.dtype) -> None:
        graphs = join(features, dtype)
        signs = reflection_signs(("x", "y")).to(dtype)
        self.signs = signs if features[0].names[:2] == ("x", "y") else signs[[0, 3]]
        self.images = len(self.signs)
        places = scale * graphs.nodes[:, :2]
        self.graphs = Graphs(
            places, graphs.offsets, graphs.edges, graphs.edge_values[:, :1], graphs.edge_offsets
        )

    def __len__(self) -> int:
        return len(self.graphs)

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> Any:
        batch = take(self.graphs, chosen)
        return batch._replace(nodes=batch.nodes * self.signs[image[batch.graph]])


class AttentionNet(nn.Module):
    """Two blocks of attention convolutions (eq. 2: scaled dot products of neighbours, 2 + 1 of
    them), each closed by a dense layer; the mean over the nodes; 20 - 10 - 5 - 1, leaky: plain
    rectifiers as few as 5 can all fall silent, and then never learn again.
    """

    def __init__(self, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.ModuleList([TransformerConv(2, hidden), TransformerConv(hidden, hidden)])
        self.first_update = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU())
        self.second = TransformerConv(hidden, hidden)
        self.second_update = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU())
        self.pool = MeanAggregation()
        layers: list[nn.Module] = []
        width = hidden
        for neurons in (20, 10, 5):
            layers += [nn.Linear(width, neurons), nn.LeakyReLU()]
            width = neurons
        self.out = nn.Sequential(*layers, nn.Linear(width, outputs))

    def forward(self, batch: Batch) -> torch.Tensor:
        nodes = batch.nodes
        for layer in self.first:
            nodes = torch.relu(layer(nodes, batch.edges))
        nodes = self.first_update(nodes)
        nodes = self.second_update(torch.relu(self.second(nodes, batch.edges)))
        return self.out(self.pool(nodes, batch.graph, dim_size=batch.size))
