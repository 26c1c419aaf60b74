"""Elastic constants of a relaxed glass: the affine (Born) response minus the non-affine
relaxation.

    C_ab = d(stress_a)/d(strain_b) = C_ab^affine - Xi_a . H^-1 . Xi_b / V

with Xi_b the affine force, the rate of the forces with strain b, and H the Hessian (Lutsko, J.
Appl. Phys. 65, 2991 (1989); Lemaitre & Maloney, J. Stat. Phys. 123, 415 (2006)). Stress is
Cauchy's, so C is the slope of a stress-strain curve of small symmetric strains, also under a
residual stress. The affine part is the central difference of the stress over affinely strained
states (within 1e-6 of matscipy's Born terms).

=========  ===========================  =====================
symbol     variable                     unit
=========  ===========================  =====================
C          ``ElasticConstants.total``   energy / length^D
Xi_b       ``raised``                   energy / length
V          ``volume``                   length^D
=========  ===========================  =====================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.surface import EnergySurface
from vitreous.mechanics.linear import Preconditioner, solve

Array = NDArray[Any]

VOIGT: dict[int, tuple[tuple[int, int], ...]] = {
    2: ((0, 0), (1, 1), (0, 1)),
    3: ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)),
}
# strain of the central difference: small enough that hardly any pair crosses the cutoff, where the
# stiffness may jump
_STEP = 1e-6


@dataclass(frozen=True)
class ElasticConstants:
    """Voigt matrices (V, V) in the order xx yy xy, or xx yy zz yz xz xy, with engineering shear
    strains; energy per area or volume.
    """

    affine: Array
    non_affine: Array

    @property
    def total(self) -> Array:
        """C (V, V): affine plus non-affine part."""
        return self.affine + self.non_affine

    @property
    def bulk(self) -> float:
        """Bulk modulus of an isotropic glass: the mean of the dilatational block of C."""
        d = 2 if len(self.affine) == 3 else 3
        return float(self.total[:d, :d].mean())

    @property
    def shear(self) -> float:
        """Voigt average of the shear modulus over directions."""
        # two dimensions: mean of C_xyxy and (C_xxxx + C_yyyy - 2 C_xxyy) / 4;
        # three: (sum of C_iiii - sum of C_iijj, i < j, + 3 sum of C_ijij, i < j) / 15
        c, d = self.total, 2 if len(self.affine) == 3 else 3
        on, off = float(np.trace(c[:d, :d])), float(c[:d, :d].sum() - np.trace(c[:d, :d]))
        slides = float(np.trace(c[d:, d:]))
        return (on - off + 4.0 * slides) / 8.0 if d == 2 else (on - 0.5 * off + 3.0 * slides) / 15.0


def shear_modulus(constants: ElasticConstants, loading: Loading) -> float:
    """G along a shear loading, energy per area or volume: the rate of its scalar stress with the
    engineering shear strain, gamma = 2 e of pure shear with strain e.

    Raises:
        VitreousError: the loading is no shear.
    """
    if loading.mode == "uniaxial":
        raise VitreousError(
            "a shear modulus is that of a shear, but the loading is uniaxial; use "
            "loading=simple_shear or pure_shear"
        )
    rate = loading.velocity_gradient(0.0)
    strain, d = 0.5 * (rate + rate.T), len(rate)
    voigt = np.array([strain[a, b] * (1.0 if a == b else 2.0) for a, b in VOIGT[d]])
    stress = np.zeros((d, d))
    for (a, b), value in zip(VOIGT[d], constants.total @ voigt, strict=True):
        stress[a, b] = stress[b, a] = value
    shear_per_strain = 1.0 if loading.mode == "simple_shear" else 2.0
    return float(loading.scalar_stress(stress)) / shear_per_strain


def elastic_constants(
    surface: EnergySurface, positions: Array, cell: Array, tolerance: float = 1e-8
) -> ElasticConstants:
    """Compute the elastic constants of a relaxed glass, positions (N, D) in a cell (D, D).

    ``tolerance`` bounds the relative residual of the linear solutions.

    Raises:
        VitreousError: if the Hessian has negative curvature, so that the glass is not at a minimum.
    """
    d = len(cell)
    gradients = [_strain(a, b, d) for a, b in VOIGT[d]]
    volume = float(np.linalg.det(cell))
    lin = surface.linearise(positions, cell)
    raised = [lin.affine_force(gradient) for gradient in gradients]
    preconditioner = Preconditioner(surface.bond_range)
    relaxing = []
    for force in raised:
        response, positive = solve(lin, force, preconditioner, tolerance)
        if not positive:
            raise VitreousError(
                "the glass is not at a minimum: its Hessian has a direction of negative "
                "curvature; relax it first"
            )
        relaxing.append(response)
    non_affine = -np.array([[float(np.vdot(a, b)) for b in relaxing] for a in raised]) / volume
    affine = np.stack(
        [_affine_slope(surface, positions, cell, gradient) for gradient in gradients], axis=1
    )
    return ElasticConstants(affine, 0.5 * (non_affine + non_affine.T))


def _strain(a: int, b: int, d: int) -> Array:
    """The symmetric displacement gradient (D, D) of a unit Voigt strain."""
    gradient = np.zeros((d, d))
    gradient[a, b] += 0.5
    gradient[b, a] += 0.5
    return gradient


def _affine_slope(surface: EnergySurface, positions: Array, cell: Array, gradient: Array) -> Array:
    """Rate (V,) of the stress, in Voigt order, with an affine strain."""

    def stress(step: float) -> Array:
        f = (np.eye(len(cell)) + step * gradient).T
        return surface.stress(positions @ f, cell @ f)

    def slope(step: float) -> Array:
        return (stress(step) - stress(-step)) / (2.0 * step)

    full = (4.0 * slope(0.5 * _STEP) - slope(_STEP)) / 3.0  # Richardson extrapolation
    return np.array([full[a, b] for a, b in VOIGT[len(cell)]])
