"""A network as a component: the fields of its training, fitting, saving and loading.

A method is a subclass with two hooks, which are all that differs between networks:

``inputs(features, parameters, dtype)``
    the sites of several glasses as ``vitreous.learning.inputs.Inputs``
``module(parameters, seen, outputs)``
    the torch module: from a batch of these to (B, outputs)

What is learnt follows from the labels (vitreous.learning.tasks).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Attention, Drawn, Labels
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model
from vitreous.learning.settings import (
    built_from,
    check_training,
    checkpoint,
    forget,
    refuse_machine,
)
from vitreous.learning.tables import check_columns, check_examples, read_facts, write_facts

if TYPE_CHECKING:
    import torch

    from vitreous.learning.inputs import Inputs
    from vitreous.learning.tasks import Task

Array = NDArray[np.float64]
SINGLE = {"task": "value", "components": [], "classes": []}  #: of labels (M,)


@dataclass(frozen=True)
class Seen:
    """What of the features decides the shape of a network: names of the columns, of the edges'
    columns, and the shape of one image or vector.
    """

    names: tuple[str, ...]
    edge_names: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    @classmethod
    def of(cls, features: Any) -> Self:
        """Of ``Features`` or ``Drawn`` ones."""
        arrays = features.form in ("vector", "image", "glass_image")
        edges = () if isinstance(features, Drawn) else tuple(features.edge_names)
        return cls(tuple(features.names), edges, tuple(features.shape) if arrays else ())


def refuse_without_coordinates(network: str, seen: Seen) -> None:
    """Raises VitreousError unless the first two columns are the coordinates: x and y, or n and m
    where the loading has no mirrors.
    """
    if seen.names[:2] not in (("x", "y"), ("n", "m")):
        raise VitreousError(
            f"{network} reads coordinates from the columns x and y, but the features begin with "
            f"{seen.names[:2]}"
        )


@dataclass(frozen=True, kw_only=True)
class Network(Model):
    """A network trained with the loss of the labels' task; the weights kept are the best ones on
    validation.

    ``reflections``: what is made of the symmetric images of a site: "augment" trains on random
    ones, "predict" averages predictions over all, "average" does both, "none" neither.
    ``checkpoints``: a folder that keeps the training after every epoch, so that a stopped one
    resumes there; None keeps nothing.

    Raises:
        VitreousError: fields out of range. MissingExtra: torch, Lightning, PyG or safetensors not
        installed.
    """

    levels = frozenset({"sample", "atom", "site"})
    tasks = frozenset({"value", "class", "position"})
    several: ClassVar = True
    network: ClassVar[str]  #: names its folders
    dtype: ClassVar[str] = "float64"  #: precision of predictions
    block: ClassVar[int] = 256  #: sites predicted at once, to bound memory
    whole_glasses: ClassVar[bool] = False  #: batches, and what is predicted at once, are of glasses
    checked: ClassVar[int] = 1  #: batches of validation sites, in those of training
    judged_by: ClassVar[str] = "loss"  #: or "error_rate" of classes: which epoch is the best

    epochs: int = 1000
    patience: int = 100
    batch_size: int = 256
    learning_rate: float = 1e-3
    optimizer: str = "adamax"
    weight_decay: float = 0.0
    schedule: str = "constant"
    reflections: str = "none"
    precision: str = "32-true"
    accelerator: str = "cpu"
    devices: int = 1
    threads: int = 1
    checkpoints: str | None = field(default=None, metadata={"affects_result": False})

    def __post_init__(self) -> None:
        check_training(self)

    @classmethod
    def brief(cls) -> Self:
        """Three epochs."""
        return replace(cls.example(), epochs=3, patience=3)

    @staticmethod
    @abstractmethod
    def inputs(features: Sequence[Any], parameters: Mapping[str, Any], dtype: Any) -> Inputs:
        """The sites of these glasses. Raises VitreousError for features that it cannot read."""

    @staticmethod
    @abstractmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> torch.nn.Module:
        """The network, with weights drawn from torch's random numbers."""

    @classmethod
    def model(
        cls, parameters: Mapping[str, Any], seen: Seen, outputs: int, target: torch.Tensor
    ) -> torch.nn.Module:
        """The network and the labels' scaling, buffer ``target``; its state is what is saved."""
        from vitreous.learning.fitting import Standardised

        return Standardised(cls.module(parameters, seen, outputs), target)

    def task(self, facts: Mapping[str, Any]) -> Task:
        """What it learns from labels with these facts."""
        from vitreous.learning.tasks import task_of

        return task_of(facts, weighted=not self.balances)

    @property
    def balances(self) -> bool:
        """Whether batches hold as many sites of each class, so that the loss needs no weights."""
        return False

    @classmethod
    def prepare(cls, model: Any, inputs: Any, rows: torch.Tensor, seen: Seen) -> None:
        """Set what the model takes from its training data besides weights (scales of columns), from
        the labelled ``rows`` of ``inputs``.
        """

    @staticmethod
    def stages(net: Any) -> Sequence[Any]:
        """The parts of the network whose maps tell where in an image it looks, finest first; none
        of a network that reads no images.
        """
        return ()

    @classmethod
    def accompanied(cls, model: Any, count: int) -> Any:
        """The model in training, with ``count`` more outputs for ``auxiliary`` columns, whose
        weights, named ``beside...``, are not kept.
        """
        raise NotImplementedError(f"{cls.network} learns no auxiliary columns")

    @staticmethod
    def companion(name: str, column: Array, mask: NDArray[np.bool_]) -> Array:
        """An auxiliary column (M,) as it is learnt, where ``mask`` says that the label is known."""
        return column

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
        if self.schedule == "plateau" and not validation:
            raise VitreousError(
                "model.schedule is plateau, which watches validation glasses, but there are none; "
                "set split.validation, or model.schedule to constant or cosine"
            )
        features, labels = train[0]
        seen = Seen.of(features)
        self.refuse_features(seen)
        seed = int(rng.integers(2**62))
        place = checkpoint(self, train, validation, seed)
        arrays = _fitting().train(self, seen, train, validation, seed, log, place)
        return self.fitted(built_from(self), seen, labels_facts(labels), arrays, place)

    def refuse(self) -> None:
        refuse_machine(self)

    def refuse_features(self, seen: Seen) -> None:
        """Raises VitreousError for features that the network cannot read."""

    @staticmethod
    def trained() -> type[FittedNetwork]:
        """The class of its trained networks."""
        return FittedNetwork

    @classmethod
    def fitted(
        cls,
        parameters: Mapping[str, Any],
        seen: Seen,
        task: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        kept: Path | None = None,
    ) -> FittedNetwork:
        """The trained network."""
        return cls.trained()(
            method=cls, parameters=parameters, seen=seen, task=task, arrays=arrays, kept=kept
        )

    def load(self, folder: Path) -> FittedNetwork:
        _fitting()
        from safetensors.numpy import load_file

        facts = read_facts(folder, self.network)
        try:
            differ = set(facts["parameters"]) ^ set(built_from(self))
            if differ:
                raise ValueError(f"another version wrote it: {', '.join(sorted(differ))}")
            names, edges, shape = (facts.get(k, ()) for k in ("names", "edge_names", "shape"))
            return self.fitted(
                facts["parameters"],
                Seen(tuple(names), tuple(edges), tuple(shape)),
                facts.get("task", SINGLE),
                load_file(folder / "weights.safetensors"),
            )
        except Exception as error:  # safetensors, torch and OS errors all mean the same here
            raise VitreousError(
                f"{folder} holds a damaged {self.network} model ({str(error).splitlines()[0]}); "
                "save the model again"
            ) from error


