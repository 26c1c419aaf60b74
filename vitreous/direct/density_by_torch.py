"""Density maps by torch, on whatever device it has: the same sums as
``vitreous.analysis.density_maps``, every Gaussian drawn over the whole map, for many sites at once.

    Xi(y, x, b) = sum_j [species(j) = b] exp(-(y_j - y)^2 / (2 Delta^2)) exp(-(x_j - x)^2 / (2
    Delta^2))

is one contraction over the atoms j of each site.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.analysis.density_maps import Surroundings, pixels_of
from vitreous.analysis.neighborhoods import wrap

_BLOCK = 64  #: sites at once, to bound memory
_CONTRACTION = {2: "bny,bnx,bns->bsyx", 3: "bnz,bny,bnx,bns->bszyx"}


def density_maps(
    sites: NDArray[np.float64],
    around: Surroundings,
    kinds: int,
    radius: float,
    width: float,
    turns: NDArray[np.float64],
    device: str = "cpu",
) -> torch.Tensor:
    """Maps (M, kinds, P, P[, P]) in single precision, left on ``device``; arguments as of the
    kernel.
    """
    dimension = sites.shape[1]
    inside = torch.from_numpy(wrap(sites, around.cell, around.periodic)).to(device)
    atoms = torch.from_numpy(around.positions).to(device)
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(around.species), kinds)
    one_hot = one_hot.float().to(device)
    turn = torch.from_numpy(np.ascontiguousarray(turns)).to(device)
    pixel = torch.arange(pixels_of(radius, width), device=device)
    grid = width * (pixel + 0.5) - radius
    maps = []
    for first in range(0, len(inside), _BLOCK):
        away = atoms - inside[first : first + _BLOCK, None]
        near = (away.abs() < radius).all(dim=2)
        most = int(near.sum(dim=1).max())
        # the near atoms of each site first, then others that count for nothing
        chosen = near.float().argsort(dim=1, descending=True, stable=True)[:, :most]
        counts = near.gather(1, chosen)
        placed = away.gather(1, chosen[..., None].expand(-1, -1, dimension))
        placed = torch.einsum("bij,bnj->bni", turn[first : first + _BLOCK], placed)
        rows = torch.exp(-0.5 * ((placed[..., None] - grid) / width) ** 2).float()
        species = one_hot[chosen] * counts[..., None]
        axes = [rows[:, :, k] for k in reversed(range(dimension))]
        maps.append(torch.einsum(_CONTRACTION[dimension], *axes, species))
    return torch.cat(maps)
