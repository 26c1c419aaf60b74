"""The recurrent network of Bachhav et al. (2025), Methods and Fig. 4: LSTM(128) - Dense 10 - 1 on
the sequence of silicon coordinates.

Sequences are padded and masked (here: read at their last atom, which what is padded cannot reach),
the optimiser is AdaMax at 1e-3, 1500 epochs at most. The paper does not say which activation its
dense layer of 10 has; here it is leaky rectified, since ten plain ones can all fall silent. What
the network sees depends on the order of the atoms: see ``atom_sequence``.

The descriptor gives coordinates over the window's radius, the paper takes them as they are:
``coordinate_scale`` 11, the radius, makes them angstroms again. Predictions are in the label's
unit.

``reflections`` is not in the paper, and is here the half turn (both reflections of the loading at
once): the sequence read from its other end with coordinates negated, so that rows of a lattice stay
rows. "predict" predicts the mean over both, "augment" trains on both, "average" does both. That is
meant for atoms in the order of rows (``atom_sequence``, order ``row`` or ``number``): ordered by
distance, no window gives a sequence read from its other end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import nn

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.learning.inputs import Unmoved
from vitreous.learning.network import Network, Seen, refuse_without_coordinates


@dataclass(frozen=True, kw_only=True)
class LSTM(Network):
    """One LSTM layer of ``units``, one layer of ``dense`` neurons, one output."""

    forms = frozenset({"sequence"})
    network: ClassVar = "lstm"
    version: ClassVar = 3

    units: int = 128
    dense: int = 10
    coordinate_scale: float = 11.0
    epochs: int = 1500

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.units < 1 or self.dense < 1 or not self.coordinate_scale > 0:
            given = (
                f"units={self.units}, dense={self.dense}, "
                f"coordinate_scale={self.coordinate_scale:g}"
            )
            raise VitreousError(f"lstm got {given}; expected positive numbers")

    def refuse_features(self, seen: Seen) -> None:
        refuse_without_coordinates(self.network, seen)

    @staticmethod
    def inputs(
        features: Sequence[Features], parameters: Mapping[str, Any], dtype: torch.dtype
    ) -> Sequences:
        return Sequences(features, parameters["coordinate_scale"], dtype)

    @staticmethod
    def module(parameters: Mapping[str, Any], seen: Seen, outputs: int) -> SequenceNet:
        return SequenceNet(parameters["units"], parameters["dense"], outputs)

    @classmethod
    def example(cls) -> Self:
        return cls(
            units=16,
            coordinate_scale=1.0,
            epochs=300,
            patience=300,
            batch_size=8,
            learning_rate=0.02,
        )


class Sequences(Unmoved):
    """(B, L, 2) coordinates padded with zeros, and the lengths (B,). Turned by half a turn a
    sequence is read from its other end, negated: rows of a lattice stay rows.
    """

    images = 2

    def __init__(self, features: Sequence[Features], scale: float, dtype: torch.dtype) -> None:
        self.rows = (
            scale * torch.from_numpy(np.concatenate([f.values[:, :2] for f in features]))
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


class SequenceNet(nn.Module):
    """LSTM(units) - Dense 10 - 1. The output at each sequence's own last atom is read: a state
    knows nothing of what comes after it, so this masks the padding exactly (and costs half of what
    packed sequences do on a CPU).

    Weights start as in Keras (Glorot and Bengio 2010; orthogonal between the steps; a forget gate
    that is open, Jozefowicz et al. 2015): started as in torch it learns nothing for many thousand
    steps.
    """

    def __init__(self, units: int, dense: int, outputs: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, units, batch_first=True)
        self.out = nn.Sequential(nn.Linear(units, dense), nn.LeakyReLU(), nn.Linear(dense, outputs))
        for name, values in self.named_parameters():
            if values.dim() == 1:
                nn.init.zeros_(values)
            elif name == "lstm.weight_hh_l0":
                for gate in values.data.split(units):
                    nn.init.orthogonal_(gate)
            else:
                nn.init.xavier_uniform_(values)
        biases = dict(self.named_parameters())["lstm.bias_ih_l0"].data
        nn.init.ones_(
            biases[units : 2 * units]
        )  # torch's order of gates: input, forget, cell, output

    def forward(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        padded, lengths = batch
        states, _ = self.lstm(padded)
        return self.out(states[torch.arange(len(lengths), device=lengths.device), lengths - 1])
