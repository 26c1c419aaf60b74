"""Training by Lightning that every network shares: the loss of the labels' task, early stopping and
the weights kept both decided on the validation glasses alone. Everything here needs torch.

Several devices are several processes, forked by Lightning from this one (``ddp_fork``: nothing is
started anew, nothing must be pickled). Each sees its share of every epoch's batches, gradients are
averaged; the first leaves what was learnt in a folder for this one to read. On several nodes
(``trainer.num_nodes``) the same command runs on each, and the first process of each leaves it.

With ``checkpoints`` a stopped training resumes after its last finished epoch, and learns,
on a CPU, the same as one that was not.
"""

from __future__ import annotations

import json
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytorch_lightning as lightning
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from numpy.typing import NDArray
from pytorch_lightning.callbacks import EarlyStopping
from safetensors.torch import load_file, save_file

from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Log
from vitreous.core.training import Training, training
from vitreous.learning.checkpoints import Kept, callbacks_in
from vitreous.learning.muon import Muon
from vitreous.learning.nodes import among, together
from vitreous.learning.tasks import Task, classified

LARGEST_GRADIENT = 5.0  #: norm to which longer gradients are cut, for a label of unit spread
AUXILIARY = 0.5  #: weight of the auxiliary columns' mean loss beside that of the label itself
_OPTIMIZERS = {
    "adamw": torch.optim.AdamW,
    "adamax": torch.optim.Adamax,
    "muon": Muon,
    "rmsprop": partial(torch.optim.RMSprop, alpha=0.9, eps=1e-7),  # TensorFlow's defaults
}
EPOCHS, BATCHES = 2, 4  #: of a quick training, at most
PLATEAU = 10.0**-0.5  #: by what the rate is multiplied ...
PATIENCE = 4  #: ... after this share of ``patience`` without a better epoch


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
    def judged_by(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def accelerator(self) -> str: ...
    @property
    def devices(self) -> int: ...


class _Trained(lightning.LightningModule):
    """One optimisation step, and the validation error; batches are (input, labels)."""

    def __init__(self, model: torch.nn.Module, task: Task, settings: Settings) -> None:
        super().__init__()
        self.model, self.task, self.settings = model, task, settings

    def _errors(self, output: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """(1 + auxiliary columns,) losses, that of the label first."""
        return self.task.losses(output, values, self.model.target)  # pyright: ignore

    def training_step(self, batch: tuple[Any, torch.Tensor], _: int) -> torch.Tensor:
        errors = self._errors(self.model(batch[0]), batch[1])
        self.log(
            f"train_{self.task.metric}",
            errors[0],
            on_step=False,
            on_epoch=True,
            batch_size=len(batch[1]),
            sync_dist=self.trainer.world_size > 1,
        )
        return errors[0] + AUXILIARY * errors[1:].mean() if len(errors) > 1 else errors[0]

    def validation_step(self, batch: tuple[Any, torch.Tensor], _: int) -> None:
        output = self.model(batch[0])
        errors = {self.task.metric: self._errors(output, batch[1])[0]}
        if classified(self.task):
            errors["error_rate"] = self.task.error_rate(
                output,
                batch[1],
                self.model.target,  # pyright: ignore
            )
        for name, error in errors.items():
            self.log(
                f"validation_{name}",
                error,
                batch_size=len(batch[1]),
                sync_dist=self.trainer.world_size > 1,
            )

    def configure_optimizers(self) -> Any:
        kind = _OPTIMIZERS[self.settings.optimizer]
        optimizer = kind(
            self.parameters(),
            lr=self.settings.learning_rate,
            weight_decay=self.settings.weight_decay,
        )
        if self.settings.schedule == "constant":
            return optimizer
        if self.settings.schedule == "plateau":
            slower = torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimizer, factor=PLATEAU, patience=max(1, self.settings.patience // PATIENCE)
            )
            watched = f"validation_{judge(self.task, self.settings)}"
            return {
                "optimizer": optimizer,
                "lr_scheduler": {"scheduler": slower, "monitor": watched},
            }
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, T_max=steps, eta_min=0.01 * self.settings.learning_rate
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def judge(task: Task, settings: Settings) -> str:
    """The name of the error on validation sites that decides which epoch is the best."""
    by_rate = settings.judged_by == "error_rate" and classified(task)
    return "error_rate" if by_rate else task.metric


class _Best(lightning.Callback):
    """Keeps the weights of the epoch with the smallest validation error by ``judged`` (the last one
    without validation), and every epoch's errors.

    At the end both go to ``folder``, from the first process of a node; errors are reported as they
    come to a ``log`` in the same process, those of epochs before a stop once more.
    """

    def __init__(self, folder: Path, metric: str, judged: str, log: Log | None) -> None:
        self.folder, self.metric, self.judged, self.tell = folder, metric, judged, log
        self.error = float("inf")
        self.history: list[tuple[str, float, int]] = []
        self.weights: dict[str, torch.Tensor] = {}

    def state_dict(self) -> dict[str, Any]:
        return {"error": self.error, "history": self.history, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.error, self.weights = state_dict["error"], state_dict["weights"]
        for entry in state_dict["history"]:
            self._note(*entry)

    def on_validation_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        for name in dict.fromkeys((self.metric, self.judged)):
            error = float(trainer.callback_metrics[f"validation_{name}"])
            self._note(f"validation_{name}", error, trainer.current_epoch)
        if error < self.error:
            self.error = error
            self._keep(pl_module)

    def _note(self, metric: str, error: float, epoch: int) -> None:
        self.history.append((metric, error, epoch))
        if self.tell is not None:
            self.tell(metric, error, epoch)

    def _keep(self, module: lightning.LightningModule) -> None:
        state = module.model.state_dict()  # pyright: ignore
        self.weights = {
            name: value.detach().cpu().contiguous().clone() for name, value in state.items()
        }

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        error = float(trainer.callback_metrics[f"train_{self.metric}"])
        self._note(f"train_{self.metric}", error, trainer.current_epoch)
        if not trainer.enable_validation and np.isfinite(error):
            self._keep(pl_module)

    def on_train_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        if trainer.local_rank == 0:
            save_file(self.weights, self.folder / "weights.safetensors")
            (self.folder / "history.json").write_text(json.dumps(self.history), encoding="utf-8")


def best_weights(
    model: torch.nn.Module,
    task: Task,
    settings: Settings,
    batches: Any,
    check: Any | None,
    log: Log,
    order: torch.Generator,
    place: Path | None,
) -> dict[str, NDArray[Any]]:
    """Trains ``model``, whose buffer ``target`` holds the label's mean and spread, on loaders of
    (input, labels); its best state.

    Args:
        order: what draws the order of the batches.
        place: file that keeps the state of the training from epoch to epoch, and is taken up if
        there; None keeps none.

    Raises:
        VitreousError: the error was never finite, the devices or the precision asked for are not
            there, or nothing can be written beside ``place``.
    """
    known = callbacks_in(place)
    if known is not None and known[Kept.__qualname__]["finished"]:
        best = known[_Best.__qualname__]
        for entry in best["history"]:
            log(*entry)
        weights = best["weights"]
    else:
        weights = _run(model, task, settings, batches, check, log, order, place, known is not None)
    if not weights:
        raise VitreousError(
            "the training never reached a finite error; lower learning_rate or check the labels"
        )
    return {name: value.float().numpy() for name, value in weights.items()}


def _run(
    model: torch.nn.Module,
    task: Task,
    settings: Settings,
    batches: Any,
    check: Any | None,
    log: Log,
    order: torch.Generator,
    place: Path | None,
    again: bool,
) -> dict[str, torch.Tensor]:
    """The loop itself, from the state in ``place`` if resumed (``again``); the best weights."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone = settings.devices * training().nodes == 1
        judged = judge(task, settings)
        callbacks: list[lightning.Callback] = [
            _Best(folder, task.metric, judged, log if alone else None)
        ]
        if check is not None:
            callbacks.append(EarlyStopping(f"validation_{judged}", patience=settings.patience))
        if place is not None:
            _prepare(place.parent)
            callbacks.append(Kept(place, order))
        with _interruptible(), together():
            trainer = _trainer(settings, callbacks)
            trainer.fit(
                _Trained(model, task, settings),
                batches,
                check,
                ckpt_path=place if again else None,
                weights_only=True,
            )
        if not alone:
            for metric, value, step in json.loads(
                (folder / "history.json").read_text(encoding="utf-8")
            ):
                log(metric, value, step)
        return load_file(folder / "weights.safetensors")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lightning makes of an interruption the end of the process, and then ignores further ones;
    here it stays an interruption.
    """
    handler = (
        signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread()
        else None
    )
    try:
        yield
    except SystemExit as end:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from end


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise VitreousError(
            f"model.checkpoints cannot be used: {folder}: {error.strerror}; choose another "
            "folder, or null"
        ) from error


def _logger(chosen: Training) -> Any:
    """What writes every epoch's losses down in the run's folder; a number for each training."""
    if chosen.logger is None or chosen.folder is None:
        return False
    from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger

    kind = {"csv": CSVLogger, "tensorboard": TensorBoardLogger}[chosen.logger]
    return kind(save_dir=str(chosen.folder), name="training")


def _trainer(settings: Settings, callbacks: list[lightning.Callback]) -> lightning.Trainer:
    """Lightning's loop, silent and leaving no files of its own; nothing but what was asked for."""
    chosen, alone = training(), settings.devices * training().nodes == 1
    ours: dict[str, Any] = {
        "gradient_clip_val": LARGEST_GRADIENT,
        **({} if alone else {"strategy": "ddp_fork", "plugins": among(chosen.nodes)}),
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "log_every_n_steps": 1,
        **({"limit_train_batches": BATCHES, "limit_val_batches": BATCHES} if chosen.quick else {}),
    }
    try:
        trainer = lightning.Trainer(
            max_epochs=min(settings.epochs, EPOCHS) if chosen.quick else settings.epochs,
            accelerator=settings.accelerator,
            devices=settings.devices,
            precision=settings.precision,  # pyright: ignore[reportArgumentType]
            callbacks=callbacks,
            logger=_logger(chosen),
            enable_checkpointing=any(isinstance(callback, Kept) for callback in callbacks),
            **{**ours, **chosen.options},
        )
        if trainer.precision != settings.precision:
            raise MisconfigurationException(f"it would be {trainer.precision}")
        return trainer
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        raise VitreousError(
            f"model.accelerator={settings.accelerator}, devices={settings.devices}, "
            f"precision={settings.precision} cannot be had here "
            f"({str(error).splitlines()[0]}); take what this machine has, or "
            "model.accelerator=cpu model.devices=1 model.precision=32-true"
        ) from error
