"""A glass: atoms in a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.checked_arrays import Data
from vitreous.core.errors import VitreousError
from vitreous.core.vocabulary import UNITS


@dataclass(frozen=True, kw_only=True, eq=False)
class Configuration(Data):
    """Atoms in a cell.

    Fields:
        positions: (N, D), length unit; need not lie inside the cell.
        species: (N,) integers into ``names``.
        names: the species, e.g. ("Si", "O").
        cell: (D, D), rows are lattice vectors.
        periodic: D booleans.
        units: a key of UNITS.
        bonds: (B, 2) atom indices i < j; empty when unknown.
        ids: (N,) identifiers as in the file the glass came from; 1..N when generated.
        info: numbers and strings worth keeping with the glass (ring variance, source file, ...);
        ``origin``, three numbers, where the cell began in its file.

    Raises:
        VitreousError: wrong shapes, values that are not finite, a degenerate or left-handed cell,
        unknown units or species.
    """

    positions: NDArray[np.float64]
    species: NDArray[np.int64]
    names: tuple[str, ...]
    cell: NDArray[np.float64]
    periodic: tuple[bool, ...]
    units: str
    bonds: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    info: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        positions = self._set("positions", np.float64, None, None)
        n, d = positions.shape
        if n == 0 or d not in (2, 3):
            raise VitreousError(
                f"positions have shape {positions.shape}; expected at least one atom in 2 or 3 "
                "dimensions"
            )
        species = self._set("species", np.int64, n)
        cell = self._set("cell", np.float64, d, d)
        if not len(self.ids):
            object.__setattr__(self, "ids", np.arange(1, n + 1))
        self._set("ids", np.int64, n)
        bonds = self._set("bonds", np.int64, None, 2)
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "periodic", tuple(bool(p) for p in self.periodic))
        object.__setattr__(self, "info", dict(self.info))
        if np.linalg.det(cell) <= 0.0:
            raise VitreousError(
                f"the cell has volume {np.linalg.det(cell):g}; expected a right-handed cell of "
                "positive volume"
            )
        if species.min() < 0 or species.max() >= len(self.names):
            raise VitreousError(
                f"species run from {species.min()} to {species.max()}, but only {len(self.names)} "
                "names are given"
            )
        if len(self.periodic) != d:
            raise VitreousError(f"periodic has {len(self.periodic)} entries; expected {d}")
        if self.units not in UNITS:
            raise VitreousError(f"unknown units '{self.units}'; expected one of {', '.join(UNITS)}")
        if len(bonds) and (bonds.min() < 0 or bonds.max() >= n):
            raise VitreousError(f"bonds name atoms up to {bonds.max()}, but there are {n}")

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return self.positions.shape[1]

    @property
    def volume(self) -> float:
        """Area of the cell in two dimensions, volume in three."""
        return float(np.linalg.det(self.cell))

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def origin(self) -> NDArray[np.float64]:
        """(3,) Where the cell begins in the file that the glass came from; of a glass in two
        dimensions with the height of its plane. ``positions`` are relative to it.
        """
        return np.array(self.info.get("origin", (0.0, 0.0, 0.0)), dtype=np.float64)

    def in_file(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions (..., D) in the coordinates of the file that the glass came from."""
        return places + self.origin[: self.dimension]

    def with_(self, **changes: Any) -> Configuration:
        """A checked copy with some fields replaced."""
        return replace(self, **changes)

    def minimum_image(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Vectors (..., D) reduced by lattice vectors along periodic directions, rounding
        fractional coordinates.
        """
        fractional = vectors @ np.linalg.inv(self.cell)
        fractional -= np.rint(fractional) * np.array(self.periodic)
        return fractional @ self.cell
