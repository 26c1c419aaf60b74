"""Silica bilayers from dual-switch networks (Font-Clos et al. 2022, Methods)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration
from vitreous.core.interfaces import Generator
from vitreous.plugins.generators.dual_switch import BOND_LIMIT, DualSwitch

SILICON, OUTER = 1.62, 2.15  #: angstrom from the mirror plane: silicon, and oxygen of a layer
VACUUM = 10.0  #: angstrom of cell beyond the outer oxygen, on either side


@dataclass(frozen=True, kw_only=True)
class SilicaBilayer(Generator):
    """Two mirror-symmetric silica layers with chosen ring statistics, joined by bridging oxygen.

    ``dual_switch`` makes the network of one layer, relaxed under springs: silicon on the nodes,
    oxygen on the bonds. A layer and its mirror image are joined by an oxygen between every two
    opposite silicons, so that every silicon has four oxygen and every oxygen two silicon
    neighbours. The layers are parallel to xy; z is not periodic. Relax with ``potential=watanabe``
    and ``simulator.relax_cell=true``; a glass that loses a bond while relaxing is left out.

    Fields:
        rings_x, rings_y: rings along x, and rows of rings along y (even); 12 atoms per ring.
        variance: target variance of the ring size: one for all glasses, or two bounds between which
            it is drawn uniformly for every glass.
        alpha: target Aboav-Weaire parameter.
        steps, temperature: of the Monte Carlo run. The authors' runs have 10^4 steps; a run ends
            early once it reaches its targets.
        si_si: distance of neighbouring silicon atoms in a layer before relaxation, angstrom.

    Raises:
        VitreousError: for parameters out of range, or if the network does not stay planar.
    """

    rings_x: int = 16
    rings_y: int = 18
    variance: float | tuple[float, ...] = 0.2
    alpha: float = 1.0 / 3.0
    steps: int = 10_000
    temperature: float = 1e-4
    si_si: float = 3.07

    dimensions: ClassVar[frozenset[int]] = frozenset({3})
    has_bonds: ClassVar[bool] = True
    made_in: ClassVar[str] = "metal"

    def __post_init__(self) -> None:
        self._monolayer()  # refuses fields out of range

    @property
    def bond_limit(self) -> float:
        return BOND_LIMIT

    @classmethod
    def example(cls) -> Self:
        return cls(rings_x=6, rings_y=6, steps=2000)

    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        """A glass from the random stream ``rng``; ``index`` does not matter."""
        return doubled(self._monolayer().generate(index, rng))

    def _monolayer(self) -> DualSwitch:
        return DualSwitch(
            rings_x=self.rings_x,
            rings_y=self.rings_y,
            variance=self.variance,
            alpha=self.alpha,
            steps=self.steps,
            temperature=self.temperature,
            si_si=self.si_si,
        )


def doubled(layer: Configuration) -> Configuration:
    """The bilayer of a plane network ``layer`` of SiO3 triangles, in units "metal".

    Atoms are ordered: silicon of the upper, then of the lower layer, oxygen of the upper, of the
    lower layer, then the bridges.
    """
    silicon, oxygen = (np.flatnonzero(layer.species == kind) for kind in (0, 1))
    s, o = len(silicon), len(oxygen)
    middle = OUTER + VACUUM
    heights = ((silicon, SILICON), (silicon, -SILICON), (oxygen, OUTER), (oxygen, -OUTER))
    positions = np.concatenate(
        [_at(layer.positions[atoms], middle + z) for atoms, z in heights]
        + [_at(layer.positions[silicon], middle)]
    )
    new = np.empty(len(layer), dtype=np.int64)  # numbers of the upper layer's atoms
    new[silicon], new[oxygen] = np.arange(s), 2 * s + np.arange(o)
    upper = new[layer.bonds]
    lower = upper + np.where(upper < s, s, o)
    bridge = 2 * s + 2 * o + np.arange(s)
    bonds = np.concatenate(
        [upper, lower] + [np.column_stack([np.arange(s) + shift, bridge]) for shift in (0, s)]
    )
    cell = np.zeros((3, 3))
    cell[:2, :2], cell[2, 2] = layer.cell, 2.0 * middle
    return Configuration(
        positions=positions,
        species=np.repeat([0, 1], [2 * s, 2 * o + s]),
        names=layer.names,
        cell=cell,
        periodic=(*layer.periodic, False),
        units="metal",
        bonds=bonds[np.lexsort((bonds[:, 1], bonds[:, 0]))],
        info=layer.info,
    )


def _at(points: NDArray[np.float64], height: float) -> NDArray[np.float64]:
    return np.column_stack([points, np.full(len(points), height)])