class FittedNetwork(Fitted):
    """A trained network: its method, the fields it was trained with, the columns it knows, the
    labels' task, weights and scaling (``arrays``), and the file that ``kept`` its training.
    """

    def __init__(
        self,
        *,
        method: type[Network],
        parameters: Mapping[str, Any],
        seen: Seen,
        task: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        kept: Path | None = None,
    ) -> None:
        self.method, self.parameters, self.seen = method, dict(parameters), seen
        self.facts, self.arrays, self._kept = dict(task), dict(arrays), kept
        self.model = _fitting().rebuild(method, self.parameters, seen, self.facts, self.arrays)

    def check(self, features: Any) -> None:
        """Raises VitreousError for features of another form, or with other columns."""
        if features.form not in self.method.forms:
            raise VitreousError(
                f"{self.method.network} got features of form '{features.form}'; expected "
                f"'{', '.join(sorted(self.method.forms))}'"
            )
        check_columns(features, self.seen.names)
        found = Seen.of(features)
        if (found.edge_names, found.shape) != (self.seen.edge_names, self.seen.shape):
            raise VitreousError(
                f"features have {_described(found)}, but the model knows {_described(self.seen)}; "
                "describe the glass as in training"
            )

    def predict(self, features: Any) -> Array:
        self.check(features)
        return _fitting().answers(self, features)

    def probabilities(self, features: Any) -> Array | None:
        if self.facts["task"] != "class":
            return None
        self.check(features)
        return _fitting().probabilities(self, features)

    def hazards(self, features: Any, strains: Array) -> Array | None:
        if self.facts["task"] != "survival":
            return None
        self.check(features)
        return _fitting().hazards(self, features, strains)

    def attribution(self, features: Any) -> Array | None:
        self.check(features)
        return _fitting().attribution(self, features)

    def attention(self, features: Any, copies: int) -> tuple[Attention, ...]:
        self.check(features)
        if not self.method.knows_attention:
            return ()
        try:
            from vitreous.learning.attention import attention
        except ImportError as error:
            raise MissingExtra("the attention of a network", error.name or "captum", "ml") from (
                error
            )
        return attention(self, features, copies)

    def stored(self) -> None:
        forget(self._kept)

    def save(self, folder: Path) -> None:
        from safetensors.numpy import save_file

        facts = {
            "parameters": self.parameters,
            "names": list(self.seen.names),
            "edge_names": list(self.seen.edge_names),
            "shape": list(self.seen.shape),
            "task": self.facts,
        }
        write_facts(folder, self.method.network, facts)
        save_file(
            {name: np.ascontiguousarray(array) for name, array in self.arrays.items()},
            folder / "weights.safetensors",
        )


def _described(seen: Seen) -> str:
    if seen.shape:
        return f"shape {' x '.join(map(str, seen.shape))}"
    return f"edge columns {', '.join(seen.edge_names) or 'none'}"


def labels_facts(labels: Labels) -> dict[str, Any]:
    """What of the labels decides the task, as plain values."""
    return {
        "task": labels.task,
        "components": list(labels.components),
        "classes": list(labels.classes),
    }


def _fitting() -> Any:
    """The module that needs torch, imported when first used."""
    try:
        from vitreous.learning import fitting
    except ImportError as error:
        raise MissingExtra("a network", error.name or "torch", "ml") from error
    return fitting
