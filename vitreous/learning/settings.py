"""Fields of a network's training: their ranges, and the file that keeps a training underway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vitreous.core.data import Drawn
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Example
from vitreous.core.store import identity, key_of
from vitreous.core.training import training

CHOICES = {
    "optimizer": ("adamax", "adamw", "muon", "rmsprop"),
    "schedule": ("constant", "cosine", "plateau"),
    "precision": ("32-true", "bf16-mixed", "16-mixed"),
    "accelerator": ("cpu", "gpu", "auto"),
    "reflections": ("average", "augment", "predict", "none"),
}
LEARNT, MEANT = (
    ("average", "augment"),
    ("average", "predict"),
)  #: uses of reflections that train on images, and that predict their mean


def check_training(model: Any) -> None:
    """Raises VitreousError for fields of a network's training that are out of range."""
    for name, choices in CHOICES.items():
        if getattr(model, name) not in choices:
            raise VitreousError(
                f"model.{name} is '{getattr(model, name)}'; expected one of {', '.join(choices)}"
            )
    for name in ("epochs", "patience", "batch_size", "learning_rate", "devices", "threads"):
        if not getattr(model, name) > 0:
            raise VitreousError(
                f"model.{name} is {getattr(model, name)}; expected a positive number"
            )
    if model.weight_decay < 0:
        raise VitreousError(f"model.weight_decay is {model.weight_decay}; expected zero or more")


def check_companions(model: Any) -> None:
    """Raises VitreousError for companions that are no list of columns."""
    if isinstance(model.companions, str):
        raise VitreousError(
            f"companions is '{model.companions}'; expected a list of columns, such as "
            f"[{model.companions}]"
        )


def learnt_from(
    train: Sequence[Example], validation: Sequence[Example], companions: Sequence[str] = ()
) -> list[Any]:
    """All that a training reads of its glasses, for ``key_of``."""
    return [
        [
            (
                _content(features),
                labels.values,
                labels.mask,
                [labels.columns.get(name) for name in companions],
            )
            for features, labels in part
        ]
        for part in (train, validation)
    ]


def _content(features: Any) -> Any:
    if isinstance(features, Drawn):
        source = vars(features.source)
        return [features.form, features.names, features.shape, dict(features.recipe), source]
    return vars(features)


def checkpoint(
    model: Any, train: Sequence[Example], validation: Sequence[Example], seed: int
) -> Path | None:
    """The file that keeps this training from epoch to epoch, named by all that decides its result;
    None without ``checkpoints``.
    """
    if model.checkpoints is None:
        return None
    read: list[Any] = learnt_from(train, validation, model.auxiliary)
    if decides := training().decides():
        read.append(decides)
    return (
        Path(model.checkpoints)
        / f"{key_of({'component': identity(model), 'from': read, 'seed': seed})}.ckpt"
    )


def forget(kept: Path | None) -> None:
    """Deletes the file that kept a training."""
    if kept is not None:
        kept.unlink(missing_ok=True)


def built_from(model: Any) -> dict[str, Any]:
    """The fields that a network is rebuilt from."""
    return {name: value for name, value in asdict(model).items() if name != "checkpoints"}


def refuse_machine(model: Any) -> None:
    """Raises VitreousError where this machine lacks the accelerator or its precision; torch is
    imported only where one is asked for.
    """
    if model.accelerator == "cpu":
        if model.precision == "16-mixed":
            raise VitreousError(
                "model.precision is 16-mixed, which needs a GPU; on the CPU take bf16-mixed or "
                "32-true"
            )
        return
    try:
        from vitreous.learning.devices import refuse_accelerator
    except ImportError as error:
        raise MissingExtra("training a network", error.name or "torch", "ml") from error
    refuse_accelerator(model.accelerator, model.devices)
