"""The key ``trainer`` of a configuration, checked before anything is computed."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vitreous.core.build import checked_value, construct
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Model
from vitreous.core.registry import suggest
from vitreous.core.training import Training
from vitreous.learning.network import Network

FIELDS = ("logger", "quick")


def training_of(config: Mapping[str, Any], folder: Path | None = None) -> Training:
    """How networks are to be trained; a logger writes into ``folder``.

    Raises:
        VitreousError: a wrong type, or an argument that the model's own fields decide.
    """
    given = checked_value("trainer", config.get("trainer") or {}, Mapping[str, Any])
    own = {name: given[name] for name in FIELDS if name in given}
    options = {name: value for name, value in given.items() if name not in FIELDS}
    return construct(Training, "trainer", {**own, "options": options, "folder": folder})


def refuse_training(training: Training, model: Model | None) -> None:
    """Raises VitreousError for arguments that Lightning's Trainer does not have, a model that it
    does not train, or a logger that is not installed.
    """
    asked = [*training.options, *(["logger"] if training.logger else [])]
    if asked and not isinstance(model, Network):
        what = "there is no model" if model is None else f"{type(model).__name__} is none"
        raise VitreousError(
            f"trainer.{asked[0]} is of networks that Lightning trains, but {what}; leave it out"
        )
    if training.logger == "tensorboard" and not (
        find_spec("tensorboard") or find_spec("tensorboardX")
    ):
        raise MissingExtra("trainer.logger=tensorboard", "tensorboard", "tensorboard")
    if not training.options:
        return
    try:
        from pytorch_lightning import Trainer
    except ImportError as error:
        raise MissingExtra("a network", error.name or "pytorch_lightning", "ml") from error
    known = list(inspect.signature(Trainer.__init__).parameters)[1:]
    for name in training.options:
        if name not in known:
            raise VitreousError(
                f"trainer.{name} is no argument of Lightning's Trainer{suggest(name, known)}"
            )


def refuse_lost_node(training: Training) -> None:
    """Raises VitreousError where several nodes train together and nothing says which this one
    is.
    """
    if training.nodes > 1:
        from vitreous.learning.nodes import place_among

        place_among(training.nodes, os.environ)
