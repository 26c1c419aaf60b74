"""The inverse Hessian of a glass at rest: harmonic vibrations of every atom and the softest modes,
exactly, from one factorisation.

The Hessian H is singular: rigid translations cost nothing. With the last atom held it is positive
definite. C, the inverse of that part bordered by zeros, gives the pseudo-inverse

    H+ = P C P,    P = 1 - T T^T

hence <u_i^2> = k_B T sum_a (H+)_ia,ia, and the softest modes as the largest of H+ (by Lanczos
iteration, ARPACK). With masses, H and T are those of mass-weighted coordinates, M^-1/2 H M^-1/2,
and <u_i^2> = k_B T sum_a (H+)_ia,ia / m_i. In two dimensions the part is factorised sparsely,
L D L^T, and C's diagonal summed over the columns of L^-1, each of which is nearly empty,

    C_kk = sum_m (L^-1)_mk^2 / D_m

In three dimensions factors fill, and LAPACK's dense inverse costs less. On one core 2,500 particles
in two dimensions (50 modes) take 2 s.

======  ============================  ==============  =========================
symbol  variable                      shape           unit
======  ============================  ==============  =========================
H       ``hessian``                   (ND, ND)        energy / length^2 (/ mass)
L, D    ``_lower``, ``_pivot``        (ND-D, ND-D)    1, energy / length^2
T       ``_rigid``                    (ND, D)         1, orthonormal columns
H+      ``Compliance.multiply``       (ND, ND)        length^2 / energy
======  ============================  ==============  =========================
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import blas, lapack
from scipy.sparse.linalg import LinearOperator, eigsh, splu

from vitreous.core.errors import NotConverged, VitreousError
from vitreous.mechanics.modes import Modes

Array = NDArray[Any]
_BLAS: Any = blas  # their routines are made when imported, and unknown to type checkers
_LAPACK: Any = lapack

_STIFF = 1e-10  #: least pivot over the largest: below is no stiffness but rounding
_AT_ONCE = 32  #: columns of the inverse computed together: neighbours fill the same rows
_MOST_DENSE = 20_000  #: coordinates whose dense inverse still fits a workstation, 3 GB
_UNSTABLE = (
    "the glass is at no minimum of the potential, or holds an atom that nothing keeps in place; "
    "vibrations need stiffness in every direction; relax it under the potential first (vitreous "
    "relax), or remove loose atoms"
)


class Compliance:
    """H+ of the Hessian (ND, ND) of N atoms in D dimensions, scipy sparse, no atom frozen; with
    ``masses`` (N,) of mass-weighted coordinates.

    Raises:
        VitreousError: in three dimensions, of more atoms than a dense inverse is possible for.
        NotConverged: the energy falls, or stays, in another direction than a translation.
    """

    def __init__(self, hessian: Any, dimension: int, masses: Array | None = None) -> None:
        self._size, self._d = hessian.shape[0], dimension
        atoms = self._size // dimension
        root = np.ones(atoms) if masses is None else np.sqrt(masses)
        if masses is not None:
            weight = sparse.diags_array(1.0 / np.repeat(root, dimension))
            hessian = weight @ hessian @ weight
        held = hessian.tocsc()[: self._size - dimension, : self._size - dimension]
        self._held = _Sparse(held) if dimension == 2 else _Dense(held)
        self._rigid = np.kron(root[:, None], np.eye(dimension)) / np.linalg.norm(root)

    def _bordered(self, force: Array) -> Array:
        """C f of (ND,)."""
        moved = np.zeros(self._size)
        moved[: -self._d] = self._held.solve(force[: -self._d])
        return moved

    def multiply(self, force: Array) -> Array:
        """H+ f of (ND,)."""
        moved = self._bordered(force - self._rigid @ (self._rigid.T @ force))
        return moved - self._rigid @ (self._rigid.T @ moved)

    def diagonal(self) -> Array:
        """The diagonal of H+ as (N, D), length squared over energy (times mass)."""
        own, t = np.zeros(self._size), self._rigid
        own[: -self._d] = self._held.diagonal()
        # (P C P)_kk = C_kk - 2 T_k . (C T)_k + T_k . (T^T C T) T_k
        moved = np.stack([self._bordered(column) for column in t.T], axis=1)
        own += ((t @ (t.T @ moved) - 2.0 * moved) * t).sum(axis=1)
        return own.reshape(-1, self._d)

    def softest(self, count: int) -> Modes:
        """The ``count`` softest modes, translations left out. Two modes of one eigenvalue may come
        mixed.

        Raises:
            VitreousError: if there are not that many.
        """
        atoms = self._size // self._d
        if not 0 < count <= self._size - self._d:
            raise VitreousError(
                f"{count} modes requested; {atoms} atoms in {self._d} dimensions have "
                f"{self._size - self._d}: request fewer"
            )
        operator: Any = LinearOperator
        start = np.random.default_rng(0).standard_normal(self._size)
        soft, vectors = eigsh(
            operator((self._size, self._size), matvec=self.multiply, dtype=np.float64),
            k=count,
            which="LA",
            v0=self.multiply(start),
        )
        order = np.argsort(-soft)
        modes = np.ascontiguousarray(vectors.T[order]).reshape(count, atoms, self._d)
        return Modes(1.0 / soft[order], modes)


class _Sparse:
    """L D L^T of a positive definite matrix (K, K), without pivoting."""

    def __init__(self, matrix: Any) -> None:
        matrix.eliminate_zeros()
        try:
            self._factor: Any = splu(
                matrix,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        except RuntimeError as error:  # a pivot is exactly zero
            raise NotConverged(_UNSTABLE) from error
        self._pivot = self._factor.U.diagonal()
        _refuse_unstable(self._pivot)

    def solve(self, b: Array) -> Array:
        return self._factor.solve(b)

    def diagonal(self) -> Array:
        """Of the inverse, (K,)."""
        lower = self._factor.L.tocsc()
        found = _diagonal_of_inverse(lower.indptr, lower.indices, lower.data, self._pivot)
        return found[self._factor.perm_c]


class _Dense:
    """The inverse of a positive definite matrix (K, K): its lower triangle."""

    def __init__(self, matrix: Any) -> None:
        if matrix.shape[0] > _MOST_DENSE:
            raise VitreousError(
                f"the glass has {matrix.shape[0]} coordinates, but in three dimensions vibrations "
                f"and soft modes are computed for at most {_MOST_DENSE}; use a smaller glass, or "
                "leave these columns out"
            )
        factor, failed = _LAPACK.dpotrf(matrix.toarray(order="F"), lower=1, overwrite_a=1)
        _refuse_unstable(np.zeros(1) if failed else factor.diagonal() ** 2)
        self._inverse = _LAPACK.dpotri(factor, lower=1, overwrite_c=1)[0]

    def solve(self, b: Array) -> Array:
        return _BLAS.dsymv(1.0, self._inverse, b, lower=1)

    def diagonal(self) -> Array:
        """Of the inverse, (K,)."""
        return self._inverse.diagonal()


def _refuse_unstable(pivots: Array) -> None:
    if not pivots.min() > _STIFF * pivots.max():
        raise NotConverged(_UNSTABLE)


@njit(cache=True, fastmath={"contract", "nsz"})
def _diagonal_of_inverse(start, row, value, pivot):  # type: ignore[no-untyped-def]
    """Diagonal (K,) of (L D L^T)^-1; the unit lower triangle L by columns (``start``, ``row``,
    ``value``), D its ``pivot`` (K,).
    """
    n = len(pivot)
    found, x = np.zeros(n), np.zeros((n, _AT_ONCE))
    for first in range(0, n, _AT_ONCE):
        # forward substitution of L x = e_k for these columns k, over the few rows that fill
        together = min(_AT_ONCE, n - first)
        for c in range(together):
            x[first + c, c] = 1.0
        for k in range(first, n):
            own = x[k]
            if not own.any():
                continue
            for p in range(start[k], start[k + 1]):
                if row[p] > k:
                    target, factor = x[row[p]], value[p]
                    for c in range(_AT_ONCE):
                        target[c] -= factor * own[c]
            for c in range(together):
                found[first + c] += own[c] * own[c] / pivot[k]
            own[:] = 0.0
    return found
