"""Linear response of a glass: H u = b by conjugate gradients, preconditioned by a sparse factor of
the bonded network.

The stiffness between bonded neighbours dominates the Hessian of a network. The Hessian restricted
to pairs closer than ``bond_range``, without negative pair stiffness, is positive definite, sparse
and cheap to factorise, and reduces the iterations by one to two orders of magnitude (after Packwood
et al., J. Chem. Phys. 144, 164109 (2016)). Negative curvature met during the iteration is reported:
the state is then not a minimum.

======  ===========================  =======  ==================
symbol  variable                     shape    unit
======  ===========================  =======  ==================
H       ``lin.multiply``             (ND,ND)  energy / length^2
b       ``b``, residual ``r``        (N, D)   energy / length
u       ``u``                        (N, D)   length
p       ``p`` search direction       (N, D)   length
======  ===========================  =======  ==================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import NotConverged
from vitreous.core.surface import EnergySurface, LinearResponse

Array = NDArray[Any]

_FEW = 8  # iterations, too few to assess a factor


@dataclass
class Preconditioner:
    """A sparse factor of the Hessian if that is sparse and positive, else of the bonded network.

    ``_fresh``: iterations per decimal digit of a solution right after factorising.
    """

    bond_range: float
    _factor: Any = None
    _fresh: float = 0.0
    _matrix: Any = None  # what was factorised

    def kept(self) -> dict[str, Array]:
        """What ``restore`` makes the same factor of; nothing before the first."""
        if self._factor is None:
            return {}
        of = self._matrix
        parts = {"data": of.data, "indices": of.indices, "indptr": of.indptr}
        return {**parts, "fresh": np.array(self._fresh)}

    def restore(self, kept: Mapping[str, Array]) -> None:
        """Factorise as when ``kept`` was asked for."""
        size = len(kept["indptr"]) - 1
        of = sparse.csc_array((kept["data"], kept["indices"], kept["indptr"]), shape=(size, size))
        self._matrix, self._factor, self._fresh = of, _factor_of(of), float(kept["fresh"])

    def refresh(self, lin: LinearResponse) -> None:
        """Factorise at the state of ``lin``."""
        self._fresh = 0.0
        if lin.short_ranged:
            self._matrix = _raised(lin.hessian(), 1e-6)
            self._factor = _factor_of(self._matrix)
            if (self._factor.U.diagonal() > 0.0).all():
                return
        self._matrix = _raised(lin.network(self.bond_range), 1e-3)
        self._factor = _factor_of(self._matrix)

    def apply(self, lin: LinearResponse, r: Array) -> Array:
        """An approximate solution of H z = r."""
        if self._factor is None:
            self.refresh(lin)
        factor: Any = self._factor
        return factor.solve(r.ravel().astype(np.float32)).astype(np.float64).reshape(r.shape)

    def note(self, lin: LinearResponse, iterations: int, tolerance: float) -> None:
        """Refactorise once a solution to relative ``tolerance`` takes more than 1.5 times the
        iterations per digit of a fresh factor.
        """
        if iterations <= _FEW:
            return
        each = -iterations / np.log10(min(tolerance, 0.1))
        if not self._fresh:
            self._fresh = each
        elif each > 1.5 * self._fresh:
            self.refresh(lin)


def _raised(matrix: Any, shift: float) -> Any:
    """``matrix`` with ``shift`` times the mean of its diagonal added to the diagonal, in single
    precision, which only costs iterations: they are limited by the memory that a solution reads.
    """
    raised = matrix + shift * matrix.diagonal().mean() * sparse.eye_array(
        matrix.shape[0], format="csc"
    )
    return raised.tocsc().astype(np.float32)


def _factor_of(matrix: Any) -> Any:
    """SuperLU of ``matrix``, without pivoting, so that the signs of U's diagonal are those of the
    curvatures.
    """
    return splu(
        matrix,
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
    """Solve H u = b to ``|H u - b| <= tolerance * |b|``; return u (N, D) and whether only positive
    curvature was met.

    Without frozen atoms (``free`` None) rigid translations are projected out; ``free`` (N, 1) is 1
    for free and 0 for frozen atoms. On negative curvature return the best u so far and False.
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
        # exact line search along p: step = (r . z) / (p . H p)
        hp = lin.multiply(p)
        curvature = np.vdot(p, hp)
        if curvature <= 0.0:
            return (u if iteration > 1 else z), False
        step = rz / curvature
        u += step * p
        r -= step * project(hp)
        if np.linalg.norm(r) <= target:
            break
        # next direction: p <- z + (r . z)_new / (r . z)_old p
        z = project(preconditioner.apply(lin, r))
        rz, old = np.vdot(r, z), rz
        p *= rz / old
        p += z
    preconditioner.note(lin, iteration, tolerance)
    return u, True


def nonaffine_velocity(
    surface: EnergySurface, glass: Configuration, loading: Loading, tolerance: float = 1e-8
) -> Array:
    """u' (N, D), length per unit of strain: how the atoms of a glass at rest move, beside the
    affine motion, as the loading begins; ``tolerance`` is relative to the affine force.

    Raises:
        NotConverged: the energy falls in some direction.
    """
    lin = surface.linearise(glass.positions, glass.cell)
    force = lin.affine_force(loading.velocity_gradient(0.0))
    found, positive = solve(lin, force, Preconditioner(surface.bond_range), tolerance)
    if not positive:
        raise NotConverged(
            "the glass is at no minimum of the potential (not at rest, or held at a saddle by a "
            "symmetry), but its response needs one; relax it under the potential first (vitreous "
            "relax, or predict --relax; in Python: relax=True), its positions slightly perturbed"
        )
    return found


@njit(cache=True)
def _drop_translation(v):  # type: ignore[no-untyped-def]
    """``v - v.mean(axis=0)`` to the same bits, in less than half the time."""
    n, d = v.shape
    mean, out = np.zeros(d), np.empty((n, d))
    for i in range(n):
        for a in range(d):
            mean[a] += v[i, a]
    for a in range(d):
        mean[a] /= n
    for i in range(n):
        for a in range(d):
            out[i, a] = v[i, a] - mean[a]
    return out
