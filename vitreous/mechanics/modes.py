"""Eigenmodes of a glass: the softest directions of its energy surface, and harmonic vibrations.

The lowest eigenpairs of the Hessian come from LOBPCG (Knyazev, SIAM J. Sci. Comput. 23, 517
(2001)), preconditioned by the factor of the bonded network; rigid translations are projected out.
Started from the modes of a neighbouring state, it needs about 15 products with the Hessian.

=======================  ==========================  =======================================
symbol                   variable                    unit
=======================  ==========================  =======================================
lambda_k                 ``Modes.values``            energy per length squared (and mass)
e_k                      ``Modes.vectors`` (C,N,D)   1, normalised
participation ratio      ``participation_ratio``     1, from 1/N (one atom) to 1 (all equal)
<u_i^2>                  ``mean_square_vibration``   length squared
v_flex,i                 ``flexibility_volume``      length cubed
=======================  ==========================  =======================================
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgWarning
from scipy.sparse.linalg import LinearOperator, lobpcg

from vitreous.core.errors import NotConverged, VitreousError
from vitreous.core.surface import EnergySurface, LinearResponse
from vitreous.mechanics.linear import Preconditioner

Array = NDArray[Any]

# modes iterated beyond those requested: close neighbours in the spectrum slow down the last one
_GUARDS = 3
# residual of an eigenpair relative to its eigenvalue, whose own error is of second order in it
_ACCURACY = 0.03
_FLOOR = 1e-10  # residual relative to the typical stiffness, below which accuracy is not required
_FEW = 150  # coordinates up to which the matrix is diagonalised in full


@dataclass(frozen=True)
class Modes:
    """Eigenvalues (C,) in ascending order and eigenvectors (C, N, D), without rigid
    translations.
    """

    values: Array
    vectors: Array

    def __len__(self) -> int:
        return len(self.values)


def lowest_modes(
    lin: LinearResponse,
    preconditioner: Preconditioner,
    shape: tuple[int, int],
    count: int = 1,
    start: Array | None = None,
    masses: Array | None = None,
) -> Modes:
    """Compute at least the ``count`` lowest modes of a Hessian. Further modes are less accurate and
    serve as ``start`` (C, N, D) for the next state.

    ``shape`` is (N, D). With ``masses`` (N,) the Hessian acts on mass-weighted displacements. The
    result is deterministic: without ``start`` the search begins at fixed random vectors.

    Raises:
        VitreousError: if there are not that many modes.
        NotConverged: if the search does not converge.
    """
    n, d = shape
    _refuse_too_many(count, shape)
    root = np.ones((n, 1)) if masses is None else np.sqrt(masses)[:, None]
    if n * d <= max(_FEW, 6 * (count + _GUARDS)):
        hessian = np.stack([lin.multiply(unit.reshape(shape)).ravel() for unit in np.eye(n * d)])
        return _diagonalised(hessian, root, shape)
    one = _columns(lambda v: (lin.multiply(v.reshape(shape) / root) / root).ravel())
    ready = _columns(lambda v: (preconditioner.apply(lin, v.reshape(shape) * root) * root).ravel())
    hessian, inverse = _operator(one, n * d), _operator(ready, n * d)
    rigid = _translations(root, d)
    guess = (
        np.random.default_rng(0).standard_normal((n * d, count + _GUARDS))
        if start is None
        else start.reshape(len(start), -1).T
    )
    block, tolerance = _started(guess, one, ready, rigid, start is None)
    noise = np.random.default_rng(1).standard_normal((n * d, 1))
    floor = _FLOOR * float(np.linalg.norm(one(noise)) / np.linalg.norm(noise))
    for _ in range(8):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that the last guard has not converged
            warnings.simplefilter("ignore", LinAlgWarning)  # of directions without resistance
            values, block = lobpcg(
                hessian, block, M=inverse, Y=rigid, tol=tolerance, maxiter=200, largest=False
            )[:2]
        miss = np.linalg.norm(one(block[:, :count]) - block[:, :count] * values[:count], axis=0)
        if np.all(miss <= np.maximum(_ACCURACY * np.abs(values[:count]), floor)):
            return Modes(values, np.ascontiguousarray(block.T).reshape(-1, n, d))
        tolerance = max(0.5 * _ACCURACY * float(np.abs(values[:count]).min()), 0.5 * floor)
    raise NotConverged(
        f"the lowest eigenvalue, near {values[0]:.3g}, did not converge (residual {miss.max():.3g})"
    )


def _refuse_too_many(count: int, shape: tuple[int, int]) -> None:
    most = (shape[0] - 1) * shape[1]
    if not 0 < count <= most:
        raise VitreousError(
            f"{count} modes requested; {shape[0]} atoms in {shape[1]} dimensions have {most}: "
            "request fewer"
        )


def _translations(root: Array, d: int) -> Array:
    """(N*D, D) rigid translations in mass-weighted coordinates, orthonormal."""
    return np.kron(root, np.eye(d)) / np.linalg.norm(root)


def _operator(apply: Any, size: int) -> Any:
    operator: Any = LinearOperator
    return operator((size, size), matvec=apply, matmat=apply, dtype=np.float64)


def _columns(apply: Any) -> Any:
    """Apply a map of vectors to each column of a matrix."""
    return lambda v: (
        np.stack([apply(column) for column in v.T], axis=1)
        if v.ndim == 2 and v.shape[1] > 1
        else apply(v).reshape(v.shape)
    )


def _started(guess: Array, one: Any, ready: Any, rigid: Array, blind: bool) -> tuple[Array, float]:
    """Orthonormal starting vectors without translations, preconditioned twice if ``blind``, and the
    tolerance derived from their Ritz values.
    """
    for _ in range(2 if blind else 0):
        guess = ready(guess - rigid @ (rigid.T @ guess))
    block = np.linalg.qr(guess - rigid @ (rigid.T @ guess))[0]
    least = float(np.linalg.eigvalsh(block.T @ one(block))[0])
    return block, 0.5 * _ACCURACY * max(abs(least), 1e-12)


def _diagonalised(hessian: Array, root: Array, shape: tuple[int, int]) -> Modes:
    """All modes but the D translations, which are shifted above the largest eigenvalue; ``root``
    (N, 1) are the square roots of the masses.
    """
    n, d = shape
    weight = np.repeat(root.ravel(), d)
    dynamical = hessian / weight[:, None] / weight
    rigid = _translations(root, d)
    beyond = 10.0 * float(np.abs(dynamical).sum(axis=1).max())
    values, vectors = np.linalg.eigh(0.5 * (dynamical + dynamical.T) + beyond * rigid @ rigid.T)
    keep = (n - 1) * d
    return Modes(values[:keep], vectors.T[:keep].reshape(-1, n, d).copy())


class SoftestMode:
    """The lowest eigenvalue of a glass during a deformation; each search starts from the modes of
    the previous state.
    """

    def __init__(self, surface: EnergySurface, preconditioner: Preconditioner) -> None:
        self._surface, self._preconditioner = surface, preconditioner
        self._modes: Modes | None = None

    @property
    def modes(self) -> Modes | None:
        """Those of the last state, from which the next search starts."""
        return self._modes

    def start_from(self, modes: Modes | None) -> None:
        """Let the next search start from these."""
        self._modes = modes

    def at(self, positions: Array, cell: Array) -> float:
        """The lowest eigenvalue of the Hessian, energy per length squared; NaN if the search
        does not converge.
        """
        lin = self._surface.linearise(positions, cell)
        n, d = positions.shape
        for start in (None if self._modes is None else self._modes.vectors, None):
            try:
                self._modes = lowest_modes(lin, self._preconditioner, (n, d), 1, start)
                return float(self._modes.values[0])
            except NotConverged:
                self._modes = None
        return float("nan")


def vibrational_modes(
    surface: EnergySurface,
    positions: Array,
    cell: Array,
    masses: Array | None = None,
    count: int | None = None,
) -> Modes:
    """Compute the ``count`` softest harmonic modes of a relaxed glass (None: all, by dense
    diagonalisation, for up to a few thousand coordinates).

    Eigenvalues are squared angular frequencies, energy / length^2 / mass; ``masses`` (N,), default
    1. Vectors are mass-weighted displacements, orthonormal.

    Raises:
        VitreousError: for masses that are not positive, or more modes than there are.
    """
    n, d = positions.shape
    masses = np.ones(n) if masses is None else np.asarray(masses, dtype=np.float64)
    if masses.shape != (n,) or not np.all(masses > 0.0):
        raise VitreousError(
            f"masses have shape {masses.shape} and a least value of {masses.min():g}; expected "
            f"{n} positive numbers"
        )
    if count is None:
        return _diagonalised(
            surface.hessian(positions, cell).toarray(), np.sqrt(masses)[:, None], (n, d)
        )
    found = lowest_modes(
        surface.linearise(positions, cell),
        Preconditioner(surface.bond_range),
        (n, d),
        count,
        masses=masses,
    )
    return Modes(found.values[:count], found.vectors[:count])


def participation_ratio(vectors: Array) -> Array:
    """Participation ratios (C,) of vectors (C, N, D): ``(sum_i e_i^2)^2 / (N sum_i e_i^4)``, Bell &
    Dean, Discuss. Faraday Soc. 50, 55 (1970).
    """
    square = (vectors**2).sum(axis=2)
    return square.sum(axis=1) ** 2 / (square.shape[1] * (square**2).sum(axis=1))


def mean_square_vibration(modes: Modes, masses: Array, thermal_energy: float) -> Array:
    """<u_i^2> (N,), classical and harmonic: ``k_B T sum_k |e_k,i|^2 / (m_i lambda_k)`` over the
    given modes; ``thermal_energy`` is k_B T.

    With all modes this is ``k_B T`` times the trace of atom i's block of the inverse Hessian. In a
    periodic glass the centre of mass is fixed, and the masses matter only through that point.

    Raises:
        VitreousError: if a mode is unstable.
    """
    if modes.values.min() <= 0.0:
        raise VitreousError(
            f"the softest mode has eigenvalue {modes.values.min():.3g}, so the glass is not at a "
            "minimum; relax it first"
        )
    square = (modes.vectors**2).sum(axis=2)
    return thermal_energy * (square / modes.values[:, None]).sum(axis=0) / masses


def flexibility_volume(mean_square: Array, atom_volumes: Array, dimension: int) -> Array:
    """v_flex (N,) = <u^2> a, with the atomic spacing a = Omega^(1/D) from the volumes or areas
    Omega (N,) of ``voronoi_volumes``.

    Ding et al., Nature Communications 7, 13733 (2016), doi:10.1038/ncomms13733; Fan & Ma 2021,
    Methods, use it in two dimensions too.
    """
    return mean_square * atom_volumes ** (1.0 / dimension)
