"""What a native deformation holds beside its path, and needs to resume with the same bits: where
the neighbour list was made, the factor, the softest modes, the broken bonds and the frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.surface import EnergySurface
from vitreous.mechanics.kept_neighbours import KeptNeighbours
from vitreous.mechanics.linear import Preconditioner
from vitreous.mechanics.modes import Modes, SoftestMode
from vitreous.mechanics.quasistatic.bond_breaks import BondBreaks
from vitreous.mechanics.quasistatic.marks import Arrays, Mark
from vitreous.plugins.simulators._record import Frames


@dataclass
class Held:
    """Of one deformation. ``lowest``: eigenvalue of each state; ``lost``: of each event the atom
    whose bond it broke, or -1.
    """

    surface: EnergySurface
    preconditioner: Preconditioner
    softest: SoftestMode
    breaks: BondBreaks | None
    frames: Frames
    lowest: list[float] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)

    def now(self, mark: Mark) -> Callable[[], Arrays]:
        """What makes the arrays of this very moment, later: only what is changed in place is
        copied.
        """
        modes, factor, frames = self.softest.modes, self.preconditioner.kept(), self.frames.kept()
        near = self._neighbours()
        list_at = None if near is None else near.made_at
        broken = None if self.breaks is None else self.breaks.broken.copy()

        def arrays() -> Arrays:
            found = {
                **mark.arrays(),
                **frames,
                "lowest": np.array(self.lowest[: mark.states]),
                "lost": np.array(self.lost[: mark.events], dtype=np.int64),
                **{f"factor.{name}": array for name, array in factor.items()},
            }
            if modes is not None:
                found |= {"modes.values": modes.values, "modes.vectors": modes.vectors}
            if list_at is not None:
                found |= {"list.positions": list_at[0], "list.cell": list_at[1]}
            return found if broken is None else {**found, "broken": broken}

        return arrays

    def restore(self, kept: Mapping[str, NDArray[Any]]) -> None:
        """Take up what ``now`` gave."""
        near = self._neighbours()
        if near is not None and "list.positions" in kept:
            near.make_at(kept["list.positions"], kept["list.cell"])
        factor = {
            name.partition(".")[2]: array
            for name, array in kept.items()
            if name.startswith("factor.")
        }
        if factor:
            self.preconditioner.restore(factor)
        if "modes.values" in kept:
            self.softest.start_from(Modes(kept["modes.values"], kept["modes.vectors"]))
        if self.breaks is not None:
            self.breaks.broken = kept["broken"].astype(bool)
        self.frames.restore(kept)
        self.lowest[:] = kept["lowest"].tolist()
        self.lost[:] = kept["lost"].tolist()

    def _neighbours(self) -> KeptNeighbours | None:
        """The list of a surface that keeps one; the order of others' sums is their own."""
        return getattr(self.surface, "kept", None)
