"""Neighbours by distance and direction: mean density and orientational pair correlations around
chosen atoms (Fan & Ma, Nat. Commun. 12, 1506 (2021), eqs. 1, 3 and 4).

    theta = arccos |r . zeta| / r                       0 along zeta, pi/2 across it
    phi   = angle of r - (r . zeta) zeta with a plane   0 in that plane, which contains zeta
    g(r, theta) = counts / (volume of the bin * density of the neighbours); g(r, phi) alike
    Xi(y, x) = sum_j exp(-((x_j - x)^2 + (y_j - y)^2) / 2 Delta^2),  |x_j|, |y_j| < r_c

==========================  ==============================  ==================  =================
symbol                      variable                        shape               unit
==========================  ==============================  ==================  =================
r                           ``vectors``                     (P, D)              length
zeta                        ``axis``                        (D,)                1
r, bin edges                ``radii``                       (R + 1,)            length
theta or phi, bin edges     ``angles``                      (A + 1,)            radian
counts                      ``pair_counts``                 (A, R)              1
kappa                       ``*_volumes``                   (A, R)              area or volume
Xi                          ``neighbour_density``           (n, n)              1
==========================  ==============================  ==================  =================

The absolute value in theta folds four quadrants of the plane, or two halves of space, into one; so
does phi with four wedges. Hence kappa in the paper: 4 r dr dtheta in two dimensions (the 2 pi r dr
of a ring when theta covers 0 to pi/2), 4 pi r^2 dr (cos theta_1 - cos theta_2) in three, and
8 r^2 dr dphi about zeta, since a wedge of width dphi covers 4 dphi int sin = 8 dphi of the sphere.
All three give 1 in an ideal gas. Here r^2 dr is that of the whole bin, (r_2^3 - r_1^3) / 3, as bins
near r = 0 need it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

Array = NDArray[np.float64]
_CLEAR = 0.5  #: of the highest value: how far a peak rises above zero and what surrounds it


def polar_angles(vectors: Array, axis: Array) -> Array:
    """theta (P,) between vectors and the line along the unit vector ``axis``, 0 to pi/2."""
    along = vectors @ axis
    across = np.linalg.norm(vectors - np.outer(along, axis), axis=1)
    return np.arctan2(across, np.abs(along))


def azimuths(vectors: Array, axis: Array, normal: Array) -> Array:
    """phi (P,) about ``axis`` from the plane through it with this unit ``normal``, 0 to pi/2; both
    (3,).
    """
    beside = np.cross(normal, axis)
    return np.arctan2(np.abs(vectors @ normal), np.abs(vectors @ beside))


def pair_counts(distance: Array, angle: Array, weight: Array, radii: Array, angles: Array) -> Array:
    """Sum of the weights (P,) of pairs in bins of angle and distance (A, R)."""
    return np.histogram2d(angle, distance, bins=(angles, radii), weights=weight)[0]


def polar_volumes(radii: Array, angles: Array, dimension: int) -> Array:
    """kappa (A, R) of eq. 3: area or volume of the bins of (r, theta)."""
    if dimension == 2:
        return 2.0 * np.outer(np.diff(angles), np.diff(radii**2))
    return 4.0 / 3.0 * np.pi * np.outer(-np.diff(np.cos(angles)), np.diff(radii**3))


def azimuthal_volumes(radii: Array, angles: Array) -> Array:
    """kappa (A, R) of eq. 4: volume of the bins of (r, phi)."""
    return 8.0 / 3.0 * np.outer(np.diff(angles), np.diff(radii**3))


def neighbour_density(vectors: Array, weight: Array, cutoff: float, pixel: float) -> Array:
    """Xi (n, n), rows along y, summed with weights (P,) over vectors (P, 2), of n = 2 cutoff /
    pixel pixels of side Delta = ``pixel``, which is also the width of the Gaussians.
    """
    inside = (np.abs(vectors) < cutoff).all(axis=1)
    count = round(2.0 * cutoff / pixel)
    centres = (np.arange(count) - 0.5 * (count - 1)) * pixel
    x, y = (np.exp(-0.5 * ((vectors[inside, k, None] - centres) / pixel) ** 2) for k in range(2))
    return y.T @ (weight[inside, None] * x)


def smoothed(g: Array, radii: Array, width: float) -> Array:
    """g (..., R) averaged over r with a Gaussian of standard deviation ``width`` (length)."""
    return gaussian_filter1d(g, width / (radii[1] - radii[0]), axis=-1, mode="nearest")


class Peak(NamedTuple):
    """A peak of g(r): its ``position`` (length), the mean distance weighted by how far g exceeds
    half of the ``height`` of its maximum, and the ``bins`` of r where it does.
    """

    position: float
    height: float
    bins: slice


def first_peak(g: Array, radii: Array) -> Peak | None:
    """The first peak of a smooth g (R,) that rises by half of the highest value of g, above zero
    and above what separates it from a higher one; None where g is zero.
    """
    clear = _CLEAR * float(g.max())
    if clear <= 0.0:
        return None
    # The zeros beyond both ends: the range may cut a peak off.
    top = int(find_peaks(np.pad(g, 1), height=clear, prominence=clear)[0][0]) - 1
    low = np.flatnonzero(g < 0.5 * g[top])
    bins = slice(
        int(np.max(low[low < top], initial=-1)) + 1, int(np.min(low[low > top], initial=len(g)))
    )
    middle = 0.5 * (radii[1:] + radii[:-1])
    # What exceeds half the height: the position does not jump as a bin enters or leaves.
    position = float(np.average(middle[bins], weights=g[bins] - 0.5 * g[top]))
    return Peak(position, float(g[top]), bins)
