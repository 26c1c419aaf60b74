"""A deformation, and the instabilities met on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vitreous.core.checked_arrays import Data
from vitreous.core.configuration import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.loading import Loading


@dataclass(frozen=True, kw_only=True, eq=False)
class Events(Data):
    """Instabilities met along a loading.

    Fields:
        strain: (E,) first strain of the user's grid at which the event is seen.
        energy_drop: (E,) energy set free: that of the branch left behind less that of the branch
        arrived on, at the strain of the event. stress_drop: (E,) by how much the loading's scalar
        stress falls from one to the other, at one strain.
        atom: (E,) index of the atom that the event moved most, at one strain; of a broken bond, the
        oxygen that lost its silicon. position: (E, D) that atom's place in the *undeformed* glass.
        kind: E words: "rearrangement", "bond_break", "flip".
        move: (E,) how far, at that strain, the event moved the atom that it moved most, length; NaN
        where it was not recorded. places: (E,) in how many separate places it moved atoms by more
        than a third of that; -1 where it was not recorded. Several events within one strain step
        count as one: in separate places ``places`` tells, in one place nothing does.
    """

    strain: NDArray[np.float64]
    energy_drop: NDArray[np.float64]
    stress_drop: NDArray[np.float64]
    atom: NDArray[np.int64]
    position: NDArray[np.float64]
    kind: tuple[str, ...]
    move: NDArray[np.float64] | None = None
    places: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        count = len(self._set("strain", np.float64, None))
        self._set("energy_drop", np.float64, count)
        self._set("stress_drop", np.float64, count)
        self._set("atom", np.int64, count)
        self._set("position", np.float64, count, None)
        if self.move is None:
            object.__setattr__(self, "move", np.full(count, np.nan))
        self._set("move", np.float64, count, must_be_finite=False)
        if self.places is None:
            object.__setattr__(self, "places", np.full(count, -1))
        self._set("places", np.int64, count)
        object.__setattr__(self, "kind", tuple(self.kind))
        if len(self.kind) != count:
            raise VitreousError(f"{count} events but {len(self.kind)} kinds")

    def __len__(self) -> int:
        return len(self.strain)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trajectory(Data):
    """An athermal quasistatic deformation of one glass.

    Fields:
        initial: the relaxed, undeformed glass.
        loading: what was done to it.
        strain: (S,) increasing, starting at 0.
        energy: (S,) total energy, energy unit.
        stress: (S, D, D) Cauchy stress, energy per area or volume, tension positive.
        residual: (S,) largest force component left, energy per length.
        lowest_eigenvalue: (S,) of the Hessian, rigid translations left out, energy per length
        squared; NaN where it is not known. frame_strain: (K,), frames: (K, N, D) positions,
        continuous in time (never re-wrapped), cells: (K, D, D).
        events: the instabilities met.
    """

    initial: Configuration
    loading: Loading
    strain: NDArray[np.float64]
    energy: NDArray[np.float64]
    stress: NDArray[np.float64]
    residual: NDArray[np.float64]
    frame_strain: NDArray[np.float64]
    frames: NDArray[np.float64]
    cells: NDArray[np.float64]
    events: Events
    lowest_eigenvalue: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        s = len(self._set("strain", np.float64, None))
        n, d = self.initial.positions.shape
        self._set("energy", np.float64, s)
        self._set("stress", np.float64, s, d, d)
        self._set("residual", np.float64, s)
        if not np.size(self.lowest_eigenvalue):
            object.__setattr__(self, "lowest_eigenvalue", np.full(s, np.nan))
        self._set("lowest_eigenvalue", np.float64, s, must_be_finite=False)
        k = len(self._set("frame_strain", np.float64, None))
        self._set("frames", np.float64, k, n, d)
        self._set("cells", np.float64, k, d, d)
        if np.any(np.diff(self.strain) <= 0):
            raise VitreousError("trajectory strains must increase")

    def frame_at(self, strain: float) -> int:
        """The number of the first saved frame at or beyond ``strain``.

        Raises:
            VitreousError: if the deformation ended before.
        """
        found = int(np.searchsorted(self.frame_strain, strain * (1.0 - 1e-9)))
        if found == len(self.frame_strain):
            ended = f"the deformation ended at strain {self.strain[-1]:g}, before {strain:g}"
            raise VitreousError(f"{ended}; raise simulator.strain_max or simulator.max_events")
        return found

    @property
    def scalar_stress(self) -> NDArray[np.float64]:
        """(S,) the loading's own stress component."""
        return self.loading.scalar_stress(self.stress)
