"""Training and evaluating networks, whatever the method. Everything here needs torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example, Log
from vitreous.learning.devices import evaluation_device, on_device, quiet, trainer
from vitreous.learning.inputs import (
    Inputs,
    WholeGlasses,
    balanced_once,
    batches,
    known_rows,
    refuse_unlabelled,
)
from vitreous.learning.network import Network, Seen, labels_facts
from vitreous.learning.settings import LEARNT, MEANT
from vitreous.learning.tasks import Beside, Class, Position, Survival, Value, task_of, values_of

if TYPE_CHECKING:
    from vitreous.learning.network import FittedNetwork


class Standardised(torch.nn.Module):
    """A network with the scaling of the label it was trained on."""

    target: torch.Tensor

    def __init__(self, net: torch.nn.Module, target: torch.Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("target", target)

    def forward(self, batch: Any) -> torch.Tensor:
        """(B, O) of the task."""
        return self.net(batch)


def train(
    component: Network,
    seen: Seen,
    examples: Sequence[Example],
    validation: Sequence[Example],
    seed: int,
    log: Log,
    place: Path | None,
) -> dict[str, NDArray[Any]]:
    """The best state of the component's network; ``place``: see best_weights.

    Raises:
        VitreousError: no labelled site, an auxiliary column that is not there, or a training that
        fails.
    """
    parameters, task = vars(component), component.task(labels_facts(examples[0][1]))
    beside = component.auxiliary
    values, unseen = _values(examples, component, "training"), None
    if validation:
        unseen = _values(validation, component, "validation")
    with quiet(component.threads), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        order = torch.Generator().manual_seed(seed + 1)
        settings: dict[str, Any] = {"order": order, "positions": isinstance(task, Position)}
        balanced = component.balances and isinstance(task, Class)
        outputs = task.outputs
        if beside:
            task = Beside(task, len(beside))
        model = component.model(parameters, seen, outputs, task.scaling(values))
        if beside:
            model = component.accompanied(model, len(beside))
        inputs = component.inputs([f for f, _ in examples], parameters, torch.float32)
        component.prepare(model, inputs, known_rows(values), seen)
        mirrored = parameters.get("reflections") in LEARNT
        settings["times"] = parameters.get("draws", 1) if mirrored else 1
        loader = batches(
            inputs,
            values,
            component.batch_size,
            shuffle=True,
            mirrored=mirrored,
            balanced=balanced,
            first=_glasses(component, inputs),
            **settings,
        )
        check = None
        if unseen is not None:
            held = component.inputs([f for f, _ in validation], parameters, torch.float32)
            size = component.checked * component.batch_size
            if balanced:
                unseen = balanced_once(unseen, torch.Generator().manual_seed(seed + 2))
            glasses = _glasses(component, held)
            check = batches(held, unseen, size, shuffle=False, first=glasses, **settings)
        state = trainer().best_weights(model, task, component, loader, check, log, order, place)
    if isinstance(task, Beside):
        state = {name: value for name, value in state.items() if not name.startswith("beside.")}
        state["target"] = task.own(torch.from_numpy(state["target"])).numpy().copy()
    return state


def _glasses(component: Network, inputs: Inputs) -> NDArray[np.int64] | None:
    """Where the sites of each glass begin, for a network whose batches are of whole glasses."""
    return cast(WholeGlasses, inputs).first if component.whole_glasses else None


def _values(examples: Sequence[Example], component: Network, what: str) -> torch.Tensor:
    """(S,) labels, (S, T) with components, or (S, 1 + A) with auxiliary columns; NaN where
    unknown.
    """
    values = torch.from_numpy(values_of([labels for _, labels in examples])).float()
    refuse_unlabelled(values, what)
    if not component.auxiliary:
        return values
    columns = [
        np.column_stack(
            [component.companion(n, _column(labels, n), labels.mask) for n in component.auxiliary]
        )
        for _, labels in examples
    ]
    together = torch.from_numpy(np.concatenate(columns)).float()
    return torch.column_stack(
        [values, torch.where(torch.isfinite(values)[:, None], together, torch.nan)]
    )


def _column(labels: Any, name: str) -> NDArray[np.float64]:
    """An auxiliary column (M,). Raises VitreousError if it is not one finite number for each
    labelled site.
    """
    if name not in labels.columns:
        raise VitreousError(
            f"model.companions names '{name}', but the label {labels.name} comes with "
            f"{', '.join(labels.columns) or 'no columns'}; name some of these, or none"
        )
    column = np.asarray(labels.columns[name])
    plain = column.ndim == 1 and column.dtype.kind in "fiub"
    if not plain or not np.isfinite(column[labels.mask]).all():
        raise VitreousError(
            f"model.companions names '{name}', but that column of {labels.name} is not one finite "
            "number for each labelled site; name another, or none"
        )
    return column.astype(np.float64)


def rebuild(
    method: type[Network],
    parameters: Mapping[str, Any],
    seen: Seen,
    facts: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
) -> torch.nn.Module:
    """The network with these weights, in the precision it predicts in. Raises whatever torch raises
    when they do not fit.
    """
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    # compiling pays in a training alone: it takes seconds, or minutes at first
    as_it_is = {**parameters, "compiled": False} if "compiled" in parameters else parameters
    with torch.random.fork_rng(devices=[]):  # the weights drawn here are replaced at once
        target = torch.zeros_like(state["target"])
        model = method.model(as_it_is, seen, task_of(facts).outputs, target)
    model.load_state_dict(state, strict=True)
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise ValueError("weights that are not finite")
    return model.to(getattr(torch, method.dtype)).eval()


@torch.no_grad()
def outputs(fitted: FittedNetwork, features: Any) -> tuple[torch.Tensor, Any]:
    """(K, M, O) in double precision, of each symmetric image that predictions average over, and the
    inputs. The last block is filled up with its last site: a kernel may depend on how many there
    are.
    """
    method, parameters = fitted.method, fitted.parameters
    device = evaluation_device(parameters["accelerator"])
    inputs = method.inputs([features], parameters, getattr(torch, method.dtype))
    model = fitted.model.to(device)
    images = inputs.images if parameters.get("reflections") in MEANT else 1
    parts = []
    with quiet(parameters["threads"]):
        block = len(inputs) if method.whole_glasses else method.block
        for first in range(0, len(inputs), block):
            chosen = torch.arange(first, first + block).clamp(max=len(inputs) - 1)
            each = (
                on_device(inputs.take(chosen, torch.full_like(chosen, image)), device)
                for image in range(images)
            )
            parts.append(torch.stack([model(batch).double() for batch in each]).cpu())
    return torch.cat(parts, dim=1)[:, : len(inputs)], inputs


def answers(fitted: FittedNetwork, features: Any) -> NDArray[np.float64]:
    """Predictions in the labels' unit and shape: the mean over the images; of positions the
    circular one.
    """
    raw, inputs = outputs(fitted, features)
    task, target = task_of(fitted.facts), fitted.model.target.cpu()
    if isinstance(task, Position):
        return _circular_mean(_undone(task, raw, target, inputs)).numpy()
    return task.answer(raw.mean(dim=0), target).numpy()


def medians(
    fitted: FittedNetwork, features: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same of numbers or positions with the median in place of the mean of numbers, and the
    standard deviation over the images.
    """
    raw, inputs = outputs(fitted, features)
    task, target = task_of(fitted.facts), fitted.model.target.cpu()
    if isinstance(task, Position):
        each = _undone(task, raw, target, inputs)
        middle = _circular_mean(each)
        off = each - middle
        return middle.numpy(), (off - off.round()).square().mean(dim=0).sqrt().numpy()
    each = torch.stack([task.answer(image, target) for image in raw])
    return each.quantile(0.5, dim=0).numpy(), each.std(dim=0, correction=0).numpy()


