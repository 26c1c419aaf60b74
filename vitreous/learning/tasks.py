"""What a network learns, by the task of the labels: outputs, loss, and answers in the labels' unit.

========  ==========================  ==============================  ============================
task      outputs (B, O)              loss                            answer
========  ==========================  ==============================  ============================
value     T standardised components   mean squared error              output * spread + mean
class     one logit per class         cross entropy, classes          the likeliest class; softmax
                                      weighted by 1 / their number
position  cosine and sine per axis    2 (1 - cos 2 pi (s' - s)) /     angle of (cosine, sine) over
                                      (2 pi)^2, s the fractional      2 pi
                                      coordinate
survival  log rate and log shape of   minus log likelihood of the     strain of cumulative hazard 1
          a hazard (Survival)         glass, per event
========  ==========================  ==============================  ============================

The loss of a position is the squared periodic distance, where that is small, and smooth across the
boundary. With ``published`` it is that of Font-Clos et al. (2022), eqs. 10 and 11: the squared
distance itself, d = s' - s to its nearest image, whose slope jumps half a cell away from the
target, and the squared difference of the batch's mean prediction and mean target, which is not
periodic. Unknown components (NaN) have no loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.core.data import Labels
from vitreous.core.errors import VitreousError

_TURN = 2.0 * np.pi


class Task(Protocol):
    """``metric`` names the loss in logs; ``outputs`` is O."""

    metric: str
    outputs: int

    def scaling(self, values: torch.Tensor) -> torch.Tensor:
        """What the loss is scaled by, kept with the weights as ``target``; from labels (S,) or
        (S, T), NaN where unknown.
        """
        ...

    def losses(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        """Means over the batch, that of the label (or of its components) first."""
        ...

    def answer(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Predictions in the labels' unit and shape, from (M, O) in double precision."""
        ...


