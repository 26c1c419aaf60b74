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
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.core.executor import cores
from vitreous.learning.devices import evaluation_device, on_device, quiet
from vitreous.learning.graphs import Batch, column_scaling, join, reflection_signs, take
from vitreous.learning.inputs import Unmoved
from vitreous.learning.network import FittedNetwork, Network, Seen
from vitreous.learning.settings import MEANT, check_companions
from vitreous.plugins.models._graph_layers import GraphNet

Array = NDArray[np.float64]
#: standard deviations to which columns are cut: one broken angle must not carry a window far from
#: all that was learnt
LARGEST_COLUMN = 6.0
_SCALING = ("shift", "scale", "edge_shift", "edge_scale")


@dataclass(frozen=True, kw_only=True)
class GraphNetwork(Network):
    """Gated message passing with attention pooling.

    Raises:
        VitreousError: parameters out of range.
        MissingExtra: torch, Lightning or safetensors not installed.
    """

    forms = frozenset({"graph"})
    network: ClassVar = "graph_network"
    version: ClassVar = 3
    dtype: ClassVar = "float32"
    block: ClassVar = 48  # what a core's cache nearly holds
    checked: ClassVar = 4

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
    compiled: bool = False

    def __post_init__(self) -> None:
        check_companions(self)
        for name in ("hidden", "layers"):
            if getattr(self, name) <= 0:
                raise VitreousError(
                    f"graph_network {name} is {getattr(self, name)}; expected a positive number"
                )
        super().__post_init__()

    @classmethod
    def example(cls) -> Self:
        return cls(hidden=8, layers=2, epochs=60, patience=60, batch_size=8, learning_rate=0.03)

    @property
    def auxiliary(self) -> tuple[str, ...]:
        return self.companions

    def refuse(self) -> None:
        super().refuse()
        if self.compiled:
            _refuse_compiling()

    @staticmethod
    def inputs(
        features: Sequence[Features], parameters: Mapping[str, Any], dtype: torch.dtype
    ) -> Mirrored:
        return Mirrored(features, dtype)

    @staticmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> GraphNet:
        return GraphNet(
            len(seen.names),
            len(seen.edge_names),
            int(parameters["hidden"]),
            int(parameters["layers"]),
            outputs,
        )

    @classmethod
    def model(
        cls, parameters: Mapping[str, Any], seen: Seen, outputs: int, target: torch.Tensor
    ) -> Scaled:
        model = Scaled(cls.module(parameters, seen, outputs), seen, target)
        if parameters["compiled"]:
            model.compile(dynamic=True)
        return model

    @classmethod
    def prepare(cls, model: Scaled, inputs: Mirrored, rows: torch.Tensor, seen: Seen) -> None:
        """Scale the columns by those of the labelled graphs."""
        graphs = inputs.graphs
        used = graphs if len(rows) == len(graphs) else take(graphs, rows)
        shift, scale = column_scaling(used.nodes.numpy(), seen.names)
        edge_shift, edge_scale = column_scaling(used.edge_values.numpy(), seen.edge_names)
        for name, array in zip(_SCALING, (shift, scale, edge_shift, edge_scale), strict=True):
            getattr(model, name).copy_(torch.from_numpy(array).float())

    @classmethod
    def accompanied(cls, model: Scaled, count: int) -> Accompanied:
        return Accompanied(model, count)

    @classmethod
    def fitted(
        cls,
        parameters: Mapping[str, Any],
        seen: Seen,
        task: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        kept: Path | None = None,
    ) -> FittedGraphNetwork:
        return FittedGraphNetwork(
            method=cls, parameters=parameters, seen=seen, task=task, arrays=arrays, kept=kept
        )


