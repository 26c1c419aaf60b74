"""A small message-passing network on graphs, one number per graph (after Bachhav et al. 2025,
LISTI; Battaglia et al. 2018).

It differs from the published network on purpose: edges carry their vectors, messages are gated, the
pooling is by attention, and the reflections of the loading frame are used as symmetries. Under pure
shear and uniaxial strain x -> -x and y -> -y leave the loading as it is, so a mirrored glass has
the same label. ``reflections`` says what is made of that: "average" trains on randomly mirrored
graphs and averages each prediction over the four mirror images (an exact symmetry), "augment" only
trains so, "predict" only predicts so, "none" does neither. Which columns a mirror turns round is
read off their names; under simple shear, which has
no such mirrors, ``bond_graph`` names none.

Trained by Lightning with the mean squared error on the standardised target; the weights kept are
those of the epoch with the smallest validation error. ``companions`` are other columns of the
label, such as the strain at which a probe yields: a head of their own learns them from the same
layers, together half as heavy, and is dropped at the end; like the label, they must keep their
value under the mirrors that are used. Weights are stored as safetensors. Predictions are made in
single precision, twice as fast as double: mirror images, the order of atoms and batching change
them by no more than its rounding, some 1e-6 of the label's spread.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Example, Fitted, Log, Model
from vitreous.plugins.models._network import (
    built_from,
    check_reflections,
    check_training,
    checkpoint,
    forget,
    refuse_machine,
)
from vitreous.plugins.models._tables import check_columns, check_examples, read_facts, write_facts

Array = NDArray[np.float64]
_BLOCK = 48  #: graphs predicted at once: what a core's cache nearly holds


@dataclass(frozen=True, kw_only=True)
class GraphNetwork(Model):
    """Gated message passing with attention pooling.

    ``checkpoints``: a folder that keeps the training after every epoch, so that one that was
    stopped goes on there; None keeps nothing.

    Raises:
        VitreousError: parameters out of range.
        MissingExtra: torch, Lightning, PyG or safetensors not installed.
    """

    forms = frozenset({"graph"})
    levels = frozenset({"sample", "atom", "site"})
    version = 3

    hidden: int = 32
    layers: int = 3
    epochs: int = 45
    patience: int = 20
    batch_size: int = 64
    learning_rate: float = 3e-3
    optimizer: str = "adamw"
    weight_decay: float = 1e-4
    schedule: str = "cosine"
    companions: tuple[str, ...] = ()
    reflections: str = "average"
    precision: str = "32-true"
    accelerator: str = "cpu"
    devices: int = 1
    threads: int = 1
    compiled: bool = False
    checkpoints: str | None = field(default=None, metadata={"affects_result": False})

    def __post_init__(self) -> None:
        check_reflections(self)
        if isinstance(self.companions, str):
            raise VitreousError(
                f"companions is '{self.companions}'; expected a list of columns, such as "
                f"[{self.companions}]"
            )
        for name in ("hidden", "layers"):
            if getattr(self, name) <= 0:
                raise VitreousError(
                    f"graph_network {name} is {getattr(self, name)}; expected a positive number"
                )
        check_training(self)

    @classmethod
    def example(cls) -> Self:
        return cls(hidden=8, layers=2, epochs=60, patience=60, batch_size=8, learning_rate=0.03)

    def refuse(self) -> None:
        refuse_machine(self)
        if self.compiled:
            _refuse_compiling()

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedGraphNetwork:
        """Train, keeping the epoch that does best on ``validation``; without validation glasses all
        epochs are run and the last is kept.
        """
        training = _import_training()
        check_examples(train, "training")
        check_examples([*train[:1], *validation], "validation")
        names, edge_names = train[0][0].names, train[0][0].edge_names
        data = training.labelled(train, "training", self.companions)
        unseen = (
            training.labelled(validation, "validation", self.companions) if validation else None
        )
        scaling = training.scaling(data, names, edge_names)
        seed = int(rng.integers(2**62))
        place = checkpoint(self, train, validation, seed)
        state = training.train(self, data, unseen, scaling, (names, edge_names), seed, log, place)
        return FittedGraphNetwork(
            parameters=built_from(self),
            names=names,
            edge_names=edge_names,
            arrays=state,
            kept=place,
        )

    def load(self, folder: Path) -> FittedGraphNetwork:
        _import_training()
        from safetensors.numpy import load_file

        facts = read_facts(folder, "graph_network")
        try:
            arrays = load_file(folder / "weights.safetensors")
            return FittedGraphNetwork(
                parameters=dict(facts["parameters"]),
                names=tuple(facts["names"]),
                edge_names=tuple(facts["edge_names"]),
                arrays=arrays,
            )
        except Exception as error:  # safetensors, torch and OS errors all mean the same here
            raise VitreousError(
                f"{folder} holds a damaged graph_network model ({str(error).splitlines()[0]}); "
                "save the model again"
            ) from error


def _refuse_compiling() -> None:
    """Raises VitreousError without what torch compiles with: the C++ compiler that it will call,
    and Python's headers.
    """
    compiler = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    missing = [f"the C++ compiler {compiler}"] if shutil.which(compiler) is None else []
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        missing.append("Python's header Python.h")
    if missing:
        raise VitreousError(
            f"model.compiled needs {' and '.join(missing)}, not found here; install what is "
            "missing, or set model.compiled=false"
        )


class FittedGraphNetwork(Fitted):
    """The trained network: its weights and scalings (``arrays``), the columns it knows, the
    parameters it was trained with, and the file that ``kept`` its training.
    """

    def __init__(
        self,
        *,
        parameters: dict[str, Any],
        names: Sequence[str],
        edge_names: Sequence[str],
        arrays: dict[str, NDArray[Any]],
        kept: Path | None = None,
    ) -> None:
        self._kept = kept
        self.parameters, self.names, self.edge_names, self.arrays = (
            parameters,
            tuple(names),
            tuple(edge_names),
            arrays,
        )
        self._network = _import_training().rebuild(parameters, self.names, self.edge_names, arrays)

    def predict(self, features: Features) -> Array:
        return self.images(features)[0].mean(axis=0)

    def images(self, features: Features) -> tuple[Array, Array]:
        """(K, M) predictions of the K mirror images that are averaged, in the label's unit, and (M,
        H) what the last layer reads.
        """
        if features.form != "graph":
            raise VitreousError(
                f"graph_network got features of form '{features.form}'; expected 'graph'"
            )
        check_columns(features, self.names)
        if tuple(features.edge_names) != self.edge_names:
            raise VitreousError(
                f"graphs have edge columns {features.edge_names}, but the model knows "
                f"{self.edge_names}"
            )
        return _import_training().evaluate(
            self._network, features, self.names, self.edge_names, self.parameters, _BLOCK
        )

    def stored(self) -> None:
        forget(self._kept)

    def save(self, folder: Path) -> None:
        from safetensors.numpy import save_file

        facts = {
            "parameters": self.parameters,
            "names": list(self.names),
            "edge_names": list(self.edge_names),
        }
        write_facts(folder, "graph_network", facts)
        save_file(
            {name: np.ascontiguousarray(array) for name, array in self.arrays.items()},
            folder / "weights.safetensors",
        )


def _import_training() -> Any:
    """The module that needs torch, imported when first used."""
    try:
        from vitreous.plugins.models import _graph_training
    except ImportError as error:
        raise MissingExtra("the graph_network model", error.name or "torch", "ml") from error
    return _graph_training