class Value:
    """Numbers; ``components`` of them, or one."""

    metric = "mse"

    def __init__(self, components: int = 0) -> None:
        self.components, self.outputs = components, max(components, 1)

    def scaling(self, values: torch.Tensor) -> torch.Tensor:
        known = values.double()
        mean = known.nanmean(dim=0)
        spread = (known - mean).square().nanmean(dim=0).sqrt()
        return torch.stack([mean, torch.where(spread > 0.0, spread, 1.0)]).float()

    def losses(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        wanted = ((values - target[0]) / target[1]).reshape(len(values), -1)
        if self.components:
            return _mean_of_known((output - _filled(wanted)).square(), wanted)
        return (output - wanted).square().mean(dim=0)

    def answer(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        mean, spread = target.double()
        found = output * spread + mean
        return found if self.components else found.squeeze(1)


class Class:
    """One of several classes, none of which counts for more because there is more of it; not
    ``weighted`` where batches hold as many of each.
    """

    metric = "cross_entropy"

    def __init__(self, classes: Sequence[str], *, weighted: bool = True) -> None:
        self.outputs, self.weighted = len(classes), weighted

    def scaling(self, values: torch.Tensor) -> torch.Tensor:
        """Weights of the classes (O,), mean 1 over the labelled sites."""
        if not self.weighted:
            return torch.ones(self.outputs)
        known = values[torch.isfinite(values)].long()
        count = torch.bincount(known, minlength=self.outputs).double()
        present = count > 0
        weight = torch.where(present, len(known) / (count.clamp(min=1.0) * present.sum()), 0.0)
        return weight.float()

    def losses(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        each = torch.nn.functional.cross_entropy(output, values.long(), reduction="none")
        return (each * target[values.long()]).mean().reshape(1)

    def error_rate(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        """Fraction of the sites whose likeliest class is another, classes weighted as in the loss:
        where one is rare, calling all sites another class is no small error.
        """
        weight = target[values.long()]
        wrong = (output.argmax(dim=1) != values.long()).float()
        return (weight * wrong).sum() / weight.sum()

    def answer(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return output.argmax(dim=1).double()

    @staticmethod
    def probabilities(output: torch.Tensor) -> torch.Tensor:
        """(M, classes)."""
        return output.softmax(dim=1)


class Position:
    """Fractional coordinates (M, D), periodic with 1."""

    metric = "squared_distance"

    def __init__(self, axes: int, *, published: bool = False) -> None:
        self.outputs, self.published = 2 * axes, published

    def scaling(self, values: torch.Tensor) -> torch.Tensor:
        return torch.zeros(0)

    def losses(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        if self.published:
            return self._published(output, values, target)
        direction = torch.nn.functional.normalize(output.reshape(len(values), -1, 2), dim=2)
        turn = _TURN * _filled(values)
        cosine = (direction * torch.stack([torch.cos(turn), torch.sin(turn)], dim=2)).sum(dim=2)
        return _mean_of_known(2.0 * (1.0 - cosine) / _TURN**2, values)

    def _published(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        off = self.answer(output, target) - _filled(values)
        distance = _mean_of_known((off - off.detach().round()).square(), values)
        known = torch.isfinite(values)
        bias = torch.where(known, off, 0.0).sum(dim=0) / known.sum(dim=0).clamp(min=1)
        return distance + bias.square().mean()

    def answer(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        cosine, sine = output.reshape(len(output), -1, 2).unbind(dim=2)
        return (torch.atan2(sine, cosine) / _TURN).remainder(1.0)


class Survival:
    """Hazards of the sites of one glass, as of ``model=proportional_hazards`` but with a shape of
    its own for each: for outputs (a, c), strain g, g0 the geometric mean of the events' strains and
    h0 the number of events per site,

        H = h0 exp(a) (g / g0)^k,    k = SHAPE exp(c)

    Labels of one glass make a batch: minus the logarithm of its likelihood, per event.
    """

    metric, outputs = "nats_per_event", 2
    SHAPE = 4.0
    LARGEST = 3.0  #: of |c|

    def scaling(self, values: torch.Tensor) -> torch.Tensor:
        """log g0 and log h0."""
        known = values[torch.isfinite(values)].double()
        failed = known[known > 0.0]
        if not len(failed):
            raise VitreousError(
                "no training glass had an event, so no failure can be learnt from; raise "
                "simulator.strain_max or simulator.max_events"
            )
        events = failed.unique()  # those of two glasses at one strain count once here
        rate = torch.tensor(len(events) / len(known)).log()
        return torch.stack([events.log().mean(), rate]).float()

    def losses(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        rate, shape, time = self._law(output, values.abs(), target)
        passed = (rate + shape * time).clamp(max=60.0).exp().sum()
        seen, count = output.new_zeros(()), 0
        for strain in values[values > 0.0].unique():
            near = values == strain
            hazard = rate + (shape - 1.0) * time + shape.log()
            seen, count = seen + torch.logsumexp(hazard[near], dim=0), count + 1
        return ((passed - seen) / max(count, 1)).reshape(1)

    def answer(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        rate, shape, _ = self._law(output, torch.ones(len(output)), target)
        return (target[0].double() - rate / shape).exp()

    def hazards(
        self, output: torch.Tensor, target: torch.Tensor, strains: NDArray[np.float64]
    ) -> torch.Tensor:
        """(M, S) cumulative hazards at ``strains`` (S,)."""
        rate, shape, _ = self._law(output, torch.ones(len(output)), target)
        time = torch.tensor(np.log(strains)) - target[0].double()
        return (rate[:, None] + shape[:, None] * time).clamp(-600.0, 600.0).exp()

    def _law(
        self, output: torch.Tensor, strains: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """log h0 + a, k and log g / g0, each (B,)."""
        shape = self.SHAPE * output[:, 1].clamp(-self.LARGEST, self.LARGEST).exp()
        return target[1] + output[:, 0], shape, strains.log() - target[0]


class Beside:
    """A task of single numbers or classes with ``count`` further columns, learnt as numbers; labels
    are (S, 1 + count).
    """

    def __init__(self, task: Task, count: int) -> None:
        self.task, self.further = task, Value(count)
        self.metric, self.outputs = task.metric, task.outputs + count

    def scaling(self, values: torch.Tensor) -> torch.Tensor:
        """Flat: that of the task, and that of the columns."""
        parts = self.task.scaling(values[:, 0]), self.further.scaling(values[:, 1:])
        self.shape = parts[0].shape
        return torch.cat([part.flatten() for part in parts])

    def own(self, target: torch.Tensor) -> torch.Tensor:
        """The scaling of the task alone."""
        return target[: self.shape.numel()].reshape(self.shape)

    def losses(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        """(1 + count,)"""
        own = self.task.losses(output[:, : self.task.outputs], values[:, 0], self.own(target))
        mean, spread = target[self.shape.numel() :].reshape(2, -1)
        wanted = (values[:, 1:] - mean) / spread
        off = (output[:, self.task.outputs :] - _filled(wanted)).square()
        known = torch.isfinite(wanted)
        return torch.cat([own, torch.where(known, off, 0.0).sum(dim=0) / known.sum(dim=0)])

    def answer(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self.task.answer(output[:, : self.task.outputs], self.own(target))

    def error_rate(
        self, output: torch.Tensor, values: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        """That of a task of classes."""
        assert isinstance(self.task, Class)
        return self.task.error_rate(output[:, : self.task.outputs], values[:, 0], self.own(target))


def classified(task: Task) -> TypeGuard[Class | Beside]:
    """Whether classes are learnt, with further columns or without."""
    return isinstance(task.task if isinstance(task, Beside) else task, Class)


def _filled(values: torch.Tensor) -> torch.Tensor:
    """Zero where unknown: a NaN would enter the gradient even where its loss is left out."""
    return torch.nan_to_num(values, nan=0.0)


def _mean_of_known(losses: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    known = torch.isfinite(values)
    return (torch.where(known, losses, 0.0).sum() / known.sum()).reshape(1)


def task_of(facts: Mapping[str, Any], *, weighted: bool = True) -> Task:
    """The task of labels with these facts; ``weighted``: see ``Class``.

    Raises:
        VitreousError: a task that networks do not learn.
    """
    if facts["task"] == "value":
        return Value(len(facts["components"]))
    if facts["task"] == "class":
        return Class(facts["classes"], weighted=weighted)
    if facts["task"] == "position":
        return Position(len(facts["components"]))
    if facts["task"] == "survival":
        return Survival()
    raise VitreousError(
        f"networks learn labels of task value, class, position or survival, not {facts['task']}"
    )


def values_of(labels: Sequence[Labels]) -> NDArray[np.float64]:
    """(S,) or (S, T) of all glasses, NaN where unknown."""
    return np.concatenate([np.where(each.mask, each.values, np.nan) for each in labels])