def _undone(task: Position, raw: torch.Tensor, target: torch.Tensor, inputs: Any) -> torch.Tensor:
    """(K, M, D) positions found in each image, as they lie in the glass."""
    chosen = torch.arange(len(inputs))
    return torch.stack(
        [
            inputs.undone(task.answer(each, target), chosen, torch.full_like(chosen, image))
            for image, each in enumerate(raw)
        ]
    )


def _circular_mean(positions: torch.Tensor) -> torch.Tensor:
    """(M, D) of positions (K, M, D) that are periodic with 1."""
    turned = torch.exp(2j * np.pi * positions).sum(dim=0)
    return (turned.angle() / (2.0 * np.pi)).remainder(1.0)


def probabilities(fitted: FittedNetwork, features: Any) -> NDArray[np.float64]:
    """(M, classes)."""
    return Class.probabilities(outputs(fitted, features)[0].mean(dim=0)).numpy()


def hazards(
    fitted: FittedNetwork, features: Any, strains: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(M, S) cumulative hazards at ``strains`` (S,)."""
    raw = outputs(fitted, features)[0].mean(dim=0)
    return Survival().hazards(raw, fitted.model.target.cpu(), strains).numpy()


def attribution(fitted: FittedNetwork, features: Any) -> NDArray[np.float64]:
    """Gradient times input (Shrikumar et al. 2017), summed over columns or channels: (T,) of the
    rows of graphs and sequences, (M, H, W[, L]) of images. Of several outputs their sum.
    """
    method, parameters = fitted.method, fitted.parameters
    inputs = method.inputs([features], parameters, getattr(torch, method.dtype))
    parts = []
    with quiet(parameters["threads"]):
        block = len(inputs) if method.whole_glasses else method.block
        for first in range(0, len(inputs), block):
            chosen = torch.arange(first, min(first + block, len(inputs)))
            batch = inputs.take(chosen, torch.zeros_like(chosen))
            looked = batch if isinstance(batch, torch.Tensor) else batch[0]
            looked.requires_grad_(True)
            fitted.model(batch).sum().backward()
            assert looked.grad is not None
            parts.append(_rows(looked.grad * looked.detach(), batch))
    scale = 1.0
    if isinstance(task_of(fitted.facts), Value):
        scale = float(fitted.model.target[1].mean())
    return scale * torch.cat(parts).double().numpy()


def _rows(product: torch.Tensor, batch: Any) -> torch.Tensor:
    """Summed over columns; of a padded sequence (B, L, C), given by its lengths, the rows alone."""
    if isinstance(batch, torch.Tensor):
        return product.sum(dim=1)
    if product.ndim == 2:
        return product.sum(dim=1)
    lengths = batch[1]
    inside = torch.arange(product.shape[1]) < lengths[:, None]
    return product.sum(dim=2)[inside]
