"""The residual network of Font-Clos et al. (2022), Methods: an image to a number or a position.

MONAI's two-dimensional ResNet (He et al. 2016) with one output, or a cosine and a sine per axis,
in place of the classes, and dropout before it. The first convolution has a stride of 2, so that the
four stages see maps of 32, 16, 8 and 4 pixels at 128, and shortcuts have no biases: 23,503,809
parameters with a depth of 50, a channel and an output. Adam (``adamw`` without decay), 100 epochs;
the weights of the best validation epoch are kept.

==============  ===================================================================================
as published    an epoch shows every glass in 64 of its images (``draws``); a number is predicted as
                the median over its images, a position as their circular mean; squared error
chosen here     images are drawn at random from the descriptor's copies in every epoch; the learning
                rate; validation glasses are judged by as many images as are drawn of each
                training glass
position_loss   "angle": squared chord between predicted and true angles, smooth everywhere;
                "published": squared periodic distance and squared bias of the batch, eqs. 10 and 11
                (see vitreous.learning.tasks)
==============  ===================================================================================

The uncertainty u of a prediction is its standard deviation s over the images of the glass (the
confidence interval of Fig. S4), widened by what s leaves unexplained of the errors e of validation
glasses: u^2 = s^2 + max(0, <e^2 - s^2>); without validation glasses, of the training glasses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example, Fitted, Log
from vitreous.learning.fitting import Standardised, medians
from vitreous.learning.image_network import ImageNetwork
from vitreous.learning.network import FittedNetwork, Seen
from vitreous.learning.tasks import Position, task_of

if TYPE_CHECKING:
    from vitreous.learning.tasks import Task

Array = NDArray[np.float64]
SMALLEST = 33  #: pixels: what leaves the last of five halvings two by two
BLOCKS = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
}
FILTERS = (64, 128, 256, 512)
LOSSES = ("angle", "published")
_LEAST = 1e-6  # of the label's spread: no uncertainty is smaller


def layers(depth: int, channels: int, outputs: int) -> Any:
    """MONAI's network of that ``depth`` on images of ``channels``."""
    from monai.networks.nets.resnet import ResNet as Layers  # takes seconds to import

    block, counts = BLOCKS[depth]
    return Layers(
        block,
        list(counts),
        list(FILTERS),
        spatial_dims=2,
        n_input_channels=channels,
        conv1_t_stride=2,
        num_classes=outputs,
        bias_downsample=False,
    )


@dataclass(frozen=True, kw_only=True)
class ResNet(ImageNetwork):
    """ResNet of ``depth`` 18, 34 or 50 for numbers and positions; predictions in the label's unit,
    with their spread over the images of a glass.

    Fields:
        draws: images of each training glass in an epoch. position_loss: of LOSSES; see above.

    Raises:
        VitreousError: fields out of range; when fitting, images that are too small.
    """

    tasks = frozenset({"value", "position"})
    knows_uncertainty = True
    knows_attention = True
    network: ClassVar = "resnet"
    smallest: ClassVar = SMALLEST
    block: ClassVar = 1  # whole glasses: one image at a time

    depth: int = 50
    dropout: float = 0.2
    draws: int = 64
    position_loss: str = "angle"
    epochs: int = 100
    batch_size: int = 64
    optimizer: str = "adamw"
    reflections: str = "average"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth not in BLOCKS or self.position_loss not in LOSSES:
            raise VitreousError(
                f"resnet got depth={self.depth}, position_loss='{self.position_loss}'; expected a "
                f"depth of {', '.join(map(str, BLOCKS))} and {' or '.join(LOSSES)}"
            )
        if not 0.0 <= self.dropout < 1.0 or self.draws < 1:
            raise VitreousError(
                f"resnet got dropout={self.dropout}, draws={self.draws}; expected a share below 1 "
                "and at least one image of each glass"
            )

    @staticmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> nn.Module:
        net = layers(parameters["depth"], seen.shape[0], outputs)
        net.fc = nn.Sequential(nn.Dropout(parameters["dropout"]), net.fc)  # pyright: ignore
        return net

    @staticmethod
    def stages(net: Any) -> tuple[nn.Module, ...]:
        return net.layer1, net.layer2, net.layer3, net.layer4

    @classmethod
    def model(
        cls, parameters: Mapping[str, Any], seen: Seen, outputs: int, target: torch.Tensor
    ) -> nn.Module:
        return Judged(cls.module(parameters, seen, outputs), target)

    def task(self, facts: Mapping[str, Any]) -> Task:
        if facts["task"] == "position":
            return Position(len(facts["components"]), published=self.position_loss == "published")
        return task_of(facts)

    @staticmethod
    def trained() -> type[FittedResNet]:
        return FittedResNet

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> Fitted:
        fitted = super().fit(train, validation, rng, log)
        assert isinstance(fitted, FittedResNet)
        fitted.judge(validation or train)
        return fitted

    @classmethod
    def example(cls) -> Self:
        return cls(
            depth=18, dropout=0.0, draws=1, epochs=60, patience=60, batch_size=8, learning_rate=3e-3
        )


class Judged(Standardised):
    """A network that also holds the mean square of errors that the spread leaves ``unexplained``,
    in the label's unit, of all components.
    """

    def __init__(self, net: nn.Module, target: torch.Tensor) -> None:
        super().__init__(net, target)
        self.register_buffer("unexplained", torch.zeros(1))


class FittedResNet(FittedNetwork):
    """A trained ResNet, and how far off it was on glasses that did not train it."""

    #: features, and what was found: the 64 images of a glass are looked at once
    _last: tuple[Any, Any] = (None, None)

    def judge(self, examples: Sequence[Example]) -> None:
        """Set what the spread leaves unexplained of the errors on these glasses."""
        excess = []
        for features, labels in examples:
            found, spread = self._found(features)
            off = found - labels.values
            if labels.task == "position":
                off -= np.rint(off)
            excess.append((off**2 - spread**2)[labels.mask])
        numbers = self.facts["task"] == "value"
        floor = _LEAST * (float(self.arrays["target"][1].mean()) if numbers else 1.0)
        mean = max(float(np.concatenate(excess).mean()), floor**2)
        self.arrays["unexplained"] = np.array([mean], dtype=np.float32)

    def predict(self, features: Any) -> Array:
        self.check(features)
        return self._found(features)[0].copy()

    def uncertainty(self, features: Any) -> Array:
        self.check(features)
        return np.sqrt(self._found(features)[1] ** 2 + float(self.arrays["unexplained"][0]))

    def _found(self, features: Any) -> tuple[Array, Array]:
        """Predictions and their spread over the images."""
        if self._last[0] is not features:
            self._last = (features, medians(self, features))
        return self._last[1]
