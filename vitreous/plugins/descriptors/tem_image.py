"""Images of a whole glass like those of a transmission electron microscope (Font-Clos et al. 2022,
Methods).

Every atom sends a number of photons by its species, spread normally about its position, over a
uniform background; a pixel counts those that fall into it, a Poisson number. The image shows the
periodic cell along its own axes with the site, the cell's centre, in the middle, stretched to a
square (the published code crops it instead). The paper gives neither numbers nor widths; the
defaults are those of the authors' code: 800 photons per silicon and 100 per oxygen with a standard
deviation of 0.5 angstrom, and 4e5 of background. Values are counts over their expected mean, minus
one.

Images are drawn when a batch needs them. Copies are periodic translations at random and mirror
images: of the paper's 64, the first is the glass as it is; mirror images about x, about y and about
both alternate. Under a loading that mirror images change (simple shear, a direction between the
axes), the half turn alone. Each copy has its own noise; the same copy of the same glass is the same
image in every run.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.micrograph import expose
from vitreous.core.data import Configuration, Drawn, Features, Loading, Symmetry
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Potential

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
SIGNS = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])  #: of x and y, by copy
HALF_TURN = SIGNS[[0, 3]]
MOST = 1e12  #: photons of an atom or of the background


@dataclass(frozen=True, kw_only=True)
class TEMImage(Descriptor):
    """One image per glass of ``pixels`` x ``pixels``, one channel, called counts.

    Fields:
        species: those that are seen. photons: of each. sigma: standard deviation of their positions
        about the atom, length. background: photons spread over the whole image.
        copies: images per glass, the glass as it is and translated or mirrored ones.
        noise: whether counts are Poisson numbers, or their expected values.

    Raises:
        VitreousError: numbers out of range; when describing, a glass without any of the species, or
        whose cell is not orthogonal or not periodic, or other than one site.
    """

    form = "image"
    stores = "sequence"
    levels = frozenset({"sample"})
    dimensions = frozenset({2})
    needs_bonds = False
    rotation = "invariant"

    pixels: int = 128
    species: tuple[str, ...] = ("Si", "O")
    photons: tuple[float, ...] = (800.0, 100.0)
    sigma: float = 0.5
    background: float = 4e5
    copies: int = 64
    noise: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "species", tuple(self.species))
        object.__setattr__(self, "photons", tuple(float(number) for number in self.photons))
        if len(set(self.species)) != len(self.species):
            raise VitreousError(
                f"tem_image names a species twice: {', '.join(self.species)}; name each once"
            )
        if not self.species or len(self.photons) != len(self.species):
            raise VitreousError(
                f"tem_image has {len(self.photons)} numbers of photons for {len(self.species)} "
                "species; expected one for each"
            )
        numbers = np.array([*self.photons, self.background])
        if not ((numbers >= 0) & (numbers <= MOST)).all() or not 0 < self.sigma < np.inf:
            raise VitreousError(
                f"tem_image got photons={self.photons}, background={self.background:g}, "
                f"sigma={self.sigma:g}; expected numbers from 0 to {MOST:g} and a positive length"
            )
        if self.pixels < 1 or self.copies < 1 or not max(self.photons):
            raise VitreousError(
                f"tem_image got pixels={self.pixels}, copies={self.copies}, "
                f"photons={self.photons}; expected at least one pixel, copy and photon"
            )

    @classmethod
    def example(cls) -> Self:
        return cls(pixels=48, copies=8)

    @property
    def reach(self) -> float:
        return np.inf

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, self.pixels, self.pixels)

    @property
    def bound_to_axes(self) -> str:
        return "tem_image shows the cell along its own axes, whatever the loading"

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        photons, cell = self.photons_of(configuration), configuration.cell
        sides = np.linalg.norm(cell, axis=1)
        if self.sigma > 0.5 * sides.min():
            raise VitreousError(
                f"tem_image has sigma={self.sigma:g}, more than half the cell's shorter side "
                f"{sides.min():.4g}; use a smaller one"
            )
        seen = np.flatnonzero(photons > 0.0)
        if not np.isfinite(sites).all() or len(sites) != 1:
            raise VitreousError(
                f"tem_image got the sites {np.asarray(sites).tolist()}; expected one finite point, "
                "the centre of the image"
            )
        away = (configuration.positions[seen] - sites[0]) @ np.linalg.inv(cell)
        fractions = (away + 0.5) % 1.0
        order = np.lexsort(fractions.T)
        seen, fractions = seen[order], fractions[order]
        axes = ("x", "y") if mirrored(loading, cell / sides[:, None]) else ("n", "m")
        return Features(
            form="sequence",
            level=level,
            names=(*axes, "photons", "sigma_x", "sigma_y"),
            values=np.column_stack(
                [
                    fractions,
                    photons[seen],
                    np.broadcast_to(self.sigma / sides, fractions.shape),
                ]
            ),
            offsets=np.array([0, len(seen)]),
        )

    def photons_of(self, glass: Configuration) -> Array:
        """(N,) of each atom; raises VitreousError for a cell that cannot be shown, or where no atom
        is seen.
        """
        cell, name = glass.cell, type(self).__module__.rpartition(".")[2]
        area = np.linalg.norm(cell, axis=1).prod()
        if not all(glass.periodic) or abs(cell[0] @ cell[1]) > 1e-6 * area:
            raise VitreousError(
                f"{name} shows periodic glasses with an orthogonal cell; this one has "
                f"periodic={glass.periodic} and the cell {cell.round(3).tolist()}"
            )
        by_name = dict(zip(self.species, self.photons, strict=True))
        photons = np.array([by_name.get(each, 0.0) for each in glass.names])[glass.species]
        if not photons.any():
            raise VitreousError(
                f"{name} sees {', '.join(self.species)}, but the glass contains "
                f"{', '.join(glass.names)}; set descriptor.species and photons"
            )
        return photons

    def view(self, described: Features) -> Drawn:
        """(1, 1, P, P) counts over their mean, minus one."""
        return Drawn(
            form="image",
            names=("counts",),
            shape=self.shape,
            copies=self.copies,
            source=described,
            recipe={
                "pixels": self.pixels,
                "background": self.background,
                "copies": self.copies,
                "noise": self.noise,
            },
            draw=self._draw,
            symmetries=symmetries,
        )

    def _draw(self, glass: Features, indices: Ints, copies: Ints) -> NDArray[np.float32]:
        images = np.empty((len(indices), 1, self.pixels, self.pixels), dtype=np.float32)
        x, y, photons, sigma_x, sigma_y = glass.values.T
        mean = (photons.sum() + self.background) / self.pixels**2
        for image, copy in zip(images, copies, strict=True):
            signs, shift = _moves(glass, int(copy))
            counts = np.full((self.pixels, self.pixels), self.background / self.pixels**2)
            expose(
                (signs[0] * x + shift[0]) % 1.0,
                (signs[1] * y + shift[1]) % 1.0,
                photons,
                sigma_x[0],
                sigma_y[0],
                counts,
            )
            if self.noise:
                counts = _random(glass, int(copy), 1).poisson(counts)
            image[0] = counts / mean - 1.0
        return images


def mirrored(loading: Loading, axes: Array) -> bool:
    """Whether mirror images about these axes (rows) leave the loading as it is."""
    rate = axes @ loading.velocity_gradient(0.0) @ axes.T
    return bool(abs(rate[0, 1]) + abs(rate[1, 0]) < 1e-9)


def _random(glass: Features, copy: int, stream: int) -> np.random.Generator:
    """Random numbers of one copy of one glass: of its translation (stream 0) or noise (1)."""
    content = zlib.crc32(np.ascontiguousarray(glass.values).tobytes())
    return np.random.default_rng([content, copy, stream])


def _moves(glass: Features, copy: int) -> tuple[Array, Array]:
    """Signs of x and y, and the translation in fractions of the cell; none of copy 0."""
    signs = SIGNS if glass.names[:2] == ("x", "y") else HALF_TURN
    shift = _random(glass, copy, 0).random(2) if copy else np.zeros(2)
    return signs[copy % len(signs)], shift


def symmetries(glass: Features, indices: Ints, copies: Ints) -> Symmetry:
    """Where positions of the glass, in fractions of the cell, lie in these copies of its image."""
    moves = [_moves(glass, int(copy)) for copy in copies]
    return Symmetry(
        turn=np.stack([np.diag(signs) for signs, _ in moves]),
        shift=np.stack([shift for _, shift in moves]),
    )
