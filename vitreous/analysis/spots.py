"""Bright spots of a micrograph, to a fraction of a pixel: the atoms that a network is made of.

Two detectors find candidates with a strength:

* ``trackpy``: brightest pixels, and the centroid of the light within a disc of ``diameter``
  (Crocker & Grier 1996; what Font-Clos et al. 2022 used, with a diameter of 11).
* ``marr_hildreth``: the Laplacian of the image smoothed by a Gaussian of a quarter of ``diameter``;
  its zero crossings enclose the spots (Marr & Hildreth 1980). A region with several maxima at
  least half a diameter apart holds as many spots. The place is the centroid of the Laplacian.

Noise and oxygen are weaker than silicon: candidates below ``LEAST`` of the typical strength are
left out. Typical is the median of the stronger ones of the two classes that Otsu's threshold makes.
Where silicon is all that was found, the two classes are its upper and lower half, and none is left
out.

Places are (x, y) in pixels, x to the right and y down; the middle of the first pixel is (0, 0).
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from vitreous.core.errors import VitreousError

Floats = NDArray[np.float64]
DETECTORS = ("trackpy", "marr_hildreth")
LEAST = 0.5  #: of the typical strength of a spot
ABOVE_NOISE = 4.0  #: deviations of the noise by which a typical spot rises above its surroundings
SATURATED = 0.02  #: share of pixels at the largest value from which on an image has lost its spots
SMALLEST = 4  #: sides of an image, in diameters
_BINS = 256


class Spots(NamedTuple):
    """Places (N, 2), pixels, and strengths (N,), in units of the detector."""

    places: Floats
    strength: Floats


def find_spots(image: Floats, diameter: int, detector: str) -> Spots:
    """The spots of ``image`` (H, W), bright on dark, of about ``diameter`` pixels (odd).

    Raises:
        VitreousError: an image that is not finite, too small, saturated, or without spots above its
            noise; an unknown detector, or trackpy where it is not installed.
    """
    refuse_image(image, diameter)
    if detector not in DETECTORS:
        raise VitreousError(f"the detector is '{detector}'; expected {' or '.join(DETECTORS)}")
    found = (_trackpy if detector == "trackpy" else _marr_hildreth)(image, diameter)
    if not len(found.places):
        raise VitreousError(_NONE.format(diameter))
    keep = found.strength >= LEAST * typical(found.strength)
    spots = Spots(found.places[keep], found.strength[keep])
    if not rises(image, spots.places, diameter) >= ABOVE_NOISE:
        raise VitreousError(_NONE.format(diameter))
    return spots


_NONE = (
    "no spots of about {} pixels rise above the noise of the image: it shows no atoms, or they are "
    "of another size; set diameter to the odd number of pixels that an atom is wide"
)


def refuse_image(image: Floats, diameter: int) -> None:
    """Raises VitreousError for an image in which no spot could be found."""
    height, width = image.shape
    if min(height, width) < SMALLEST * diameter:
        raise VitreousError(
            f"the image is {width} x {height} pixels; expected at least {SMALLEST * diameter} on "
            f"each side for spots of {diameter} pixels: give a larger image or region"
        )
    bad = int(np.sum(~np.isfinite(image)))
    if bad:
        raise VitreousError(
            f"{bad} pixels of the image are not finite; set a region without them, or fill them in"
        )
    low, high = float(image.min()), float(image.max())
    if low == high:
        raise VitreousError(
            f"every pixel of the image is {low:g}; expected an image of atoms, check the file"
        )
    full = float(np.mean(image == high))
    if full > SATURATED:
        raise VitreousError(
            f"{100 * full:.2g} % of the pixels have the largest value, {high:g}: the image is "
            "saturated, or reduced to a few grey levels; give one whose brightest spots are not cut"
        )


def typical(strength: Floats) -> float:
    """The median strength of the stronger of two classes."""
    return float(np.median(strength[strength >= _otsu(strength)]))


def rises(image: Floats, places: Floats, diameter: int) -> float:
    """By how many deviations of the noise the median spot is brighter than its surroundings, both
    smoothed over a spot. The noise is that between neighbouring pixels.
    """
    smooth = diameter / 4.0
    at = np.clip(np.rint(places).astype(np.int64), 0, np.array(image.shape[::-1]) - 1)
    bright = -ndimage.gaussian_laplace(image, smooth)[at[:, 1], at[:, 0]]
    mixed = image[1:, 1:] - image[1:, :-1] - image[:-1, 1:] + image[:-1, :-1]
    noise = 0.5 * float(np.sqrt(np.mean(mixed**2)))  # of white noise: the difference of four
    impulse = np.zeros((8 * diameter + 1,) * 2)
    impulse[4 * diameter, 4 * diameter] = 1.0
    gain = float(np.sqrt(np.sum(ndimage.gaussian_laplace(impulse, smooth) ** 2)))
    return float(np.median(bright)) / max(noise * gain, 1e-300)


def _otsu(values: Floats) -> float:
    """The threshold that divides values into two classes of the least spread within (Otsu 1979)."""
    if values.min() == values.max():
        return float(values.min())
    edges = np.linspace(values.min(), values.max(), _BINS + 1)
    counts = np.histogram(values, edges)[0].astype(np.float64)
    middle = 0.5 * (edges[1:] + edges[:-1])
    below, above = np.cumsum(counts)[:-1], np.cumsum(counts[::-1])[::-1][1:]
    sums = np.cumsum(counts * middle)[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = sums / below - ((counts * middle).sum() - sums) / above
    return float(edges[1 + int(np.nanargmax(below * above * apart**2))])


def _trackpy(image: Floats, diameter: int) -> Spots:
    try:
        import trackpy
    except ImportError as error:
        raise VitreousError(
            "detector=trackpy needs the package 'trackpy', which is not installed; pip install "
            "'vitreous[image]', or set detector=marr_hildreth"
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, and of images without any feature
        table: Any = trackpy.locate(image, diameter)
    return Spots(
        np.column_stack([table["x"], table["y"]]).astype(np.float64).reshape(-1, 2),
        np.asarray(table["mass"], dtype=np.float64),
    )


def _marr_hildreth(image: Floats, diameter: int) -> Spots:
    sharp = -ndimage.gaussian_laplace(image, diameter / 4.0)
    half = diameter // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    disc = x**2 + y**2 <= half**2
    peaks = np.argwhere((sharp > 0.0) & (sharp == ndimage.maximum_filter(sharp, footprint=disc)))
    if not len(peaks):
        return Spots(np.zeros((0, 2)), np.zeros(0))
    # a spot midway between pixels is as bright in both: one of them is enough
    peaks = np.delete(peaks, KDTree(peaks).query_pairs(half, output_type="ndarray")[:, 1], axis=0)
    region = np.zeros(sharp.shape, dtype=np.int64)
    ndimage.label(sharp > 0.0, output=region)
    pixels = np.argwhere(region > 0)
    # each pixel belongs to the nearest peak, if that is in its region and within the disc
    apart, nearest = map(np.asarray, KDTree(peaks).query(pixels))
    same = region[tuple(pixels.T)] == region[tuple(peaks[nearest].T)]
    own = same & (apart <= half)
    pixels, nearest = pixels[own], nearest[own]
    weight = sharp[tuple(pixels.T)]
    strength = np.bincount(nearest, weights=weight, minlength=len(peaks)).astype(np.float64)
    y, x = (np.bincount(nearest, weights=weight * p, minlength=len(peaks)) for p in pixels.T)
    places = np.column_stack([x, y]) / strength[:, None]
    inside = np.all((places >= half) & (places <= np.array(image.shape[::-1]) - 1 - half), axis=1)
    return Spots(places[inside], strength[inside])


def edited(places: Floats, add: Floats, remove: Floats, diameter: int) -> tuple[Floats, Any]:
    """Places without the spots at ``remove`` (R, 2) and with those at ``add`` (A, 2), each within
    half a diameter; and (N,) which were added.

    Raises:
        VitreousError: where there is no spot to remove, or one to be added already is.
    """
    gone = np.zeros(len(places), dtype=bool)
    for x, y in remove:
        apart = np.where(gone, np.inf, np.hypot(*(places - (x, y)).T))
        if not apart.min(initial=np.inf) <= 0.5 * diameter:
            raise VitreousError(
                f"the spot at {x:g},{y:g} is to be removed, but the nearest one is "
                f"{apart.min(initial=np.inf):.3g} pixels away; expected one within "
                f"{0.5 * diameter:g}: look at the picture and correct the edits"
            )
        gone[apart.argmin()] = True
    kept = places[~gone]
    for x, y in add:
        apart = np.hypot(*(kept - (x, y)).T)
        if apart.min(initial=np.inf) < 0.5 * diameter:
            raise VitreousError(
                f"a spot is to be added at {x:g},{y:g}, but there is one {apart.min():.3g} pixels "
                f"away; expected none within {0.5 * diameter:g}: remove that one first"
            )
        kept = np.vstack([kept, [[x, y]]])
    return kept, np.arange(len(kept)) >= len(places) - gone.sum()
