"""The state of a training, kept after every epoch, so that one that was stopped goes on where it stood. Everything here needs torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch


class Kept(lightning.Callback):
    """Leaves the weights, the optimiser, the schedule, all other callbacks and the random numbers' state in the file ``place``.

    The file is replaced whole. None is left after the epoch that ends the training: what was learnt is then handed over.

    Args:
        order: draws the order of the batches; its state travels along.
    """

    def __init__(self, place: Path, order: torch.Generator) -> None:
        self.place, self.order = place, order

    def state_dict(self) -> dict[str, Any]:
        return {"order": self.order.get_state(), "torch": torch.get_rng_state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.order.set_state(state_dict["order"])
        torch.set_rng_state(state_dict["torch"])

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs:
            return
        partial = self.place.with_name(f"{self.place.name}.{os.getpid()}.tmp")
        trainer.save_checkpoint(partial)
        if trainer.is_global_zero:
            partial.replace(self.place)


def readable(place: Path | None) -> Path | None:
    """``place``, if a training left its state there whole; a damaged file is no reason not to begin anew."""
    if place is None or not place.is_file():
        return None
    try:
        torch.load(place, map_location="cpu", weights_only=True)
    except Exception:  # torch, zip and pickle errors all mean the same here
        return None
    return place
