"""Graphs of many sites as flat tensors, batches of them, and the reflections of the loading frame.

``Features`` already holds all graphs of a glass in flat arrays, so a batch is a gather of rows: no
object per graph, no padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.core.data import Features


class Graphs(NamedTuple):
    """S graphs: nodes (T, C), node offsets (S+1,), edges (2, G) global node indices, edge values
    (G, E), edge offsets (S+1,).
    """

    nodes: torch.Tensor
    offsets: torch.Tensor
    edges: torch.Tensor
    edge_values: torch.Tensor
    edge_offsets: torch.Tensor

    def __len__(self) -> int:
        return len(self.offsets) - 1


class Batch(NamedTuple):
    """B graphs: as above, with ``graph`` (T,) and ``edge_graph`` (G,) saying which graph each row
    belongs to, and ``size`` = B.
    """

    nodes: torch.Tensor
    edges: torch.Tensor
    edge_values: torch.Tensor
    graph: torch.Tensor
    edge_graph: torch.Tensor
    size: int


def join(features: Sequence[Features], dtype: torch.dtype = torch.float32) -> Graphs:
    """All graphs of several glasses, one after the other."""
    nodes, values = (
        _stacked([f.values for f in features], dtype),
        _stacked([f.edge_values for f in features], dtype),
    )
    first = np.cumsum([0] + [len(f.values) for f in features])
    first_edge = np.cumsum([0] + [f.edges.shape[1] for f in features])
    offsets = np.concatenate(
        [f.offsets[:-1] + start for f, start in zip(features, first, strict=False)] + [first[-1:]]
    )
    edge_offsets = np.concatenate(
        [f.edge_offsets[:-1] + start for f, start in zip(features, first_edge, strict=False)]
        + [first_edge[-1:]]
    )
    edges = np.concatenate(
        [f.edges + start for f, start in zip(features, first, strict=False)], axis=1
    )
    return Graphs(
        nodes,
        torch.from_numpy(offsets),
        torch.from_numpy(edges),
        values,
        torch.from_numpy(edge_offsets),
    )


def _stacked(arrays: Sequence[NDArray[Any]], dtype: torch.dtype) -> torch.Tensor:
    """The rows of all arrays, copied once: those of a campaign fill gigabytes."""
    out = torch.empty((sum(map(len, arrays)), *arrays[0].shape[1:]), dtype=dtype)
    np.concatenate(arrays, out=out.numpy(), casting="same_kind")
    return out


def _rows(offsets: torch.Tensor, chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows that belong to the chosen graphs, and which of the chosen each belongs to."""
    start, count = offsets[chosen], offsets[chosen + 1] - offsets[chosen]
    owner = torch.repeat_interleave(torch.arange(len(chosen)), count)
    shift = start - (torch.cumsum(count, 0) - count)
    return torch.arange(len(owner)) + shift[owner], owner


def take(graphs: Graphs, chosen: torch.Tensor) -> Batch:
    """The graphs with these indices, in this order."""
    node_rows, graph = _rows(graphs.offsets, chosen)
    edge_rows, edge_graph = _rows(graphs.edge_offsets, chosen)
    before = torch.cumsum(graphs.offsets[chosen + 1] - graphs.offsets[chosen], 0) - (
        graphs.offsets[chosen + 1] - graphs.offsets[chosen]
    )
    edges = graphs.edges[:, edge_rows] + (before - graphs.offsets[chosen])[edge_graph]
    return Batch(
        graphs.nodes[node_rows],
        edges,
        graphs.edge_values[edge_rows],
        graph,
        edge_graph,
        len(chosen),
    )


def sums(values: torch.Tensor, owner: torch.Tensor, count: int) -> torch.Tensor:
    """(count, ...) sums of the rows of ``values`` (T, ...) that belong to each ``owner`` (T,).

    PyTorch Geometric's ``scatter`` gives the same bits; importing it takes two seconds, most of
    the time of a prediction.
    """
    index = owner.view(-1, *[1] * (values.dim() - 1)).expand_as(values)
    return values.new_zeros(count, *values.shape[1:]).scatter_add_(0, index, values)


def weights(values: torch.Tensor, owner: torch.Tensor, count: int) -> torch.Tensor:
    """(T, H) softmax of ``values`` (T, H) over the rows of each ``owner`` (T,), of which there are
    ``count``; as PyTorch Geometric's ``softmax``.
    """
    index = owner[:, None].expand_as(values)
    largest = values.new_zeros(count, values.shape[1]).scatter_reduce_(
        0, index, values.detach(), reduce="amax", include_self=False
    )
    shares = (values - largest[owner]).exp()
    return shares / (sums(shares, owner, count) + 1e-16)[owner]


def reflection_signs(names: Sequence[str]) -> torch.Tensor:
    """(4, C) signs of the columns under identity, x -> -x, y -> -y and both.

    A column changes sign with an axis when its name is, or ends in ``_`` and, that axis' letter.
    """
    axis = [name.rsplit("_", 1)[-1] for name in names]
    x = np.array([-1.0 if a == "x" else 1.0 for a in axis])
    y = np.array([-1.0 if a == "y" else 1.0 for a in axis])
    return torch.from_numpy(np.stack([np.ones_like(x), x, y, x * y]).astype(np.float32))


def column_scaling(
    rows: NDArray[Any], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shift and scale (C,) of the columns of ``rows`` (N, C). Vector components are not shifted and
    share one scale.

    One column at a time: the rows of a campaign fill gigabytes, a double-precision copy of them
    twice as many.
    """
    moments = np.array(
        [
            (column.mean(), column.std(), np.mean(column**2))
            for column in (c.astype(np.float64) for c in rows.T)
        ]
    )
    shift, scale, square = moments.T.copy() if len(moments) else np.zeros((3, 0))
    stems: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        if name.rsplit("_", 1)[-1] in ("x", "y", "z"):
            stems.setdefault(name[:-1], []).append(k)
    for columns in stems.values():
        shift[columns] = 0.0
        scale[columns] = np.sqrt(square[columns].mean())
    return shift, np.where(scale > 1e-12, scale, 1.0)
