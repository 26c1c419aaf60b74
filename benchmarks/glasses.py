"""The glasses that are timed, made here."""

from functools import cache

import numpy as np

from vitreous.core.data import Configuration
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS

YUKAWA = YukawaSilica()


@cache
def silica(rings_x: int, rings_y: int) -> Configuration:
    """A relaxed silica network of 5 atoms per ring, as disordered as the imaged glass."""
    glass = DualSwitch(rings_x=rings_x, rings_y=rings_y, variance=0.92).generate(
        0, np.random.default_rng(0)
    )
    return AQS().relax(glass, YUKAWA)


def repeated(glass: Configuration, times: int) -> Configuration:
    """The glass ``times`` times along each side; at rest if it is. Without bonds."""
    shifts = (
        np.array(np.meshgrid(*[np.arange(times)] * glass.dimension, indexing="ij"))
        .reshape(glass.dimension, -1)
        .T
        @ glass.cell
    )
    return Configuration(
        positions=np.concatenate([glass.positions + shift for shift in shifts]),
        species=np.tile(glass.species, len(shifts)),
        names=glass.names,
        cell=times * glass.cell,
        periodic=glass.periodic,
        units=glass.units,
    )


def large() -> Configuration:
    """9600 atoms, the size of Bachhav et al. (2025)."""
    return silica(40, 48)
