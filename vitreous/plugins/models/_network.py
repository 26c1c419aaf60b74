"""What the published networks share: the fields of their training, fitting, saving and loading.
Torch is imported when first needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model
from vitreous.core.store import identity, key_of
from vitreous.plugins.models._tables import check_columns, check_examples, read_facts, write_facts

Array = NDArray[np.float64]
CHOICES = {
    "optimizer": ("adamax", "adamw", "muon"),
    "schedule": ("constant", "cosine"),
    "precision": ("32-true", "bf16-mixed", "16-mixed"),
    "accelerator": ("cpu", "gpu", "auto"),
}
REFLECTIONS = ("average", "augment", "predict", "none")
LEARNT, MEANT = (
    ("average", "augment"),
    ("average", "predict"),
)  #: uses of reflections that train on images, and that predict their mean
PLANE = (
    ("x", "y"),
    ("n", "m"),
)  #: the names of the two coordinates, by whether the loading has mirrors


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


def check_reflections(model: Any) -> None:
    """Raises VitreousError for a use of the loading's symmetries that there is not."""
    if model.reflections not in REFLECTIONS:
        raise VitreousError(
            f"unknown reflections '{model.reflections}'; expected one of {', '.join(REFLECTIONS)}"
        )


def learnt_from(
    train: Sequence[Example], validation: Sequence[Example], companions: Sequence[str] = ()
) -> list[Any]:
    """All that a training reads of its glasses, for ``key_of``."""
    return [
        [
            (
                vars(features),
                labels.values,
                labels.mask,
                [labels.columns.get(name) for name in companions],
            )
            for features, labels in part
        ]
        for part in (train, validation)
    ]


def checkpoint(
    model: Any, train: Sequence[Example], validation: Sequence[Example], seed: int
) -> Path | None:
    """The file that keeps this training from epoch to epoch, named by all that decides its result;
    None without ``checkpoints``.
    """
    if model.checkpoints is None:
        return None
    read = learnt_from(train, validation, getattr(model, "companions", ()))
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
        from vitreous.plugins.models._devices import refuse_accelerator
    except ImportError as error:
        raise MissingExtra("training a network", error.name or "torch", "ml") from error
    refuse_accelerator(model.accelerator, model.devices)


@dataclass(frozen=True, kw_only=True)
class Network(Model):
    """A network trained with the mean squared error on the standardised label; the weights kept are
    the best ones on validation.

    ``checkpoints``: a folder that keeps the training after every epoch, so that one that was
    stopped goes on there; None keeps nothing.

    Raises:
        VitreousError: fields out of range. MissingExtra: torch, Lightning, PyG or safetensors not
        installed.
    """

    levels = frozenset({"sample", "atom", "site"})
    network: ClassVar[str]  #: its name in _paper_networks

    epochs: int = 1000
    patience: int = 100
    batch_size: int = 256
    learning_rate: float = 1e-3
    optimizer: str = "adamax"
    weight_decay: float = 0.0
    schedule: str = "constant"
    precision: str = "32-true"
    accelerator: str = "cpu"
    devices: int = 1
    threads: int = 1
    checkpoints: str | None = field(default=None, metadata={"affects_result": False})

    def __post_init__(self) -> None:
        check_training(self)

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedNetwork:
        """Train, keeping the epoch that does best on ``validation``; without validation glasses all
        epochs are run and the last is kept.
        """
        check_examples(train, "training")
        check_examples([*train[:1], *validation], "validation")
        parameters, names = self.parameters(train[0][0]), train[0][0].names
        seed = int(rng.integers(2**62))
        place = checkpoint(self, train, validation, seed)
        arrays = _import_networks().train(self, parameters, train, validation, seed, log, place)
        return FittedNetwork(
            network=self.network,
            forms=self.forms,
            parameters=parameters,
            names=names,
            arrays=arrays,
            kept=place,
        )

    def refuse(self) -> None:
        refuse_machine(self)

    def parameters(self, features: Features) -> dict[str, Any]:
        """What the network is built from: the fields, for features that hold coordinates. Raises
        VitreousError for others.
        """
        if features.names[:2] not in PLANE:
            raise VitreousError(
                f"{self.network} reads coordinates from the columns x and y, but the features "
                f"begin with {features.names[:2]}"
            )
        return built_from(self)

    def load(self, folder: Path) -> FittedNetwork:
        _import_networks()
        from safetensors.numpy import load_file

        facts = read_facts(folder, self.network)
        try:
            arrays, names = load_file(folder / "weights.safetensors"), tuple(facts["names"])
            parameters = dict(facts["parameters"])
            return FittedNetwork(
                network=self.network,
                forms=self.forms,
                parameters=parameters,
                names=names,
                arrays=arrays,
            )
        except Exception as error:  # safetensors, torch and OS errors all mean the same here
            raise VitreousError(
                f"{folder} holds a damaged {self.network} model ({str(error).splitlines()[0]}); "
                "save the model again"
            ) from error


class FittedNetwork(Fitted):
    """A trained network: weights and the label's mean and spread (``arrays``), the columns it
    knows, the fields it was trained with, and the file that ``kept`` its training.
    """

    def __init__(
        self,
        *,
        network: str,
        forms: frozenset[str],
        parameters: dict[str, Any],
        names: Sequence[str],
        arrays: dict[str, NDArray[Any]],
        kept: Path | None = None,
    ) -> None:
        self.network, self.forms, self.parameters, self.names, self.arrays = (
            network,
            forms,
            parameters,
            tuple(names),
            arrays,
        )
        self._kept = kept
        self._module = _import_networks().rebuild(network, parameters, arrays)

    def predict(self, features: Features) -> Array:
        if features.form not in self.forms:
            raise VitreousError(
                f"{self.network} got features of form '{features.form}'; expected "
                f"'{', '.join(self.forms)}'"
            )
        check_columns(features, self.names)
        return _import_networks().evaluate(self.network, self.parameters, self._module, features)

    def stored(self) -> None:
        forget(self._kept)

    def save(self, folder: Path) -> None:
        from safetensors.numpy import save_file

        write_facts(
            folder, self.network, {"parameters": self.parameters, "names": list(self.names)}
        )
        save_file(
            {name: np.ascontiguousarray(array) for name, array in self.arrays.items()},
            folder / "weights.safetensors",
        )


def _import_networks() -> Any:
    """The module that needs torch, imported when first used."""
    try:
        from vitreous.plugins.models import _paper_networks
    except ImportError as error:
        raise MissingExtra("a network", error.name or "torch", "ml") from error
    return _paper_networks
