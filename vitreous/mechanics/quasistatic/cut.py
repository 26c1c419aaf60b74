"""A circular cut of a glass, inside a wall that only follows the affine deformation, sheared
athermally: how one atom answers loadings of any direction (Fan & Ma, Nat. Commun. 12, 1506 (2021),
Fig. 4; Gendelman et al., EPL 109, 16002 (2015)).

The published cut is turned by an angle a, counter-clockwise, and sheared along x. Here the cut
stays and the loading turns: R(-a) F R(a) is the deformation gradient of the loading at -a degrees,
and the energy does not know of a turn, so both are the same; only the sense of the angle differs. A
periodic glass cannot be loaded along any direction without a cut: its images would not match.

==========================  ==============================  ==========
symbol                      variable                        unit
==========================  ==============================  ==========
x of M atoms, free first    ``Cut.configuration``           length
radius, wall included       ``radius``                      length
width of the wall           ``wall``                        length
F(strain)                   ``loading``                     1
==========================  ==============================  ==========
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.core.data import Configuration, Loading
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.neighbours import around
from vitreous.mechanics.newton import State
from vitreous.mechanics.quasistatic.continuation import deform
from vitreous.mechanics.quasistatic.fixed_steps import Protocol
from vitreous.mechanics.relax import relax

Array = NDArray[Any]


@dataclass(frozen=True)
class Cut:
    """M atoms of a glass around a centre, which is the origin, without periodic boundaries, sorted
    by distance; the first ``free`` of them are free, the others the wall.

    ``atoms`` (M,) are their numbers in the glass.
    """

    configuration: Configuration
    free: int
    atoms: NDArray[np.int64]


def cut_out(glass: Configuration, centre: Array, radius: float, wall: float) -> Cut:
    """The atoms closer than ``radius`` to ``centre`` (D,), those further than ``radius - wall`` as
    the wall; the cell must be at least two radii high.
    """
    near, vectors = around(glass.positions, centre, glass.cell, np.array(glass.periodic), radius)
    distance = np.sqrt((vectors**2).sum(axis=1))
    order = np.argsort(distance, kind="stable")
    configuration = glass.with_(
        positions=vectors[order],
        species=glass.species[near[order]],
        ids=glass.ids[near[order]],
        bonds=np.zeros((0, 2), int),
        periodic=(False,) * glass.dimension,
    )
    return Cut(configuration, int((distance < radius - wall).sum()), near[order])


def sheared(
    cut: Cut,
    surface: EnergySurface,
    loading: Loading,
    protocol: Protocol,
    strains: Sequence[float],
) -> Array:
    """Positions (S, M, D) of the cut's atoms at ``strains``, multiples of the strain step, after
    quasistatic deformation along ``loading``.

    The deformation ends at the last of them, whatever ``protocol`` says of an end.

    Raises:
        NotConverged: a state does not come to rest.
    """
    stops = [round(strain / protocol.strain_step) for strain in strains]
    protocol = replace(protocol, strain_max=max(strains), max_events=max(stops))
    mask = (np.arange(len(cut.atoms)) < cut.free)[:, None].astype(float)
    found: dict[int, Array] = {}

    def visit(step: int, state: State) -> None:
        if step in stops:
            found[step] = state.positions.copy()

    with threadpool_limits(1):
        preconditioner = Preconditioner(surface.bond_range)
        glass = cut.configuration
        start = relax(surface, glass.positions, glass.cell, preconditioner, protocol, mask)
        deform(surface, start, loading, protocol, preconditioner, visit, stops=stops, free=mask)
    return np.stack([found[stop] for stop in stops])
