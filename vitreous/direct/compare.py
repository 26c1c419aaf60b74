"""Non-affine motion between states of the same glass."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.io.glasses import as_glass, in_given
from vitreous.mechanics import d2min as motion
from vitreous.mechanics.neighbours import heights

if TYPE_CHECKING:
    from vitreous.io.glasses import Given

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class D2minReport:
    """What moved beyond a local deformation, atoms in the order of the reference.

    Fields:
        ids: (N,) as in the files. positions: (N, D) in the reference, as it was given.
        d2min: (N,) length squared, a plain sum over neighbours; NaN where they do not span the
        space.
        gradients: (N, D, D) best local deformation gradients.
        displacement: (N, D) beyond the affine map of one cell onto the other, length.
    """

    ids: NDArray[np.int64]
    positions: Array
    d2min: Array
    gradients: Array
    displacement: Array


def d2min(configuration: Given, reference: Given, cutoff: float) -> D2minReport:
    """D2min of Falk & Langer from ``reference`` to ``configuration``, neighbours taken within
    ``cutoff`` (length) in the reference.

    Args:
        configuration, reference: Configurations, ASE Atoms, or the paths of files.

    Raises:
        VitreousError: the two hold different atoms, or the cutoff is not a length.
    """
    given, configuration, reference = reference, as_glass(configuration), as_glass(reference)
    across = float(heights(reference.cell).min())
    if not 0.0 < cutoff < across:
        raise VitreousError(
            f"the cutoff is {cutoff:g}; expected a positive length below that of the cell, "
            f"{across:.4g} across"
        )
    if configuration.dimension != reference.dimension or set(configuration.ids.tolist()) != set(
        reference.ids.tolist()
    ):
        raise VitreousError(
            f"the two files hold different atoms: {len(configuration)} (a "
            f"{configuration.dimension}D glass) and {len(reference)} (a "
            f"{reference.dimension}D glass); D2min compares two states of one glass, whose atoms "
            "carry the same ids"
        )
    unnumbered = [
        glass for glass in (reference, configuration) if not glass.info.get("numbered", True)
    ]
    if unnumbered:
        warnings.warn(
            f"{unnumbered[0].info.get('source', 'the file')} numbers no atoms: they are matched "
            "by their order, which is right only if both list them alike",
            stacklevel=2,
        )
    order = np.argsort(configuration.ids)[np.argsort(np.argsort(reference.ids))]
    names = [[glass.names[k] for k in glass.species] for glass in (configuration, reference)]
    changed = [int(reference.ids[k]) for k, at in enumerate(order) if names[0][at] != names[1][k]]
    if changed:
        raise VitreousError(
            f"{len(changed)} atoms are of another species in the two files, the first is atom "
            f"{changed[0]}: they are not in the same order, or not of one glass; write ids"
        )
    states = (
        reference.positions,
        reference.cell,
        configuration.positions[order],
        configuration.cell,
        reference.periodic,
    )
    values, gradients = motion.d2min(*states, cutoff)
    return D2minReport(
        ids=reference.ids,
        positions=in_given(reference.positions, reference, given),
        d2min=values,
        gradients=gradients,
        displacement=motion.non_affine_displacement(*states, gradients),
    )


def successive_d2min(glasses: Sequence[Given], cutoff: float) -> list[D2minReport]:
    """What moved from each of F states to the next, as on a way through strain: F - 1 reports, each
    with the earlier state as reference.

    Raises:
        VitreousError: as ``d2min``, for any two that follow each other.
    """
    return [d2min(after, before, cutoff) for before, after in pairwise(glasses)]
