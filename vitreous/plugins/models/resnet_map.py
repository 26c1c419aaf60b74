"""Image to image: a residual network and a decoder that paint a map over a glass, read at its atoms
(Font-Clos et al. 2022, Methods and Fig. 5D: the crack path).

    image (P x P) -> layers of model=resnet -> core (P/32 x P/32) -> decoder -> map (P x P)

At 128 pixels and a depth of 50 the core has 4 x 4 pixels of 2048 filters, as published. Each of the
decoder's five steps doubles the pixels (nearest), convolves 3 x 3 through the periodic boundaries,
normalises and rectifies, with WIDTHS filters; a last convolution of one pixel gives the map.

==============  ===================================================================================
as published    targets are blurred by a Gaussian of 4 pixels of 128 and get uniform noise, so that
                what is nothing is not all that is learnt; squared error; an epoch shows every glass
                in 64 of its images; predictions are averaged over the images of a glass
chosen here     the decoder. The map is read where the atoms lie (bilinear), in training too: each
                copy of the image carries the places of the atoms along, which is its exact inverse.
                The blurred label is the mean over the atoms nearby, so that the map has the unit of
                the label (of the crack: the share of atoms in it), whatever the density. Noise is
                drawn anew in every step, a share of the largest blurred label, about zero
==============  ===================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from torch import nn

from vitreous.core.data import Drawn, Labels
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example, Log
from vitreous.learning.inputs import Unmoved
from vitreous.learning.network import FittedNetwork, Network, Seen
from vitreous.learning.tasks import Task, Value, task_of
from vitreous.plugins.models.resnet import BLOCKS, layers

Array = NDArray[np.float64]
WIDTHS = (256, 128, 64, 32, 16)  #: filters after each step of the decoder
HALVED = 2 ** len(WIDTHS)  #: pixels of the image per pixel of the core
FEWEST = 2 * HALVED  #: pixels of an image: a core of one has nothing to normalise by


@dataclass(frozen=True, kw_only=True)
class ResNetMap(Network):
    """ResNet of ``depth`` 18, 34 or 50 and a decoder; values of atoms or sites in the unit of the
    label, the mean over the images of a glass.

    Fields:
        draws: images of each training glass in an epoch. blur: standard deviation of the Gaussian
        that blurs the labels, pixels; 0: none. noise: width of the uniform noise added to them in
        training, as a share of the largest blurred one. dropout: share of the core's filters.

    Raises:
        VitreousError: fields out of range; when fitting, images without a layer for their size.
    """

    forms = frozenset({"glass_image"})
    levels = frozenset({"atom", "site"})
    tasks = frozenset({"value"})
    network: ClassVar = "resnet_map"
    dtype: ClassVar = "float32"
    whole_glasses: ClassVar = True

    depth: int = 50
    dropout: float = 0.2
    draws: int = 64
    blur: float = 4.0
    noise: float = 0.25
    epochs: int = 100
    batch_size: int = 64
    optimizer: str = "adamw"
    reflections: str = "average"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth not in BLOCKS or not 0.0 <= self.dropout < 1.0 or self.draws < 1:
            raise VitreousError(
                f"resnet_map got depth={self.depth}, dropout={self.dropout}, draws={self.draws}; "
                f"expected a depth of {', '.join(map(str, BLOCKS))}, a share below 1 and at least "
                "one image of each glass"
            )
        if not (0.0 <= self.blur < np.inf and 0.0 <= self.noise < np.inf):
            raise VitreousError(
                f"resnet_map got blur={self.blur}, noise={self.noise}; expected pixels and a "
                "share, both 0 or more"
            )

    def refuse_features(self, seen: Seen) -> None:
        sides = seen.shape[1:]
        if any(side % HALVED or side < FEWEST for side in sides):
            raise VitreousError(
                f"resnet_map got images of {' x '.join(map(str, sides))} pixels, and halves them "
                f"five times; expected a multiple of {HALVED}, at least {FEWEST}: set "
                "descriptor.pixels=64, 96 or 128"
            )

    def refuse_shape(self, shape: tuple[int, ...]) -> None:
        self.refuse_features(Seen((), (), shape))

    @staticmethod
    def inputs(
        features: Sequence[Any], parameters: Mapping[str, Any], dtype: torch.dtype
    ) -> GlassImages:
        return GlassImages(features, dtype)

    @staticmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> Painter:
        return Painter(parameters["depth"], seen.shape[0], outputs, parameters["dropout"])

    def task(self, facts: Mapping[str, Any]) -> Task:
        task = task_of(facts)
        return Noisy(self.noise) if isinstance(task, Value) and not facts["components"] else task

    def fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedNetwork:
        if train:
            self.refuse_features(Seen.of(train[0][0]))
        learnt, held = ([self._blurred(*pair) for pair in part] for part in (train, validation))
        return super().fit(learnt, held, rng, log)

    def _blurred(self, features: Drawn, labels: Labels) -> Example:
        values = blurred(
            features.source.values[:, :2], labels.values, features.shape[1:], self.blur
        )
        return features, replace(labels, values=values)

    @staticmethod
    def trained() -> type[FittedNetwork]:
        return FittedMap

    @classmethod
    def example(cls) -> Self:
        return cls(
            depth=18,
            dropout=0.0,
            draws=1,
            blur=0.0,
            noise=0.0,
            epochs=60,
            patience=60,
            batch_size=1,
            learning_rate=3e-3,
            reflections="none",
        )


def blurred(places: Array, values: Array, sides: tuple[int, ...], sigma: float) -> Array:
    """(M,) mean of the ``values`` (M,) of the sites nearby, by a Gaussian of ``sigma`` pixels on a
    periodic image of ``sides`` (height, width), read at ``places`` (M, 2) in fractions of it; NaN
    stays where the value is NaN.
    """
    known = np.isfinite(values)
    if not sigma or not known.any():
        return values
    rows = np.array([places[:, 1], places[:, 0]]) * np.array(sides)[:, None]
    pixel = tuple(np.floor(rows[:, known]).astype(np.int64) % np.array(sides)[:, None])
    sums = []
    for weight in (values[known], np.ones(int(known.sum()))):
        image = np.zeros(sides)
        np.add.at(image, pixel, weight)
        soft = gaussian_filter(image, sigma, mode="wrap")
        sums.append(map_coordinates(soft, rows - 0.5, order=1, mode="grid-wrap"))
    return np.where(known, sums[0] / np.where(known, sums[1], 1.0), np.nan)


class Noisy(Value):
    """Numbers with uniform noise about zero, as wide as ``share`` of the largest, while gradients
    are taken.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def scaling(self, values: torch.Tensor) -> torch.Tensor:
        target = super().scaling(values)
        self.width = self.share * float(values[torch.isfinite(values)].abs().max() / target[1])
        return target

    def losses(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        if torch.is_grad_enabled() and self.width:
            noise = torch.rand(values.shape, dtype=values.dtype) - 0.5
            values = values + self.width * target[1] * noise.to(values.device)
        return super().losses(output, values, target)


class View(NamedTuple):
    """Images (G, C, H, W) of glasses, and of B sites the image ``of`` (B,) and the ``places`` (B,
    2) in it, x and y in fractions of its sides.
    """

    images: torch.Tensor
    of: torch.Tensor
    places: torch.Tensor


class GlassImages(Unmoved):
    """The images of several glasses and where their sites lie in them."""

    def __init__(self, features: Sequence[Drawn], dtype: torch.dtype) -> None:
        self.parts, self.dtype = list(features), dtype
        self.images = min(part.copies for part in self.parts)
        self.first = np.cumsum([0, *map(len, self.parts)])

    def __len__(self) -> int:
        return int(self.first[-1])

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> View:
        """The images of the glasses that hold the sites ``chosen`` (B,), each once for every
        ``image`` (B,) asked for.
        """
        glass = np.searchsorted(self.first, chosen.numpy(), side="right") - 1
        visits, of = np.unique(glass * self.images + image.numpy(), return_inverse=True)
        drawn, places = [], np.empty((len(chosen), 2))
        for number, visit in enumerate(visits):
            k, copy = divmod(int(visit), self.images)
            part, rows = self.parts[k], np.flatnonzero(of == number)
            sites = chosen.numpy()[rows] - self.first[k]
            copies = np.full(len(sites), copy)
            drawn.append(part.take(sites[:1], copies[:1])[0])
            places[rows] = part.symmetry(sites, copies).moved(part.source.values[sites, :2])
        return View(
            torch.from_numpy(np.stack(drawn)).to(self.dtype),
            torch.from_numpy(of.astype(np.int64)),
            torch.from_numpy(places % 1.0).to(self.dtype),
        )


class Painter(nn.Module):
    """Standardised values (B, O) of the sites of a ``View``."""

    def __init__(self, depth: int, channels: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.trunk = layers(depth, channels, outputs)
        filters, steps = self.trunk.fc.in_features, []
        self.trunk.fc = nn.Identity()  # not read, and no weights of it are to be kept
        for width in WIDTHS:
            steps += [
                nn.Upsample(scale_factor=2),
                nn.Conv2d(filters, width, 3, padding=1, padding_mode="circular", bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
            filters = width
        self.decoder = nn.Sequential(nn.Dropout(dropout), *steps, nn.Conv2d(filters, outputs, 1))

    def core(self, images: torch.Tensor) -> torch.Tensor:
        """(G, filters, H / 32, W / 32): what the trunk makes of the images."""
        net = self.trunk
        seen = net.maxpool(net.act(net.bn1(net.conv1(images))))
        return net.layer4(net.layer3(net.layer2(net.layer1(seen))))

    def painted(self, images: torch.Tensor) -> torch.Tensor:
        """(G, O, H, W) maps over the glasses."""
        return self.decoder(self.core(images))

    def forward(self, view: View) -> torch.Tensor:
        return read(self.painted(view.images), view.of, view.places)


def read(maps: torch.Tensor, of: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """(B, O) of periodic maps (G, O, H, W) at ``places`` (B, 2), x and y in fractions of the sides,
    bilinear between the centres of pixels.
    """
    height, width = maps.shape[2:]
    x, y = places[:, 0] * width - 0.5, places[:, 1] * height - 0.5
    left, low = x.floor(), y.floor()
    found = maps.new_zeros((len(of), maps.shape[1]))
    for right in (0, 1):
        for high in (0, 1):
            weight = (x - left if right else 1.0 - x + left) * (y - low if high else 1.0 - y + low)
            row, column = (low.long() + high) % height, (left.long() + right) % width
            found = found + weight[:, None] * maps[of, :, row, column]
    return found


class FittedMap(FittedNetwork):
    """A trained network and decoder."""

    def attribution(self, features: Any) -> None:
        """None: every pixel enters the value of every atom, so no image belongs to one of them."""
        self.check(features)
