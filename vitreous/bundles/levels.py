"""What a model of each level answers: where, and by which of these sites its glass is judged.

=======  =======================================  ======================  =======
level    answers                                  at                      windows
=======  =======================================  ======================  =======
sample   a number (class, position) of the glass  the sites of training  no
atom     a value, class or position per atom      the atoms               yes
site     a map                                    a grid                  yes
field    a picture                                the sites of training  no
=======  =======================================  ======================  =======

A site with a window is masked where the window is not whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import NamedTuple

import numpy as np

from vitreous.bundles.bundle import Bundle
from vitreous.bundles.sites import Array, grid_sites, obstacles
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.vocabulary import TASKS

JUDGED = 400  #: sites by which a map is judged, about
Sites = tuple[Array, tuple[int, ...]]  #: sites (M, D), and how many along each side of a grid


class Level(NamedTuple):
    """``answer``: what is predicted, ``noun`` in a word or two, by task. ``sites``: where.
    ``judged``: the sites (M, D) that a verdict is taken over, whatever the grid. ``windowed``:
    whether each site has a window that must be whole; without, the whole glass is looked at.
    ``as_in_training``: whether the sites are those of the training labels, in fractions of the
    cell.
    """

    answer: str
    noun: Mapping[str, str]
    sites: Callable[[Configuration, Bundle, int | None], Sites]
    judged: Callable[[Configuration, Bundle], Array]
    windowed: bool

    @property
    def as_in_training(self) -> bool:
        """Whether a new glass is predicted at the sites that training had."""
        return self.sites is _as_in_training


def level_of(bundle: Bundle) -> Level:
    """That of what the bundle predicts."""
    return LEVELS[bundle.label["level"]]


def noun_of(bundle: Bundle) -> str:
    """What the bundle's answer is called: the number, the map, the values of the atoms, ..."""
    return level_of(bundle).noun[bundle.label["task"]]


def sites_of(bundle: Bundle) -> str:
    """What the sites are called where answers stand: atoms, where there is one for each."""
    return "atoms" if bundle.label["level"] == "atom" else "sites"


def _on_a_grid(glass: Configuration, bundle: Bundle, grid: int | None) -> Sites:
    return grid_sites(glass, bundle.spacing, grid)


def _on_atoms(glass: Configuration, bundle: Bundle, grid: int | None) -> Sites:
    _refuse_grid(bundle, grid)
    return glass.positions, ()


def _as_in_training(glass: Configuration, bundle: Bundle, grid: int | None) -> Sites:
    _refuse_grid(bundle, grid)
    assert bundle.fractions is not None
    return bundle.fractions @ glass.cell, tuple(bundle.label["grid"])


def _refuse_grid(bundle: Bundle, grid: int | None) -> None:
    if grid is not None:
        raise VitreousError(
            f"a grid of {grid} was asked for, but this model gives {level_of(bundle).answer}, not "
            "a map; leave --grid out"
        )


def _whole_windows(glass: Configuration, bundle: Bundle) -> Array:
    """About ``JUDGED`` sites of a grid with whole windows: as dense as in training where that is
    about as many, and all are whole; of a finer grid where a boundary or damage leaves few, but no
    more than three times as fine.
    """
    if bundle.spacing > 0.0 and abs(np.log(_count(glass, bundle.spacing) / JUDGED)) < np.log(2.0):
        sites, _ = grid_sites(glass, bundle.spacing, None)
        if (obstacles(glass, bundle, sites) == "").all():
            return sites
    grid = round(JUDGED ** (1.0 / glass.dimension))
    sites, _ = grid_sites(glass, bundle.spacing, grid)
    found = sites[obstacles(glass, bundle, sites) == ""]
    if len(found) >= len(sites):
        return found
    finer = (len(sites) / max(len(found), 1)) ** (1.0 / glass.dimension)
    sites, _ = grid_sites(glass, bundle.spacing, ceil(grid * min(finer, 3.0)))
    return sites[obstacles(glass, bundle, sites) == ""]


def _count(glass: Configuration, spacing: float) -> float:
    """Sites of a grid as dense as in training, about."""
    return float(np.prod(np.linalg.norm(glass.cell, axis=1) / spacing))


def _whole_atoms(glass: Configuration, bundle: Bundle) -> Array:
    return glass.positions[obstacles(glass, bundle, glass.positions) == ""]


def _all_of_it(glass: Configuration, bundle: Bundle) -> Array:
    return _as_in_training(glass, bundle, None)[0]


_MANY = {
    "value": "values",
    "image": "values",
    "class": "classes",
    "position": "positions",
    "survival": "failures",
}
_WHOLE = {
    "value": "number",
    "image": "picture",
    "class": "class",
    "position": "position",
    "survival": "failure",
}
_ATOMS = {task: f"{of} of the atoms" for task, of in _MANY.items()}
_MAP: dict[str, str] = dict.fromkeys(TASKS, "map")
_PICTURE: dict[str, str] = dict.fromkeys(TASKS, "picture")
LEVELS: Mapping[str, Level] = {
    "sample": Level("one answer per glass", _WHOLE, _as_in_training, _all_of_it, windowed=False),
    "atom": Level("one answer per atom", _ATOMS, _on_atoms, _whole_atoms, windowed=True),
    "site": Level("a map", _MAP, _on_a_grid, _whole_windows, windowed=True),
    "field": Level("a picture", _PICTURE, _as_in_training, _all_of_it, windowed=False),
}
