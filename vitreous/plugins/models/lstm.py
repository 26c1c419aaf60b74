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

from dataclasses import dataclass
from typing import ClassVar, Self

from vitreous.core.errors import VitreousError
from vitreous.plugins.models._network import Network, check_reflections


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
    reflections: str = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_reflections(self)
        if self.units < 1 or self.dense < 1 or not self.coordinate_scale > 0:
            given = (
                f"units={self.units}, dense={self.dense}, "
                f"coordinate_scale={self.coordinate_scale:g}"
            )
            raise VitreousError(f"lstm got {given}; expected positive numbers")

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
