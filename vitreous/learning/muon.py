"""Orthogonalised momentum for matrices, AdamW for all else (Jordan 2024,
https://kellerjordan.github.io/posts/muon).

    M <- mu M + G,    W <- (1 - RATIO lr wd) W - RATIO lr max(1, rows / columns)^(1/2) NS(G + mu M)

lr and wd are learning_rate and weight_decay, which AdamW takes as they are. A matrix is any weight
of two dimensions with both sides above NARROW, so that stacked gates of a recurrent layer are one
and kernels of convolutions none. NS brings all singular values near one by five Newton-Schulz
steps. torch's own Muon takes one matrix at a time, which for small ones takes as long as a quarter
of a training step; here those of one shape are taken together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch

# : a matrix with a side no wider than this reads columns or writes results, and is left to AdamW
NARROW = 8
# : of the rates of the orthogonalised updates, all of whose singular values are one, and of AdamW's
RATIO = 6.0
MOMENTUM = 0.95
STEPS, COEFFICIENTS = 5, (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Both under one step, for loops and schedules that know one optimiser."""

    def __init__(
        self, parameters: Iterable[torch.nn.Parameter], lr: float, weight_decay: float
    ) -> None:
        every = list(parameters)
        super().__init__(every, {"lr": lr, "weight_decay": weight_decay})
        by_shape: dict[torch.Size, list[torch.nn.Parameter]] = defaultdict(list)
        for p in every:
            by_shape[p.shape if p.ndim == 2 and min(p.shape) > NARROW else torch.Size()].append(p)
        self.rest = torch.optim.AdamW(
            by_shape.pop(torch.Size(), []) or [torch.zeros(1)], lr=lr, weight_decay=weight_decay
        )
        self.inner = list(by_shape.values())
        self.moments = [
            torch.zeros(len(same), *same[0].shape, device=same[0].device) for same in self.inner
        ]

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One step of both; ``closure`` computes loss and gradients before it."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        rate, decay = self.param_groups[0]["lr"], self.param_groups[0]["weight_decay"]
        for same, moment in zip(self.inner, self.moments, strict=True):
            gradient = torch.stack(
                [torch.zeros_like(p) if p.grad is None else p.grad for p in same]
            )
            moment.mul_(MOMENTUM).add_(gradient)
            step = orthogonal(gradient.add(moment, alpha=MOMENTUM))
            size = RATIO * rate * max(1.0, step.shape[1] / step.shape[2]) ** 0.5
            for p, s in zip(same, step, strict=True):
                p.mul_(1.0 - RATIO * rate * decay).sub_(s, alpha=size)
        self.rest.param_groups[0]["lr"] = rate
        self.rest.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "moments": self.moments, "rest": self.rest.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        moments, rest = state_dict["moments"], state_dict["rest"]
        super().load_state_dict({name: state_dict[name] for name in ("state", "param_groups")})
        for own, kept in zip(self.moments, moments, strict=True):
            own.copy_(kept)
        self.rest.load_state_dict(rest)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """(K, R, C) with the same singular vectors, and singular values between about 0.7 and 1.2."""
    a, b, c = COEFFICIENTS
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    wide = wide / (wide.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(STEPS):
        square = wide @ wide.mT
        wide = a * wide + (b * square + c * square @ square) @ wide
    return wide if matrices.shape[1] <= matrices.shape[2] else wide.mT
