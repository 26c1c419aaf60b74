"""Training by Lightning that every network shares: mean squared error on the standardised label, early stopping and the weights kept both
decided on the validation glasses alone. Everything here needs torch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import pytorch_lightning as lightning
import torch
from numpy.typing import NDArray
from pytorch_lightning.callbacks import EarlyStopping

from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Log


class Settings(Protocol):
    """The fields of a component that its training reads."""

    @property
    def epochs(self) -> int: ...
    @property
    def patience(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def optimizer(self) -> str: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def schedule(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def accelerator(self) -> str: ...
    @property
    def devices(self) -> int: ...


class _Trained(lightning.LightningModule):
    """One optimisation step, and the validation error; batches are (input, labels, size)."""

    def __init__(self, model: torch.nn.Module, settings: Settings, steps: int) -> None:
        super().__init__()
        self.model, self.settings, self.steps = model, settings, steps

    def _error(self, batch: tuple[Any, torch.Tensor]) -> torch.Tensor:
        target = self.model.target
        wanted = (batch[1] - target[0]) / target[1]  # pyright: ignore[reportIndexIssue]
        return torch.nn.functional.mse_loss(self.model(batch[0]), wanted)

    def training_step(self, batch: tuple[Any, torch.Tensor], _: int) -> torch.Tensor:
        loss = self._error(batch)
        self.log("train_mse", loss, on_step=False, on_epoch=True, batch_size=len(batch[1]), sync_dist=self.settings.devices > 1)
        return loss

    def validation_step(self, batch: tuple[Any, torch.Tensor], _: int) -> None:
        self.log("validation_mse", self._error(batch), batch_size=len(batch[1]), sync_dist=self.settings.devices > 1)

    def configure_optimizers(self) -> Any:
        kind = torch.optim.AdamW if self.settings.optimizer == "adamw" else torch.optim.Adamax
        optimizer = kind(self.parameters(), lr=self.settings.learning_rate, weight_decay=self.settings.weight_decay)
        if self.settings.schedule == "constant":
            return optimizer
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=self.steps, eta_min=0.01 * self.settings.learning_rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class _Best(lightning.Callback):
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


def best_weights(model: torch.nn.Module, settings: Settings, batches: Any, check: Any | None, log: Log) -> dict[str, NDArray[Any]]:
    """Trains ``model``, whose buffer ``target`` holds the label's mean and spread, on loaders of (input, labels); its best state.

    Raises:
        VitreousError: the error was never finite.
    """
    best = _Best(log)
    callbacks: list[lightning.Callback] = [best]
    if check is not None:
        callbacks.append(EarlyStopping("validation_mse", patience=settings.patience))
    trainer = lightning.Trainer(
        max_epochs=settings.epochs,
        accelerator=settings.accelerator,
        devices=settings.devices,
        precision=settings.precision,  # pyright: ignore[reportArgumentType]
        gradient_clip_val=5.0,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(_Trained(model, settings, settings.epochs * len(batches)), batches, check)
    if not best.weights:
        raise VitreousError("the training never reached a finite error; lower learning_rate or check the labels")
    return {name: value.float().numpy() for name, value in best.weights.items()}


@contextmanager
def quiet(threads: int) -> Iterator[None]:
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
