"""The convolutional network of Bachhav et al. (2025), Methods and Fig. 5: 220 x 220 grey images of
the window, 5 x 5 convolutions.

The image is drawn from a bond graph: discs at the centres of the SiO3 triangles, lines along the
bonds between them, grey in [0, 1]. It is drawn when a batch needs it: 100,000 images would not fit
into memory. Images that a descriptor made (``rendered_image``, or anyone's) are taken as they are,
whatever their size and channels. The paper gives neither the sizes of discs and lines, nor the
place
and rate of its dropout; here dropout stands before the dense layers. AdaMax, 300 epochs at most.

``dot`` and ``line`` are lengths over the window's radius; predictions are in the label's unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.plugins.models._network import Network, built_from

SMALLEST = 44  #: pixels: what three convolutions and poolings leave something of


@dataclass(frozen=True, kw_only=True)
class CNN(Network):
    """32, 64 and 32 filters with 2 x 2 max-pooling, three dense layers of 10, one output; graphs
    are drawn on ``pixels`` x ``pixels``.
    """

    forms = frozenset({"graph", "image"})
    network: ClassVar = "cnn"

    pixels: int = 220
    dot: float = 0.05
    line: float = 0.015
    dropout: float = 0.2
    epochs: int = 300
    batch_size: int = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pixels < SMALLEST:
            raise VitreousError(
                f"cnn got pixels={self.pixels}; three convolutions with pooling need at least "
                f"{SMALLEST}"
            )
        if not (self.dot > 0.0 and self.line > 0.0 and 0.0 <= self.dropout < 1.0):
            raise VitreousError(
                f"cnn got dot={self.dot}, line={self.line}, dropout={self.dropout}; expected "
                "positive sizes and a share below 1"
            )

    def parameters(self, features: Features) -> dict[str, Any]:
        """The fields, with the channels and the side of the images."""
        if features.form == "graph":
            return {**super().parameters(features), "channels": 1}
        channels, *sides = features.values.shape[1:]
        if len(sides) != 2 or sides[0] != sides[1] or sides[0] < SMALLEST:
            raise VitreousError(
                f"cnn got images of {' x '.join(map(str, sides))} pixels; expected squares of at "
                f"least {SMALLEST}"
            )
        return {**built_from(self), "channels": channels, "pixels": sides[0]}

    @classmethod
    def example(cls) -> Self:
        return cls(
            pixels=44,
            dropout=0.0,
            epochs=120,
            patience=120,
            batch_size=8,
            learning_rate=0.01,
            optimizer="adamw",
        )
