"""A loading: the deformation gradient as a function of one strain, and the frame in which
descriptors see the glass.

Row-vector convention throughout (that of ASE and LAMMPS): the rows of a cell are lattice vectors,
and a deformation gradient F acts as ``x' = x @ F.T``. Stress is positive in tension, energy per
area in two dimensions and per volume in three.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError

MODES = ("pure_shear", "uniaxial", "simple_shear")
PLANES = {
    "xy": (0, 1, 2),
    "yz": (1, 2, 0),
    "zx": (2, 0, 1),
}  #: the plane's two axes and the one across it


@dataclass(frozen=True, kw_only=True)
class Loading:
    """Plain data: a mode, a sign, a plane and an orientation in it; of uniaxial strain also how far
    the glass contracts across it.

    ============  ==========================================================  =================
    mode          F in the loading frame (strain e = sign * strain)           scalar stress
    ============  ==========================================================  =================
    pure_shear    diag(1+e, 1/(1+e)): area preserved (Bachhav 2025, Methods)  (s_nn - s_mm) / 2
    uniaxial      diag(1+e, (1+e)^-nu), nu the contraction; 0: transverse     s_nn - nu s_mm
                  lengths fixed (Font-Clos 2022)
    simple_shear  1 + e n (x) m                                               s_nm
    ============  ==========================================================  =================

    n is the direction in ``plane`` at ``angle`` degrees from the plane's first axis towards its
    second, m the one at ``angle`` + 90. The third axis, across the plane, completes a right-handed
    frame; it is neither strained nor turned, except that uniaxial strain contracts it as it does m
    (F: (1+e)^-nu, stress: - nu s of that axis). nu is a ratio of logarithmic strains, -1 to 1;
    volume is kept by 1 in two dimensions, 0.5 in three. The scalar stress is the work-conjugate of
    e at zero strain, of pure shear half of it: pure shear of strain e is a shear strain of 2 e, and
    begins as simple shear of 2 e does at 45 degrees, but for a rotation.

    Raises:
        VitreousError: for a mode, sign, plane or dimension that does not exist, or a contraction
        out of range or of another mode.
    """

    mode: str = "pure_shear"
    sign: int = 1
    angle: float = 0.0
    plane: str = "xy"
    dimension: int = 2
    contraction: float = 0.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise VitreousError(
                f"unknown loading mode '{self.mode}'; expected one of {', '.join(MODES)}"
            )
        if not np.isfinite(self.angle):
            raise VitreousError(f"the loading's angle is {self.angle}; expected degrees")
        if self.sign not in (1, -1):
            raise VitreousError(f"loading sign is {self.sign!r}; expected 1 or -1")
        if self.dimension not in (2, 3):
            raise VitreousError(f"loading dimension is {self.dimension!r}; expected 2 or 3")
        if self.plane not in PLANES:
            raise VitreousError(
                f"unknown loading plane '{self.plane}'; expected one of {', '.join(PLANES)}"
            )
        if self.dimension == 2 and self.plane != "xy":
            raise VitreousError(
                f"loading plane is '{self.plane}', but a glass in two dimensions lies in xy; use "
                "plane xy, or dimension 3"
            )
        if not -1.0 <= self.contraction <= 1.0:
            raise VitreousError(
                f"loading contraction is {self.contraction:g}; expected a ratio from -1 to 1, 0 "
                "for fixed lengths across"
            )
        if self.contraction and self.mode != "uniaxial":
            raise VitreousError(
                f"loading contraction is {self.contraction:g}, but the mode is {self.mode}; only "
                "uniaxial strain has one"
            )

    def recipe(self) -> dict[str, Any]:
        """The fields that keys of results are made of; plane and contraction only where they are
        not the default: keys made before there was a choice hold on.
        """
        return {
            name: value
            for name, value in asdict(self).items()
            if (name, value) not in (("plane", "xy"), ("contraction", 0.0))
        }

    @property
    def title(self) -> str:
        """In words, for messages and figures."""
        extra = f", contraction {self.contraction:g}" if self.contraction else ""
        return (
            f"{self.mode.replace('_', ' ')}, sign {self.sign:+d}, at {self.angle:g}° in "
            f"{self.plane}{extra}"
        )

    @property
    def frame(self) -> NDArray[np.float64]:
        """Rotation (D, D) whose rows are the loading axes n, m(, and the third): ``x @ frame.T``
        gives loading-frame coordinates.
        """
        return _frame(self.angle, self.plane, self.dimension)

    @property
    def shear_axes(self) -> NDArray[np.float64]:
        """(D, D) whose rows are X, Y(, and the third axis): the loading starts as simple shear
        along X of planes with normal Y does, stretching along X + Y, but for a rotation (and for
        its change of area, of uniaxial strain). Of simple shear X is ``sign`` n and Y is m, so both
        signs are the same shear; of a negative one these axes are left-handed.
        """
        axes = self.frame.copy()
        n, m = self.frame[:2]
        if self.mode == "simple_shear":
            axes[0] = self.sign * n
        else:
            stretched, shortened = (n, -m) if self.sign > 0 else (m, n)
            axes[:2] = np.array([stretched + shortened, stretched - shortened]) / np.sqrt(2.0)
        return axes

    @property
    def extension_direction(self) -> NDArray[np.float64]:
        """(D,) unit vector along which the loading first extends most, or compresses when it never
        extends.
        """
        rate = self.velocity_gradient(0.0)
        values, vectors = np.linalg.eigh(0.5 * (rate + rate.T))
        extends = values > 1e-9 * np.abs(values).max()
        return vectors[:, np.argmax(np.where(extends.any(), values, -values))]

    def deformation_gradient(self, strain: float) -> NDArray[np.float64]:
        """F (D, D) at ``strain``, dimensionless; the identity at zero.

        Raises:
            VitreousError: if the strain would invert the cell.
        """
        e = self.sign * strain
        local = np.eye(self.dimension)
        if self.mode == "simple_shear":
            local[0, 1] = e
        else:
            if 1.0 + e <= 0.0:
                raise VitreousError(
                    f"strain {strain:g} inverts the cell: 1 + ({e:g}) is not positive; use a "
                    "smaller strain"
                )
            local[0, 0] = 1.0 + e
            if self.mode == "pure_shear":
                local[1, 1] = 1.0 / (1.0 + e)
            else:
                across = range(1, self.dimension)
                local[across, across] = (1.0 + e) ** -self.contraction
        return self.frame.T @ local @ self.frame

    def velocity_gradient(self, strain: float) -> NDArray[np.float64]:
        """dF/dstrain F^-1 (D, D): the work-conjugate rate, so that dE/dstrain = volume * sum(stress
        * velocity_gradient).
        """
        e = self.sign * strain
        local = np.zeros((self.dimension, self.dimension))
        if self.mode == "simple_shear":
            local[0, 1] = 1.0
        else:
            local[0, 0] = 1.0 / (1.0 + e)
            if self.mode == "pure_shear":
                local[1, 1] = -1.0 / (1.0 + e)
            else:
                across = range(1, self.dimension)
                local[across, across] = -self.contraction / (1.0 + e)
        return self.sign * (self.frame.T @ local @ self.frame)

    def scalar_stress(self, stress: NDArray[np.float64]) -> NDArray[np.float64]:
        """The stress that the mode drives, from tensors (..., D, D); positive when it resists the
        loading.
        """
        local = self.frame @ stress @ self.frame.T
        if self.mode == "pure_shear":
            value = 0.5 * (local[..., 0, 0] - local[..., 1, 1])
        elif self.mode == "uniaxial":
            value = local[..., 0, 0] - self.contraction * np.trace(
                local[..., 1:, 1:], axis1=-2, axis2=-1
            )
        else:
            value = local[..., 0, 1]
        return self.sign * value


def shear_mirrors(dimension: int) -> NDArray[np.float64]:
    """(4, 2, 2) or (8, 3, 3): the mirrors, in ``Loading.shear_axes``, that leave the strain of a
    shear as it is, about the directions of stretching and of shortening, and both; with those about
    the plane of the shear eight in three dimensions. The identity comes first.
    """
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    flat = np.stack([np.eye(2), swap, -swap, -np.eye(2)])
    if dimension == 2:
        return flat
    found = np.zeros((8, 3, 3))
    found[:, :2, :2] = np.tile(flat, (2, 1, 1))
    found[:, 2, 2] = np.repeat([1.0, -1.0], 4)
    return found


@lru_cache(maxsize=256)
def _frame(angle: float, plane: str, dimension: int) -> NDArray[np.float64]:
    """``Loading.frame``, read-only."""
    a, axes = np.deg2rad(angle), PLANES[plane]
    rotation = np.zeros((dimension, dimension))
    rotation[:2, axes[:2]] = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
    if dimension == 3:
        rotation[2, axes[2]] = 1.0
    rotation.setflags(write=False)
    return rotation
