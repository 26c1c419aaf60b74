"""Training and evaluating the published networks: what each reads of the features, and the loaders.
Everything here needs torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, TensorDataset

from vitreous.analysis.drawing import draw
from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example, Log
from vitreous.plugins.models._devices import evaluation_device, on_device, quiet, trainer
from vitreous.plugins.models._graph_batches import Graphs, join, reflection_signs, take
from vitreous.plugins.models._network import LEARNT, MEANT
from vitreous.plugins.models._paper_layers import AttentionNet, ImageNet, SequenceNet


class Inputs(Protocol):
    """The places of several glasses, gathered into batches by index; ``images``: how many symmetric
    images each has, itself the first.
    """

    images: int

    def __len__(self) -> int: ...
    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> Any: ...


class Sequences:
    """(B, L, 2) coordinates padded with zeros, and the lengths (B,). Turned by half a turn a
    sequence is read from its other end, negated: rows of a lattice stay rows.
    """

    images = 2

    def __init__(
        self, features: Sequence[Features], parameters: dict[str, Any], dtype: torch.dtype
    ) -> None:
        self.rows = (
            parameters["coordinate_scale"]
            * torch.from_numpy(np.concatenate([f.values[:, :2] for f in features]))
        ).to(dtype)
        counts = np.concatenate([np.diff(f.offsets) for f in features])
        self.start = torch.from_numpy(np.concatenate([[0], np.cumsum(counts)]))

    def __len__(self) -> int:
        return len(self.start) - 1

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        first, lengths = self.start[chosen], self.start[chosen + 1] - self.start[chosen]
        place = torch.arange(int(lengths.max()))
        inside, turned = place < lengths[:, None], image[:, None] == 1
        rows = torch.where(
            inside, first[:, None] + torch.where(turned, lengths[:, None] - 1 - place, place), 0
        )
        sign = torch.where(turned, -1, 1).to(self.rows.dtype)
        return self.rows[rows] * (inside * sign)[..., None], lengths


class Nodes:
    """Graphs whose nodes carry their two coordinates only. Images: the mirrored ones, or the half
    turn where the loading has none.
    """

    def __init__(
        self, features: Sequence[Features], parameters: dict[str, Any], dtype: torch.dtype
    ) -> None:
        graphs = join(features, dtype)
        signs = reflection_signs(("x", "y")).to(dtype)
        self.signs = signs if features[0].names[:2] == ("x", "y") else signs[[0, 3]]
        self.images = len(self.signs)
        places = parameters["coordinate_scale"] * graphs.nodes[:, :2]
        self.graphs = Graphs(
            places, graphs.offsets, graphs.edges, graphs.edge_values[:, :1], graphs.edge_offsets
        )

    def __len__(self) -> int:
        return len(self.graphs)

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> Any:
        batch = take(self.graphs, chosen)
        return batch._replace(nodes=batch.nodes * self.signs[image[batch.graph]])


class Given:
    """(B, C, H, H) images that the descriptor made."""

    images = 1

    def __init__(
        self, features: Sequence[Features], parameters: dict[str, Any], dtype: torch.dtype
    ) -> None:
        wanted = (parameters["channels"], parameters["pixels"], parameters["pixels"])
        for found in (f.values.shape[1:] for f in features):
            if found != wanted:
                raise VitreousError(
                    f"cnn got images of shape {found} (channels, height, width), but the model "
                    f"knows {wanted}"
                )
        self.pictures, self.dtype = (
            torch.from_numpy(np.concatenate([f.values for f in features])),
            dtype,
        )

    def __len__(self) -> int:
        return len(self.pictures)

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        return self.pictures[chosen].to(self.dtype)


class Drawn:
    """(B, 1, H, H) grey images drawn from graphs when a batch is asked for; nothing else would fit
    into memory.
    """

    images = 1

    def __init__(
        self, features: Sequence[Features], parameters: dict[str, Any], dtype: torch.dtype
    ) -> None:
        self.graphs, self.dtype = join(features, torch.float64), dtype
        self.pixels, self.dot, self.line = (
            parameters["pixels"],
            parameters["dot"],
            parameters["line"],
        )

    def __len__(self) -> int:
        return len(self.graphs)

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        batch = take(self.graphs, chosen)
        images = np.zeros((len(chosen), self.pixels, self.pixels), dtype=np.float32)
        draw(
            batch.nodes[:, :2].numpy(),
            batch.graph.numpy(),
            batch.edges.numpy(),
            self.dot,
            self.line,
            images,
        )
        return torch.from_numpy(images)[:, None].to(self.dtype)


def _images(features: Sequence[Features], parameters: dict[str, Any], dtype: torch.dtype) -> Inputs:
    return (Given if features[0].form == "image" else Drawn)(features, parameters, dtype)


class _Kind(NamedTuple):
    """One published network: what it reads, how it is built, and in which blocks and precision it
    predicts.
    """

    reads: Callable[[Sequence[Features], dict[str, Any], torch.dtype], Inputs]
    build: Callable[[dict[str, Any]], torch.nn.Module]
    block: int  #: places predicted at once, to bound memory
    dtype: torch.dtype = torch.float64


_NETWORKS = {
    "lstm": _Kind(Sequences, lambda p: SequenceNet(p["units"], p["dense"]), 256),
    "cnn": _Kind(
        _images, lambda p: ImageNet(p["channels"], p["pixels"], p["dropout"]), 16, torch.float32
    ),  # double: six times slower
    "gnn": _Kind(Nodes, lambda p: AttentionNet(p["hidden"]), 256),
}


class Standardised(torch.nn.Module):
    """A network with the mean and spread of the label it was trained on."""

    target: torch.Tensor

    def __init__(self, net: torch.nn.Module, target: torch.Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("target", target)

    def forward(self, batch: Any) -> torch.Tensor:
        return self.net(batch)


def train(
    component: Any,
    parameters: dict[str, Any],
    examples: Sequence[Example],
    validation: Sequence[Example],
    seed: int,
    log: Log,
    place: Path | None,
) -> dict[str, NDArray[Any]]:
    """The best state of the component's network, built with ``parameters``; ``place``: see
    best_weights.
    """
    kind = _NETWORKS[component.network]
    values = _values(examples, "training")
    known = values[torch.isfinite(values)].double()
    target = torch.tensor([float(known.mean()), float(known.std(correction=0)) or 1.0])
    with quiet(component.threads), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        order = torch.Generator().manual_seed(seed + 1)
        model = Standardised(kind.build(parameters), target)
        inputs = kind.reads([f for f, _ in examples], parameters, torch.float32)
        mirrored = parameters.get("reflections") in LEARNT
        batches = _loader(
            inputs, values, component.batch_size, order, shuffle=True, mirrored=mirrored
        )
        check = None
        if validation:
            unseen = kind.reads([f for f, _ in validation], parameters, torch.float32)
            check = _loader(
                unseen,
                _values(validation, "validation"),
                component.batch_size,
                order,
                shuffle=False,
            )
        return trainer().best_weights(model, component, batches, check, log, order, place)


def _values(examples: Sequence[Example], what: str) -> torch.Tensor:
    values = np.concatenate(
        [np.where(labels.mask, labels.values, np.nan) for _, labels in examples]
    )
    if not np.isfinite(values).any():
        raise VitreousError(
            f"the {what} glasses hold no labelled place; check the labeler and its masks"
        )
    return torch.from_numpy(values).float()


def _loader(
    inputs: Inputs,
    values: torch.Tensor,
    size: int,
    order: torch.Generator,
    *,
    shuffle: bool,
    mirrored: bool = False,
) -> DataLoader[Any]:
    """Batches of (input, labels) over the labelled places; ``mirrored``: each as one of its images,
    drawn at random.
    """

    def collate(index: list[tuple[torch.Tensor]]) -> tuple[Any, torch.Tensor]:
        chosen = torch.stack([i for (i,) in index])
        image = (
            torch.randint(inputs.images, (len(chosen),), generator=order)
            if mirrored
            else torch.zeros(len(chosen), dtype=torch.int64)
        )
        return inputs.take(chosen, image), values[chosen]

    labelled = torch.nonzero(torch.isfinite(values)).squeeze(1)
    return DataLoader(
        TensorDataset(labelled), size, shuffle=shuffle, generator=order, collate_fn=collate
    )


def rebuild(
    network: str, parameters: dict[str, Any], arrays: dict[str, NDArray[Any]]
) -> Standardised:
    """The network with these weights, in the precision it predicts in. Raises whatever torch raises
    when they do not fit.
    """
    with torch.random.fork_rng(devices=[]):  # the weights drawn here are replaced at once
        model = Standardised(_NETWORKS[network].build(parameters), torch.zeros(2))
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    model.load_state_dict(state, strict=True)
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise ValueError("weights that are not finite")
    return model.to(_NETWORKS[network].dtype).eval()


@torch.no_grad()
def evaluate(
    network: str, parameters: dict[str, Any], model: Standardised, features: Features
) -> NDArray[Any]:
    """(M,) predictions in the label's unit. The last block is filled up with its last place: a
    kernel may depend on how many there are.
    """
    kind, device = _NETWORKS[network], evaluation_device(parameters["accelerator"])
    inputs = kind.reads([features], parameters, kind.dtype)
    model.to(device)
    images = inputs.images if parameters.get("reflections") in MEANT else 1
    parts = []
    with quiet(parameters["threads"]):
        for first in range(0, len(inputs), kind.block):
            chosen = torch.arange(first, first + kind.block).clamp(max=len(inputs) - 1)
            seen = (
                on_device(inputs.take(chosen, torch.full_like(chosen, image)), device)
                for image in range(images)
            )
            parts.append(torch.stack([model(batch).double() for batch in seen]).mean(dim=0).cpu())
    mean, spread = model.target.double().cpu()
    return (torch.cat(parts)[: len(inputs)] * spread + mean).numpy()
