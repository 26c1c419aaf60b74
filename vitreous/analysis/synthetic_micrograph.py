"""Micrographs of a known network: what a detector of atoms is measured against.

An image shows a window of a periodic plane glass. Every atom sends photons by its species, spread
normally about it, over a background (``vitreous.analysis.micrograph``); defaults are the numbers of
the published code for images of 85 angstrom (Font-Clos et al. 2022): 800 photons per silicon, 100
per oxygen, 4e5 in the background, which are 57.5 per square angstrom.

============  ==============================================================================  ======
field         what it does                                                                    unit
============  ==============================================================================  ======
dose          all photons, times this                                                         1
tilt          contraction of x by cos(tilt), as of a sheet that leans about y                 degree
drift         distance along x that the sheet moves during the exposure; atoms are drawn out  A
missing       share of silicons that is not there; the truth has a vacancy                    1
unevenness    background falls linearly from 1 + unevenness to 1 - unevenness along x         1
blur          a normal spread in addition to the atoms' own                                   A
============  ==============================================================================  ======

The truth, in pixels, has its places where the middle of the exposure saw the atoms, tilt included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.micrograph import FAR, expose
from vitreous.core.errors import VitreousError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BACKGROUND = 57.5  #: photons per square angstrom: 4e5 over 85.1 x 81.7 angstrom
_EXPOSURES = 8  # that a drift is made of


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """How an image is taken; the module's table explains the fields.

    Fields:
        pixels: sides of the image (x, y). pixel_size: angstrom. photons: of silicon and of oxygen.
        sigma: standard deviation of an atom's photons, angstrom. background: photons per square
        angstrom.
    """

    pixels: tuple[int, int] = (300, 300)
    pixel_size: float = 0.2
    photons: tuple[float, float] = (800.0, 100.0)
    sigma: float = 0.5
    background: float = BACKGROUND
    dose: float = 1.0
    tilt: float = 0.0
    drift: float = 0.0
    missing: float = 0.0
    unevenness: float = 0.0
    blur: float = 0.0

    def __post_init__(self) -> None:
        if min(self.pixels) < 1 or not self.pixel_size > 0.0 or not self.sigma > 0.0:
            raise VitreousError(
                f"a micrograph was asked for with pixels={self.pixels}, "
                f"pixel_size={self.pixel_size:g}, sigma={self.sigma:g}; expected positive numbers"
            )
        if not (0.0 <= self.missing < 1.0 and 0.0 <= self.unevenness <= 1.0):
            raise VitreousError(
                f"a micrograph was asked for with missing={self.missing:g}, "
                f"unevenness={self.unevenness:g}; expected shares from 0 to 1"
            )
        least = min(*self.photons, self.background, self.dose, self.drift, self.blur)
        if least < 0.0 or not abs(self.tilt) < 80.0:
            raise VitreousError(
                "a micrograph was asked for with a negative number of photons or length, or a tilt "
                f"of {self.tilt:g} degrees; expected zero or more, and less than 80 degrees"
            )


@dataclass(frozen=True, kw_only=True)
class Micrograph:
    """An image with its truth.

    Fields:
        counts: (H, W) photons; row 0 is the top. silicon: (S, 2) places of the silicons in it,
        pixels (x right, y down; pixel centres are whole numbers). bonds: (B, 2) pairs of them.
    """

    counts: Floats
    silicon: Floats
    bonds: Ints


def take_micrograph(
    positions: Floats,
    species: Ints,
    bonds: Ints,
    cell: Floats,
    exposure: Exposure,
    rng: np.random.Generator,
) -> Micrograph:
    """The image of a window around the middle of a periodic plane glass.

    Args:
        positions: (N, 2), angstrom. species: (N,) 0 for silicon, 1 for oxygen. bonds: (B, 2) pairs
            of silicons joined by an oxygen.

    Raises:
        VitreousError: a window in which the glass would meet itself.
    """
    size = np.array(exposure.pixels) * exposure.pixel_size
    lean = np.array([np.cos(np.radians(exposure.tilt)), 1.0])
    thick = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    if np.linalg.norm(size / lean) > thick.min():
        raise VitreousError(
            f"a window of {size[0]:.4g} x {size[1]:.4g} angstrom was asked for of a glass "
            f"{thick.min():.4g} across; ask for fewer pixels, or use a larger glass"
        )
    middle = cell.sum(axis=0) / 2.0
    away = (positions - middle) @ np.linalg.inv(cell)
    placed = ((away - np.rint(away)) @ cell) * lean
    there = np.ones(len(positions), dtype=bool)
    there[species == 0] = rng.random(int((species == 0).sum())) >= exposure.missing
    counts = _expected(placed[there], species[there], exposure)
    pixels = placed / exposure.pixel_size * (1.0, -1.0) + 0.5 * np.array(exposure.pixels) - 0.5
    inside = np.all((pixels >= -0.5) & (pixels < np.array(exposure.pixels) - 0.5), axis=1)
    seen = np.flatnonzero(there & inside & (species == 0))
    number = np.full(len(positions), -1)
    number[seen] = np.arange(len(seen))
    joined = number[bonds]
    step = np.abs(placed[bonds[:, 1]] - placed[bonds[:, 0]]).max(axis=1)
    kept = (joined >= 0).all(axis=1) & (step < 0.5 * thick.min())
    return Micrograph(
        counts=rng.poisson(counts).astype(np.float64),
        silicon=pixels[seen],
        bonds=np.sort(joined[kept], axis=1),
    )


def _expected(placed: Floats, species: Ints, exposure: Exposure) -> Floats:
    """Expected photons per pixel (H, W) of atoms at ``placed`` (N, 2), angstrom from the middle."""
    sigma = float(np.hypot(exposure.sigma, exposure.blur))
    # expose works on a square that repeats: its rim takes what would come in from the other side
    rim = int(np.ceil((FAR * sigma + exposure.drift) / exposure.pixel_size)) + 2
    width, height = exposure.pixels
    size = max(width, height) + 2 * rim
    side = size * exposure.pixel_size
    near = np.all(np.abs(placed) < 0.5 * side, axis=1)
    photons = np.array(exposure.photons)[species[near]] * exposure.dose
    # the window's middle must fall between the same pixels, whether its sides are even or odd
    parity = 0.5 * ((size - np.array([width, height])) % 2)
    fractions = placed[near] / side + 0.5 + np.array([-parity[0], parity[1]]) / size
    image = np.zeros((size, size))
    steps = [0.0] if not exposure.drift else (np.arange(_EXPOSURES) + 0.5) / _EXPOSURES - 0.5
    for step in steps:
        x = fractions[:, 0] + step * exposure.drift / side
        share = photons / len(steps)
        expose(x, fractions[:, 1], share, sigma / side, sigma / side, image)
    left, top = (size - width) // 2, (size - height) // 2
    seen = image[::-1][top : top + height, left : left + width]
    slope = np.linspace(1.0 + exposure.unevenness, 1.0 - exposure.unevenness, width)
    return seen + exposure.background * exposure.dose * exposure.pixel_size**2 * slope
