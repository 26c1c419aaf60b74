"""What networks on images share: their features, drawn on demand or stored, and how small they may
be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from vitreous.core.errors import VitreousError
from vitreous.learning.inputs import Arrays
from vitreous.learning.network import Network, Seen


@dataclass(frozen=True, kw_only=True)
class ImageNetwork(Network):
    """A network on images (C, H, W) of at least ``smallest`` x ``smallest`` pixels, in single
    precision; of another shape where it overrides ``refuse_features``.
    """

    forms = frozenset({"image"})
    dtype: ClassVar = "float32"  # double precision: six times slower
    smallest: ClassVar[int] = 1

    def refuse_features(self, seen: Seen) -> None:
        _, *sides = seen.shape
        if len(sides) != 2 or min(sides) < self.smallest:
            raise VitreousError(
                f"{self.network} got images of {' x '.join(map(str, sides))} pixels; expected at "
                f"least {self.smallest} x {self.smallest}: set descriptor.pixels"
            )

    def refuse_shape(self, shape: tuple[int, ...]) -> None:
        self.refuse_features(Seen((), (), shape))

    @staticmethod
    def inputs(
        features: Sequence[Any], parameters: Mapping[str, Any], dtype: torch.dtype
    ) -> Arrays:
        return Arrays(features, dtype)
