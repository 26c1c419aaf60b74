"""The energy surface of an embedded-atom model, and its linear response."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from vitreous.core.data import Configuration
from vitreous.mechanics.eam import kernels as eam
from vitreous.mechanics.eam.file import EamFile
from vitreous.mechanics.kept_neighbours import KeptNeighbours
from vitreous.mechanics.pair.surface import assemble

Array = NDArray[Any]
_JUMP = 1e-6  # eV/angstrom: a smaller jump of the forces at the cutoff is no news


class EamSurface:
    """Energy of a glass's atoms under embedded-atom tables, at any positions (N, 3) and cell (3,
    3); angstrom and eV.

    ``species`` (N,) index the tables' elements; ``smooth_end``: density and pair functions end with
    zero slope at the cutoff.

    Raises:
        VitreousError: if the cell is thinner than the cutoff, or two atoms are closer than
        ``closest``.
    """

    def __init__(
        self,
        configuration: Configuration,
        species: NDArray[np.int64],
        tables: EamFile,
        closest: float,
        smooth_end: bool = True,
        skin: float = 0.1,
    ) -> None:
        self.bond_range = self.cutoff = tables.cutoff
        self.force_range = 2.0 * tables.cutoff  # through the density at a common neighbour
        self.species = np.ascontiguousarray(species)
        self.kept = KeptNeighbours(configuration, tables.cutoff, closest, skin)
        n = len(configuration)
        self._density, self._pair = (
            eam.cubic_table(tables.density, smooth_end),
            eam.cubic_table(tables.pair, smooth_end),
        )
        self._embedding = eam.cubic_table(tables.embedding)
        self._per_dr, self._per_drho = 1.0 / tables.dr, 1.0 / tables.drho
        self._tell_of_jump()
        self._rho_max = tables.drho * (tables.embedding.shape[1] - 1)
        self._first = np.zeros(n + 1, np.int64)
        self._rho, self._slope, self._bend, self._energies = (np.zeros(n) for _ in range(4))
        self._forces = np.zeros_like(configuration.positions)
        self._resize(0)

    def _tell_of_jump(self) -> None:
        """Warn if the pair functions end with a slope."""
        end = self._pair[..., -1, 1:] @ np.array([1.0, 2.0, 3.0])  # per interval, of r phi(r)
        jump = float(np.abs(end).max()) * self._per_dr / self.cutoff
        if jump > _JUMP:
            warnings.warn(
                f"the forces of this table jump by {jump:.1g} eV/angstrom or more at its cutoff "
                f"{self.cutoff:g}: a state with a pair there does not converge below that, and "
                "events and thresholds may be artefacts of the jump; leave smooth_end true, or "
                "raise the force_tolerance above it",
                stacklevel=3,
            )

    def _resize(self, pairs: int) -> None:
        self._j, self._d, self._r = np.zeros(pairs, np.int32), np.zeros((3, pairs)), np.zeros(pairs)

    def _embed(self, positions: Array, cell: Array) -> None:
        """Compute the pairs within the cutoff, the densities and the embedding energies."""
        near = self.kept.at(positions, cell)
        if len(self._r) < len(near.j) + 1:
            self._resize(len(near.j) + len(near.j) // 50 + 1)
        eam.shorten(
            positions,
            near.start,
            near.j,
            near.image,
            near.shifts @ cell,
            self.cutoff,
            self._first,
            self._j,
            self._d,
            self._r,
        )
        eam.embed(
            self._first,
            self._j,
            self._r,
            self.species,
            self._density,
            self._per_dr,
            self._embedding,
            self._per_drho,
            self._rho_max,
            self._rho,
            self._slope,
            self._bend,
            self._energies,
        )

    def energy_forces_virial(self, positions: Array, cell: Array) -> tuple[float, Array, Array]:
        """Energy, forces (N, 3) — a buffer that the next call overwrites — and virial (3, 3)."""
        self._embed(positions, cell)
        virial = eam.evaluate(
            self._first,
            self._j,
            self._d,
            self._r,
            self.species,
            self._density,
            self._pair,
            self._per_dr,
            self._slope,
            self._energies,
            self._forces,
        )
        return float(self._energies.sum()), self._forces, virial

    def energy_forces(self, positions: Array, cell: Array) -> tuple[float, Array]:
        """Energy and forces (N, 3)."""
        energy, forces, _ = self.energy_forces_virial(positions, cell)
        return energy, forces.copy()

    def stress(self, positions: Array, cell: Array) -> Array:
        """Cauchy stress (3, 3), eV per cubic angstrom, tension positive."""
        return self.energy_forces_virial(positions, cell)[2] / np.linalg.det(cell)

    def atom_energies(self, positions: Array, cell: Array) -> Array:
        """Energies (N,): embedding energy and half of each pair energy."""
        self.energy_forces_virial(positions, cell)
        return self._energies.copy()

    def atom_virials(self, positions: Array, cell: Array) -> Array:
        """Virials (N, 3, 3), half of each pair's effective U' r to either atom, embedding included:
        the partition of LAMMPS.
        """
        self._embed(positions, cell)
        return eam.atom_virials(
            self._first,
            self._j,
            self._d,
            self._r,
            self.species,
            self._density,
            self._pair,
            self._per_dr,
            self._slope,
        )

    def densities(self, positions: Array, cell: Array) -> Array:
        """Embedding densities (N,), in the unit of the file."""
        self._embed(positions, cell)
        return self._rho.copy()

    def linearise(self, positions: Array, cell: Array) -> EamLinearisation:
        """The linear response at these positions."""
        self._embed(positions, cell)
        pairs = int(self._first[-1])
        k_pair, jac_i, jac_j = np.empty((pairs, 6)), np.empty(pairs), np.empty(pairs)
        eam.stiffness(
            self._first,
            self._j,
            self._d,
            self._r,
            self.species,
            self._density,
            self._pair,
            self._per_dr,
            self._slope,
            k_pair,
            jac_i,
            jac_j,
        )
        return EamLinearisation(
            self._first.copy(),
            self._j[:pairs].copy(),
            self._d[:, :pairs].copy(),
            self._r[:pairs].copy(),
            k_pair,
            jac_i,
            jac_j,
            self._bend.copy(),
        )

    def hessian(self, positions: Array, cell: Array) -> sparse.csc_array:
        """Hessian (3N, 3N): second derivatives of the energy with positions at fixed cell."""
        return self.linearise(positions, cell).hessian()


class EamLinearisation:
    """The Hessian at one state: pair stiffness and the embedding term J^T F'' J (see
    ``vitreous.mechanics.eam.kernels``).
    """

    short_ranged = False

    def __init__(
        self,
        first: Array,
        j: Array,
        d: Array,
        r: Array,
        k_pair: Array,
        jac_i: Array,
        jac_j: Array,
        bend: Array,
    ) -> None:
        self._first, self._j, self._d, self._r = first, j, d, r
        self._k, self._jac_i, self._jac_j, self._bend = k_pair, jac_i, jac_j, bend
        self._drho = np.zeros(len(bend))

    def _apply(self, v: Array, gradient: Array, strained: bool) -> Array:
        out = np.empty((len(self._bend), 3))
        eam.respond(
            v,
            gradient,
            strained,
            self._first,
            self._j,
            self._d,
            self._k,
            self._jac_i,
            self._jac_j,
            self._bend,
            self._drho,
            out,
        )
        return out

    def multiply(self, v: Array) -> Array:
        """H v, (N, 3)."""
        return self._apply(np.ascontiguousarray(v), np.zeros((3, 3)), False)

    def affine_force(self, gradient: Array) -> Array:
        """Rate (N, 3) of the forces under an affine motion ``dx/dstrain = gradient @ x``."""
        return -self._apply(
            np.zeros((len(self._bend), 3)), np.ascontiguousarray(gradient, dtype=np.float64), True
        )

    def hessian(self) -> sparse.csc_array:
        """The exact Hessian (3N, 3N)."""
        n = len(self._bend)
        i = np.repeat(np.arange(n, dtype=np.int32), np.diff(self._first))
        jacobian = self._by_atom(i, self._j, self._jac_i) + self._by_atom(self._j, i, -self._jac_j)
        return (
            assemble(i, self._j, self._k, n)
            + jacobian.T @ sparse.diags_array(self._bend) @ jacobian
        ).tocsc()

    def _by_atom(self, at: Array, other: Array, jac: Array) -> sparse.csc_array:
        """Jacobian (N, 3N) of the densities at ``at``: ``jac`` d . (v_other - v_at)."""
        n, axis = len(self._bend), np.arange(3)
        vectors = (jac * self._d).T
        rows = np.tile(np.repeat(at, 3), 2)
        columns = np.concatenate(
            [(3 * other[:, None] + axis).ravel(), (3 * at[:, None] + axis).ravel()]
        )
        return sparse.coo_array(
            (np.concatenate([vectors.ravel(), -vectors.ravel()]), (rows, columns)), shape=(n, 3 * n)
        ).tocsc()

    def network(self, bond_range: float) -> sparse.csc_array:
        """Block-diagonal stiffness (3N, 3N) of each atom against its fixed neighbours within
        ``bond_range``, without negative eigenvalues.

        In a close-packed solid the factor of a network of bonds fills in; diagonal blocks are cheap
        and precondition better from about a thousand atoms on.
        """
        blocks = np.empty((len(self._bend), 3, 3))
        eam.on_site(
            self._first,
            self._j,
            self._d,
            self._r,
            self._k,
            self._jac_i,
            self._jac_j,
            self._bend,
            bond_range,
            blocks,
        )
        values, vectors = np.linalg.eigh(blocks)
        blocks = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.transpose(0, 2, 1)
        columns = np.arange(len(blocks))
        return sparse.bsr_array((blocks, columns, np.arange(len(blocks) + 1))).tocsc()
