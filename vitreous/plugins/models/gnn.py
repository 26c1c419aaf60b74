"""The graph network of Bachhav et al. (2025), Methods and Fig. 6, as published: coordinates on
nodes, bonds as edges without values.

    alpha_ij = softmax_j((W_a h_i)^T (W_b h_j) / sqrt(d))
    h_i <- U(h_i, sum_j alpha_ij W h_j)                                                 (eq. 2)

Two blocks of such convolutions (two, then one), each closed by a dense layer with rectified linear
units; global average pooling; 20, 10 and 5 neurons; 1. AdaMax, 1000 epochs at most. The paper
leaves the width of its convolutions open (``hidden``), names no activation for the 20 - 10 - 5
(here: leaky rectifiers), calls its convolutions graph convolutions in the text and writes attention
in eq. 2: here they are eq. 2 (PyG's TransformerConv). ``graph_network`` is our own, with vectors on
edges.

The descriptor gives coordinates over the window's radius, the paper takes them as they are:
``coordinate_scale`` 11, the radius, makes them angstroms again. That matters: left at 1, the
network does not begin to learn for thousands of steps. Predictions are in the label's unit.

``reflections`` is not in the paper: "predict" trains as published and predicts the mean over the
windows mirrored about the loading's axes, which leaves a threshold as it is; "augment" trains on
mirrored windows; "average" does both. Under simple shear only the half turn is a symmetry, and
used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from vitreous.core.errors import VitreousError
from vitreous.plugins.models._network import Network, check_reflections


@dataclass(frozen=True, kw_only=True)
class GNN(Network):
    """Attention convolutions of width ``hidden``, average pooling, 20 - 10 - 5 - 1."""

    forms = frozenset({"graph"})
    network: ClassVar = "gnn"
    version: ClassVar = 2

    hidden: int = 32
    coordinate_scale: float = 11.0
    reflections: str = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_reflections(self)
        if self.hidden < 1 or not self.coordinate_scale > 0:
            raise VitreousError(
                f"gnn got hidden={self.hidden}, coordinate_scale={self.coordinate_scale:g}; "
                "expected positive numbers"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(
            hidden=32,
            coordinate_scale=1.0,
            epochs=500,
            patience=500,
            batch_size=8,
            learning_rate=0.01,
        )
