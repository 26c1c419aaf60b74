"""Training and evaluating the graph network: everything that needs torch at run time."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytorch_lightning as lightning
import torch
from numpy.typing import NDArray
from pytorch_lightning.callbacks import EarlyStopping
from torch.utils.data import DataLoader, TensorDataset

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example, Log
from vitreous.plugins.models._graph_batches import Batch, Graphs, column_scaling, join, reflection_signs, take
from vitreous.plugins.models._graph_layers import GraphNet

if TYPE_CHECKING:
    from vitreous.plugins.models.graph_network import GraphNetwork

Names = tuple[Sequence[str], Sequence[str]]
_SCALING = ("shift", "scale", "edge_shift", "edge_scale", "target")


class Labelled(NamedTuple):
    """Graphs, the indices of those with a label, and their labels."""

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
        nodes = (batch.nodes - self.shift) / self.scale
        return self.net(batch._replace(nodes=nodes, edge_values=(batch.edge_values - self.edge_shift) / self.edge_scale))


def labelled(examples: Sequence[Example], what: str) -> Labelled:
    """The graphs of all glasses and which of them carry a label. Raises VitreousError when none does."""
    mask = np.concatenate([labels.mask for _, labels in examples]) if examples else np.zeros(0, dtype=bool)
    if not mask.any():
        raise VitreousError(f"the {what} glasses hold no labelled place; check the labeler and its masks")
    values = np.concatenate([labels.values for _, labels in examples])
    return Labelled(join([f for f, _ in examples]), torch.from_numpy(np.flatnonzero(mask)), torch.from_numpy(values).float())


def scaling(data: Labelled, names: Sequence[str], edge_names: Sequence[str]) -> dict[str, torch.Tensor]:
    """Shift and scale of node and edge columns, and mean and standard deviation of the target, from the labelled graphs alone."""
    used = take(data.graphs, data.index)
    shift, scale = column_scaling(used.nodes.double().numpy(), names)
    edge_shift, edge_scale = column_scaling(used.edge_values.double().numpy(), edge_names)
    values = data.values[data.index].double()
    spread = float(values.std(correction=0)) or 1.0
    arrays = (shift, scale, edge_shift, edge_scale, np.array([float(values.mean()), spread]))
    return {name: torch.from_numpy(np.asarray(a)).float() for name, a in zip(_SCALING, arrays, strict=True)}


def mirror(batch: Batch, element: torch.Tensor, signs: tuple[torch.Tensor, torch.Tensor]) -> Batch:
    """The batch with graph b mirrored by element[b] of the reflection group."""
    nodes = batch.nodes * signs[0].to(batch.nodes)[element[batch.graph]]
    return batch._replace(nodes=nodes, edge_values=batch.edge_values * signs[1].to(batch.nodes)[element[batch.edge_graph]])


class Trained(lightning.LightningModule):
    """One optimisation step, and the validation error."""

    def __init__(self, model: Scaled, component: GraphNetwork, steps: int) -> None:
        super().__init__()
        self.model, self.component, self.steps = model, component, steps

    def _error(self, batch: tuple[Batch, torch.Tensor]) -> torch.Tensor:
        wanted = (batch[1] - self.model.target[0]) / self.model.target[1]
        return torch.nn.functional.mse_loss(self.model(batch[0]), wanted)

    def training_step(self, batch: tuple[Batch, torch.Tensor], _: int) -> torch.Tensor:
        loss = self._error(batch)
        self.log("train_mse", loss, on_step=False, on_epoch=True, batch_size=batch[0].size)
        return loss

    def validation_step(self, batch: tuple[Batch, torch.Tensor], _: int) -> None:
        self.log("validation_mse", self._error(batch), batch_size=batch[0].size)

    def configure_optimizers(self) -> Any:
        kind = torch.optim.AdamW if self.component.optimizer == "adamw" else torch.optim.Adamax
        optimizer = kind(self.parameters(), lr=self.component.learning_rate, weight_decay=self.component.weight_decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=self.steps, eta_min=0.01 * self.component.learning_rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Best(lightning.Callback):
    """Keeps the weights of the epoch with the smallest validation error (the last one without validation), and reports every epoch."""

    def __init__(self, log: Log) -> None:
        self.report, self.error, self.weights = log, float("inf"), {}

    def on_validation_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        error = float(trainer.callback_metrics["validation_mse"])
        self.report("validation_mse", error, trainer.current_epoch)
        if error < self.error:
            self.error = error
            self._keep(pl_module)

    def _keep(self, module: lightning.LightningModule) -> None:
        self.weights = {name: value.detach().cpu().clone() for name, value in module.model.state_dict().items()}  # pyright: ignore

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        error = float(trainer.callback_metrics["train_mse"])
        self.report("train_mse", error, trainer.current_epoch)
        if not trainer.enable_validation and np.isfinite(error):
            self._keep(pl_module)


def train(
    component: GraphNetwork, data: Labelled, unseen: Labelled | None, scales: dict[str, torch.Tensor], names: Names, seed: int, log: Log
) -> dict[str, NDArray[Any]]:
    """Weights and scalings of the epoch that does best on ``unseen``; of the last one where that is None.

    Raises:
        VitreousError: the error was never finite.
    """
    signs = (reflection_signs(names[0]), reflection_signs(names[1]))
    best = Best(log)
    with _quiet(component.threads), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        order = torch.Generator().manual_seed(seed + 1)
        model = Scaled(GraphNet(len(names[0]), len(names[1]), component.hidden, component.layers), scales)
        collate = _collate(data, order if component.reflections != "none" else None, signs)
        loader = DataLoader(TensorDataset(data.index), component.batch_size, shuffle=True, generator=order, collate_fn=collate)
        callbacks: list[lightning.Callback] = [best]
        check = None
        if unseen is not None:
            check = DataLoader(
                TensorDataset(unseen.index), 4 * component.batch_size, generator=order, collate_fn=_collate(unseen, None, signs)
            )
            callbacks.append(EarlyStopping("validation_mse", patience=component.patience))
        trainer = lightning.Trainer(
            max_epochs=component.epochs,
            accelerator=component.accelerator,
            devices=1,
            gradient_clip_val=5.0,
            callbacks=callbacks,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        trainer.fit(Trained(model, component, component.epochs * len(loader)), loader, check)
    if not best.weights:
        raise VitreousError("graph_network training never reached a finite error; lower learning_rate or check the labels")
    return {name: value.numpy() for name, value in best.weights.items()}


def _collate(data: Labelled, order: torch.Generator | None, signs: tuple[torch.Tensor, torch.Tensor]) -> Callable[..., Any]:
    """Indices to (batch, labels); graphs mirrored at random when given a generator."""

    def collate(index: list[tuple[torch.Tensor]]) -> tuple[Batch, torch.Tensor]:
        chosen = torch.stack([i for (i,) in index])
        batch = take(data.graphs, chosen)
        if order is not None:
            batch = mirror(batch, torch.randint(4, (len(chosen),), generator=order), signs)
        return batch, data.values[chosen]

    return collate


def rebuild(parameters: dict[str, Any], names: Sequence[str], edge_names: Sequence[str], arrays: dict[str, NDArray[Any]]) -> Scaled:
    """The network with these weights, in double precision. Raises whatever torch raises when they do not fit."""
    with torch.random.fork_rng(devices=[]):  # the weights drawn here are replaced at once
        net = GraphNet(len(names), len(edge_names), int(parameters["hidden"]), int(parameters["layers"]))
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    model = Scaled(net, {name: state[name] for name in _SCALING})
    model.load_state_dict(state, strict=True)
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise ValueError("weights that are not finite")
    return model.double().eval()


@torch.no_grad()
def evaluate(
    model: Scaled, features: Features, names: Sequence[str], edge_names: Sequence[str], mirrored: bool, block: int, threads: int
) -> NDArray[Any]:
    """(M,) predictions in the label's unit, averaged over the four mirror images when ``mirrored``."""
    graphs = join([features], torch.float64)
    signs = (reflection_signs(names), reflection_signs(edge_names))
    parts = []
    with _quiet(threads):
        for start in range(0, len(graphs), block):
            batch = take(graphs, torch.arange(start, min(start + block, len(graphs))))
            images = [mirror(batch, torch.full((batch.size,), k), signs) for k in range(4)] if mirrored else [batch]
            parts.append(torch.stack([model(image) for image in images]).mean(dim=0))
    return (torch.cat(parts) * model.target[1] + model.target[0]).numpy()


@contextmanager
def _quiet(threads: int) -> Iterator[None]:
    """Lightning without its notices, on ``threads`` threads; both put back afterwards."""
    logger, before = logging.getLogger("pytorch_lightning"), torch.get_num_threads()
    level = logger.level
    logger.setLevel(logging.ERROR)
    torch.set_num_threads(threads)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        torch.set_num_threads(before)
