"""An equivariant graph network with the loading as its input: tensor field convolutions (Thomas et
al., arXiv:1802.08219; gated as in e3nn, Geiger & Smidt, arXiv:2207.09453) on the graph of a whole
glass. Not in the papers that this project repeats.

Every atom carries ``hidden`` scalars, half as many vectors and half as many traceless symmetric
tensors. In each of ``rounds`` it hears from its neighbours,

    v_i <- S(v_i, a) + gate of sum over j of R(|r_ij|, ..) v_j (x) Y(r_ij)

Y: spherical harmonics of degree 0, 1 and 2; (x): tensor product; R: numbers of the length of the
edge, and of the other vectors on it their length and their component along the edge. a holds the
strain of the loading, e_x e_y + e_y e_x over 2 in the frame of the shear, where every orientation
is the same. So an answer depends on the glass and the strain tensor alone: turned together they
leave it as it is, mirror images that leave a shear as it is need not be trained on, and one
training serves all orientations.

Glasses in two dimensions lie in the plane z = 0. Training is that of ``glass_network``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from e3nn import o3
from e3nn.math import soft_one_hot_linspace
from e3nn.nn.models.v2106.gate_points_message_passing import MessagePassing
from torch import nn

from vitreous.learning.network import Seen
from vitreous.plugins.models.glass_network import LARGEST_COLUMN, GlassNetwork, Graph

_AXES = ("x", "y", "z")
_DEGREES = (0, 1, 2)
_LENGTHS = 8  #: functions of the length of an edge
_RADIAL = 32  #: hidden units between them and the weights of a convolution


@dataclass(frozen=True, kw_only=True)
class EquivariantNetwork(GlassNetwork):
    """``glass_network`` with rotations built in; ``hidden`` scalars and half as many vectors and
    tensors of every atom.

    Raises:
        VitreousError: numbers out of range. MissingExtra: e3nn is not installed.
    """

    network: ClassVar = "equivariant_network"

    hidden: int = 16
    rounds: int = 3
    reflections: str = "none"

    @staticmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> EquivariantNet:
        return EquivariantNet(
            seen.names, seen.edge_names, parameters["hidden"], parameters["rounds"], outputs
        )

    @classmethod
    def prepare(cls, model: Any, inputs: Any, rows: torch.Tensor, seen: Seen) -> None:
        super().prepare(model, inputs, rows, seen)
        edges, net = torch.from_numpy(inputs.every_edge()), model.net
        net.reach.copy_(edges[:, net.edge_vectors[0]].norm(dim=1).max())
        net.crowd.copy_(torch.tensor(len(edges) / len(inputs.every_node())))

    @classmethod
    def example(cls) -> Self:
        return cls(hidden=8, rounds=2, epochs=300, patience=300, learning_rate=0.01)


class EquivariantNet(nn.Module):
    """Logits or standardised values (B, O) of the sites of a ``Graph``.

    ``reach``: length of the longest edge in training; ``crowd``: edges per atom there.
    """

    node_shift: torch.Tensor
    node_scale: torch.Tensor
    edge_shift: torch.Tensor
    edge_scale: torch.Tensor
    reach: torch.Tensor
    crowd: torch.Tensor
    loading: torch.Tensor

    def __init__(
        self,
        names: Sequence[str],
        edge_names: Sequence[str],
        hidden: int,
        rounds: int,
        outputs: int,
    ) -> None:
        super().__init__()
        for what, count in (("node", len(names)), ("edge", len(edge_names))):
            self.register_buffer(f"{what}_shift", torch.zeros(count))
            self.register_buffer(f"{what}_scale", torch.ones(count))
        self.register_buffer("reach", torch.ones(()))
        self.register_buffer("crowd", torch.ones(()))
        self.register_buffer("loading", strain_of_shear(), persistent=False)
        self.node_vectors, self.edge_vectors = vectors_of(names), vectors_of(edge_names)
        inside = {column for columns in self.node_vectors for column in columns}
        self.scalars = [column for column in range(len(names)) if column not in inside]
        seen = f"{len(self.scalars)}x0e"
        if self.node_vectors:
            seen += f" + {len(self.node_vectors)}x1o"
        half = max(hidden // 2, 1)
        self.messages = MessagePassing(
            [seen, *[f"{hidden}x0e + {half}x1o + {half}x2e"] * (rounds - 1), f"{hidden}x0e"],
            "0e + 2e",
            o3.Irreps.spherical_harmonics(max(_DEGREES)),
            [_LENGTHS + 2 * (len(self.edge_vectors) - 1), _RADIAL],
            1.0,
        )
        self.decode = nn.Sequential(
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs)
        )

    def forward(self, graph: Graph) -> torch.Tensor:
        return self.decode(self.heard(graph))

    def heard(self, graph: Graph) -> torch.Tensor:
        """(B, hidden): what the sites know after the last round."""
        nodes = (graph.nodes - self.node_shift) / self.node_scale
        scalars = nodes[:, self.scalars].clamp(-LARGEST_COLUMN, LARGEST_COLUMN)
        nodes = torch.cat([scalars, *(_vector(nodes, of) for of in self.node_vectors)], dim=1)
        strain = torch.cat([self.loading.new_ones(1), self.loading]).expand(len(nodes), -1)
        atom, neighbour = graph.edges
        along, numbers = self._edges(graph.edge_values)
        heard = self.messages(nodes, strain, neighbour, atom, along, numbers)
        return heard[graph.sites]

    def _edges(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Y (G, 9), as sums over the edges of an atom are of order 1, and the numbers of R."""
        apart = _padded(values[:, self.edge_vectors[0]])
        harmonics = o3.spherical_harmonics(
            list(_DEGREES), apart, normalize=True, normalization="component"
        )
        length = apart.norm(dim=1)
        numbers = [
            soft_one_hot_linspace(
                length / self.reach, 0.0, 1.0, _LENGTHS, basis="smooth_finite", cutoff=True
            )
            * _LENGTHS**0.5
        ]
        for of in self.edge_vectors[1:]:
            other = _vector(values / self.edge_scale, of)
            along = (other * apart).sum(dim=1) / length
            numbers.append(torch.stack([other.norm(dim=1), along], dim=1))
        return harmonics / self.crowd.sqrt(), torch.cat(numbers, dim=1)


def strain_of_shear() -> torch.Tensor:
    """(5,) e_x e_y + e_y e_x over 2 as a harmonic tensor of degree 2: its principal directions are
    the diagonals, with values of 1/2 and -1/2.
    """
    longer, shorter = (
        o3.spherical_harmonics(2, torch.tensor([1.0, sign, 0.0]), normalize=True)
        for sign in (1.0, -1.0)
    )
    return 0.5 * (longer - shorter)


def vectors_of(names: Sequence[str]) -> list[list[int]]:
    """Columns of the components of each vector among those of these names, as u_x and u_y."""
    stems = [name[:-1] for name in names if name.rsplit("_", 1)[-1] == "x"]
    return [[names.index(stem + axis) for axis in _AXES if stem + axis in names] for stem in stems]


def _vector(rows: torch.Tensor, columns: Sequence[int]) -> torch.Tensor:
    """(N, 3) of scaled rows (N, C), its length cut as that of other columns."""
    found = _padded(rows[:, columns])
    return found / (found.norm(dim=1, keepdim=True) / LARGEST_COLUMN).clamp(min=1.0)


def _padded(vectors: torch.Tensor) -> torch.Tensor:
    """(N, 3) of (N, D)."""
    return nn.functional.pad(vectors, (0, 3 - vectors.shape[1]))
