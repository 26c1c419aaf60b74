"""The convolutional network on density maps of Fan & Ma (Nat. Commun. 12, 1506 (2021), Fig. 1e),
for squares and cubes.

Blocks of five 3 x 3 (x 3) convolutions, each with batch normalisation and ReLU; 2 x 2 (x 2)
max-pooling between the blocks; one logistic output. Maps are padded with zeros in all but the last
convolution of the first block and the very last one.

========  ===========  ======  ============  ========  =======  =========
glass     map          blocks  convolutions  filters   doubled  weights
========  ===========  ======  ============  ========  =======  =========
LJ, 2D    50 x 50 x 2  5       25            20 - 320  yes      5,532,381
Cu-Zr     32^3 x 2     4       20            60        no       1,853,701
========  ===========  ======  ============  ========  =======  =========

The number of weights of the first is the published one; of the second the supplement alone has the
drawing, and here it is built as the first is. Learnt as published: cross entropy on a balanced set,
RMSprop from 1e-3, divided by sqrt(10) when the accuracy on validation atoms, balanced too, no
longer grows, mirror images drawn at random, and the weights of the best accuracy kept. All fertile
atoms enter every epoch, with as many stable ones drawn anew (the paper draws them once).
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


@dataclass(frozen=True, kw_only=True)
class DensityCNN(ImageNetwork):
    """``blocks`` of ``layers`` convolutions with ``filters`` in the first block, in each further
    one as many or, ``doubling``, twice as many; one logit, or one value.

    ``balanced``: learn and validate on all sites of the rarest class and as many of each other.

    Raises:
        VitreousError: numbers out of range, or maps too small for the blocks.
    """

    tasks = frozenset({"class", "value"})
    network: ClassVar = "density_cnn"
    version: ClassVar = 2
    block: ClassVar = 128
    judged_by: ClassVar = "error_rate"

    filters: int = 20
    doubling: bool = True
    blocks: int = 5
    layers: int = 5
    balanced: bool = True
    reflections: str = "augment"
    epochs: int = 200
    patience: int = 20
    batch_size: int = 512
    optimizer: str = "rmsprop"
    schedule: str = "plateau"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.filters, self.blocks, self.layers) < 1:
            raise VitreousError(
                f"density_cnn got filters={self.filters}, blocks={self.blocks}, "
                f"layers={self.layers}; expected at least one of each"
            )

    @property
    def balances(self) -> bool:
        return self.balanced

    def refuse_features(self, seen: Seen) -> None:
        _, *sides = seen.shape
        left = _left(min(sides), self.blocks)
        if left < 1:
            raise VitreousError(
                f"density_cnn got maps of {' x '.join(map(str, sides))} pixels, of which "
                f"{self.blocks} blocks leave nothing; set model.blocks to less, or take larger maps"
            )

    @staticmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> DensityNet:
        return DensityNet(
            seen.shape,
            parameters["filters"],
            parameters["blocks"],
            parameters["layers"],
            parameters["doubling"],
            outputs,
        )

    @classmethod
    def example(cls) -> Self:
        return cls(
            filters=4,
            blocks=2,
            layers=2,
            epochs=120,
            patience=120,
            batch_size=8,
            learning_rate=0.003,
            optimizer="adamax",
            schedule="constant",
            reflections="none",
        )


def _left(side: int, blocks: int) -> int:
    """Pixels along a side before the output; not positive if the maps are too small."""
    side -= 2
    for _ in range(blocks - 1):
        side //= 2
    return side - 2 if blocks > 1 else side


class DensityNet(nn.Module):
    """Logits (B, O) of maps (B, C, P, P[, P]); that of the first class is zero."""

    def __init__(
        self,
        shape: Sequence[int],
        filters: int,
        blocks: int,
        layers: int,
        doubling: bool,
        outputs: int,
    ) -> None:
        super().__init__()
        channels, *sides = shape
        flat = len(sides) == 2
        convolution, normalisation = (
            (nn.Conv2d, nn.BatchNorm2d) if flat else (nn.Conv3d, nn.BatchNorm3d)
        )
        net: list[nn.Module] = []
        for number in range(blocks):
            if number:
                net.append(nn.MaxPool2d(2) if flat else nn.MaxPool3d(2))
            for layer in range(layers):
                unpadded = layer == layers - 1 and number in (0, blocks - 1)
                net += [
                    convolution(channels, filters, 3, padding=0 if unpadded else 1),
                    normalisation(filters),
                    nn.ReLU(),
                ]
                channels = filters
            filters = 2 * filters if doubling else filters
        inputs = channels
        for side in sides:
            inputs *= _left(side, blocks)
        self.classes = outputs
        self.net = nn.Sequential(*net, nn.Flatten(), nn.Linear(inputs, max(outputs - 1, 1)))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        found = self.net(maps)
        if self.classes == 1:
            return found
        return torch.cat([torch.zeros_like(found[:, :1]), found], dim=1)
