"""The network: gated messages along edges that carry vectors, pooled over the graph by attention
with several heads.
"""

from __future__ import annotations

import torch
from torch import nn

from vitreous.learning.graphs import Batch, sums, weights

HEADS = 4  #: of the pooling: what decides a threshold may be in several places of a window


class GatedMessages(nn.Module):
    """h_i <- h_i + U[h_i, sum_j sigmoid(g_ij) * silu(m_ij)],  (m_ij, g_ij) = A h_i + B h_j + C
    e_ij.

    The sum over j makes it independent of the order of atoms; A and B act on nodes, so the cost per
    edge is one product with C.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
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
        source, target = edges
        # indexing copies, so what is gathered for the edges may be changed in place
        gate = own[1][target].add_(other[1][source]).add_(along[1]).sigmoid_()
        message = nn.functional.silu(own[0][target].add_(other[0][source]).add_(along[0]))
        gathered = sums(gate * message, target, len(nodes))
        return nodes + self.update_nodes(torch.cat([state, gathered], dim=1))


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
        share = weights(self.attention(nodes), batch.graph, batch.size)
        attended = sums((share[:, :, None] * nodes[:, None]).flatten(1), batch.graph, batch.size)
        count = sums(nodes.new_ones(len(nodes)), batch.graph, batch.size).clamp(min=1)
        mean = sums(nodes, batch.graph, batch.size) / count[:, None]
        return torch.cat([attended, mean], dim=1)
