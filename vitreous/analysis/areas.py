"""Sites ranked by area: which part of a glass a map marks, and how much of it must be marked until
a given site is reached.

Each point of the area has the value of its nearest site. Sites of a slab are seen from above; those
that lie above one another, closer than ``CLOSE`` of the mean spacing, are one, with the largest
value of theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.core.errors import VitreousError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
CLOSE = 0.05


def from_above(points: Array, cell: Array, periodic: tuple[bool, ...]) -> tuple[Array, Array]:
    """Points (N, P) and cell (P, P) in the space of the P periodic directions; what lies across it
    is left out.

    Raises:
        VitreousError: fewer than two periodic directions, which bound no area.
    """
    along = cell[np.array(periodic, dtype=bool)]
    if len(along) < 2:
        raise VitreousError(
            f"the area of a glass is that of its periodic directions, but this one has {len(along)}"
            "; leave areas out with ~evaluations.prediction_area"
        )
    axes = np.linalg.qr(along.T)[0]
    return points @ axes, along @ axes


def columns(points: Array, cell: Array) -> Ints:
    """(N,) the number, from 0, of the column that each point (N, P) of a periodic ``cell`` is in:
    points that coincide are in one.
    """
    spacing = (abs(np.linalg.det(cell)) / len(points)) ** (1.0 / len(cell))
    near = pairs_within(points, points, cell, (True,) * len(cell), CLOSE * spacing)
    links = coo_array(
        (np.ones(len(near.site)), (near.site, near.atom)), shape=(len(points), len(points))
    )
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def ahead(risk: Array, area: Array, here: Ints) -> tuple[Array, Array]:
    """Shares of the area that is riskier than the cells ``here`` (K,), and of that which ties with
    them, themselves included; of cells with ``risk`` (C,), -inf for unknown, and ``area`` (C,).
    """
    share = area / area.sum()
    order = np.argsort(-risk, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(share[order])])
    ordered = -risk[order]
    first, last = (np.searchsorted(ordered, -risk[here], side=side) for side in ("left", "right"))
    return reached[first], reached[last] - reached[first]


def found_within(marked: Array, riskier: Array, tied: Array) -> Array:
    """(X, K) probability that a site is in the riskiest share ``marked`` (X,) of the area; of what
    ties at the limit, as much as fits is marked at random.
    """
    return np.clip((marked[:, None] - riskier) / tied, 0.0, 1.0)