class FittedGraphNetwork(FittedNetwork):
    """The trained network; it tells what each mirror image says."""

    def predict(self, features: Features) -> Array:
        if self.facts["task"] != "value" or self.facts["components"]:
            return super().predict(features)
        return self.images(features)[0].mean(axis=0)

    def images(self, features: Features) -> tuple[Array, Array]:
        """(K, M) predictions of the K mirror images that are averaged, in the label's unit, and (M,
        2 hidden) what the last layer reads, averaged over them.

        Blocks of sites go to all cores at once; each is computed on one, so that their number
        changes no prediction. Columns are scaled before they are mirrored, once instead of four
        times: scaling leaves vectors unshifted.
        """
        self.check(features)
        device = evaluation_device(self.parameters["accelerator"])
        graphs, model = join([features]), self.model.to(device)
        elements = range(4) if self.parameters["reflections"] in MEANT else range(1)
        of_nodes = reflection_signs(self.seen.names).to(device)
        of_edges = reflection_signs(self.seen.edge_names).to(device)

        @torch.inference_mode()
        def predicted(start: int) -> tuple[torch.Tensor, torch.Tensor]:
            chosen = torch.arange(start, min(start + self.method.block, len(graphs)))
            batch = model.scaled(on_device(take(graphs, chosen), device))
            mirrored = (
                batch._replace(
                    nodes=batch.nodes * of_nodes[k], edge_values=batch.edge_values * of_edges[k]
                )
                for k in elements
            )
            hidden = [model.net.out[:-1](model.net.pooled(image)) for image in mirrored]
            each = torch.stack([model.net.out[-1](h).squeeze(1).double() for h in hidden])
            return each.cpu(), torch.stack(hidden).mean(dim=0).cpu()

        with quiet(1), ThreadPoolExecutor(cores()) as pool:
            parts = list(pool.map(predicted, range(0, len(graphs), self.method.block)))
        mean, spread = model.target.double().cpu()
        images, hidden = zip(*parts, strict=True)
        values = torch.cat(images, dim=1) * spread + mean
        return values.numpy(), torch.cat(hidden).numpy()


class Mirrored(Unmoved):
    """Graphs and their mirror images under the reflections of the loading frame."""

    images = 4

    def __init__(self, features: Sequence[Features], dtype: torch.dtype) -> None:
        self.graphs = join(features, dtype)
        names, edge_names = features[0].names, features[0].edge_names
        self.signs = reflection_signs(names), reflection_signs(edge_names)

    def __len__(self) -> int:
        return len(self.graphs)

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> Batch:
        batch = take(self.graphs, chosen)
        if not bool(image.any()):
            return batch
        nodes, edges = (signs.to(batch.nodes) for signs in self.signs)
        return batch._replace(
            nodes=batch.nodes * nodes[image[batch.graph]],
            edge_values=batch.edge_values * edges[image[batch.edge_graph]],
        )


class Scaled(nn.Module):
    """The network with its scalings: raw columns in, (B, O) of the task out."""

    shift: torch.Tensor
    scale: torch.Tensor
    edge_shift: torch.Tensor
    edge_scale: torch.Tensor
    target: torch.Tensor

    def __init__(self, net: GraphNet, seen: Seen, target: torch.Tensor) -> None:
        super().__init__()
        self.net = net
        for name in _SCALING:
            columns = seen.edge_names if name.startswith("edge") else seen.names
            self.register_buffer(name, torch.ones(len(columns)))
        self.register_buffer("target", target)

    def forward(self, batch: Batch) -> torch.Tensor:
        return self.net(self.scaled(batch))

    def scaled(self, batch: Batch) -> Batch:
        """The batch as the network reads it."""
        nodes = ((batch.nodes - self.shift) / self.scale).clamp(-LARGEST_COLUMN, LARGEST_COLUMN)
        edge_values = ((batch.edge_values - self.edge_shift) / self.edge_scale).clamp(
            -LARGEST_COLUMN, LARGEST_COLUMN
        )
        return batch._replace(nodes=nodes, edge_values=edge_values)


class Accompanied(Scaled):
    """The network in training, with a head ``beside`` its own for auxiliary columns."""

    def __init__(self, model: Scaled, count: int) -> None:
        nn.Module.__init__(self)
        self.net = model.net
        for name, buffer in model.named_buffers(recurse=False):
            self.register_buffer(name, buffer)
        hidden = model.net.out[0].out_features
        self.beside = nn.Linear(hidden, count)  # pyright: ignore[reportArgumentType]

    def forward(self, batch: Batch) -> torch.Tensor:
        """(B, 1 + count) standardised predictions."""
        hidden = self.net.out[:-1](self.net.pooled(self.scaled(batch)))
        return torch.cat([self.net.out[-1](hidden), self.beside(hidden)], dim=1)


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
