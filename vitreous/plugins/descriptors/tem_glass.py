"""The image of a whole glass as an electron microscope shows it, and where each atom lies in it
(Font-Clos et al. 2022, Methods): what a network reads that paints a map over the glass.

Every site has one and the same image, that of ``tem_image``, with the circular mean of the photons
in the middle, so that it depends neither on the origin nor on the sites. (In a crystal, whose mean
is nowhere, rounding decides.) Copies are those of ``tem_image``; a site lies in copy k where the
translation and the mirror image of that copy put it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Drawn, Features, Loading, Symmetry
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Potential
from vitreous.plugins.descriptors.tem_image import TEMImage, symmetries

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class TEMGlass(TEMImage):
    """One image of ``pixels`` x ``pixels`` for all sites of a glass, one channel, called counts,
    and the place of each site in it, in fractions of the cell (dimensionless).

    Fields: those of ``tem_image``.

    Raises:
        VitreousError: numbers out of range; when describing, a glass without any of the species, or
        whose cell is not orthogonal or not periodic, or sites that are not finite.
    """

    form = "glass_image"
    stores = "vector"
    levels = frozenset({"atom", "site"})

    @classmethod
    def example(cls) -> Self:
        return cls(pixels=64, copies=8, noise=False)

    @property
    def bound_to_axes(self) -> str:
        return "tem_glass shows the cell along its own axes, whatever the loading"

    @property
    def bound_to_cell(self) -> str:
        return "tem_glass shows the whole cell in one image, of which a site sees all"

    def describe(
        self,
        configuration: Configuration,
        loading: Loading,
        sites: Array,
        level: str,
        potential: Potential | None = None,
    ) -> Features:
        if not np.isfinite(sites).all():
            raise VitreousError("tem_glass got sites that are not finite; expected points")
        photons, cell = self.photons_of(configuration), configuration.cell
        inverse = np.linalg.inv(cell)
        turns = np.exp(2j * np.pi * configuration.positions @ inverse)
        middle = (np.angle(photons @ turns) / (2.0 * np.pi)) @ cell
        whole = super().describe(configuration, loading, middle[None], "sample")
        return Features(
            form="vector",
            level=level,
            names=whole.names[:2],
            values=((sites - middle) @ inverse + 0.5) % 1.0,
            shared={"atoms": whole.values},
        )

    def view(self, described: Features) -> Drawn:
        """(M, 1, P, P) counts over their mean, minus one, the same for all sites."""
        whole = super().view(described)
        return Drawn(
            **{
                **vars(whole),
                "form": self.form,
                "draw": self._painted,
                "symmetries": _symmetries,
            }
        )

    def _painted(self, places: Features, indices: Ints, copies: Ints) -> NDArray[np.float32]:
        several, which = np.unique(copies, return_inverse=True)
        return super()._draw(_glass(places), np.zeros_like(several), several)[which]


def _glass(places: Features) -> Features:
    """The atoms as ``tem_image`` describes them."""
    atoms = places.shared["atoms"]
    names = (*places.names, "photons", "sigma_x", "sigma_y")
    return Features(
        form="sequence",
        level="sample",
        names=names,
        values=atoms,
        offsets=np.array([0, len(atoms)]),
    )


def _symmetries(places: Features, indices: Ints, copies: Ints) -> Symmetry:
    return symmetries(_glass(places), indices, copies)
