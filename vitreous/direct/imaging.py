"""The silica network that a micrograph shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.layers import layer_statistics, trace_layers
from vitreous.core.build import construct
from vitreous.core.data import Configuration
from vitreous.direct.ringing import RingReport
from vitreous.plugins.generators.tem_image import Imaged, TEMImage
from vitreous.report.micrograph import draw_network


@dataclass(frozen=True, kw_only=True)
class MicrographReport:
    """The network in an image.

    Fields:
        configuration: the glass: silicons, and an oxygen at the middle of each bond, angstrom; or
            the bilayer of this layer.
        imaged: the image and the network in pixels, with the reasons of flagged spots.
        rings: the closed ones, of the bonds in the image.
        columns: of every atom: coordination, border (1 for what is not judged: silicons of rings
            that leave the image, and their oxygens) and flagged (1 for silicons that cannot be, and
            for the oxygen below one in a bilayer).
    """

    configuration: Configuration
    imaged: Imaged
    rings: RingReport
    columns: Mapping[str, NDArray[np.int64]]

    def draw(self, path: str | Path) -> None:
        """Write a picture of the network over the image."""
        draw_network(self.imaged, Path(path))


def micrograph(path: str | Path, **fields: Any) -> MicrographReport:
    """The network in one grey image (PNG, TIFF, NumPy); ``fields`` are those of
    ``generator=tem_image``, e.g. ``micrograph("image.png", detector="marr_hildreth")``.

    Raises:
        VitreousError: a field that is unknown or out of range; in one sentence, an image that is
        missing, damaged, or shows no network. Flagged spots are warned of.
    """
    maker = construct(TEMImage, "tem_image", {"path": str(path), **fields})
    return reported(maker, maker.network(0))


def reported(maker: TEMImage, imaged: Imaged) -> MicrographReport:
    """All of a network that the image of ``maker`` shows. Flagged spots are warned of."""
    configuration = maker.glass(imaged, maker.files()[0])
    found = imaged.found
    layers = trace_layers(configuration, configuration.bonds)
    bonds, border = found.network.bonds, found.network.border
    outer = border[bonds[:, 0]] & border[bonds[:, 1]]
    return MicrographReport(
        configuration=configuration,
        imaged=imaged,
        rings=RingReport(layers=layers, statistics=layer_statistics(layers)),
        columns={
            "coordination": np.bincount(configuration.bonds.ravel(), minlength=len(configuration)),
            "border": _of_atoms(border, outer, maker.bilayer),
            "flagged": _of_atoms(found.flagged, np.zeros_like(outer), maker.bilayer),
        },
    )


def _of_atoms(
    silicon: NDArray[np.bool_], oxygen: NDArray[np.bool_], bilayer: bool
) -> NDArray[np.int64]:
    """What is known of the silicons and of the oxygens between them, for all atoms in their order:
    of a bilayer those of both layers, then the oxygens between opposite silicons.
    """
    parts = [silicon, silicon, oxygen, oxygen, silicon] if bilayer else [silicon, oxygen]
    return np.concatenate(parts).astype(np.int64)
