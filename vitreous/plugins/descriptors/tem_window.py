"""Images of a window of a glass like those of a transmission electron microscope (Font-Clos et al.
2022, Fig. 6A): a network that learnt whole glasses slides over larger ones.

The window, ``window`` long and wide, lies about each site, along the axes of the cell. Its image is
made as ``tem_image`` makes that of a whole glass: photons of the atoms, those outside as far as
they reach in, over a uniform background, counted; values are counts over their mean, minus one. A
window that is wider than the periodic cell shows atoms twice.

Copies are the mirror images about x, about y and about both, each with its own noise; under a
loading that mirror images change, the half turn alone. The translated images of ``tem_image`` are
here sites of their own.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.micrograph import FAR, expose
from vitreous.analysis.neighborhoods import pairs_within
from vitreous.core.data import Configuration, Drawn, Features, Loading, Symmetry
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.plugins.descriptors.tem_image import HALF_TURN, SIGNS, TEMImage, mirrored

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class TEMWindow(TEMImage):
    """One image per site of ``pixels`` x ``pixels``, one channel, called counts.

    Fields:
        window: its sides, length; the image is stretched to a square. copies: mirror images, in
        turn. background: photons spread over the window. The others are those of ``tem_image``.

    Raises:
        VitreousError: numbers out of range; when describing, a cell that is not orthogonal or not
        periodic, sites that are not finite, or a window without any atom that is seen.
    """

    levels = frozenset({"site"})

    window: tuple[float, float] = (85.0, 82.0)
    copies: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "window", tuple(float(side) for side in self.window))
        if not all(2.0 * self.sigma < side < np.inf for side in self.window):
            raise VitreousError(
                f"tem_window got window={list(self.window)}; expected two lengths of more than "
                f"twice sigma={self.sigma:g}"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(pixels=24, window=(8.0, 6.0))

    @property
    def reach(self) -> float:
        return float(np.linalg.norm(self.half))

    @property
    def half(self) -> Array:
        """(2,) from a site as far as atoms are seen, along either axis."""
        return np.array(self.window) / 2.0 + FAR * self.sigma

    @property
    def bound_to_axes(self) -> str:
        return "tem_window shows the glass along the axes of its cell, whatever the loading"

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        photons, cell = self.photons_of(configuration), configuration.cell
        axes = cell / np.linalg.norm(cell, axis=1)[:, None]
        seen = np.flatnonzero(photons > 0.0)
        near = pairs_within(
            sites, configuration.positions[seen], cell, configuration.periodic, self.reach
        )
        away = near.vector @ axes.T
        inside = (np.abs(away) <= self.half).all(axis=1)
        away, place, atom = away[inside], near.site[inside], seen[near.atom[inside]]
        count = np.bincount(place, minlength=len(sites))
        if not count.all():
            raise VitreousError(
                f"tem_window sees no {' or '.join(self.species)} within the window of site "
                f"{int(np.argmin(count))}; use a larger one"
            )
        order = np.lexsort((photons[atom], away[:, 1], away[:, 0], place))
        fractions = away / self.window + 0.5
        sigma = np.broadcast_to(self.sigma / np.array(self.window), fractions.shape)
        values = np.column_stack([fractions, photons[atom], sigma])[order]
        return Features(
            form="sequence",
            level=level,
            names=(
                *(("x", "y") if mirrored(loading, axes) else ("n", "m")),
                "photons",
                "sigma_x",
                "sigma_y",
            ),
            values=values,
            offsets=np.concatenate([[0], np.cumsum(count)]),
        )

    def view(self, described: Features) -> Drawn:
        """(M, 1, P, P) counts over their mean, minus one."""
        whole = super().view(described)
        return Drawn(**{**vars(whole), "draw": self._windows, "symmetries": _symmetries})

    def _windows(self, glass: Features, indices: Ints, copies: Ints) -> NDArray[np.float32]:
        size = self.pixels
        images = np.empty((len(indices), 1, size, size), dtype=np.float32)
        # photons that leave a canvas enter it again: its margin is as wide as they go
        margin = int(np.ceil(FAR * self.sigma / min(self.window) * size)) + 1
        side = size + 2 * margin
        for image, site, copy in zip(images, indices, copies, strict=True):
            rows = glass.values[glass.offsets[site] : glass.offsets[site + 1]]
            places = (rows[:, :2] - 0.5) * _signs(glass)[int(copy) % len(_signs(glass))] + 0.5
            within = ((places >= 0.0) & (places < 1.0)).all(axis=1)
            mean = (rows[within, 2].sum() + self.background) / size**2
            canvas = np.full((side, side), self.background / size**2)
            x, y = (places.T * size + margin) / side
            sigma_x, sigma_y = rows[0, 3:] * size / side
            expose(x, y, rows[:, 2], sigma_x, sigma_y, canvas)
            counts = canvas[margin:-margin, margin:-margin]
            if self.noise:
                content = zlib.crc32(np.ascontiguousarray(rows).tobytes())
                counts = np.random.default_rng([content, int(copy), 1]).poisson(counts)
            image[0] = counts / mean - 1.0 if mean > 0.0 else 0.0
        return images


def _signs(glass: Features) -> Array:
    """(K, 2) signs of the coordinates in each symmetric copy."""
    return SIGNS if glass.names[:2] == ("x", "y") else HALF_TURN


def _symmetries(glass: Features, indices: Ints, copies: Ints) -> Symmetry:
    signs = _signs(glass)
    return Symmetry(turn=signs[copies % len(signs)][:, :, None] * np.eye(2))
