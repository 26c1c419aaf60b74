"""A glass as a file holds it, and the names of the files of what is opened as a whole."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.app.view.structure import drawn, of_file, with_bonds
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError

RUN, CURVE, FRAMES = "run.json", "curve.csv", "frames.extxyz"
_FRAMES_TOGETHER = 400  # read at once, so that a slider follows the hand
Answer = dict[str, Any]


@dataclass(kw_only=True)
class Opened:
    """A file with one glass or several frames of it.

    Fields:
        name: as the page shows it. path: of the file. assumed: what its types are where it does not
        tell. frames: of a file with several. current: the glass that is shown, with its bonds.
        sent: whether the page sent it; it is gone when the server ends.
    """

    name: str
    path: Path
    assumed: tuple[str, ...] | None = None
    frames: list[Configuration] = field(default_factory=list)
    current: Configuration | None = None
    sent: bool = False

    kind = "glass"

    def page(self) -> Answer:
        """What the page draws first."""
        from vitreous.io.read import read_columns, read_configuration

        glass = read_configuration(
            self.path, units="metal", assumed=self.assumed, minimum_distance=0.3
        )
        self.current, _ = with_bonds(_of_silica(glass))
        columns = of_file(read_columns(self.path))
        unnamed = all(name.isdecimal() for name in glass.names)
        return {
            "structure": drawn(self.current, columns),
            "frames": self._states(),
            "unnamed": len(glass.names) if unnamed else 0,
        }

    def glass(self) -> Configuration:
        """The glass that is shown. Raises VitreousError where nothing shows one."""
        if self.current is None:
            raise VitreousError("no glass is open; open a file first")
        return self.current

    def glass_for(self, bundle: Any) -> Configuration:
        """The glass in the units and with the species of a bundle."""
        from vitreous.bundles import read_glass_for

        return read_glass_for(bundle, self.path)

    def glass_under(self, model: Any) -> Configuration:
        """The glass as a potential takes it."""
        from vitreous.direct import read_glass

        return read_glass(self.path, model)

    def frame(self, number: int) -> Answer:
        """Positions and cell of one frame. Raises VitreousError for one that is not there."""
        if not 0 <= number < len(self.frames):
            raise VitreousError(f"there is no frame {number}; there are {len(self.frames)}")
        return placed(self.frames[number])

    def _states(self) -> list[Answer]:
        """The strain of each frame of a file with several; empty of one with a single one, or with
        so many that they are not kept, which is warned of.
        """
        from vitreous.io.read import read_configurations, read_frames

        count = len(read_frames(self.path))
        if count > _FRAMES_TOGETHER:
            warnings.warn(
                f"{self.name} has {count} frames, of which the last is shown; up to "
                f"{_FRAMES_TOGETHER} can be played",
                stacklevel=2,
            )
        if not 1 < count <= _FRAMES_TOGETHER:
            return []
        self.frames = read_configurations(
            self.path, units="metal", assumed=self.assumed, minimum_distance=0.3
        )
        return [{"strain": frame.info.get("strain")} for frame in self.frames]


def placed(glass: Configuration) -> Answer:
    """Where the atoms of a frame are."""
    return {
        "positions": [np.round(axis, 4).tolist() for axis in glass.positions.T],
        "cell": glass.cell.tolist(),
    }


def _of_silica(glass: Configuration) -> Configuration:
    """Units of a plane silica glass are those of its potentials, of species that are no elements
    reduced ones; others stay as they are.
    """
    if set(glass.names) == {"Si", "O"} and glass.dimension == 2:
        return glass.with_(units="silica2d")
    return glass if set(glass.names) <= _ELEMENTS else glass.with_(units="lj")


def _elements() -> frozenset[str]:
    from ase.data import chemical_symbols

    return frozenset(chemical_symbols[1:])


_ELEMENTS = _elements()
