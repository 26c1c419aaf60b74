"""Where networks are evaluated, quietly, and without waiting for what only training needs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from vitreous.core.errors import MissingExtra, VitreousError


def trainer() -> Any:
    """The module that trains, imported when first used: Lightning takes seconds, which a prediction
    need not wait for.
    """
    try:
        from vitreous.learning import training
    except ImportError as error:
        raise MissingExtra("training a network", error.name or "pytorch_lightning", "ml") from error
    _silence()  # importing Lightning makes its loggers talkative again
    return training


def _silence() -> dict[str, int]:
    """Lightning's loggers down to errors; their levels before."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric")]
    before = {logger.name: logger.level for logger in loggers}
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    return before


def refuse_accelerator(accelerator: str, devices: int) -> None:
    """Raises VitreousError where a GPU is asked for that this machine has not, or more of them than
    it has.
    """
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if accelerator == "gpu" and found < devices:
        raise VitreousError(
            f"model.accelerator is gpu and model.devices {devices}, but torch finds {found} here; "
            "use model.accelerator=cpu"
        )


def evaluation_device(accelerator: str) -> torch.device:
    """Where predictions are made: on the GPU if the model was trained for one and this machine has
    one. The numbers are the same.
    """
    return torch.device("cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu")


def on_device(data: Any, device: torch.device) -> Any:
    """Tensors, and tuples of them, where they are needed."""
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if not isinstance(data, tuple):
        return data
    parts = [on_device(part, device) for part in data]
    return type(data)(*parts) if hasattr(data, "_fields") else tuple(parts)


@contextmanager
def quiet(threads: int) -> Iterator[None]:
    """Lightning without its notices, on ``threads`` threads; both put back afterwards."""
    levels, before = _silence(), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        torch.set_num_threads(before)
