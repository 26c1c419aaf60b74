"""Training and evaluating the graph network: everything that needs torch at run time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, TensorDataset

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.core.executor import cores
from vitreous.core.interfaces import Example, Log
from vitreous.plugins.models._devices import evaluation_device, on_device, quiet, trainer
from vitreous.plugins.models._graph_batches import (
    Batch,
    Graphs,
    column_scaling,
    join,
    reflection_signs,
    take,
)
from vitreous.plugins.models._graph_layers import GraphNet
from vitreous.plugins.models._network import LEARNT, MEANT

if TYPE_CHECKING:
    from vitreous.plugins.models.graph_network import GraphNetwork

Names = tuple[Sequence[str], Sequence[str]]
# : standard deviations to which columns are cut: one broken angle must not carry a window far from
# all that was learnt
LARGEST_COLUMN = 6.0
_SCALING = ("shift", "scale", "edge_shift", "edge_scale", "target")


class Labelled(NamedTuple):
    """Graphs, the indices of those with a label, and their labels: (S,), or (S, 1 + companions)."""

    graphs: Graphs
    index: torch.Tensor
    values: torch.Tensor


class Scaled(torch.nn.Module):
    """The network with its scalings: raw columns in, the label's own unit out."""

    shift: torch.Tensor
    scale: torch.Tensor
    edge_shift: torch.Tensor
    edge_scale: torch.Tensor
    target: torch.Tensor

    def __init__(self, net: GraphNet, scaling: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.net = net
        for name in _SCALING:
            self.register_buffer(name, scaling[name])

    def forward(self, batch: Batch) -> torch.Tensor:
        """(B,) standardised predictions."""
        return self.net(self.scaled(batch))

    def scaled(self, batch: Batch) -> Batch:
        """The batch as the network reads it."""
        nodes = ((batch.nodes - self.shift) / self.scale).clamp(-LARGEST_COLUMN, LARGEST_COLUMN)
        edge_values = ((batch.edge_values - self.edge_shift) / self.edge_scale).clamp(
            -LARGEST_COLUMN, LARGEST_COLUMN
        )
        return batch._replace(nodes=nodes, edge_values=edge_values)


class Accompanied(Scaled):
    """The network in training, with a head ``beside`` its own for the label's companions, which is
    left behind afterwards.
    """

    def __init__(self, net: GraphNet, scaling: dict[str, torch.Tensor]) -> None:
        super().__init__(net, scaling)
        hidden, count = net.out[0].out_features, scaling["target"].shape[1] - 1
        self.beside = torch.nn.Linear(hidden, count)  # pyright: ignore[reportArgumentType]

    def forward(self, batch: Batch) -> torch.Tensor:
        """(B, 1 + companions) standardised predictions."""
        hidden = self.net.out[:-1](self.net.pooled(self.scaled(batch)))
        return torch.cat([self.net.out[-1](hidden), self.beside(hidden)], dim=1)


def labelled(examples: Sequence[Example], what: str, companions: Sequence[str] = ()) -> Labelled:
    """The graphs of all glasses and which of them carry a label. Raises VitreousError when none
    does, or a companion is no column of it.
    """
    mask = (
        np.concatenate([labels.mask for _, labels in examples])
        if examples
        else np.zeros(0, dtype=bool)
    )
    if not mask.any():
        raise VitreousError(
            f"the {what} glasses hold no labelled place; check the labeler and its masks"
        )
    values = np.concatenate([_with_companions(labels, companions) for _, labels in examples])
    return Labelled(
        join([f for f, _ in examples]),
        torch.from_numpy(np.flatnonzero(mask)),
        torch.from_numpy(values).float(),
    )


def _with_companions(labels: Labels, companions: Sequence[str]) -> NDArray[np.float64]:
    """The label's values (S,), or beside its columns ``companions`` (S, 1 + companions)."""
    if not companions:
        return labels.values
    missing = [name for name in companions if name not in labels.columns]
    if missing:
        raise VitreousError(
            f"model.companions names '{missing[0]}', but the label {labels.name} comes with "
            f"{', '.join(labels.columns) or 'no columns'}; "
            "name some of these, or none"
        )
    columns = {name: np.asarray(labels.columns[name]) for name in companions}
    for name, column in columns.items():
        if (
            column.ndim != 1
            or column.dtype.kind not in "fiub"
            or not np.isfinite(column[labels.mask]).all()
        ):
            raise VitreousError(
                f"model.companions names '{name}', but that column of {labels.name} is not one "
                "finite number for each labelled place; "
                "name another, or none"
            )
    return np.column_stack([labels.values, *columns.values()])


def scaling(
    data: Labelled, names: Sequence[str], edge_names: Sequence[str]
) -> dict[str, torch.Tensor]:
    """Shift and scale of node and edge columns, and mean and standard deviation of the target, from
    the labelled graphs alone.
    """
    used = data.graphs if len(data.index) == len(data.graphs) else take(data.graphs, data.index)
    shift, scale = column_scaling(used.nodes.numpy(), names)
    edge_shift, edge_scale = column_scaling(used.edge_values.numpy(), edge_names)
    values = data.values[data.index].double()
    spread = values.std(dim=0, correction=0)
    target = torch.stack([values.mean(dim=0), torch.where(spread > 0.0, spread, 1.0)])
    arrays = (shift, scale, edge_shift, edge_scale, target.numpy())
    return {
        name: torch.from_numpy(np.asarray(a)).float()
        for name, a in zip(_SCALING, arrays, strict=True)
    }


def mirror(batch: Batch, element: torch.Tensor, signs: tuple[torch.Tensor, torch.Tensor]) -> Batch:
    """The batch with graph b mirrored by element[b] of the reflection group."""
    nodes = batch.nodes * signs[0].to(batch.nodes)[element[batch.graph]]
    return batch._replace(
        nodes=nodes,
        edge_values=batch.edge_values * signs[1].to(batch.nodes)[element[batch.edge_graph]],
    )


def train(
    component: GraphNetwork,
    data: Labelled,
    unseen: Labelled | None,
    scales: dict[str, torch.Tensor],
    names: Names,
    seed: int,
    log: Log,
    place: Path | None,
) -> dict[str, NDArray[Any]]:
    """Weights and scalings of the epoch that does best on ``unseen``; of the last one where that is
    None. ``place``: see best_weights.

    Raises:
        VitreousError: the error was never finite.
    """
    signs = (reflection_signs(names[0]), reflection_signs(names[1]))
    with quiet(component.threads), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        order = torch.Generator().manual_seed(seed + 1)
        net = GraphNet(len(names[0]), len(names[1]), component.hidden, component.layers)
        model = Accompanied(net, scales) if component.companions else Scaled(net, scales)
        if component.compiled:
            model.compile(dynamic=True)
        collate = _collate(data, order if component.reflections in LEARNT else None, signs)
        loader = DataLoader(
            TensorDataset(data.index),
            component.batch_size,
            shuffle=True,
            generator=order,
            collate_fn=collate,
        )
        check = None
        if unseen is not None:
            collate = _collate(unseen, None, signs)
            check = DataLoader(
                TensorDataset(unseen.index),
                4 * component.batch_size,
                generator=order,
                collate_fn=collate,
            )
        state = trainer().best_weights(model, component, loader, check, log, order, place)
    if component.companions:
        state = {name: value for name, value in state.items() if not name.startswith("beside.")} | {
            "target": state["target"][:, 0].copy()
        }
    return state


def _collate(
    data: Labelled, order: torch.Generator | None, signs: tuple[torch.Tensor, torch.Tensor]
) -> Callable[..., Any]:
    """Indices to (batch, labels); graphs mirrored at random when given a generator."""

    def collate(index: list[tuple[torch.Tensor]]) -> tuple[Batch, torch.Tensor]:
        chosen = torch.stack([i for (i,) in index])
        batch = take(data.graphs, chosen)
        if order is not None:
            batch = mirror(batch, torch.randint(4, (len(chosen),), generator=order), signs)
        return batch, data.values[chosen]

    return collate


def rebuild(
    parameters: dict[str, Any],
    names: Sequence[str],
    edge_names: Sequence[str],
    arrays: dict[str, NDArray[Any]],
) -> Scaled:
    """The network with these weights. Raises whatever torch raises when they do not fit."""
    with torch.random.fork_rng(devices=[]):  # the weights drawn here are replaced at once
        net = GraphNet(
            len(names), len(edge_names), int(parameters["hidden"]), int(parameters["layers"])
        )
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    model = Scaled(net, {name: state[name] for name in _SCALING})
    model.load_state_dict(state, strict=True)
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise ValueError("weights that are not finite")
    return model.eval()


def evaluate(
    model: Scaled,
    features: Features,
    names: Sequence[str],
    edge_names: Sequence[str],
    parameters: dict[str, Any],
    block: int,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """(K, M) predictions in the label's unit of each mirror image, four when ``reflections`` says
    so, and (M, 2 hidden) what the last layer reads, averaged over them.

    Blocks of places go to all cores at once; each is computed on one, so that their number changes
    no prediction. Columns are scaled before they are mirrored, once instead of four times: scaling
    leaves vectors unshifted.
    """
    graphs, device = join([features]), evaluation_device(parameters["accelerator"])
    elements = range(4) if parameters["reflections"] in MEANT else range(1)
    model.to(device)
    of_nodes, of_edges = reflection_signs(names).to(device), reflection_signs(edge_names).to(device)

    @torch.inference_mode()
    def predicted(start: int) -> tuple[torch.Tensor, torch.Tensor]:
        batch = model.scaled(
            on_device(take(graphs, torch.arange(start, min(start + block, len(graphs)))), device)
        )
        images = (
            batch._replace(
                nodes=batch.nodes * of_nodes[k], edge_values=batch.edge_values * of_edges[k]
            )
            for k in elements
        )
        hidden = [model.net.out[:-1](model.net.pooled(image)) for image in images]
        each = torch.stack([model.net.out[-1](of_one).squeeze(1).double() for of_one in hidden])
        return each.cpu(), torch.stack(hidden).mean(dim=0).cpu()

    with quiet(1), ThreadPoolExecutor(cores()) as pool:
        parts = list(pool.map(predicted, range(0, len(graphs), block)))
    mean, spread = model.target.double().cpu()
    each, hidden = (
        torch.cat(part, dim=dim) for part, dim in zip(zip(*parts, strict=True), (1, 0), strict=True)
    )
    return (each * spread + mean).numpy(), hidden.numpy()
