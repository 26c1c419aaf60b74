"""The network: gated messages along edges that carry vectors, pooled over the graph by attention
with several heads.
"""

from __future__ import annotations

import torch
from torch import nn
from torch_geometric.nn import MessagePassing
from torch_geometric.nn.aggr import MeanAggregation, SumAggregation
from torch_geometric.utils import softmax

from vitreous.learning.graphs import Batch

HEADS = 4  #: of the pooling: what decides a threshold may be in several places of a window


class GatedMessages(MessagePassing):
    """h_i <- h_i + U[h_i, sum_j sigmoid(g_ij) * silu(m_ij)],  (m_ij, g_ij) = A h_i + B h_j + C
    e_ij.

    The sum over j makes it independent of the order of atoms; A and B act on nodes, so the cost per
    edge is one product with C.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__(aggr="add")
        self.own = nn.Linear(hidden, 2 * hidden)
        self.other = nn.Linear(hidden, 2 * hidden, bias=False)
        self.edge = nn.Linear(hidden, 2 * hidden, bias=False)
        self.norm = nn.LayerNorm(hidden)
        self.update_nodes = nn.Sequential(
            nn.Linear(2 * hidden, hidden), nn.SiLU(), nn.Linear(hidden, hidden)
        )

    def forward(
        self, nodes: torch.Tensor, edges: torch.Tensor, edge_values: torch.Tensor
    ) -> torch.Tensor:
        state = self.norm(nodes)
        own, other = self.own(state).chunk(2, dim=1), self.other(state).chunk(2, dim=1)
        along = [nn.functional.linear(edge_values, half) for half in self.edge.weight.chunk(2)]
        gathered = self.propagate(
            edges,
            own=own[0],
            other=other[0],
            along=along[0],
            own_gate=own[1],
            other_gate=other[1],
            along_gate=along[1],
        )
        return nodes + self.update_nodes(torch.cat([state, gathered], dim=1))

    def message(
        self,
        own_i: torch.Tensor,
        other_j: torch.Tensor,
        along: torch.Tensor,
        own_gate_i: torch.Tensor,
        other_gate_j: torch.Tensor,
        along_gate: torch.Tensor,
    ) -> torch.Tensor:
        gate = (
            own_gate_i.add_(other_gate_j).add_(along_gate).sigmoid_()
        )  # own_i and own_gate_i are copies, made for these edges
        return gate * nn.functional.silu(own_i.add_(other_j).add_(along))


class GraphNet(nn.Module):
    """Scaled node columns (T, C) and edge columns (G, E) to (B, outputs)."""

    def __init__(
        self, node_columns: int, edge_columns: int, hidden: int, layers: int, outputs: int
    ) -> None:
        super().__init__()
        self.read_nodes = nn.Sequential(
            nn.Linear(node_columns, hidden), nn.SiLU(), nn.Linear(hidden, hidden)
        )
        self.read_edges = nn.Sequential(
            nn.Linear(edge_columns, hidden), nn.SiLU(), nn.Linear(hidden, hidden)
        )
        self.messages = nn.ModuleList([GatedMessages(hidden) for _ in range(layers)])
        self.norm, self.attention = nn.LayerNorm(hidden), nn.Linear(hidden, HEADS)
        self.mean, self.sum = MeanAggregation(), SumAggregation()
        self.out = nn.Sequential(
            nn.Linear((1 + HEADS) * hidden, 2 * hidden), nn.SiLU(), nn.Linear(2 * hidden, outputs)
        )

    def forward(self, batch: Batch) -> torch.Tensor:
        return self.out(self.pooled(batch))

    def pooled(self, batch: Batch) -> torch.Tensor:
        """(B, (1 + HEADS) hidden): what is known of each graph before the last layers."""
        nodes, along = self.read_nodes(batch.nodes), self.read_edges(batch.edge_values)
        for layer in self.messages:
            nodes = layer(nodes, batch.edges, along)
        nodes = self.norm(nodes)
        share = softmax(self.attention(nodes), batch.graph, num_nodes=batch.size)
        attended = self.sum(
            (share[:, :, None] * nodes[:, None]).flatten(1), batch.graph, dim_size=batch.size
        )
        return torch.cat([attended, self.mean(nodes, batch.graph, dim_size=batch.size)], dim=1)
