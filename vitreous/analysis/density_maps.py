"""Gaussian-weighted spatial density maps of the surroundings of sites (Fan & Ma, Nat. Commun. 12,
1506 (2021), eqs. 1 and 2).

    Xi_i([z,] y, x, b) = sum_j exp(-|r_ij - (x, y[, z])|^2 / (2 Delta^2))

over the atoms j of species b in the square (cube) |r_ij,x|, |r_ij,y|[, |r_ij,z|] < r_c, the atom at
the site itself among them, with x, y, z = -r_c + Delta / 2, -r_c + 3 Delta / 2, ..., r_c - Delta /
2.

======  ===========================  ==========  ======
symbol  variable                     shape       unit
======  ===========================  ==========  ======
r_c     ``radius``                               length
Delta   ``width``                                length
r_ij    site to atom, in the frame   (D,)        length
Xi      ``maps``                     (M, B, P,   1
                                     P[, P])
======  ===========================  ==========  ======

A Gaussian factorises, so an atom costs two exponentials along each axis and one outer product; it
is cut six to seven Delta away, where it is 3e-8 at most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vitreous.analysis.neighborhoods import copies, wrap

Array = NDArray[np.float64]
_SIDE = 6  #: pixels to either side of the one nearest to an atom that are drawn
_TAIL = np.exp(-0.5 * np.arange(-_SIDE, _SIDE + 1.0) ** 2)


class Surroundings(NamedTuple):
    """The atoms of a glass with all periodic images near its cell: ``positions`` (K, D), in order
    of their first coordinate, and ``species`` (K,); ``cell`` and ``periodic`` are those of the
    glass.
    """

    positions: Array
    species: NDArray[np.int64]
    cell: Array
    periodic: tuple[bool, ...]


def surroundings(
    positions: Array,
    species: NDArray[np.int64],
    cell: Array,
    periodic: tuple[bool, ...],
    radius: float,
) -> Surroundings:
    """All atoms and images in squares (cubes) of half side ``radius`` around points of the cell.

    Raises:
        VitreousError: a radius that needs too many images.
    """
    reach = radius * np.sqrt(len(cell))
    found, origin = copies(wrap(positions, cell, periodic), cell, periodic, reach)
    order = np.argsort(found[:, 0], kind="stable")
    return Surroundings(np.ascontiguousarray(found[order]), species[origin[order]], cell, periodic)


def density_maps(
    sites: Array, around: Surroundings, kinds: int, radius: float, width: float, turns: Array
) -> NDArray[np.float32]:
    """Maps (M, kinds, P, P[, P]) around ``sites`` (M, D), each of its surroundings after ``turns``
    (M, D, D), signed permutations of the axes.
    """
    pixels = pixels_of(radius, width)
    maps = np.zeros((len(sites), kinds, *[pixels] * sites.shape[1]), dtype=np.float32)
    draw = _draw_square if sites.shape[1] == 2 else _draw_cube
    inside = np.ascontiguousarray(wrap(sites, around.cell, around.periodic))
    draw(inside, around.positions, around.species, radius, width, turns, maps)
    return maps


def pixels_of(radius: float, width: float) -> int:
    """P, the number of pixels along a side."""
    return round(2.0 * radius / width)


@njit(cache=True, nogil=True)
def _gaussian(at, pixels, weights):  # type: ignore[no-untyped-def]
    """Write the Gaussian around ``at`` (in pixels) at the pixels near it into ``weights``; the
    first of these pixels, and how many.

    With c the nearest pixel, a = at - c and k = pixel - c, exp(-(k - a)^2 / 2) = exp(-a^2 / 2)
    exp(a)^k exp(-k^2 / 2), whose last factor is the table ``_TAIL``.
    """
    centre = int(np.rint(at))
    a = at - centre
    first, last = max(0, centre - _SIDE), min(pixels - 1, centre + _SIDE)
    growth = np.exp(a)
    value = np.exp(-0.5 * a * a + a * (first - centre))
    for pixel in range(first, last + 1):
        weights[pixel - first] = value * _TAIL[pixel - centre + _SIDE]
        value *= growth
    return first, max(0, last - first + 1)


@njit(cache=True, nogil=True)
def _draw_square(sites, atoms, species, radius, width, turns, maps):  # type: ignore[no-untyped-def]
    """Add all atoms within the square around each site to its maps (M, B, P, P), y before x."""
    pixels = maps.shape[2]
    middle = radius / width - 0.5  # the pixel coordinate of the site
    along_x, along_y = np.empty(len(_TAIL), np.float32), np.empty(len(_TAIL), np.float32)
    for m in range(len(sites)):
        lowest = np.searchsorted(atoms[:, 0], sites[m, 0] - radius)
        for j in range(lowest, len(atoms)):
            dx, dy = atoms[j, 0] - sites[m, 0], atoms[j, 1] - sites[m, 1]
            if dx >= radius:
                break
            if abs(dx) >= radius or abs(dy) >= radius:
                continue
            x = (turns[m, 0, 0] * dx + turns[m, 0, 1] * dy) / width
            y = (turns[m, 1, 0] * dx + turns[m, 1, 1] * dy) / width
            left, columns = _gaussian(x + middle, pixels, along_x)
            low, rows = _gaussian(y + middle, pixels, along_y)
            for a in range(rows):
                row, height = maps[m, species[j], low + a], along_y[a]
                for b in range(columns):
                    row[left + b] += height * along_x[b]


@njit(cache=True, nogil=True)
def _draw_cube(sites, atoms, species, radius, width, turns, maps):  # type: ignore[no-untyped-def]
    """The same of cubes: maps (M, B, P, P, P), z before y before x."""
    pixels = maps.shape[2]
    middle = radius / width - 0.5
    along = np.empty((3, len(_TAIL)), np.float32)
    start, count = np.empty(3, np.int64), np.empty(3, np.int64)
    for m in range(len(sites)):
        lowest = np.searchsorted(atoms[:, 0], sites[m, 0] - radius)
        for j in range(lowest, len(atoms)):
            away = atoms[j] - sites[m]
            if away[0] >= radius:
                break
            if np.abs(away).max() >= radius:
                continue
            for a in range(3):
                turned = 0.0
                for b in range(3):
                    turned += turns[m, a, b] * away[b]
                start[a], count[a] = _gaussian(turned / width + middle, pixels, along[a])
            for c in range(count[2]):
                for b in range(count[1]):
                    row = maps[m, species[j], start[2] + c, start[1] + b]
                    height = along[2, c] * along[1, b]
                    for a in range(count[0]):
                        row[start[0] + a] += height * along[0, a]
