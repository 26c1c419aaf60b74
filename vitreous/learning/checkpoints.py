"""The state of a training, kept after every epoch, so that an interrupted one resumes. Everything
here needs torch.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Checkpoint

FORMAT = (
    1  #: of the states; one more for each change that an earlier state cannot be taken up after
)


class Kept(Checkpoint):
    """Leaves the weights, the optimiser, the schedule, all other callbacks and the random numbers'
    state in the file ``place``.

    The file is replaced whole. That of the epoch that ends the training says so: a training that is
    called again has nothing left to do.

    A checkpoint in Lightning's sense, and so called at the epoch's end after the early stopping,
    whose count belongs to the state.

    Args:
        order: draws the order of the batches; its state travels along.
    """

    def __init__(self, place: Path, order: torch.Generator) -> None:
        self.place, self.order, self.finished = place, order, False

    def state_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "finished": self.finished,
            "order": self.order.get_state(),
            "torch": torch.get_rng_state(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.order.set_state(state_dict["order"])
        torch.set_rng_state(state_dict["torch"])

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self.finished = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        partial = self.place.with_name(f"{self.place.name}.{os.getpid()}.tmp")
        trainer.save_checkpoint(partial)
        if trainer.is_global_zero:
            partial.replace(self.place)


def callbacks_in(place: Path | None) -> dict[str, Any] | None:
    """What the callbacks of the training that left its state in ``place`` knew, by class name; None
    where there is no such state, or one that is damaged or of another format: then the training
    begins anew.
    """
    if place is None or not place.is_file():
        return None
    try:
        known = torch.load(place, map_location="cpu", weights_only=True)["callbacks"]
        return known if known[Kept.__qualname__]["format"] == FORMAT else None
    except Exception:  # torch, zip, pickle and key errors all mean the same here
        return None
