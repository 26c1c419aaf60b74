"""How networks are trained beyond their own fields: what Lightning's Trainer is given, and where a
training is logged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitreous.core.errors import VitreousError

LOGGERS = ("csv", "tensorboard")
#: what a model's own fields decide, by the name of the Trainer's argument
OWN = {
    "max_epochs": "model.epochs",
    "accelerator": "model.accelerator",
    "devices": "model.devices",
    "strategy": "model.devices",  # processes of each node, forked from the command that runs there
    "plugins": "",
    "precision": "model.precision",
    "callbacks": "",
    "enable_checkpointing": "model.checkpoints",
}


#: what there is to say of the numbers of a run with ``quick``
MEANINGLESS = "debug=fast: this checks that the run works; its scores and predictions mean nothing"


def only_tried(config: Mapping[str, Any]) -> bool:
    """Whether a configuration only tries whether all fits together, as debug=fast does."""
    return bool((config.get("trainer") or {}).get("quick"))


@dataclass(frozen=True, kw_only=True)
class Training:
    """The key ``trainer`` of a configuration.

    Fields:
        logger: csv or tensorboard, whose files go to ``folder``; None: no logger.
        quick: two epochs of a few batches, to try whether all fits together.
        options: further arguments of Lightning's Trainer, which decide what is learnt.
    """

    logger: str | None = None
    quick: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    def __post_init__(self) -> None:
        if self.logger is not None and self.logger not in LOGGERS:
            raise VitreousError(
                f"trainer.logger is '{self.logger}'; expected one of {', '.join(LOGGERS)}, or null"
            )
        for name in sorted(set(OWN) & set(self.options)):
            instead = f"set {OWN[name]}" if OWN[name] else "leave it out"
            raise VitreousError(f"trainer.{name} is not to be set here; {instead}")
        nodes = self.options.get("num_nodes", 1)
        if isinstance(nodes, bool) or not isinstance(nodes, int) or nodes < 1:
            raise VitreousError(
                f"trainer.num_nodes is {nodes!r}; expected how many nodes run this command, such "
                "as +trainer.num_nodes=2"
            )

    @property
    def nodes(self) -> int:
        """How many run the same command, to train together."""
        return self.options.get("num_nodes", 1)

    def decides(self) -> dict[str, Any]:
        """What of it decides a result; empty by default."""
        return {**self.options, **({"quick": True} if self.quick else {})}


_NOW: ContextVar[Training] = ContextVar("training", default=Training())  # noqa: B039


def training() -> Training:
    """How networks are trained now."""
    return _NOW.get()


@contextmanager
def trained_with(chosen: Training) -> Iterator[None]:
    """Networks are trained so while the context lasts."""
    before = _NOW.set(chosen)
    try:
        yield
    finally:
        _NOW.reset(before)
