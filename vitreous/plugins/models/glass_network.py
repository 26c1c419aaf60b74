"""The graph network of Bapst et al. (Nat. Phys. 16, 448 (2020), Methods) on the graph of a whole
glass, as Fan & Ma (Nat. Commun. 12, 1506 (2021), Methods) use it: edges are vectors in the frame of
the shear, atoms are classified.

    encode      v0 = MLP(node)              e0 = MLP(edge)
    n_rec times e <- MLP(e0, e, v0_s, v_s, v0_t, v_t)     of the edge from s to t
                v <- MLP(v0, v, sum of e over the edges of the atom)
    decode      logits = MLP(v)

Each MLP has two layers of ``hidden`` rectified units; those of the recurrence are the same in every
round. Cross entropy on balanced samples, Adam at 1e-4, gradients cut, the epoch of best accuracy on
validation atoms kept, as published. n_rec is 7 in two dimensions and 6 in three.

A batch is of whole glasses, ``batch_size`` of them, each along one loading; an epoch visits every
glass along every loading. (The paper visits a glass along one loading drawn at random, so that one
of our epochs is four of its.) Of classes each visit learns from all atoms of the rarest and as many
of each other, drawn anew; the glass around them is there whatever is asked of it.

``reflections``: "augment" turns a visit to one of its mirror images that leave the shear as it is
(``vitreous.core.loading.shear_mirrors``), as Bapst et al. rotate theirs; "predict" averages over
them; "average" does both. Columns that are components, such as x or u_x, turn with the mirror.
Columns are scaled by their spread in training.

``companions`` is not in the paper: columns of the label, such as d2min, whose logarithms a head of
its own learns from the same numbers of the atoms, together half as heavy as the label. It is
dropped at the end. With ``balanced=false`` every atom of a visit counts, the classes weighted by 1
/ their number: nothing more to compute, and most of what the labels say is otherwise not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.core.loading import shear_mirrors
from vitreous.learning.graphs import column_scaling
from vitreous.learning.inputs import Unmoved
from vitreous.learning.network import Network, Seen
from vitreous.learning.settings import check_companions
from vitreous.learning.tasks import Task

Array = NDArray[np.float64]
_AXES = ("x", "y", "z")
LARGEST_COLUMN = 10.0  #: spreads to which a scaled column is cut


@dataclass(frozen=True, kw_only=True)
class GlassNetwork(Network):
    """``rounds`` of messages between ``hidden`` numbers of every atom and edge; classes, values in
    the unit of the label, or hazards of failure.

    ``balanced``: learn and validate on all sites of the rarest class and as many of each other.

    Raises:
        VitreousError: numbers out of range.
    """

    forms = frozenset({"glass_graph"})
    tasks = frozenset({"class", "value", "survival"})
    network: ClassVar = "glass_network"
    dtype: ClassVar = "float32"
    whole_glasses: ClassVar = True
    judged_by: ClassVar = "error_rate"

    hidden: int = 64
    rounds: int = 7
    balanced: bool = True
    companions: tuple[str, ...] = ()
    reflections: str = "augment"
    epochs: int = 1000
    patience: int = 100
    batch_size: int = 1
    learning_rate: float = 1e-4
    optimizer: str = "adamw"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_companions(self)
        if min(self.hidden, self.rounds) < 1:
            raise VitreousError(
                f"glass_network got hidden={self.hidden}, rounds={self.rounds}; expected at least "
                "one of each"
            )

    def task(self, facts: Mapping[str, Any]) -> Task:
        if facts["task"] == "survival" and (self.batch_size > 1 or self.companions):
            raise VitreousError(
                "glass_network learns failures glass by glass and alone; set model.batch_size=1 "
                "and model.companions=[]"
            )
        return super().task(facts)

    @property
    def balances(self) -> bool:
        return self.balanced

    @property
    def auxiliary(self) -> tuple[str, ...]:
        return self.companions

    @staticmethod
    def companion(name: str, column: Array, mask: NDArray[np.bool_]) -> Array:
        if not (column[mask] > 0.0).all():
            raise VitreousError(
                f"glass_network learns the logarithm of '{name}', which is not positive at every "
                "labelled site; set model.companions=[]"
            )
        return np.log(np.where(mask, column, 1.0))

    @classmethod
    def accompanied(cls, model: Any, count: int) -> Accompanied:
        return Accompanied(model, count)

    @staticmethod
    def inputs(
        features: Sequence[Any], parameters: Mapping[str, Any], dtype: torch.dtype
    ) -> Glasses:
        return Glasses(features, dtype)

    @staticmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> GlassNet:
        return GlassNet(
            len(seen.names),
            len(seen.edge_names),
            parameters["hidden"],
            parameters["rounds"],
            outputs,
        )

    @classmethod
    def prepare(cls, model: Any, inputs: Any, rows: torch.Tensor, seen: Seen) -> None:
        for columns, names, what in (
            (inputs.every_node(), seen.names, "node"),
            (inputs.every_edge(), seen.edge_names, "edge"),
        ):
            shift, scale = column_scaling(columns, names)
            getattr(model.net, f"{what}_shift").copy_(torch.from_numpy(shift))
            getattr(model.net, f"{what}_scale").copy_(torch.from_numpy(scale))

    @classmethod
    def example(cls) -> Self:
        return cls(
            hidden=16,
            rounds=2,
            epochs=300,
            patience=300,
            learning_rate=0.003,
            reflections="none",
        )


class Graph(NamedTuple):
    """One graph of B sites: nodes (N, C), edges (2, G), edge values (G, E), the node of each site
    (B,).
    """

    nodes: torch.Tensor
    edges: torch.Tensor
    edge_values: torch.Tensor
    sites: torch.Tensor


class Glasses(Unmoved):
    """The graphs of several glasses and their mirror images."""

    def __init__(self, features: Sequence[Features], dtype: torch.dtype) -> None:
        self.parts = list(features)
        self.first = np.cumsum([0, *map(len, self.parts)])
        dimension = sum(axis in self.parts[0].edge_names for axis in _AXES)
        mirrors = shear_mirrors(dimension)
        self.images = len(mirrors)
        self.nodes = [torch.from_numpy(np.array(f.values)).to(dtype) for f in self.parts]
        self.edges = [torch.from_numpy(np.array(f.edges)) for f in self.parts]
        self.edge_values = [torch.from_numpy(np.array(f.edge_values)).to(dtype) for f in self.parts]
        self.of_nodes, self.of_edges = (
            torch.from_numpy(_turns(names, mirrors)).to(dtype)
            for names in (self.parts[0].names, self.parts[0].edge_names)
        )

    def __len__(self) -> int:
        return int(self.first[-1])

    def every_node(self) -> np.ndarray:
        """Rows (T, C) of all glasses."""
        return np.concatenate([part.values for part in self.parts])

    def every_edge(self) -> np.ndarray:
        """Rows (G, E) of all glasses."""
        return np.concatenate([part.edge_values for part in self.parts])

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> Graph:
        """The glasses that hold the sites ``chosen``, whole, once for every ``image`` asked for."""
        glass = np.searchsorted(self.first, chosen.numpy(), side="right") - 1
        visit = glass * self.images + image.numpy()
        nodes, edges, edge_values = [], [], []
        sites, before = torch.empty_like(chosen), 0
        for seen in np.unique(visit):
            k, mirror = divmod(int(seen), self.images)
            nodes.append(self.nodes[k] @ self.of_nodes[mirror].T)
            edge_values.append(self.edge_values[k] @ self.of_edges[mirror].T)
            edges.append(self.edges[k] + before)
            rows = np.flatnonzero(visit == seen)
            own = self.parts[k].site_nodes[chosen.numpy()[rows] - self.first[k]]
            sites[torch.from_numpy(rows)] = torch.from_numpy(own) + before
            before += len(nodes[-1])
        return Graph(torch.cat(nodes), torch.cat(edges, dim=1), torch.cat(edge_values), sites)


def _turns(names: Sequence[str], mirrors: np.ndarray) -> np.ndarray:
    """(K, C, C): what the mirrors (K, D, D) do to columns of these names. Those that end in x, y
    and z after the same stem are the components of a vector.
    """
    found = np.tile(np.eye(len(names)), (len(mirrors), 1, 1))
    for stem in {name[:-1] for name in names if name.rsplit("_", 1)[-1] == "x"}:
        columns = [names.index(stem + axis) for axis in _AXES[: mirrors.shape[1]]]
        found[np.ix_(range(len(mirrors)), columns, columns)] = mirrors
    return found


class GlassNet(nn.Module):
    """Logits or standardised values (B, O) of the sites of a ``Graph``."""

    node_shift: torch.Tensor
    node_scale: torch.Tensor
    edge_shift: torch.Tensor
    edge_scale: torch.Tensor

    def __init__(
        self, node_columns: int, edge_columns: int, hidden: int, rounds: int, outputs: int
    ) -> None:
        super().__init__()
        for what, count in (("node", node_columns), ("edge", edge_columns)):
            self.register_buffer(f"{what}_shift", torch.zeros(count))
            self.register_buffer(f"{what}_scale", torch.ones(count))
        self.rounds = rounds
        self.encode_node = _layers(node_columns, hidden)
        self.encode_edge = _layers(edge_columns, hidden)
        # the first layer on (e0, e, v0_s, v_s, v0_t, v_t), in parts: those of atoms are multiplied
        # once per atom, not once per edge
        self.of_edge = nn.Linear(2 * hidden, hidden)
        self.of_source = nn.Linear(2 * hidden, hidden, bias=False)
        self.of_target = nn.Linear(2 * hidden, hidden, bias=False)
        self.edge = nn.Sequential(nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.node = _layers(3 * hidden, hidden)
        self.decode = nn.Sequential(
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs)
        )

    def forward(self, graph: Graph) -> torch.Tensor:
        return self.decode(self.heard(graph))

    def heard(self, graph: Graph) -> torch.Tensor:
        """(B, hidden): what the sites know after the last round."""
        source, target = graph.edges
        v0 = self.encode_node(_scaled(graph.nodes, self.node_shift, self.node_scale))
        e0 = self.encode_edge(_scaled(graph.edge_values, self.edge_shift, self.edge_scale))
        v, e = v0, e0
        for _ in range(self.rounds):
            both = torch.cat([v0, v], dim=1)
            heard = self.of_edge(torch.cat([e0, e], dim=1))
            heard = heard + self.of_source(both)[source] + self.of_target(both)[target]
            e = self.edge(heard)
            # edges come sorted by their source, and every edge is listed both ways
            received = torch.zeros_like(v).index_add_(0, source, e)
            v = self.node(torch.cat([both, received], dim=1))
        return v[graph.sites]


class Accompanied(nn.Module):
    """The network in training, with a head ``beside`` its own for auxiliary columns."""

    target: torch.Tensor

    def __init__(self, model: Any, count: int) -> None:
        super().__init__()
        self.net = model.net
        self.register_buffer("target", model.target)
        hidden = model.net.decode[0].in_features
        self.beside = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, count))

    def forward(self, graph: Graph) -> torch.Tensor:
        """(B, O + count)."""
        heard = self.net.heard(graph)
        return torch.cat([self.net.decode(heard), self.beside(heard)], dim=1)


def _layers(inputs: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())


def _scaled(rows: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    return ((rows - shift) / scale).clamp(-LARGEST_COLUMN, LARGEST_COLUMN)
