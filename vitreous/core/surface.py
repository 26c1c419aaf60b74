"""What mechanics asks of an interatomic model at given positions: energies, forces, stress, and
linear response.
"""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]


class LinearResponse(Protocol):
    """The Hessian of an energy surface at one state; arrays (N, D).

    ``short_ranged``: whether it is sparse enough to be factorised as it is.
    """

    short_ranged: bool

    def multiply(self, v: Array) -> Array:
        """H v."""
        ...

    def affine_force(self, gradient: Array) -> Array:
        """The rate at which forces build up when everything moves as ``dx = gradient @ x``, cell
        included.
        """
        ...

    def network(self, bond_range: float) -> Any:
        """The stiffness of pairs closer than ``bond_range`` alone, positive semidefinite; scipy
        sparse (N*D, N*D).
        """
        ...

    def hessian(self) -> Any:
        """The whole, scipy sparse (N*D, N*D)."""
        ...


class EnergySurface(Protocol):
    """The potential energy of given atoms as a function of positions (N, D) and cell (D, D), in the
    glass's units.

    ``bond_range`` (length): pairs closer than this carry most of the stiffness. ``force_range``
    (length): an atom's force depends on atoms no further away. ``energy_forces_virial`` may reuse
    its force buffer. A surface whose forces alone cost less may
    have ``forces(positions, cell) -> (N, D)`` besides, which descents then use; one that refuses
    thin cells may say by ``cutoff`` (length) how thin a cell may become, and a deformation that
    would go beyond is then refused before it starts.
    """

    bond_range: float
    force_range: float

    def energy_forces(self, positions: Array, cell: Array) -> tuple[float, Array]:
        """Energy and forces (N, D)."""
        ...

    def energy_forces_virial(self, positions: Array, cell: Array) -> tuple[float, Array, Array]:
        """Energy, forces (N, D) and dE/dstrain (D, D): the stress times the volume, positive in
        tension.
        """
        ...

    def atom_energies(self, positions: Array, cell: Array) -> Array:
        """Energies (N,) that add up to the whole."""
        ...

    def atom_virials(self, positions: Array, cell: Array) -> Array:
        """Shares (N, D, D) of dE/dstrain, symmetric, that add up to it: each atom's stress times
        volume, positive in tension. What forces between several atoms do is shared equally among
        them, as LAMMPS's ``compute stress/atom`` does.
        """
        ...

    def stress(self, positions: Array, cell: Array) -> Array:
        """Cauchy stress (D, D), energy per area or volume, positive in tension."""
        ...

    def linearise(self, positions: Array, cell: Array) -> LinearResponse:
        """The linear response at this state."""
        ...

    def hessian(self, positions: Array, cell: Array) -> Any:
        """Second derivatives of the energy with respect to positions at fixed cell, scipy sparse
        (N*D, N*D).
        """
        ...
