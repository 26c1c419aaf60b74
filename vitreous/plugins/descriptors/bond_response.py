"""How the bonds of each atom answer the loading as it begins, with what the atom is like at rest.

All atoms move by dx/dstrain = G x + u with H u = f, as the loading begins

    G: velocity gradient of the loading    H: Hessian of the glass    f: rate of force of G x

(nonaffine velocities: Lemaitre & Maloney, J. Stat. Phys. 123, 415 (2006)), so the relative rate of
each bond between a centre and a bridge is known from the undeformed glass and its potential. The
bond that breaks first is long, lies along the loading, and takes more than its share of the strain.

===================  ================================================================  ==========
column               meaning                                                           unit
===================  ================================================================  ==========
centre               1 for a centre (Si), 0 for a bridge (O)                           1
energy               potential energy of the atom                                      energy
nonaffine            length of u                                                       length
bond_rate            largest relative rate (dl/dstrain) / l of its bonds               1
bond_rate_mean       mean of these                                                     1
bond_length          longest of its bonds                                              length
bond_length_mean     mean of these                                                     length
alignment            (direction . n)^2 of the bond of largest rate                     1
angle, angle_rate    at the bridge of this bond between its two centres; its rate      radian
centres_rate         relative rate of the distance of these two centres                1
bond_rate_near       mean of bond_rate within ``radius``                               1
bond_rate_largest    largest bond_rate within ``radius``                               1
energy_near          mean energy within ``radius``, of atoms of its kind               energy
nonaffine_near       mean of nonaffine within ``radius``                               length
bond_rate_rank       fraction of the atoms of the glass with a smaller bond_rate       1
===================  ================================================================  ==========

n is the direction in which the loading extends most. Bridges have two bonds; of others the angle is
pi and its rate 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.analysis.silica_network import centre_bonds
from vitreous.core.bridges import meeting_bonds
from vitreous.core.data import Configuration, Features, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential
from vitreous.mechanics.linear import nonaffine_velocity
from vitreous.plugins.descriptors.symmetry_functions import atoms_at

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Bonds(NamedTuple):
    """B bonds: ``centre`` and ``bridge`` atoms; ``length``; relative ``rate``; ``alignment``; and
    of the bridge ``angle``, ``angle_rate``, ``centres_rate``, all (B,).
    """

    centre: Ints
    bridge: Ints
    length: Array
    rate: Array
    alignment: Array
    angle: Array
    angle_rate: Array
    centres_rate: Array


@dataclass(frozen=True, kw_only=True)
class BondResponse(Descriptor):
    """Rates of bonds under the loading, energies and their neighbourhoods (table in the module's
    docstring).

    Fields:
        radius: of the neighbourhoods, length. centre, bridge: species of the network.

    Raises:
        VitreousError: no bonds, missing species, no potential, or sites that are not atoms.
        NotConverged: a glass that is at no minimum of the potential.
    """

    form = "vector"
    levels = frozenset({"atom"})
    dimensions = frozenset({2, 3})
    needs_bonds = True
    needs_potential: ClassVar = True
    rotation = "invariant"
    weak_is: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("energy", "nonaffine", "bond_rate", "bond_length"), "high"
    )

    radius: float = 8.0
    centre: str = "Si"
    bridge: str = "O"

    def __post_init__(self) -> None:
        if not self.radius > 0:
            raise VitreousError(
                f"bond_response radius is {self.radius:g}; expected a positive length"
            )

    @property
    def reach(self) -> float:
        """The whole glass answers."""
        return np.inf

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        potential = self.needed(potential)
        atoms = atoms_at(configuration, sites)
        surface = potential.surface(configuration)
        with threadpool_limits(1):
            velocity = nonaffine_velocity(surface, configuration, loading)
        bonds = bonds_answering(configuration, loading, velocity, self.centre, self.bridge)
        energy = surface.atom_energies(configuration.positions, configuration.cell)
        own = of_atoms(bonds, len(configuration))
        own["centre"] = np.zeros(len(configuration))
        own["centre"][bonds.centre] = 1.0
        own["energy"] = energy
        own["nonaffine"] = np.linalg.norm(velocity, axis=1)
        columns = own | self._near(configuration, own)
        return Features(
            form="vector",
            level=level,
            names=tuple(columns),
            values=np.column_stack(list(columns.values()))[atoms],
        )

    def _near(self, glass: Configuration, own: Mapping[str, Array]) -> dict[str, Array]:
        """Statistics over the atoms within ``radius`` of each atom, itself included."""
        where = glass.positions
        near = pairs_within(where, where, glass.cell, glass.periodic, self.radius)
        alike = glass.species[near.site] == glass.species[near.atom]
        count, n = np.diff(near.offsets), len(glass)
        rate = own["bond_rate"]
        ordered = np.sort(rate)
        return {
            "bond_rate_near": np.bincount(near.site, rate[near.atom], n) / count,
            "bond_rate_largest": np.maximum.reduceat(rate[near.atom], near.offsets[:-1]),
            "energy_near": np.bincount(near.site, alike * own["energy"][near.atom], n)
            / np.bincount(near.site, alike, n),
            "nonaffine_near": np.bincount(near.site, own["nonaffine"][near.atom], n) / count,
            "bond_rate_rank": np.searchsorted(ordered, rate - 1e-9) / n,
        }


def bonds_answering(
    glass: Configuration, loading: Loading, velocity: Array, centre: str, bridge: str
) -> Bonds:
    """Every centre-bridge bond, with the angle at its bridge where that joins two centres."""
    silicon, oxygen, vector = centre_bonds(glass, centre, bridge)
    length = np.linalg.norm(vector, axis=1)
    gradient = loading.velocity_gradient(0.0)
    moving = vector @ gradient.T + velocity[oxygen] - velocity[silicon]
    rate = (vector * moving).sum(axis=1) / length**2
    alignment = (vector @ loading.extension_direction / length) ** 2
    angle, angle_rate = np.full(len(length), np.pi), np.zeros(len(length))
    centres_rate = rate.copy()
    pairs = meeting_bonds(oxygen)
    pairs = pairs[np.bincount(oxygen)[oxygen[pairs[:, 0]]] == 2]
    p, q = pairs.T
    cosine = (vector[p] * vector[q]).sum(axis=1) / (length[p] * length[q])
    dot_rate = (moving[p] * vector[q] + vector[p] * moving[q]).sum(axis=1)
    cosine_rate = dot_rate / (length[p] * length[q]) - cosine * (rate[p] + rate[q])
    sine = np.sqrt(np.maximum(1.0 - cosine**2, 1e-12))
    between, apart = vector[p] - vector[q], moving[p] - moving[q]
    for side in (p, q):
        angle[side] = np.arccos(np.clip(cosine, -1.0, 1.0))
        angle_rate[side] = -cosine_rate / sine
        centres_rate[side] = (between * apart).sum(axis=1) / (between**2).sum(axis=1)
    return Bonds(silicon, oxygen, length, rate, alignment, angle, angle_rate, centres_rate)


def of_atoms(bonds: Bonds, atoms: int) -> dict[str, Array]:
    """(N,) by column: of the bonds of each atom, and of the one of largest rate; zeros without
    bonds.
    """
    atom = np.concatenate([bonds.centre, bonds.bridge])
    twice = [np.tile(each, 2) for each in bonds[2:]]
    length, rate = twice[:2]
    order = np.lexsort((rate, atom))  # the largest rate of an atom comes last
    count = np.bincount(atom, minlength=atoms)
    there = count > 0
    fastest = order[np.cumsum(count)[there] - 1]
    longest = np.zeros(atoms)
    np.maximum.at(longest, atom, length)
    of = {
        "bond_rate": rate,
        "alignment": twice[2],
        "angle": twice[3],
        "angle_rate": twice[4],
        "centres_rate": twice[5],
    }
    found = {name: np.zeros(atoms) for name in of}
    for name, values in of.items():
        found[name][there] = values[fastest]
    some = np.maximum(count, 1)
    found["bond_rate_mean"] = np.bincount(atom, rate, atoms) / some
    found["bond_length"] = longest
    found["bond_length_mean"] = np.bincount(atom, length, atoms) / some
    return found
