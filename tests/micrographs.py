"""Micrographs of generated networks, for tests."""

from functools import cache

import numpy as np

from vitreous.analysis.rings import bridged
from vitreous.analysis.synthetic_micrograph import Exposure, Micrograph, take_micrograph
from vitreous.plugins.generators.dual_switch import DualSwitch

PIXEL = 0.2  #: angstrom


@cache
def network(variance: float = 0.8, seed: int = 0):
    """A glass of about 73 angstrom, and the bonds of its silicons."""
    maker = DualSwitch(rings_x=22, rings_y=24, variance=variance, steps=20_000)
    glass = maker.generate(0, np.random.default_rng(seed))
    return glass, np.sort(bridged(glass.bonds, glass.species), axis=1)


def picture(seed: int = 0, variance: float = 0.8, **fields) -> Micrograph:
    """240 x 240 pixels of 0.2 angstrom at the published numbers of photons, unless told
    otherwise.
    """
    glass, bonds = network(variance, seed)
    exposure = Exposure(**{"pixels": (240, 240), "pixel_size": PIXEL, **fields})
    return take_micrograph(
        glass.positions, glass.species, bonds, glass.cell, exposure, np.random.default_rng(seed)
    )
