"""Linear response of a glass: H u = b by conjugate gradients, preconditioned by the factorised
network of short pairs.

Stiffness between bonded neighbours dominates a network's Hessian. Its Hessian restricted to pairs
closer than ``bond_range``, with every pair's negative stiffness dropped, is positive definite,
sparse and cheap to factorise, and cuts the iterations by one to two orders (Packwood et al., J.
Chem. Phys. 144, 164109 (2016), in spirit). A direction of negative curvature met on the way is
reported: the state is then not a minimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from vitreous.core.surface import LinearResponse

Array = NDArray[Any]

_FEW = 8  # iterations, too few to tell how well a factor does


@dataclass
class Preconditioner:
    """A sparse factor of the Hessian where that is sparse and positive, of the bonded network
    elsewhere, and how well it did when fresh: the iterations that it took for each decimal digit of
    a solution.
    """

    bond_range: float
    _factor: Any = None
    _fresh: float = 0.0

    def refresh(self, lin: LinearResponse) -> None:
        """Factorise at this state."""
        self._fresh = 0.0
        exact = _factorise(lin.hessian(), 1e-6) if lin.short_ranged else None
        positive = exact is not None and (exact.U.diagonal() > 0.0).all()
        self._factor = exact if positive else _factorise(lin.network(self.bond_range), 1e-3)

    def apply(self, lin: LinearResponse, r: Array) -> Array:
        """An approximate solution of H z = r."""
        if self._factor is None:
            self.refresh(lin)
        factor: Any = self._factor
        return factor.solve(r.ravel()).reshape(r.shape)

    def note(self, lin: LinearResponse, iterations: int, tolerance: float) -> None:
        """Refactorise once a solution of relative ``tolerance`` costs half as many iterations again
        as with a fresh factor.
        """
        if iterations <= _FEW:
            return
        each = -iterations / np.log10(min(tolerance, 0.1))
        if not self._fresh:
            self._fresh = each
        elif each > 1.5 * self._fresh:
            self.refresh(lin)


def _factorise(matrix: Any, shift: float) -> Any:
    """SuperLU of ``matrix``, its diagonal raised by ``shift`` times its mean; without pivoting, so
    that U's signs tell the curvatures'.
    """
    raised = matrix + shift * matrix.diagonal().mean() * sparse.eye_array(
        matrix.shape[0], format="csc"
    )
    return splu(
        raised.tocsc(),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )


def solve(
    lin: LinearResponse,
    b: Array,
    preconditioner: Preconditioner,
    tolerance: float,
    max_iterations: int = 2000,
    free: Array | None = None,
) -> tuple[Array, bool]:
    """u with ``|H u - b| <= tolerance * |b|``, and whether H showed only positive curvature.

    Rigid translations are projected out when no atoms are frozen (``free`` None); with ``free`` (N,
    1) of ones and zeros the frozen atoms stay put. On negative curvature the best u so far is
    returned with False.
    """
    project = _drop_translation if free is None else lambda v: v * free
    r = project(b)
    u = np.zeros_like(b)
    target = tolerance * np.linalg.norm(r)
    if target == 0.0:
        return u, True
    z = project(preconditioner.apply(lin, r))
    p, rz = z.copy(), np.vdot(r, z)
    for iteration in range(1, max_iterations + 1):
        hp = lin.multiply(p)
        curvature = np.vdot(p, hp)
        if curvature <= 0.0:
            return (u if iteration > 1 else z), False
        step = rz / curvature
        u += step * p
        r -= step * project(hp)
        if np.linalg.norm(r) <= target:
            break
        z = project(preconditioner.apply(lin, r))
        rz, old = np.vdot(r, z), rz
        p *= rz / old
        p += z
    preconditioner.note(lin, iteration, tolerance)
    return u, True


def _drop_translation(v: Array) -> Array:
    return v - v.mean(axis=0)
