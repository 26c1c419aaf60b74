"""The three networks of Bachhav et al. (2025), Methods, as torch modules: (B,) standardised
predictions from a batch.
"""

from __future__ import annotations

import torch
from torch import nn
from torch_geometric.nn import TransformerConv
from torch_geometric.nn.aggr import MeanAggregation

from vitreous.plugins.models._graph_batches import Batch


class SequenceNet(nn.Module):
    """LSTM(units) - Dense 10 - 1. The output at each sequence's own last atom is read: a state
    knows nothing of what comes after it, so this masks the padding exactly (and costs half of what
    packed sequences do on a CPU).

    Weights start as in Keras (Glorot and Bengio 2010; orthogonal between the steps; a forget gate
    that is open, Jozefowicz et al. 2015): started as in torch it learns nothing for many thousand
    steps.
    """

    def __init__(self, units: int, dense: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, units, batch_first=True)
        self.out = nn.Sequential(nn.Linear(units, dense), nn.LeakyReLU(), nn.Linear(dense, 1))
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
        return self.out(
            states[torch.arange(len(lengths), device=lengths.device), lengths - 1]
        ).squeeze(1)


class ImageNet(nn.Module):
    """5 x 5 convolutions with 32, 64, 32 filters, each with 2 x 2 max-pooling; three dense layers
    of 10; 1.
    """

    def __init__(self, channels: int, pixels: int, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        side = pixels
        for filters in (32, 64, 32):
            layers += [nn.Conv2d(channels, filters, 5), nn.ReLU(), nn.MaxPool2d(2)]
            side, channels = (side - 4) // 2, filters
        layers += [nn.Flatten(), nn.Dropout(dropout)]
        width = channels * side * side
        for _ in range(3):
            layers += [nn.Linear(width, 10), nn.ReLU()]
            width = 10
        self.net = nn.Sequential(*layers, nn.Linear(width, 1)).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.net(images.contiguous(memory_format=torch.channels_last)).squeeze(1)


class AttentionNet(nn.Module):
    """Two blocks of attention convolutions (eq. 2: scaled dot products of neighbours, 2 + 1 of
    them), each closed by a dense layer; the mean over the nodes; 20 - 10 - 5 - 1, leaky: plain
    rectifiers as few as 5 can all fall silent, and then never learn again.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.first = nn.ModuleList([TransformerConv(2, hidden), TransformerConv(hidden, hidden)])
        self.first_update = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU())
        self.second = TransformerConv(hidden, hidden)
        self.second_update = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU())
        self.pool = MeanAggregation()
        layers: list[nn.Module] = []
        width = hidden
        for neurons in (20, 10, 5):
            layers += [nn.Linear(width, neurons), nn.LeakyReLU()]
            width = neurons
        self.out = nn.Sequential(*layers, nn.Linear(width, 1))

    def forward(self, batch: Batch) -> torch.Tensor:
        nodes = batch.nodes
        for layer in self.first:
            nodes = torch.relu(layer(nodes, batch.edges))
        nodes = self.first_update(nodes)
        nodes = self.second_update(torch.relu(self.second(nodes, batch.edges)))
        return self.out(self.pool(nodes, batch.graph, dim_size=batch.size)).squeeze(1)
