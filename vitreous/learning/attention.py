"""Grad-CAM for regression: where in its images a network looks (Selvaraju et al. 2017; Font-Clos et
al. 2022, Methods). Everything here needs torch and captum.

    I_k = < dt / df_k >,    G = < | sum_k I_k f_k | >

=======  ===================================================  ============  =====================
symbol   meaning                                              shape         unit
=======  ===================================================  ============  =====================
t        one predicted number (not its class score)           ()            of the label
f_k      map of filter k of one stage of the network          (h, w)        1
I_k      mean of the gradient over the pixels, eq. 13         (K,)          of the label
G        weighted sum's magnitude, mean over copies, eq. 14   (H, W)        of the label
=======  ===================================================  ============  =====================

captum's LayerGradCam computes the weighted sum. In the paper Z of eq. 13 is "a normalisation
constant"; here it is the number of pixels of f_k. Each copy's map is taken back to the undeformed
glass where the copy was mirrored or translated, bilinear between the centres of its pixels; of
images of a whole glass through the periodic boundaries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from captum.attr import LayerGradCam
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from vitreous.core.data import Attention, Symmetry
from vitreous.core.errors import VitreousError
from vitreous.learning.devices import quiet
from vitreous.learning.tasks import Class, Position, task_of

if TYPE_CHECKING:
    from vitreous.learning.network import FittedNetwork

Array = NDArray[np.float64]
_TOGETHER = 16  #: images in a batch, to bound memory


def attention(fitted: FittedNetwork, features: Any, copies: int) -> tuple[Attention, ...]:
    """G of every stage of the network, finest first, over at most ``copies`` copies of each site.

    Raises:
        VitreousError: images that are not plane, or a label that is no number.
    """
    task, target = task_of(fitted.facts), fitted.model.target.cpu()
    if isinstance(task, Class) or len(features.shape) != 3:
        raise VitreousError(
            "attention is defined for numbers and positions predicted from plane images; this "
            f"model has a label of task {fitted.facts['task']} and images of shape "
            f"{features.shape}"
        )
    method, model = fitted.method, fitted.model.cpu()
    inputs = method.inputs([features], fitted.parameters, getattr(torch, method.dtype))
    count = len(task.answer(torch.zeros(1, task.outputs).double(), target).reshape(-1))

    def predicted(batch: torch.Tensor) -> torch.Tensor:
        return task.answer(model(batch), target).reshape(len(batch), -1)

    with quiet(fitted.parameters["threads"]):
        return tuple(
            _mean(features, inputs, predicted, stage, count, copies, isinstance(task, Position))
            for stage in method.stages(model.net)
        )


def grad_cam(
    predicted: Callable[[torch.Tensor], torch.Tensor],
    stage: torch.nn.Module,
    batch: torch.Tensor,
    count: int,
) -> Array:
    """(B, T, h, w) sum_k I_k f_k of each of the T = ``count`` numbers ``predicted`` of a batch
    of B images, at the output of one ``stage``.
    """
    looking = LayerGradCam(predicted, stage)
    each = [
        looking.attribute(batch, target=number, relu_attributions=False) for number in range(count)
    ]
    return torch.cat(each, dim=1).detach().double().numpy()  # pyright: ignore


def _mean(
    features: Any,
    inputs: Any,
    predicted: Callable[[torch.Tensor], torch.Tensor],
    stage: torch.nn.Module,
    count: int,
    copies: int,
    vectors: bool,
) -> Attention:
    """Over the copies; ``vectors``: the T numbers are components along the image's sides."""
    images, sides = min(inputs.images, copies), features.shape[1:]
    weight, signed = np.zeros((2, len(features), count, *sides))
    site, image = (of.ravel() for of in np.indices((len(features), images)))
    resolution = 0
    for first in range(0, len(site), _TOGETHER):
        chosen, copy = (of[first : first + _TOGETHER] for of in (site, image))
        maps = grad_cam(
            predicted, stage, inputs.take(torch.from_numpy(chosen), torch.from_numpy(copy)), count
        )
        resolution = maps.shape[2]
        moves = features.symmetry(chosen, copy)
        for k, m in enumerate(chosen):
            turn = np.eye(2) if moves.turn is None else moves.turn[k]
            shift = np.zeros(2) if moves.shift is None else moves.shift[k]
            there = _places(sides, turn, shift, features.level == "sample")
            back = np.linalg.inv(turn) if vectors else np.eye(count)
            weight[m] += _sampled(np.abs(maps[k]), there, sides, features.level == "sample")
            signed[m] += np.einsum(
                "ij,jhw->ihw", back, _sampled(maps[k], there, sides, features.level == "sample")
            )
    return Attention(resolution=resolution, weight=weight / images, signed=signed / images)


def _places(sides: tuple[int, ...], turn: Array, shift: Array, whole: bool) -> Array:
    """(2, H W) where the pixels of the glass' image lie in a copy: x and y in fractions of its
    sides; of a ``whole`` glass translations are such fractions, of a window it has none.

    Raises:
        VitreousError: a translated window.
    """
    y, x = ((np.indices(sides).reshape(2, -1).T + 0.5) / sides).T
    if whole:
        return Symmetry(turn=turn[None], shift=shift[None]).moved(np.column_stack([x, y])).T
    if shift.any():
        raise VitreousError("attention cannot be taken back from windows that were translated")
    return turn @ np.stack([x - 0.5, y - 0.5]) + 0.5


def _sampled(maps: Array, places: Array, sides: tuple[int, ...], whole: bool) -> Array:
    """(T, H, W) of maps (T, h, w) at these places."""
    x, y = places * np.array(maps.shape[:0:-1])[:, None] - 0.5
    mode = "grid-wrap" if whole else "nearest"
    return np.stack(
        [map_coordinates(each, [y, x], order=1, mode=mode).reshape(sides) for each in maps]
    )
