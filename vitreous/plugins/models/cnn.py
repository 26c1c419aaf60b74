"""The convolutional network of Bachhav et al. (2025), Methods and Fig. 5: 220 x 220 grey images of
the window, 5 x 5 convolutions.

Images come from the descriptor: ``rendered_image`` draws the network of silicons and bonds when a
batch needs it, since 100,000 images would not fit into memory; anyone's images are taken as they
are, whatever their channels and size. The paper gives neither the position nor the rate of its
dropout; here it comes before the dense layers. AdaMax, 300 epochs at most. Predictions are in the
label's unit.

``reflections`` is not in the paper: what is made of the symmetric copies that the descriptor draws.
"predict" trains as published and averages predictions over them, "augment" trains on copies drawn
at random, "average" does both, "none" neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import nn

from vitreous.core.errors import VitreousError
from vitreous.learning.image_network import ImageNetwork
from vitreous.learning.network import Seen

SMALLEST = 44  #: pixels: what three convolutions and poolings leave something of


@dataclass(frozen=True, kw_only=True)
class CNN(ImageNetwork):
    """32, 64 and 32 filters with 2 x 2 max-pooling, three dense layers of 10, the output."""

    knows_attention = True
    network: ClassVar = "cnn"
    version: ClassVar = 2
    smallest: ClassVar = SMALLEST
    block: ClassVar = 16

    dropout: float = 0.2
    epochs: int = 300
    batch_size: int = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.dropout < 1.0:
            raise VitreousError(f"cnn got dropout={self.dropout}; expected a share below 1")

    @staticmethod
    def stages(net: ImageNet) -> Sequence[nn.Module]:
        return [layer for layer in net.net if isinstance(layer, nn.ReLU)][:3]

    @staticmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> ImageNet:
        channels, *sides = seen.shape
        return ImageNet(channels, sides, parameters["dropout"], outputs)

    @classmethod
    def example(cls) -> Self:
        return cls(
            dropout=0.0,
            epochs=120,
            patience=120,
            batch_size=8,
            learning_rate=0.01,
            optimizer="adamw",
        )


class ImageNet(nn.Module):
    """5 x 5 convolutions with 32, 64, 32 filters, each with 2 x 2 max-pooling; three dense layers
    of 10; 1.
    """

    def __init__(self, channels: int, sides: Sequence[int], dropout: float, outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        height, width = sides
        for filters in (32, 64, 32):
            layers += [nn.Conv2d(channels, filters, 5), nn.ReLU(), nn.MaxPool2d(2)]
            height, width, channels = (height - 4) // 2, (width - 4) // 2, filters
        layers += [nn.Flatten(), nn.Dropout(dropout)]
        width *= channels * height
        for _ in range(3):
            layers += [nn.Linear(width, 10), nn.ReLU()]
            width = 10
        net = nn.Sequential(*layers, nn.Linear(width, outputs))
        self.net = net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.net(images.contiguous(memory_format=torch.channels_last))
