"""The energy surface of the Watanabe silica potential, and its linear response."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from vitreous.core.data import Configuration
from vitreous.mechanics.kept_neighbours import KeptNeighbours
from vitreous.mechanics.neighbours import NeighbourList
from vitreous.mechanics.pair.surface import assemble
from vitreous.mechanics.watanabe import kernels as watanabe
from vitreous.mechanics.watanabe import response as watanabe_response
from vitreous.mechanics.watanabe.assembly import block_entries
from vitreous.mechanics.watanabe.kernels import Scratch
from vitreous.mechanics.watanabe.terms import Terms
from vitreous.mechanics.watanabe.virials import atom_virials

Array = NDArray[Any]


class WatanabeSurface:
    """Energy of a glass's Si and O atoms (``species`` (N,): 0 Si, 1 O) at any positions (N, 3) and
    cell (3, 3); angstrom and eV.

    Raises:
        VitreousError: if the cell is thinner than the largest cutoff, or two atoms are closer than
        ``closest``.
    """

    def __init__(
        self,
        configuration: Configuration,
        species: NDArray[np.int64],
        terms: Terms,
        bond_range: float,
        closest: float,
        skin: float = 0.1,
    ) -> None:
        self.terms, self.species, self.bond_range = terms, np.ascontiguousarray(species), bond_range
        chain = 2.0 * terms.ramp[1] + terms.reach[1]  # a bond both of whose coordinations change
        self.force_range = float(max(2.0 * terms.reach.max(), chain))
        self.cutoff = float(terms.reach.max())
        self.kept = KeptNeighbours(configuration, self.cutoff, closest, skin)
        self._source: NeighbourList | None = None
        self._slots: tuple[Array, ...] = ()
        self._scratch: Scratch = watanabe.scratch(0, 0, 0)
        self._forces = np.zeros_like(configuration.positions)

    def _arguments(self, positions: Array, cell: Array) -> tuple[Any, ...]:
        near = self.kept.at(positions, cell)
        if near is not self._source:
            self._slots = self._full(near, positions, cell)
            first = self._slots[0]
            self._scratch = watanabe.scratch(
                len(positions), int(first[-1]), int(np.diff(first).max(initial=0))
            )
            self._source = near
        shift = near.shifts @ cell
        return (
            positions,
            *self._slots,
            np.concatenate([shift, -shift]),
            self.species,
            self.terms,
            self._scratch,
        )

    def _full(self, near: NeighbourList, positions: Array, cell: Array) -> tuple[Array, ...]:
        """First slots (N+1,), neighbours, images and ``forward`` flags of both slots of every pair
        that may come within its reach.
        """
        i, j = near.pairs()
        reach = self.terms.reach[self.species[i] + self.species[j]] + self.kept.skin
        keep = np.linalg.norm(near.vectors(positions, cell), axis=1) < reach
        i, j, image = i[keep], j[keep], near.image[keep]
        centre = np.concatenate([i, j])
        order = np.argsort(centre, kind="stable")
        first = np.zeros(len(positions) + 1, np.int64)
        np.cumsum(np.bincount(centre, minlength=len(positions)), out=first[1:])
        forward = np.repeat([True, False], len(i))[order]
        return (
            first,
            np.concatenate([j, i])[order],
            np.concatenate([image, image + len(near.shifts)])[order],
            forward,
        )

    def energy_forces_virial(self, positions: Array, cell: Array) -> tuple[float, Array, Array]:
        """Energy, forces (N, 3) — a buffer that the next call overwrites — and virial (3, 3)."""
        energy, virial = watanabe.evaluate(*self._arguments(positions, cell), forces=self._forces)
        return energy, self._forces, virial

    def energy_forces(self, positions: Array, cell: Array) -> tuple[float, Array]:
        """Energy and forces (N, 3)."""
        energy, forces, _ = self.energy_forces_virial(positions, cell)
        return energy, forces.copy()

    def stress(self, positions: Array, cell: Array) -> Array:
        """Cauchy stress (3, 3), eV per cubic angstrom, tension positive."""
        return self.energy_forces_virial(positions, cell)[2] / np.linalg.det(cell)

    def atom_energies(self, positions: Array, cell: Array) -> Array:
        """Energies (N,): a half of each pair's and a third of each triplet's."""
        self.energy_forces_virial(positions, cell)
        return self._scratch.energy.copy()

    def atom_virials(self, positions: Array, cell: Array) -> Array:
        """Virials (N, 3, 3): a half of each pair's, coordination included, and a third of each
        triplet's (see ``vitreous.mechanics.watanabe.virials``).
        """
        self.energy_forces_virial(positions, cell)
        return atom_virials(self.species, self.terms, self._scratch)

    def coordinations(self, positions: Array, cell: Array) -> Array:
        """Coordinations z (N,): numbers of unlike neighbours, fractional on the ramp."""
        self.energy_forces_virial(positions, cell)
        return self._scratch.z.copy()

    def linearise(self, positions: Array, cell: Array) -> WatanabeLinearisation:
        """The linear response at these positions."""
        self.energy_forces_virial(positions, cell)
        return WatanabeLinearisation(self.species, self.terms, self._scratch)

    def hessian(self, positions: Array, cell: Array) -> sparse.csc_array:
        """Hessian (3N, 3N): second derivatives of the energy with positions at fixed cell."""
        return self.linearise(positions, cell).hessian()


class WatanabeLinearisation:
    """The exact Hessian at the state last evaluated into ``scratch`` (see
    ``vitreous.mechanics.watanabe.response``).
    """

    short_ranged = True

    def __init__(self, species: NDArray[np.int64], terms: Terms, scratch: Scratch) -> None:
        slots = int(scratch.first[-1])
        self._species, self._terms = species, terms
        slotwise = {
            name: getattr(scratch, name)[:slots].copy()
            for name in ("nbr", "forward", "d", "r", "grad")
        }
        atomwise = {
            name: getattr(scratch, name).copy()
            for name in ("first", "z", "g", "dg", "ddg", "zeta", "energy", "ends", "arms")
        }
        self._state = Scratch(**slotwise, **atomwise)
        self._unit = self._state.d / self._state.r[:, None]
        self._k = np.empty((slots, 6))
        watanabe_response.springs(species, terms, self._state, self._k)
        self._blocks = watanabe_response.layout(species, terms, self._state)
        self._jac, self._mix = np.zeros((slots, 3)), np.zeros((slots, 3))
        self._zz, self._zs = np.zeros(len(species)), np.zeros(slots)
        watanabe_response.triplets(
            species,
            terms,
            self._state,
            self._blocks,
            False,
            np.inf,
            self._mix,
            self._zz,
        )
        self._coupled = watanabe_response.coordination_coupling(
            species, terms, self._state, self._unit, self._jac, self._mix, self._zz, self._zs
        )

    def _apply(self, v: Array, gradient: Array) -> Array:
        s, out = self._state, np.empty((len(self._species), 3))
        watanabe_response.multiply(
            v, gradient, s.first, s.nbr, s.forward, s.d, self._k, self._blocks, out
        )
        if self._coupled:
            watanabe_response.add_coupling(
                v, gradient, s.first, s.nbr, s.d, self._jac, self._mix, self._zz, self._zs, out
            )
        return out

    def multiply(self, v: Array) -> Array:
        """H v, (N, 3)."""
        return self._apply(np.ascontiguousarray(v), np.zeros((3, 3)))

    def affine_force(self, gradient: Array) -> Array:
        """Rate (N, 3) of the forces under an affine motion ``dx/dstrain = gradient @ x``."""
        return -self._apply(
            np.zeros((len(self._species), 3)), np.ascontiguousarray(gradient, dtype=np.float64)
        )

    def hessian(self) -> sparse.csc_array:
        """The exact Hessian (3N, 3N)."""
        n, s = 3 * len(self._species), self._state
        matrix = self._springs(self._k, s.forward) + self._assembled(self._blocks)
        if self._coupled:
            centre = np.repeat(np.arange(len(self._species)), np.diff(s.first))
            jac, mix = self._by_atom(centre, self._jac), self._by_atom(centre, self._mix)
            z = sparse.coo_array(
                (self._zs, (centre, s.nbr)), shape=(n // 3, n // 3)
            ).tocsc() + sparse.diags_array(self._zz)
            matrix = matrix + mix.T @ jac + jac.T @ mix + jac.T @ z @ jac
        return matrix.tocsc()

    def network(self, bond_range: float) -> sparse.csc_array:
        """The stiffness (3N, 3N) of pairs closer than ``bond_range``, without the term in U'/r, and
        of the angles between them.
        """
        s = self._state
        k = self._k.copy()
        short = s.forward & (s.r < bond_range)
        along = np.einsum(
            "sa,sab,sb->s", self._unit, k[:, [[0, 1, 3], [1, 2, 4], [3, 4, 5]]], self._unit
        )
        k = np.maximum(along, 0.0)[:, None] * np.stack(
            [self._unit[:, a] * self._unit[:, b] for a, b in _LOWER], axis=1
        )
        blocks = self._blocks._replace(values=np.zeros_like(self._blocks.values))
        watanabe_response.triplets(
            self._species, self._terms, s, blocks, True, bond_range, self._mix, self._zz
        )
        return (self._springs(k, short) + self._assembled(blocks)).tocsc()

    def _springs(self, k: Array, use: NDArray[np.bool_]) -> sparse.csc_array:
        s = self._state
        centre = np.repeat(np.arange(len(self._species), dtype=np.int32), np.diff(s.first))
        return assemble(centre[use], s.nbr[use].astype(np.int32), k[use], len(self._species))

    def _assembled(self, blocks: watanabe_response.Blocks) -> sparse.csc_array:
        n = 3 * len(self._species)
        rows, columns, values = block_entries(self._state.first, self._state.nbr, blocks)
        some = values != 0.0
        return sparse.coo_array((values[some], (rows[some], columns[some])), shape=(n, n)).tocsc()

    def _by_atom(self, centre: NDArray[np.int64], vectors: Array) -> sparse.csc_array:
        """Matrix (N, 3N) of the sums over slots of ``vectors`` . (v_j - v_i)."""
        n = len(self._species)
        axis = np.arange(3)
        rows = np.tile(np.repeat(centre, 3), 2)
        columns = np.concatenate(
            [(3 * self._state.nbr[:, None] + axis).ravel(), (3 * centre[:, None] + axis).ravel()]
        )
        values = np.concatenate([vectors.ravel(), -vectors.ravel()])
        return sparse.coo_array((values, (rows, columns)), shape=(n, 3 * n)).tocsc()


_LOWER = [(0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2)]
