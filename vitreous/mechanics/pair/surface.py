"""The energy surface of a tabulated pair model: calls the kernels with a cached neighbour list and
reused buffers.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from vitreous.core.data import Configuration
from vitreous.mechanics.kept_neighbours import KeptNeighbours
from vitreous.mechanics.neighbours import NeighbourList
from vitreous.mechanics.pair import kernels as pair
from vitreous.mechanics.pair.table import PairTable

Array = NDArray[Any]

# largest force at the cutoff, relative to the larger forces at long range, without a warning
_JUMP = 1e-3


class PairSurface:
    """Energy of a glass's atoms under a ``PairTable``, at any positions (N, D) and cell (D, D).

    ``species`` (N,) index the table; pairs closer than ``bond_range`` carry most of the stiffness.
    The neighbour list extends beyond the cutoff by the fraction ``skin``, which does not affect the
    results.

    Raises:
        VitreousError: if the cell is thinner than the cutoff, or two atoms are closer than
        the table's ``r_min``.
    """

    def __init__(
        self,
        configuration: Configuration,
        species: NDArray[np.int64],
        table: PairTable,
        bond_range: float,
        skin: float = 0.1,
    ) -> None:
        if table.jump > _JUMP:
            warnings.warn(
                f"the forces of this pair model jump at its cutoff {table.cutoff:g}: states with a "
                "pair at the cutoff do not converge, and events and thresholds may be artefacts of "
                "the jump; shift the potential so that energy and slope vanish there",
                stacklevel=2,
            )
        self.table, self.bond_range, self.force_range = table, bond_range, table.cutoff
        self.cutoff = table.cutoff
        self.species = np.ascontiguousarray(species, dtype=np.int64)
        self.kept = KeptNeighbours(configuration, table.cutoff, table.r_min, skin)
        self._forces = np.zeros_like(configuration.positions)

    def neighbours(self, positions: Array, cell: Array) -> NeighbourList:
        """A list with every pair within the cutoff at these positions."""
        return self.kept.at(positions, cell)

    def _arguments(
        self, positions: Array, cell: Array, table: Array | None = None
    ) -> tuple[Any, ...]:
        """Arguments of the kernels besides positions and buffers; ``table`` (default: coefficients)
        may be the slopes, for forces alone.
        """
        near, pairs = self.neighbours(positions, cell), self.table
        table = pairs.coefficients if table is None else table
        atoms = (near.start, near.j, near.image, near.shifts @ cell, self.species)
        return *atoms, pairs.species_count, table, pairs.r_min, 1.0 / pairs.step, pairs.cutoff

    def energy_forces_virial(self, positions: Array, cell: Array) -> tuple[float, Array, Array]:
        """Energy, forces (N, D) — a buffer that the next call overwrites — and virial (D, D)."""
        d = positions.shape[1]
        arguments: tuple[Any, ...] = (positions, *self._arguments(positions, cell), self._forces)
        energy, virial = pair.EVALUATE[d](*arguments)
        return energy, self._forces, virial[:d, :d]

    def forces(self, positions: Array, cell: Array) -> Array:
        """Forces (N, D) alone — the same buffer — at two thirds of the cost."""
        arguments: tuple[Any, ...] = (
            positions,
            *self._arguments(positions, cell, self.table.slopes),
            self._forces,
        )
        pair.FORCES[positions.shape[1]](*arguments)
        return self._forces

    def energy_forces(self, positions: Array, cell: Array) -> tuple[float, Array]:
        """Energy and forces (N, D)."""
        energy, forces, _ = self.energy_forces_virial(positions, cell)
        return energy, forces.copy()

    def stress(self, positions: Array, cell: Array) -> Array:
        """Cauchy stress (D, D), energy per area or volume, tension positive."""
        return self.energy_forces_virial(positions, cell)[2] / np.linalg.det(cell)

    def atom_energies(self, positions: Array, cell: Array) -> Array:
        """Energies (N,), half of each pair's to either atom."""
        return pair.atom_energies(positions, *self._arguments(positions, cell))

    def atom_virials(self, positions: Array, cell: Array) -> Array:
        """Virials (N, D, D), half of each pair's to either atom."""
        return pair.atom_virials(positions, *self._arguments(positions, cell))

    def stiffness(self, positions: Array, cell: Array) -> tuple[NeighbourList, Array, Array]:
        """The neighbour list, each pair's K (P, D(D+1)/2), energy per length squared, and length
        (P,).
        """
        near = self.neighbours(positions, cell)
        d = positions.shape[1]
        out, distance = np.empty((len(near.j), d * (d + 1) // 2)), np.empty(len(near.j))
        arguments: tuple[Any, ...] = (positions, *self._arguments(positions, cell), out, distance)
        pair.stiffness(*arguments)
        return near, out, distance

    def linearise(self, positions: Array, cell: Array) -> PairLinearisation:
        """The linear response at these positions."""
        return PairLinearisation(self, positions, cell)

    def hessian(self, positions: Array, cell: Array) -> sparse.csc_array:
        """Hessian (N*D, N*D): second derivatives of the energy with positions at fixed cell."""
        return self.linearise(positions, cell).hessian()


_UPPER = {2: [[0, 1], [1, 2]], 3: [[0, 1, 3], [1, 2, 4], [3, 4, 5]]}


def assemble(i: NDArray[np.int32], j: NDArray[np.int32], k_pair: Array, n: int) -> sparse.csc_array:
    """The sparse matrix of springs K_ij (P, D(D+1)/2) between atoms ``i`` and ``j`` (P,)."""
    d = 2 if k_pair.shape[1] == 3 else 3
    blocks = k_pair[:, _UPPER[d]]
    values = np.concatenate([blocks, blocks, -blocks, -blocks])
    axis = np.arange(d, dtype=np.int32)  # the type of index that sparse matrices keep
    rows, columns = (
        d * np.concatenate(ends, dtype=np.int32)[:, None, None] + numbers
        for ends, numbers in (([i, j, i, j], axis[:, None]), ([i, j, j, i], axis[None, :]))
    )
    row, column = (np.broadcast_to(v, values.shape).ravel() for v in (rows, columns))
    return sparse.coo_array((values.ravel(), (row, column)), shape=(d * n, d * n)).tocsc()


class PairLinearisation:
    """The Hessian of a pair model at one state, kept as pair stiffnesses (see
    ``vitreous.mechanics.pair.kernels``).
    """

    short_ranged = False

    def __init__(self, surface: PairSurface, positions: Array, cell: Array) -> None:
        self._near, self._k, self._distance = surface.stiffness(positions, cell)
        self._positions, self._offset = positions.copy(), self._near.shifts @ cell

    def multiply(self, v: Array) -> Array:
        """H v, (N, D)."""
        out = np.empty_like(v)
        pair.multiply(np.ascontiguousarray(v), self._near.start, self._near.j, self._k, out)
        return out

    def affine_force(self, gradient: Array) -> Array:
        """Rate (N, D) of the forces under an affine motion ``dx/dstrain = gradient @ x``."""
        out = np.empty_like(self._positions)
        near = self._near
        pair.affine_force(
            self._positions,
            near.start,
            near.j,
            near.image,
            self._offset,
            self._k,
            np.ascontiguousarray(gradient),
            out,
        )
        return out

    def hessian(self) -> sparse.csc_array:
        """The exact Hessian (N*D, N*D)."""
        return assemble(*self._near.pairs(), self._k, len(self._positions))

    def network(self, bond_range: float) -> sparse.csc_array:
        """The Hessian of pairs closer than ``bond_range``, without negative pair stiffness."""
        i, j = self._near.pairs()
        short = self._distance < bond_range
        blocks = self._k[short][:, _UPPER[self._positions.shape[1]]]
        values, vectors = np.linalg.eigh(blocks)
        blocks = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.transpose(0, 2, 1)
        upper = [0, 1, 3] if blocks.shape[1] == 2 else [0, 1, 4, 2, 5, 8]
        return assemble(
            i[short], j[short], blocks.reshape(len(blocks), -1)[:, upper], len(self._positions)
        )
